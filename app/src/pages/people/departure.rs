//! Suspending or removing somebody: what the person holds, and what becomes of it (rules 3, 10, 12).

use domain::departure::{Departure as Way, SeatFate};
use domain::view::people::{DepartingSeat, DeparturePage, DepartureQuery, PersonStatus};
use domain::{Error, ErrorCode, Field};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Choice, ChoiceGroup, DisabledButton, Empty, IconName, LinkButton, PeopleChooser,
    PersonOption, Point, PointKind, Points, SubmitButton, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::people::{departure_page, search_people};
use crate::words;

fn read(parameters: &ParamsMap) -> DepartureQuery {
    DepartureQuery {
        person: parameters.get("person").and_then(|person| person.parse().ok()),
        departure: parameters.get("departure").and_then(|departure| Way::from_code(&departure)),
    }
}

/// **Suspend** and **Remove**: the page is the question.
#[component]
pub fn Departure() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), departure_page, |page| view! { <Page page=page/> })
}

/// What the page calls what it does: title, sentence and button.
fn wording(texts: Texts, page: &DeparturePage) -> (String, String, &'static str) {
    let name = &page.person.name;
    match (page.departure, page.person.status) {
        (Way::Suspend, _) => (
            texts.departure_page_suspend(name),
            texts.departure_lead_suspend(name),
            texts.departure_suspend(),
        ),
        (Way::Remove, PersonStatus::Invited) => (
            texts.departure_page_withdraw(name),
            texts.departure_lead_withdraw(name),
            texts.departure_withdraw(),
        ),
        (Way::Remove, _) => {
            (texts.departure_page_remove(name), texts.departure_lead_remove(name), texts.departure_remove())
        }
    }
}

#[component]
fn Page(page: Signal<Option<DeparturePage>>) -> impl IntoView {
    // The page is written anew when something about the person changed, and only then.
    let state = Memo::new(move |_| page.get());
    move || match state.get() {
        Some(page) => view! { <Question page=page/> }.into_any(),
        None => view! { <Nobody/> }.into_any(),
    }
}

/// The address names nobody.
#[component]
fn Nobody() -> impl IntoView {
    let texts = texts();
    view! {
        <Title text=texts.common_page_title(texts.departure_title())/>
        <main class="page" id="main">
            <div class="head"><div><h1>{texts.departure_title()}</h1></div></div>
            <section class="sheet">
                <Empty title=texts.departure_nobody()>
                    <a class="button" href="/account/users">{texts.departure_in_list()}</a>
                </Empty>
            </section>
        </main>
    }
}

