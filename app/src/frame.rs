//! The frame around every page: bar on top, index at the side, what was just done.

use domain::benefit::Category;
use domain::enrolment::Step;
use domain::older_portal::PortalState;
use domain::policy::SupportEdition;
use domain::rights::{Action, OperatorAction, may, operator_may};
use domain::view::form::Said;
use domain::view::portal::{OlderPortal, OperatorReader, PersonReader, Portal, Reader};
use domain::{Field, Language, Policies, Roles};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::components::{Icon, IconName, LinkButton, Mark, MembershipRail, Notice, Tone};
use crate::forms::{Form, PostForm, Unclaimed};
use crate::i18n::{language, texts};
use crate::live;
use crate::load::{Reload, load_part};
use crate::server_fns::portal::portal;
use crate::words;

/// A place in the menu.
#[derive(Clone, PartialEq)]
struct Place {
    path: &'static str,
    icon: IconName,
    name: String,
    figure: Option<i64>,
}

fn place(path: &'static str, icon: IconName, name: &str, figure: Option<i64>) -> Place {
    Place { path, icon, name: name.to_owned(), figure }
}

/// Bar and index; nothing for whoever isn't signed in.
#[component]
pub fn Frame() -> impl IntoView {
    load_part(|| (), |()| portal(), |portal| view! { <Around portal=portal/> })
}

#[component]
fn Around(portal: Signal<Portal>) -> impl IntoView {
    let kind = Memo::new(move |_| portal.with(|portal| std::mem::discriminant(&portal.reader)));
    move || {
        kind.track();
        match portal.get_untracked().reader {
            Reader::Nobody => ().into_any(),
            Reader::Person(_) | Reader::Operator(_) => {
                if let Some(reload) = use_context::<Reload>() {
                    live::listen(reload);
                }
                view! {
                    <a class="skip" href="#main" rel="external">{texts().common_skip_to_content()}</a>
                    <Bar portal=portal/>
                    <Side portal=portal/>
                    <div class="flashes">
                        <Flash portal=portal/>
                        <OlderPortalNotice portal=portal/>
                    </div>
                }
                .into_any()
            }
        }
    }
}

#[component]
fn Flash(portal: Signal<Portal>) -> impl IntoView {
    // What the page before did; with JavaScript a toast says it instead.
    let flash = portal.get_untracked().flash;
    let refused = use_context::<Unclaimed>().map(|Unclaimed(error)| words::refusal(texts(), &error));
    view! {
        {refused
            .map(|text| {
                view! { <div class="flash"><Notice tone=Tone::Stop role="alert"><p>{text}</p></Notice></div> }
            })}
        {flash
            .map(|Said { text, extent }| {
                let tone = Tone::of(extent);
                view! {
                    <div class="flash">
                        <Notice tone=tone role=tone.role()><p class="lines">{text}</p></Notice>
                    </div>
                }
            })}
    }
}

/// Where the company's record is kept while it can only be read here (rule 22).
#[component]
fn OlderPortalNotice(portal: Signal<Portal>) -> impl IntoView {
    let location = use_location();
    let older = Memo::new(move |_| {
        portal.with(|portal| match &portal.reader {
            Reader::Person(person) => person.older_portal.clone(),
            Reader::Nobody | Reader::Operator(_) => None,
        })
    });
    move || {
        let texts = texts();
        let OlderPortal { state, sign_in_link, technical_contact } = older.get()?;
        let (title, text) = match state {
            PortalState::Member => return None,
            PortalState::NotInvited => {
                (texts.older_portal_not_invited_title(), texts.older_portal_not_invited_text())
            }
            PortalState::Invited => (texts.older_portal_invited_title(), texts.older_portal_invited_text()),
            PortalState::Expired => (texts.older_portal_expired_title(), texts.older_portal_expired_text()),
            PortalState::Enrolling => {
                (texts.older_portal_enrolling_title(), texts.older_portal_enrolling_text())
            }
        };
        let enrols = state == PortalState::Enrolling || state.can_begin_to_enrol();
        let enrol = move || enrols && !location.pathname.get().starts_with(Step::Welcome.path());
        Some(view! {
            <section class="flash" aria-label=title>
                <Notice tone=Tone::Wait>
                    <b>{title}</b>
                    <p>{text}</p>
                    {technical_contact
                        .map(|contact| view! { <p>{texts.older_portal_technical(contact)}</p> })}
                    {move || {
                        enrol()
                            .then(|| {
                                view! {
                                    <div class="row">
                                        <LinkButton href=Step::Welcome.path() label=texts.older_portal_enrol()/>
                                    </div>
                                }
                            })
                    }}
                    {sign_in_link
                        .map(|link| {
                            view! {
                                <div class="row">
                                    <LinkButton href=link label=texts.older_portal_sign_in() icon=IconName::Out/>
                                    <span class="sr">{texts.common_new_window()}</span>
                                </div>
                            }
                        })}
                </Notice>
            </section>
        })
    }
}

