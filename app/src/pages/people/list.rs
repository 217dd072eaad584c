//! The list of people with the form that sets roles.

use domain::departure::Departure;
use domain::ids::PersonId;
use domain::view::benefits::WhyNot;
use domain::view::people::{PeoplePage, PeopleQuery, PeopleSort, PersonRow, PersonStatus};
use domain::{Field, Role};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::{INVITATION_DAYS, SetupNotice, role_choices};
use crate::components::{
    ButtonTone, Choice, ChoiceGroup, Column, Confirm, Direction, DisabledButton, Empty, Filter, FilterBar,
    FilterChip, Find, Icon, IconName, Ledger, LinkButton, Notice, Opener, OpeningRow, StatusByCode,
    SubmitButton, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::people::people;
use crate::words;

const PATH: &str = "/account/users";
/// The same list as a file.
const EXPORT: &str = "/account/users.csv";
const COLUMNS: usize = 6;

fn read(parameters: &ParamsMap) -> PeopleQuery {
    PeopleQuery::read(|name| parameters.get(name))
}

fn write(query: &PeopleQuery) -> String {
    let address = written(PATH, query);
    match query.open {
        Some(open) => format!("{address}#{open}"),
        None => address,
    }
}

fn written(path: &str, query: &PeopleQuery) -> String {
    let pairs = query.pairs();
    if pairs.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
}

/// User management.
#[component]
pub fn People() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), people, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<PeopleQuery>, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let setup = Signal::derive(move || page.with(|page| page.setup.clone()));
    let why_not = Memo::new(move |_| page.with(|page| page.why_not_add.clone()));
    let figure = move |of: fn(&PeoplePage) -> i64| move || format::number(texts.language(), page.with(of));
    view! {
        <Title text=texts.common_page_title(texts.navigation_user_management())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li aria-current="page">{texts.navigation_user_management()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div>
                        <h1>{texts.navigation_user_management()}</h1>
                        <p>{texts.people_lead()}</p>
                    </div>
                    <dl class="totals">
                        <div><dt>{texts.people_total_people()}</dt><dd>{figure(|page| page.all)}</dd></div>
                        <div>
                            <dt>{texts.people_total_admins()}</dt>
                            <dd>{figure(|page| page.global_admins)}</dd>
                        </div>
                    </dl>
                </div>
            </div>
            <SetupNotice setup=setup with_form=true/>
            <div class="stack">
                {move || match why_not.get() {
                    Some(error) => view! {
                        <div>
                            <DisabledButton
                                label=texts.navigation_add_user()
                                describedby="no-add"
                                icon=IconName::Plus
                            />
                        </div>
                        <Why id="no-add" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                    }
                        .into_any(),
                    None => view! {
                        <div>
                            <LinkButton
                                href="/account/users/add"
                                label=texts.navigation_add_user()
                                tone=ButtonTone::Primary
                                icon=IconName::Plus
                            />
                            " "
                            <LinkButton href="/account/users/import" label=texts.people_import_several()/>
                        </div>
                    }
                        .into_any(),
                }}
            </div>
            <Filters query=query page=page/>
            <div class="row">
                <a
                    class="button"
                    href=move || {
                        query.with(|query| {
                            written(EXPORT, &PeopleQuery { after: None, open: None, ..query.clone() })
                        })
                    }
                    rel="external"
                    download=""
                >
                    <Icon name=IconName::Load/>
                    <span>{texts.people_export()}</span>
                </a>
            </div>
            <section class="sheet"><Rows query=query page=page/></section>
        </main>
    }
}

#[component]
fn Filters(query: Memo<PeopleQuery>, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.people_find_hint().to_owned(),
    });
    let filters = Memo::new(move |_| {
        let query = query.get();
        let all = || Choice::new("", texts.common_all());
        let roles = Role::ALL
            .iter()
            .map(|role| Choice::new(role.code(), texts.find_role(role.code()).unwrap_or(role.code())));
        let statuses = [PersonStatus::Active, PersonStatus::Invited, PersonStatus::Suspended].map(|status| {
            Choice::new(status.code(), texts.find_status(status.code()).unwrap_or(status.code()))
        });
        vec![
            Filter {
                name: "role",
                label: texts.common_role().to_owned(),
                choices: std::iter::once(all()).chain(roles).collect(),
                selected: query.role.map(|role| role.code().to_owned()).unwrap_or_default(),
            },
            Filter {
                name: "status",
                label: texts.common_status().to_owned(),
                choices: std::iter::once(all()).chain(statuses).collect(),
                selected: query.status.map(|status| status.code().to_owned()).unwrap_or_default(),
            },
        ]
    });
    let count = Signal::derive(move || texts.people_count(page.with(|page| page.total)));
    let chips = Signal::derive(move || {
        let base = PeopleQuery { after: None, open: None, ..query.get() };
        let mut chips = Vec::new();
        if !base.find.is_empty() {
            chips.push(FilterChip {
                text: base.find.clone(),
                href: write(&PeopleQuery { find: String::new(), ..base }),
            });
        }
        for filter in filters.get().into_iter().filter(|filter| !filter.selected.is_empty()) {
            let without = if filter.name == "role" {
                PeopleQuery { role: None, ..base.clone() }
            } else {
                PeopleQuery { status: None, ..base.clone() }
            };
            let value = filter.choices.iter().find(|choice| choice.value == filter.selected);
            let value = value.map_or(filter.selected.as_str(), |choice| choice.text.as_str());
            chips.push(FilterChip {
                text: texts.common_filter_on(filter.label.clone(), value),
                href: write(&without),
            });
        }
        chips
    });
    view! { <FilterBar action=PATH find=find filters=filters count=count chips=chips clear=PATH/> }
}

