//! My access: each area of the portal, granted or not, and who could grant it (rules 1, 3, 5, 6).

use domain::Action;
use domain::view::access::{AccessArea, AccessPage};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

use crate::components::{ButtonTone, Column, Ledger, Notice, Status, StatusKind, SubmitButton, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::people::access;

/// My access.
#[component]
pub fn Access() -> impl IntoView {
    load(|| (), |()| access(), |page| view! { <Page page=page/> })
}

/// Where an area begins, if it has a page of its own.
const fn path(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::ViewOwnBenefits | Action::RequestSeat => "/my-benefits",
        Action::OpenBenefits | Action::GetKeys => "/benefits/software",
        Action::AssignUser => "/benefits/visual-studio",
        Action::ActivateTechnical | Action::ViewSupportIds => "/benefits/technical",
        Action::ManageMarketingContact | Action::ActivateGoToMarket => "/benefits/go-to-market",
        Action::RequestSupport => "/technical-request",
        Action::CancelPurchase => "/benefits/cancel",
        Action::AddUser => "/account/users/add",
        Action::SetRoles => "/account/users",
        Action::ConfigureSignIn => "/account/directory",
        Action::ViewActivity => "/account/activity",
        _ => return None,
    })
}

#[component]
fn Page(page: Signal<AccessPage>) -> impl IntoView {
    let texts = texts();
    let state = Memo::new(move |_| page.get());
    view! {
        <Title text=texts.common_page_title(texts.access_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li aria-current="page">{texts.access_title()}</li>
                    </ol>
                </nav>
                {move || state.with(|page| head(texts, page))}
            </div>
            {move || state.with(|page| notice(texts, page))}
            <section class="sheet">
                <Ledger
                    caption=texts.access_title()
                    columns=vec![
                        Column::new(texts.access_area()),
                        Column::new(texts.common_status()),
                        Column::new(texts.access_through()),
                    ]
                >
                    {move || {
                        state.with(|page| page.areas.iter().map(|area| row(texts, area)).collect_view())
                    }}
                </Ledger>
            </section>
            {move || state.with(|page| others(texts, page))}
        </main>
    }
}

fn head(texts: Texts, page: &AccessPage) -> impl IntoView + use<> {
    let roles: Vec<&str> =
        page.roles.iter().map(|role| texts.find_role(role.code()).unwrap_or(role.code())).collect();
    let lead = texts.access_lead(&page.organization, format::list_and(texts.language(), &roles));
    let granted = page.areas.iter().filter(|area| area.granted()).count();
    let number = |count: usize| format::number(texts.language(), i64::try_from(count).unwrap_or(i64::MAX));
    let total = number(page.areas.len());
    view! {
        <div class="head">
            <div><h1>{texts.access_title()}</h1><p>{lead}</p></div>
            <dl class="totals">
                <div><dt>{texts.access_granted()}</dt><dd>{texts.access_of(number(granted), total)}</dd></div>
            </dl>
        </div>
    }
}

/// The way to become Global admin, for whoever isn't one (rule 5).
fn notice(texts: Texts, page: &AccessPage) -> impl IntoView + use<> {
    let is_one = page.roles.contains(&domain::Role::GlobalAdmin);
    let waiting = page
        .waiting
        .map(|(number, date)| texts.requests_admin_waiting(format::date(texts.language(), date), number));
    let text = match (waiting, page.has_global_admin) {
        (Some(waiting), _) => waiting,
        (None, true) => texts.access_become_asks().to_owned(),
        (None, false) => texts.access_become_operators().to_owned(),
    };
    (!is_one).then(|| {
        view! {
            <Notice tone=Tone::Info>
                <p>{text}</p>
                <p><a href="/become-global-admin">{texts.requests_admin_title()}</a></p>
            </Notice>
        }
    })
}

fn row(texts: Texts, area: &AccessArea) -> impl IntoView + use<> {
    let name = texts.find_action(area.action.code()).unwrap_or(area.action.code()).to_owned();
    let name = match path(area.action).filter(|_| area.granted()) {
        Some(path) => view! { <a href=path>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    let role = |role: &domain::Role| texts.find_role(role.code()).unwrap_or(role.code());
    let (status, through) = if area.granted() {
        let by: Vec<&str> = area.by.iter().map(role).collect();
        let status = view! { <Status kind=StatusKind::Active text=texts.access_yes()/> }.into_any();
        (status, format::list_and(texts.language(), &by))
    } else {
        let needs = area.needs.as_ref().map(role).unwrap_or_default();
        let through = if area.granters.is_empty() {
            texts.access_needs(needs)
        } else {
            let names: Vec<&str> = area.granters.iter().map(String::as_str).collect();
            texts.access_needs_from(format::list_or(texts.language(), &names), needs)
        };
        (view! { <Status kind=StatusKind::Locked text=texts.access_no()/> }.into_any(), through)
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{name}</th>
            <td role="cell" data-label=texts.common_status()>{status}</td>
            <td role="cell" data-label=texts.access_through()>{through}</td>
        </tr>
    }
}

/// The other companies, each with the way there.
fn others(texts: Texts, page: &AccessPage) -> impl IntoView + use<> {
    (!page.others.is_empty()).then(|| {
        let forms: Vec<_> = page
            .others
            .iter()
            .map(|(id, name)| {
                // The bar has the same form, with the name as part of its button.
                let form = Form::new("switch_organization", id);
                let label = texts.frame_go_on_in(name);
                view! {
                    <PostForm form=form whole_page=true>
                        <SubmitButton label=label tone=ButtonTone::Secondary/>
                    </PostForm>
                }
            })
            .collect();
        view! {
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.access_others()}</h2></div>
                <div class="in row">{forms}</div>
            </section>
        }
    })
}