#[component]
fn Bar(portal: Signal<Portal>) -> impl IntoView {
    let texts = texts();
    let location = use_location();
    let places = Memo::new(move |_| sections(&portal.get()));
    let here = move || {
        let path = location.pathname.get();
        places
            .get()
            .into_iter()
            .flat_map(|(_, places)| places)
            .find(|place| is_here(&path, place.path))
            .map_or_else(|| texts.common_menu().to_owned(), |place| place.name)
    };
    let (home, title, tier) = match portal.get_untracked().reader {
        Reader::Operator(_) => {
            ("/operator/queue", portal.get_untracked().programme, texts.navigation_operations().to_owned())
        }
        Reader::Person(person) => {
            // Whoever still enrols has no tier.
            let enrolling =
                person.older_portal.as_ref().is_some_and(|older| older.state == PortalState::Enrolling);
            let tier =
                if enrolling { texts.older_portal_enrolling_bar().to_owned() } else { person.tier.clone() };
            ("/", person.organization_name.clone(), tier)
        }
        Reader::Nobody => ("/", String::new(), String::new()),
    };
    let unread = move || portal.with(|portal| portal.unread);
    view! {
        <header class="bar">
            <button class="tool menu-button" type="button" popovertarget="side">
                <Icon name=IconName::Menu/>
                <span>{here}</span>
            </button>
            <a class="brand" href=home aria-label=texts.common_product_name()>
                <Mark/>
                <span>{texts.common_product_name()}</span>
            </a>
            <div class="org"><b>{title}</b><span>{tier}</span></div>
            <div class="end">
                <LanguageSwitch/>
                <a
                    class="tool"
                    href="/notices"
                    aria-label=move || texts.frame_unread(unread())
                >
                    <Icon name=IconName::Bell/>
                    <span class="count" aria-hidden="true">{unread}</span>
                </a>
                <Account portal=portal/>
            </div>
        </header>
    }
}

#[component]
fn LanguageSwitch() -> impl IntoView {
    let texts = texts();
    let now = language();
    let form = Form::new("choose_language", "");
    view! {
        <details class="switch">
            <summary class="tool" aria-label=texts.frame_language_is(now.own_name())>
                <Icon name=IconName::Globe/>
                <span class="wide">{now.own_name()}</span>
            </summary>
            <div>
                <PostForm form=form whole_page=true>
                    {Language::ALL
                        .map(|language| {
                            view! {
                                <button
                                    type="submit"
                                    name=Field::Language.code()
                                    value=language.tag()
                                    lang=language.tag()
                                    aria-current=(language == now).then_some("true")
                                >
                                    {language.own_name()}
                                </button>
                            }
                        })
                        .collect_view()}
                </PostForm>
            </div>
        </details>
    }
}