#[component]
fn Rows(query: Memo<PeopleQuery>, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let columns = Signal::derive(move || {
        let query = query.get();
        vec![
            sorting(&query, texts.common_person(), PeopleSort::Name, PeopleSort::NameDown),
            Column::new(texts.people_column_roles()),
            Column::new(texts.common_status()),
            sorting(
                &query,
                texts.people_column_last_sign_in(),
                PeopleSort::LastSignIn,
                PeopleSort::LastSignInDown,
            ),
            Column::new(texts.people_column_seats()),
            Column::silent(texts.common_details()),
        ]
    });
    let ids = Memo::new(move |_| {
        page.with(|page| {
            let mut ids: Vec<PersonId> = page.rows.iter().map(|row| row.id).collect();
            // An open row that the filters hide stands on top, so that its address always works.
            if let Some(open) = &page.open
                && !ids.contains(&open.id)
            {
                ids.insert(0, open.id);
            }
            ids
        })
    });
    let pages = move || {
        let (first, last, total, next) = page.with(|page| {
            let last = page.before + page.rows.len() as i64;
            (page.before + 1, last, page.total, page.next)
        });
        let query = query.get();
        let number = |value| format::number(texts.language(), value);
        let base = PeopleQuery { open: None, ..query.clone() };
        let to_first = query.after.is_some().then(|| {
            let href = write(&PeopleQuery { after: None, ..base.clone() });
            view! { <li><a href=href>{texts.people_first()}</a></li> }
        });
        let to_next = next.map(|next| {
            let href = write(&PeopleQuery { after: Some(next), ..base.clone() });
            view! { <li><a href=href>{texts.people_more()}</a></li> }
        });
        view! {
            <nav class="pages" aria-label=texts.component_pages()>
                <span>{texts.people_range(number(first), number(last), number(total))}</span>
                <ul>{to_first}{to_next}</ul>
            </nav>
        }
    };
    view! {
        <Show
            when=move || !ids.with(Vec::is_empty)
            fallback=move || {
                view! {
                    <Empty title=texts.common_no_results()>
                        <a class="button" href=PATH>{texts.common_clear_all()}</a>
                    </Empty>
                }
            }
        >
            <Ledger caption=texts.navigation_user_management() columns=columns>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Row id=id query=query page=page/>
                </For>
            </Ledger>
            {pages}
        </Show>
    }
}

/// A column whose head sorts by it, the other way where it sorts already.
fn sorting(query: &PeopleQuery, label: &str, up: PeopleSort, down: PeopleSort) -> Column {
    let (direction, next) = match query.sort {
        sort if sort == up => (Some(Direction::Ascending), down),
        sort if sort == down => (Some(Direction::Descending), up),
        // Who signed in last matters more than who never did.
        _ if up == PeopleSort::LastSignIn => (None, down),
        _ => (None, up),
    };
    let href = write(&PeopleQuery { sort: next, after: None, open: None, ..query.clone() });
    Column::sorts(label, href, direction)
}

#[component]
fn Row(id: PersonId, query: Memo<PeopleQuery>, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let found = move |page: &PeoplePage| page.rows.iter().chain(&page.open).find(|row| row.id == id).cloned();
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let open = Memo::new(move |_| page.with(|page| page.open.as_ref().is_some_and(|open| open.id == id)));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(id);
        query.with(|query| write(&PeopleQuery { open, ..query.clone() }))
    });
    let cells = move || row.with(|row| cells(texts, row, link, open));
    let detail = move || view! { <Detail row=row.into() page=page/> };
    view! { <OpeningRow id=id.to_string() columns=COLUMNS open=open cells=cells detail=detail/> }.into_any()
}

