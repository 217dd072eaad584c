//! The operators of the programme: who they are, with which roles; adding and removing them.

use domain::ids::AccountId;
use domain::view::benefits::WhyNot;
use domain::view::operators::{OperatorRow, OperatorsPage, OperatorsQuery};
use domain::view::people::PersonStatus;
use domain::{Field, Language, OperatorRole};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::item::when;
use crate::components::{
    ButtonTone, Choice, ChoiceGroup, Column, Confirm, DisabledButton, EmailField, Empty, Filter, FilterBar,
    FilterChip, Find, IconName, Ledger, Notice, Opener, OpeningRow, SelectField, StatusByCode, SubmitButton,
    TextField, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::{language, texts};
use crate::load::{load, part_of};
use crate::server_fns::operators::operators;
use crate::words;

const PATH: &str = "/operator/operators";
const COLUMNS: usize = 6;
/// Days for which a link to choose a password is valid.
const INVITATION_DAYS: u32 = 7;

fn read(parameters: &ParamsMap) -> OperatorsQuery {
    OperatorsQuery::read(|name| parameters.get(name))
}

fn write(query: &OperatorsQuery) -> String {
    let pairs = query.pairs();
    let address = if pairs.is_empty() {
        PATH.to_owned()
    } else {
        format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
    };
    match query.open {
        Some(open) => format!("{address}#{open}"),
        None => address,
    }
}

/// The page **Operators**.
#[component]
pub fn Operators() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(read));
    load(move || query.get(), operators, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<OperatorsQuery>, page: Signal<OperatorsPage>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| page.with(|page| page.why_not.clone()));
    view! {
        <Title text=texts.common_page_title(texts.operators_title())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.operators_title()}</h1><p>{texts.operators_lead()}</p></div>
            </div>
            <Filters query=query page=page/>
            <section class="sheet"><Rows query=query page=page/></section>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.operators_add()}</h2></div>
                <div class="in stack">
                    {move || match why_not.get() {
                        Some(error) => view! {
                            <div><DisabledButton label=texts.operators_add() describedby="no-add"/></div>
                            <Why id="no-add" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
                        }
                            .into_any(),
                        None => view! { <Add/> }.into_any(),
                    }}
                </div>
            </section>
        </main>
    }
}

#[component]
fn Filters(query: Memo<OperatorsQuery>, page: Signal<OperatorsPage>) -> impl IntoView {
    let texts = texts();
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.people_find_hint().to_owned(),
    });
    let filters = Signal::derive(move || {
        let roles = OperatorRole::ALL.iter().map(|role| Choice::new(role.code(), name_of(texts, *role)));
        let selected = query.with(|query| query.role.map(OperatorRole::code).unwrap_or_default());
        vec![Filter {
            name: "role",
            label: texts.common_role().to_owned(),
            choices: std::iter::once(Choice::new("", texts.common_all())).chain(roles).collect(),
            selected: selected.to_owned(),
        }]
    });
    let count = Signal::derive(move || texts.operators_count(page.with(|page| page.total)));
    let chips = Signal::derive(move || chips(texts, &query.get()));
    view! { <FilterBar action=PATH find=find filters=filters count=count chips=chips clear=PATH/> }
}

/// What is filtered by, each with the address without it.
fn chips(texts: Texts, query: &OperatorsQuery) -> Vec<FilterChip> {
    let base = OperatorsQuery { after: None, open: None, ..query.clone() };
    let find = (!base.find.is_empty()).then(|| FilterChip {
        text: base.find.clone(),
        href: write(&OperatorsQuery { find: String::new(), ..base.clone() }),
    });
    let role = base.role.map(|role| FilterChip {
        text: texts.common_filter_on(texts.common_role(), name_of(texts, role)),
        href: write(&OperatorsQuery { role: None, ..base.clone() }),
    });
    find.into_iter().chain(role).collect()
}

fn name_of(texts: Texts, role: OperatorRole) -> &'static str {
    texts.find_role(role.code()).unwrap_or(role.code())
}