#[component]
fn Account(portal: Signal<Portal>) -> impl IntoView {
    let texts = texts();
    let (name, others, operator) = match portal.get_untracked().reader {
        Reader::Person(person) => (person.name, person.others, false),
        Reader::Operator(operator) => (operator.name, Vec::new(), true),
        Reader::Nobody => (String::new(), Vec::new(), false),
    };
    let sign_out = Form::new("sign_out", "");
    view! {
        <details class="switch">
            <summary class="tool" aria-label=texts.frame_account_of(&name)>
                <Icon name=IconName::Person/>
                <span class="wide">{name.clone()}</span>
            </summary>
            <div>
                {others
                    .into_iter()
                    .map(|(id, name)| {
                        let form = Form::new("switch_organization", id);
                        view! {
                            <PostForm form=form whole_page=true>
                                <button type="submit">{texts.frame_go_on_in(name)}</button>
                            </PostForm>
                        }
                    })
                    .collect_view()}
                <a href="/account">{texts.navigation_account_settings()}</a>
                {(!operator)
                    .then(|| {
                        view! {
                            <a href="/account/access">{texts.access_title()}</a>
                            <a href="/my-benefits">{texts.navigation_my_benefits()}</a>
                        }
                    })}
                <PostForm form=sign_out whole_page=true>
                    <button type="submit">{texts.navigation_sign_out()}</button>
                </PostForm>
            </div>
        </details>
    }
}

#[component]
fn Side(portal: Signal<Portal>) -> impl IntoView {
    let texts = texts();
    let location = use_location();
    let sections = Memo::new(move |_| sections(&portal.get()));
    let year = move || match portal.get().reader {
        Reader::Person(person) => {
            let PersonReader { year, tier, .. } = *person;
            year.map(|year| (tier, year))
        }
        _ => None,
    };
    view! {
        <nav class="side" id="side" popover aria-label=texts.common_main_menu()>
            {move || {
                sections
                    .get()
                    .into_iter()
                    .map(|(heading, places)| {
                        let places = places
                            .into_iter()
                            .map(|place| {
                                let current = move || {
                                    is_here(&location.pathname.get(), place.path).then_some("page")
                                };
                                view! {
                                    <a href=place.path aria-current=current>
                                        <Icon name=place.icon/>
                                        <span>{place.name}</span>
                                        {place.figure.map(|figure| view! { <span class="figure">{figure}</span> })}
                                    </a>
                                }
                            })
                            .collect_view();
                        view! { <h2>{heading}</h2> {places} }
                    })
                    .collect_view()
            }}
            {move || {
                year()
                    .map(|(tier, year)| {
                        view! {
                            <MembershipRail
                                name=texts.frame_membership_of(tier)
                                day=year.day
                                renews=year.renews
                            />
                        }
                    })
            }}
        </nav>
    }
}

fn is_here(path: &str, place: &str) -> bool {
    if place == "/" {
        path == "/"
    } else {
        path == place
            || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/') && place != "/account")
    }
}

/// The menu for whoever reads: what they can open, and what they are told about.
fn sections(portal: &Portal) -> Vec<(String, Vec<Place>)> {
    match &portal.reader {
        Reader::Nobody => Vec::new(),
        Reader::Person(person) => for_person(person),
        Reader::Operator(operator) => for_operator(operator),
    }
}