fn cells(texts: Texts, row: &PersonRow, link: Memo<String>, open: Memo<bool>) -> AnyView {
    let roles = row.roles.iter().map(|role| texts.find_role(role.code()).unwrap_or(role.code()));
    let roles = format::list_and(texts.language(), &roles.collect::<Vec<_>>());
    let last_sign_in = match row.last_sign_in {
        Some(day) => {
            let date = format::date(texts.language(), day);
            view! { <time datetime=day.to_string()>{date}</time> }.into_any()
        }
        None => view! { <span class="muted">{texts.people_never()}</span> }.into_any(),
    };
    view! {
        <th role="rowheader" scope="row">
            <a href=move || link.get()>{row.name.clone()}</a>
            <small>{row.email.clone()}</small>
        </th>
        <td role="cell" data-label=texts.people_column_roles()>{roles}</td>
        <td role="cell" data-label=texts.common_status()>
            <div>
                <StatusByCode code=row.status.code()/>
                {row.mail_comes_back.is_some().then(|| view! { <small>{texts.outbox_person_bounces()}</small> })}
            </div>
        </td>
        <td role="cell" data-label=texts.people_column_last_sign_in()>{last_sign_in}</td>
        <td role="cell" data-label=texts.people_column_seats()>{format::number(texts.language(), row.seats)}</td>
        <td role="cell" class="end">
            <Opener href=link open=open name=row.name.clone() source=row.email.clone()/>
        </td>
    }
    .into_any()
}

#[component]
fn Detail(row: Signal<PersonRow>, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let first = row.get_untracked();
    let invited = Memo::new(move |_| row.with(|row| row.status == PersonStatus::Invited));
    // The boxes follow the row: whoever changes it elsewhere changes what stands here.
    let version = Memo::new(move |_| row.with(|row| row.version));
    let id = first.id;
    view! {
        <div class="split">
            <div class="stack">
                <h2 class="h3">{texts.people_edit(&first.name)}</h2>
                {move || {
                    version.track();
                    view! { <Roles row=row page=page/> }
                }}
            </div>
            <div class="stack">
                <p class="muted">{texts.people_since(format::date(texts.language(), first.since))}</p>
                {move || {
                    row.with(|row| row.mail_comes_back.clone())
                        .map(|reason| {
                            view! {
                                <Notice tone=Tone::Wait>
                                    <b>{texts.outbox_person_bounces()}</b>
                                    <p>{texts.outbox_person_bounces_text(reason)}</p>
                                </Notice>
                            }
                        })
                }}
                {move || {
                    let name = row.with_untracked(|row| row.name.clone());
                    invited.get().then(|| view! { <InviteAgain id=id name=name page=page/> })
                }}
                {move || {
                    let why_not = page.with(|page| page.why_not_return.clone());
                    view! { <Access row=row.get() why_not=why_not/> }
                }}
                {move || {
                    let (on, why_not) = page.with(|page| (page.second_factor, page.why_not_take_off.clone()));
                    on.then(|| view! { <Lost row=row.get() why_not=why_not/> })
                }}
            </div>
        </div>
    }
}

#[component]
fn Roles(row: Signal<PersonRow>, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let PersonRow { id, version, roles, .. } = row.get_untracked();
    let form = Form::new("set_roles", id);
    let (why_not, grantable) =
        page.with_untracked(|page| (page.why_not_roles.clone(), page.grantable.clone()));
    let selected: Vec<String> = if form.error.with_untracked(Option::is_some) {
        form.kept_all(Field::Roles)
    } else {
        roles.iter().map(|role| role.code().to_owned()).collect()
    };
    // A box that can't be ticked isn't sent; the role stays.
    let kept: Vec<_> = roles
        .iter()
        .filter(|role| !grantable.contains(role))
        .map(|role| view! { <input type="hidden" name=Field::Roles.code() value=role.code()/> })
        .collect();
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=version/>
            {kept}
            <ChoiceGroup
                id=form.id(Field::Roles)
                name=Field::Roles.code()
                label=texts.find_field(Field::Roles.code()).unwrap_or_default()
                choices=role_choices(&grantable)
                selected=selected
                several=true
                help=texts.people_roles_help()
                error=form.field_error(Field::Roles)
            />
            <div class="row">
                {match &why_not {
                    Some(_) => {
                        view! { <DisabledButton label=texts.common_update() describedby="no-roles"/> }.into_any()
                    }
                    None => view! { <SubmitButton label=texts.common_update() busy=form.pending/> }.into_any(),
                }}
            </div>
            {why_not
                .map(|error| {
                    view! { <Why id="no-roles" kind=WhyKind::Right text=words::refusal(texts, &error)/> }
                })}
        </PostForm>
    }
}