#[component]
fn Question(page: DeparturePage) -> impl IntoView {
    let texts = texts();
    let (title, lead, label) = wording(texts, &page);
    let form = Form::new("depart_person", page.person.id);
    let seats: Vec<_> = page
        .seats
        .iter()
        .map(|seat| view! { <Seat form=form seat=seat.clone() page=page.clone()/> })
        .collect();
    let none = seats.is_empty();
    let button = match page.why_not.clone() {
        Some(error) => view! {
            <div class="row"><DisabledButton label=label describedby="no-departure"/></div>
            <Why id="no-departure" kind=WhyKind::of(&error) text=words::refusal(texts, &error)/>
        }
        .into_any(),
        None => view! {
            <div class="row">
                <SubmitButton label=label tone=ButtonTone::DangerPrimary busy=form.pending/>
                <LinkButton href="/account/users" label=texts.common_keep()/>
            </div>
        }
        .into_any(),
    };
    view! {
        <Title text=texts.common_page_title(texts.departure_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li><a href="/account/users">{texts.navigation_user_management()}</a></li>
                        <li aria-current="page">{title.clone()}</li>
                    </ol>
                </nav>
                <div class="head"><div><h1>{title}</h1><p>{lead}</p></div></div>
            </div>
            <section class="sheet narrow">
                <div class="in">
                    <PostForm form=form class="stack">
                        <input type="hidden" name="version" value=page.person.version/>
                        <input type="hidden" name="departure" value=page.departure.code()/>
                        <h2 class="h3">{texts.departure_seats_title()}</h2>
                        {none.then(|| view! { <p class="muted">{texts.departure_seats_none()}</p> })}
                        {seats}
                        <h2 class="h3">{texts.departure_also_title()}</h2>
                        <Points points=ends(texts, &page)/>
                        {page
                            .marketing_contact
                            .then(|| {
                                view! {
                                    <p>
                                        {texts.departure_contact(&page.person.name)} " "
                                        <a href="/benefits/go-to-market">{texts.departure_contact_link()}</a>
                                    </p>
                                }
                            })}
                        {button}
                    </PostForm>
                </div>
            </section>
        </main>
    }
}

fn ends(texts: Texts, page: &DeparturePage) -> Vec<Point> {
    let point = |title: String| Point { kind: PointKind::Plain(IconName::Info), title, text: String::new() };
    let mut points = vec![point(if page.person.status == PersonStatus::Invited {
        texts.departure_ends_invitation().to_owned()
    } else {
        texts.departure_ends_session().to_owned()
    })];
    if page.waiting_requests > 0 {
        points.push(point(texts.departure_ends_requests(page.waiting_requests)));
    }
    if page.person.status != PersonStatus::Invited {
        points.push(point(texts.departure_told(&page.person.name)));
    }
    points
}

#[component]
fn Seat(form: Form, seat: DepartingSeat, page: DeparturePage) -> impl IntoView {
    let texts = texts();
    let DepartingSeat { seat: id, version, grant, product, source, source_name, stays, locked_until } = seat;
    let source = locales::source(texts, &source, source_name.as_deref());
    let not_handed = match (stays, &page.why_not_hand_over) {
        (Some(ErrorCode::SeatLocked), _) => {
            let date = locked_until.map(|day| format::date(texts.language(), day)).unwrap_or_default();
            Some(texts.departure_stays_locked(date))
        }
        (Some(ErrorCode::WrongKind), _) => Some(texts.departure_stays_technical().to_owned()),
        (Some(code), _) => Some(texts.departure_stays_other(words::refusal(texts, &Error::new(code)))),
        (None, Some(error)) => Some(words::refusal(texts, error)),
        (None, None) => None,
    };
    let fate_name = format!("fate-{id}");
    let to_name = format!("to-{id}");
    let choices = SeatFate::possible(page.departure)
        .iter()
        .map(|fate| match fate {
            SeatFate::Keep => Choice::new(fate.code(), texts.departure_keep()),
            SeatFate::Release => Choice::new(fate.code(), texts.departure_release()),
            SeatFate::HandOver => match &not_handed {
                Some(why) => Choice::refused(fate.code(), texts.departure_hand_over(), why.clone()),
                None => Choice::new(fate.code(), texts.departure_hand_over()),
            },
        })
        .collect();
    let first = SeatFate::possible(page.departure).first().map(|fate| fate.code().to_owned());
    let selected: Vec<String> = form.kept_named(&fate_name).or(first).into_iter().collect();
    let chooser = not_handed.is_none().then(|| {
        let option = move |choice| PersonOption::of(texts, choice);
        let people: Vec<PersonOption> = page.colleagues.iter().cloned().map(option).collect();
        let kept = form.kept_named(&to_name);
        let chosen = people.iter().filter(|person| kept.as_ref() == Some(&person.id)).cloned().collect();
        let leaving = page.person.id.to_string();
        let search = move |typed: String| {
            let leaving = leaving.clone();
            async move {
                let found = search_people(grant, typed).await.and_then(|found| found.open());
                let people = found.map_err(|refusal| words::refusal(texts, &refusal.0))?;
                Ok(people.into_iter().map(option).filter(|person| person.id != leaving).collect())
            }
        };
        view! {
            <div class="hand-over">
                <PeopleChooser
                    id=format!("to-{id}")
                    name=to_name
                    label=texts.departure_to()
                    people=people
                    chosen=RwSignal::new(chosen)
                    single=true
                    search=search
                    error=form.field_error(Field::Person)
                />
            </div>
        }
    });
    view! {
        <div class="fate">
            <input type="hidden" name=Field::Seats.code() value=id.to_string()/>
            <input type="hidden" name=format!("version-{id}") value=version/>
            <ChoiceGroup
                id=format!("fate-{id}")
                name=fate_name
                label=texts.departure_fate_of(product, source)
                choices=choices
                selected=selected
            />
            {chooser}
        </div>
    }
}