fn for_person(person: &PersonReader) -> Vec<(String, Vec<Place>)> {
    let texts = texts();
    let roles = Roles::new(person.roles.iter().copied());
    let allowed = |action| may(&roles, action, &Policies::default()).is_ok();
    let count = |category: Category| {
        Some(person.counts.iter().find(|(of, _)| *of == category).map_or(0, |(_, count)| *count))
    };
    let mut sections = Vec::new();
    let own = place("/my-benefits", IconName::Stub, texts.navigation_my_benefits(), Some(person.own_seats));
    if allowed(Action::OpenBenefits) {
        let technical = if person.edition == SupportEdition::A {
            texts.navigation_support()
        } else {
            texts.navigation_technical()
        };
        sections.push((
            texts.navigation_benefits().to_owned(),
            vec![
                place(
                    "/benefits/software",
                    IconName::Software,
                    texts.navigation_software(),
                    count(Category::Software),
                ),
                place("/benefits/cloud", IconName::Cloud, texts.navigation_cloud(), count(Category::Cloud)),
                place(
                    "/benefits/visual-studio",
                    IconName::Code,
                    texts.navigation_visual_studio(),
                    count(Category::VisualStudio),
                ),
                place("/benefits/technical", IconName::Support, technical, count(Category::Technical)),
                place(
                    "/benefits/go-to-market",
                    IconName::Flag,
                    texts.navigation_go_to_market_benefits(),
                    count(Category::GoToMarket),
                ),
                place("/benefits/cancel", IconName::Undo, texts.navigation_cancel(), None),
                place("/insight", IconName::Chart, texts.navigation_insight(), None),
            ],
        ));
        sections.push((
            texts.navigation_organization().to_owned(),
            vec![
                place("/", IconName::Home, texts.navigation_dashboard(), None),
                place("/membership", IconName::Rank, texts.navigation_membership(), None),
                place("/offers", IconName::Plus, texts.navigation_offers(), None),
                place("/orders", IconName::Stub, texts.navigation_orders(), None),
                own,
                place(
                    "/requests",
                    IconName::Request,
                    texts.navigation_requests(),
                    Some(person.open_requests),
                ),
                place(
                    "/account/users",
                    IconName::People,
                    texts.navigation_user_management(),
                    Some(person.people),
                ),
                place("/account/activity", IconName::Info, texts.navigation_activity(), None),
                place("/account/directory", IconName::Key, texts.navigation_directory(), None),
                place("/account", IconName::Gear, texts.navigation_account_settings(), None),
            ],
        ));
    } else {
        sections.push((
            texts.navigation_for_you().to_owned(),
            vec![
                place("/", IconName::Home, texts.navigation_dashboard(), None),
                place("/membership", IconName::Rank, texts.navigation_membership(), None),
                own,
                place("/requests", IconName::Request, texts.navigation_my_requests(), None),
                place("/account/activity", IconName::Info, texts.navigation_activity(), None),
                place("/account", IconName::Gear, texts.navigation_account_settings(), None),
            ],
        ));
    }
    sections
}

fn for_operator(operator: &OperatorReader) -> Vec<(String, Vec<Place>)> {
    let texts = texts();
    let allowed = |action| operator_may(&operator.roles, action).is_ok();
    let mut places = Vec::new();
    if allowed(OperatorAction::ReadQueue) || allowed(OperatorAction::WorkQueue) {
        places.push(place(
            "/operator/queue",
            IconName::Request,
            texts.navigation_queue(),
            Some(operator.queue),
        ));
        places.push(place("/operator/competencies", IconName::Rank, texts.navigation_competencies(), None));
    }
    if allowed(OperatorAction::ReadCatalogue) {
        places.push(place("/operator/catalogue", IconName::Software, texts.navigation_catalogue(), None));
    }
    if allowed(OperatorAction::ReadKeyPools) {
        places.push(place("/operator/keys", IconName::Key, texts.navigation_keys(), None));
    }
    if allowed(OperatorAction::ReadIndividualGrants) {
        places.push(place("/operator/grants", IconName::Rank, texts.individual_grants_title(), None));
    }
    if allowed(OperatorAction::ReadMail) {
        places.push(place(
            "/operator/outbox",
            IconName::Mail,
            texts.navigation_outbox(),
            Some(operator.failed_mail),
        ));
        places.push(place("/operator/templates", IconName::Copy, texts.templates_title(), None));
    }
    if allowed(OperatorAction::ManagePolicies) || allowed(OperatorAction::ReadEverything) {
        places.push(place("/operator/policies", IconName::Gear, texts.navigation_policies(), None));
    }
    if allowed(OperatorAction::ManageOperators) || allowed(OperatorAction::ReadEverything) {
        places.push(place("/operator/operators", IconName::People, texts.operators_title(), None));
    }
    if allowed(OperatorAction::ReadEverything) {
        places.push(place("/operator/insight", IconName::Chart, texts.navigation_insight(), None));
        places.push(place("/operator/activity", IconName::Info, texts.navigation_activity(), None));
    }
    places.push(place("/account", IconName::Person, texts.navigation_account_settings(), None));
    vec![(texts.navigation_operations().to_owned(), places)]
}