/// Suspending, letting in again, removing.
#[component]
fn Access(row: PersonRow, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let PersonRow { id, version, name, status, .. } = row;
    let to = |departure: Departure| {
        let (person, departure) = (id.to_string(), departure.code());
        format!("/account/users/departure?person={person}&departure={departure}")
    };
    let remove = match status {
        PersonStatus::Invited => texts.departure_withdraw(),
        _ => texts.departure_remove(),
    };
    let described = |label: &str| format!("{label}: {name}");
    let first = match status {
        PersonStatus::Suspended => {
            view! { <LetIn id=id version=version name=name.clone() why_not=why_not/> }.into_any()
        }
        PersonStatus::Active => view! {
            <a
                class="button"
                href=to(Departure::Suspend)
                aria-label=described(texts.departure_suspend())
            >
                {texts.departure_suspend()}
            </a>
        }
        .into_any(),
        _ => ().into_any(),
    };
    view! {
        <h2 class="h3">{texts.departure_access_title()}</h2>
        <div class="row">
            {first}
            <a class="button danger" href=to(Departure::Remove) aria-label=described(remove)>{remove}</a>
        </div>
    }
}

/// The way back in for whoever lost the second factor.
#[component]
fn Lost(row: PersonRow, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    if let Some(error) = why_not {
        return view! {
            <h2 class="h3">{texts.departure_lost_title()}</h2>
            <div><DisabledButton label=texts.departure_take_off() describedby="no-take-off"/></div>
            <Why id="no-take-off" kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    let form = Form::new("take_off_second_factor", row.id);
    let done = Signal::derive(move || form.done.with(Option::is_some));
    let (name, version) = (row.name, row.version);
    view! {
        <h2 class="h3">{texts.departure_lost_title()}</h2>
        <div class="row">
            <Confirm
                id=format!("lost-{}", row.id)
                label=texts.departure_take_off()
                tone=ButtonTone::Danger
                question=format!("{}: {name}", texts.departure_take_off())
                done=done
                open=form.refused()
                form=move || {
                    view! {
                        <PostForm form=form>
                            <input type="hidden" name="version" value=version/>
                            <SubmitButton
                                label=texts.departure_take_off()
                                tone=ButtonTone::DangerPrimary
                                busy=form.pending
                            />
                        </PostForm>
                    }
                }
            >
                <p>{texts.departure_lost_text(&name)}</p>
            </Confirm>
        </div>
    }
    .into_any()
}

#[component]
fn LetIn(id: PersonId, version: i64, name: String, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    if let Some(error) = why_not {
        return view! {
            <div class="stack">
                <div><DisabledButton label=texts.departure_resume() describedby="no-return"/></div>
                <Why id="no-return" kind=WhyKind::Right text=words::refusal(texts, &error)/>
            </div>
        }
        .into_any();
    }
    let form = Form::new("resume_person", id);
    view! {
        <PostForm form=form class="stack">
            <p>{texts.departure_resume_text(name)}</p>
            <input type="hidden" name="version" value=version/>
            <div class="row">
                <SubmitButton label=texts.departure_resume() tone=ButtonTone::Secondary busy=form.pending/>
            </div>
        </PostForm>
    }
    .into_any()
}

#[component]
fn InviteAgain(id: PersonId, name: String, page: Signal<PeoplePage>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("invite_again", id);
    let why_not = page.with_untracked(|page| page.why_not_add.clone());
    view! {
        <h2 class="h3">{texts.people_invited_title()}</h2>
        <p>{texts.people_invited_text(INVITATION_DAYS, name)}</p>
        {match why_not {
            Some(error) => view! {
                <div><DisabledButton label=texts.people_invite_again() describedby="no-invite"/></div>
                <Why id="no-invite" kind=WhyKind::Right text=words::refusal(texts, &error)/>
            }
                .into_any(),
            None => view! {
                <PostForm form=form class="row">
                    <SubmitButton
                        label=texts.people_invite_again()
                        tone=ButtonTone::Secondary
                        busy=form.pending
                        icon=IconName::Mail
                    />
                </PostForm>
            }
                .into_any(),
        }}
    }
}

#[cfg(test)]
mod tests {
    use domain::Role;
    use domain::view::people::{PeopleQuery, PeopleSort, PersonStatus};
    use leptos_router::params::ParamsMap;

    use super::{PATH, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let query = PeopleQuery {
            find: "Ünal & 云".to_owned(),
            role: Some(Role::UserAdmin),
            status: Some(PersonStatus::Invited),
            sort: PeopleSort::LastSignInDown,
            after: id.parse().ok(),
            open: id.parse().ok(),
        };
        let address = write(&query);
        let pairs = address.split_once('?').and_then(|(_, rest)| rest.split_once('#')).expect("has both").0;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        assert_eq!(read(&pairs.into_iter().collect()), query);
        assert_eq!(write(&read(&ParamsMap::new())), PATH);
    }
}