#[component]
fn Rows(query: Memo<OperatorsQuery>, page: Signal<OperatorsPage>) -> impl IntoView {
    let texts = texts();
    let columns = vec![
        Column::new(texts.operators_column_operator()),
        Column::new(texts.people_column_roles()),
        Column::new(texts.common_status()),
        Column::new(texts.operators_column_factor()),
        Column::new(texts.operators_column_last_sign_in()),
        Column::silent(texts.common_details()),
    ];
    let ids = Memo::new(move |_| {
        page.with(|page| {
            let mut ids: Vec<AccountId> = page.rows.iter().map(|row| row.id).collect();
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
        let base = OperatorsQuery { open: None, ..query.get() };
        let first = base.after.is_some().then(|| {
            let href = write(&OperatorsQuery { after: None, ..base.clone() });
            view! { <li><a href=href>{texts.operators_first()}</a></li> }
        });
        let more = page.with(|page| page.next).map(|next| {
            let href = write(&OperatorsQuery { after: Some(next), ..base.clone() });
            view! { <li><a href=href>{texts.operators_more()}</a></li> }
        });
        (first.is_some() || more.is_some()).then(|| {
            view! { <nav class="pages" aria-label=texts.component_pages()><ul>{first}{more}</ul></nav> }
        })
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
            <Ledger caption=texts.operators_title() columns=columns.clone()>
                <For each=move || ids.get() key=|id| *id let:id>
                    <Row id=id query=query page=page/>
                </For>
            </Ledger>
            {pages}
        </Show>
    }
}

#[component]
fn Row(id: AccountId, query: Memo<OperatorsQuery>, page: Signal<OperatorsPage>) -> impl IntoView {
    let texts = texts();
    let found =
        move |page: &OperatorsPage| page.rows.iter().chain(&page.open).find(|row| row.id == id).cloned();
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let open = Memo::new(move |_| page.with(|page| page.open.as_ref().is_some_and(|open| open.id == id)));
    let link = Memo::new(move |_| {
        let open = (!open.get()).then_some(id);
        query.with(|query| write(&OperatorsQuery { open, ..query.clone() }))
    });
    let cells = move || row.with(|row| cells(texts, row, link, open));
    let detail = move || view! { <Detail row=row.into() page=page/> };
    view! { <OpeningRow id=id.to_string() columns=COLUMNS open=open cells=cells detail=detail/> }.into_any()
}

fn cells(texts: Texts, row: &OperatorRow, link: Memo<String>, open: Memo<bool>) -> AnyView {
    let roles: Vec<&str> = row.roles.iter().map(|role| name_of(texts, *role)).collect();
    let roles = format::list_and(texts.language(), &roles);
    let factor = if row.second_factor { texts.operators_factor_on() } else { texts.operators_factor_off() };
    let last_sign_in = match row.last_sign_in {
        Some(stamp) => when(stamp).into_any(),
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
        <td role="cell" data-label=texts.operators_column_factor()>{factor}</td>
        <td role="cell" data-label=texts.operators_column_last_sign_in()>{last_sign_in}</td>
        <td role="cell" class="end">
            <Opener href=link open=open name=row.name.clone() source=row.email.clone()/>
        </td>
    }
    .into_any()
}

#[component]
fn Detail(row: Signal<OperatorRow>, page: Signal<OperatorsPage>) -> impl IntoView {
    let texts = texts();
    let name = row.with_untracked(|row| row.name.clone());
    // The boxes follow the row: whoever changes it elsewhere changes what stands here.
    let version = Memo::new(move |_| row.with(|row| row.version));
    let why_not = Memo::new(move |_| page.with(|page| page.why_not.clone()));
    let of_row =
        Memo::new(move |_| page.with(|page| (page.why_not_take_off.clone(), page.why_not_remove.clone())));
    view! {
        <div class="split">
            <div class="stack">
                <h2 class="h3">{texts.people_edit(name)}</h2>
                {move || {
                    version.track();
                    view! { <Roles row=row.get_untracked() why_not=why_not.get()/> }
                }}
            </div>
            <div class="stack">
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
                    let (why_not_take_off, why_not_remove) = of_row.get();
                    let row = row.get();
                    let invited = (row.status == PersonStatus::Invited)
                        .then(|| view! { <InviteAgain row=row.clone() why_not=why_not.get()/> });
                    let lost = row
                        .second_factor
                        .then(|| view! { <Lost row=row.clone() why_not=why_not_take_off/> });
                    view! { {invited} {lost} <Remove row=row why_not=why_not_remove/> }
                }}
            </div>
        </div>
    }
}

/// A role with what it is for.
fn about(texts: Texts, role: OperatorRole) -> String {
    let name = name_of(texts, role);
    match role {
        OperatorRole::ProgrammeAdmin => texts.operators_about_programme_admin(name),
        OperatorRole::CatalogueManager => texts.operators_about_catalogue_manager(name),
        OperatorRole::FulfilmentAgent => texts.operators_about_fulfilment_agent(name),
        OperatorRole::Auditor => texts.operators_about_auditor(name),
    }
}

#[component]
fn RoleBoxes(form: Form, selected: Vec<String>) -> impl IntoView {
    let texts = texts();
    let choices =
        OperatorRole::ALL.iter().map(|role| Choice::new(role.code(), about(texts, *role))).collect();
    view! {
        <ChoiceGroup
            id=form.id(Field::Roles)
            name=Field::Roles.code()
            label=texts.find_field(Field::Roles.code()).unwrap_or_default()
            choices=choices
            selected=selected
            several=true
            help=texts.people_roles_help()
            error=form.field_error(Field::Roles)
        />
    }
}

#[component]
fn Roles(row: OperatorRow, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    if let Some(error) = why_not {
        let roles: Vec<&str> = row.roles.iter().map(|role| name_of(texts, *role)).collect();
        return view! {
            <p>{format::list_and(texts.language(), &roles)}</p>
            <div><DisabledButton label=texts.common_update() describedby="no-roles"/></div>
            <Why id="no-roles" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    let form = Form::new("set_operator_roles", row.id);
    let selected: Vec<String> = if form.refused() {
        form.kept_all(Field::Roles)
    } else {
        row.roles.iter().map(|role| role.code().to_owned()).collect()
    };
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=row.version/>
            <RoleBoxes form=form selected=selected/>
            <div class="row"><SubmitButton label=texts.common_update() busy=form.pending/></div>
        </PostForm>
    }
    .into_any()
}

#[component]
fn InviteAgain(row: OperatorRow, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let form = Form::new("invite_operator_again", row.id);
    view! {
        <h2 class="h3">{texts.people_invited_title()}</h2>
        <p>{texts.people_invited_text(INVITATION_DAYS, row.name)}</p>
        {match why_not {
            Some(error) => view! {
                <div><DisabledButton label=texts.people_invite_again() describedby="no-invite"/></div>
                <Why id="no-invite" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
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

/// The way back in for whoever lost the second factor.
#[component]
fn Lost(row: OperatorRow, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let label = texts.departure_take_off();
    if let Some(error) = why_not {
        return view! {
            <h2 class="h3">{texts.departure_lost_title()}</h2>
            <div><DisabledButton label=label describedby="no-take-off"/></div>
            <Why id="no-take-off" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    let form = Form::new("take_off_operator_factor", row.id);
    let text = texts.departure_lost_text(&row.name);
    view! {
        <h2 class="h3">{texts.departure_lost_title()}</h2>
        <div class="row"><Asked form=form id="lost" label=label row=row text=text/></div>
    }
    .into_any()
}

#[component]
fn Remove(row: OperatorRow, why_not: WhyNot) -> impl IntoView {
    let texts = texts();
    let label = texts.operators_remove();
    if let Some(error) = why_not {
        return view! {
            <h2 class="h3">{texts.operators_remove_title()}</h2>
            <div><DisabledButton label=label describedby="no-remove"/></div>
            <Why id="no-remove" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
        }
        .into_any();
    }
    let form = Form::new("remove_operator", row.id);
    let text = texts.operators_remove_text(&row.name);
    view! {
        <h2 class="h3">{texts.operators_remove_title()}</h2>
        <div class="row"><Asked form=form id="remove" label=label row=row text=text/></div>
    }
    .into_any()
}

/// A form that asks first.
#[component]
fn Asked(
    /// The form.
    form: Form,
    /// What the question is called on the page, with the row's id.
    id: &'static str,
    /// What its button says.
    label: &'static str,
    /// Whom it is about.
    row: OperatorRow,
    /// What happens then.
    text: String,
) -> impl IntoView {
    let done = Signal::derive(move || form.done.with(Option::is_some));
    let version = row.version;
    view! {
        <Confirm
            id=format!("{id}-{}", row.id)
            label=label
            tone=ButtonTone::Danger
            described=format!("{label}: {}", row.name)
            question=format!("{label}: {}", row.name)
            done=done
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=version/>
                        <SubmitButton label=label tone=ButtonTone::DangerPrimary busy=form.pending/>
                    </PostForm>
                }
            }
        >
            <p>{text}</p>
        </Confirm>
    }
}

#[component]
fn Add() -> impl IntoView {
    let texts = texts();
    let form = Form::new("add_operator", "");
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    let languages = Language::ALL.map(|language| Choice::new(language.tag(), language.own_name())).to_vec();
    view! {
        <p>{texts.operators_add_lead(INVITATION_DAYS)}</p>
        <PostForm form=form class="form">
            <TextField
                id=form.id(Field::Name)
                name=Field::Name.code()
                label=label(Field::Name)
                value=form.value(Field::Name, "")
                error=form.field_error(Field::Name)
                autocomplete="off"
                maxlength=120_u32
                required=true
            />
            <EmailField
                id=form.id(Field::Email)
                name=Field::Email.code()
                label=label(Field::Email)
                value=form.value(Field::Email, "")
                error=form.field_error(Field::Email)
                help=texts.operators_email_help()
                autocomplete="off"
                required=true
            />
            <SelectField
                id=form.id(Field::Language)
                name=Field::Language.code()
                label=texts.people_language()
                choices=languages
                selected=form.value(Field::Language, language().tag())
                error=form.field_error(Field::Language)
            />
            <RoleBoxes form=form selected=form.kept_all(Field::Roles)/>
            <div class="form-foot">
                <div class="row"><SubmitButton label=texts.operators_add() busy=form.pending/></div>
            </div>
        </PostForm>
    }
}

#[cfg(test)]
mod tests {
    use domain::OperatorRole;
    use domain::view::operators::OperatorsQuery;
    use leptos_router::params::ParamsMap;

    use super::{PATH, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let query = OperatorsQuery {
            find: "Ünal & 云".to_owned(),
            role: Some(OperatorRole::Auditor),
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
