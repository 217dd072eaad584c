//! How to become a Global admin: ask an existing one; where there is none, the operators (rule 5).

use domain::view::requests::GlobalAdminPage;
use leptos::prelude::*;
use leptos_meta::Title;
use locales::format;

use crate::components::{Column, Icon, IconName, Ledger, Notice, SubmitButton, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::requests::global_admins;

/// How to become a Global admin.
#[component]
pub fn BecomeGlobalAdmin() -> impl IntoView {
    load(|| (), |()| global_admins(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<GlobalAdminPage>) -> impl IntoView {
    let texts = texts();
    let none = Memo::new(move |_| page.with(|page| page.admins.is_empty()));
    view! {
        <Title text=texts.common_page_title(texts.requests_admin_title())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.requests_admin_title()}</h1><p>{texts.requests_admin_lead()}</p></div>
            </div>
            <Show when=move || none.get() fallback=move || view! { <Existing page=page/> }>
                <Ask page=page/>
            </Show>
        </main>
    }
}

#[component]
fn Existing(page: Signal<GlobalAdminPage>) -> impl IntoView {
    let texts = texts();
    let is_one = Memo::new(move |_| page.with(|page| page.is_one));
    let rows = move || {
        page.with(|page| page.admins.clone())
            .into_iter()
            .map(|(name, email)| {
                let address = format!("mailto:{email}");
                view! {
                    <tr role="row">
                        <th role="rowheader" scope="row">{name}</th>
                        <td role="cell" data-label=texts.common_account()><a href=address>{email}</a></td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        {move || is_one.get().then(|| view! { <Notice tone=Tone::Good><p>{texts.requests_admin_is_one()}</p></Notice> })}
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.requests_admins()}</h2></div>
            <Ledger
                caption=texts.requests_admins()
                columns=vec![Column::new(texts.common_name()), Column::new(texts.common_account())]
                keep=true
            >
                {rows}
            </Ledger>
        </section>
        <section class="sheet">
            <div class="sheet-head"><h2>{texts.requests_admin_steps()}</h2></div>
            <ol class="in numbered">
                <li>{texts.requests_admin_step_open()}</li>
                <li>{texts.requests_admin_step_choose()}</li>
                <li>{texts.requests_admin_step_update()}</li>
            </ol>
        </section>
    }
}

#[component]
fn Ask(page: Signal<GlobalAdminPage>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("ask_global_admin", "");
    let waiting = Memo::new(move |_| page.with(|page| page.waiting));
    let days = Memo::new(move |_| page.with(|page| page.target_days));
    view! {
        <section class="sheet">
            <div class="in stack">
                <p>{texts.requests_admin_none()}</p>
                {move || match waiting.get() {
                    Some((number, date)) => {
                        let text = texts.requests_admin_waiting(format::date(texts.language(), date), number);
                        view! { <Notice tone=Tone::Wait role="status"><p>{text}</p></Notice> }.into_any()
                    }
                    None => view! {
                        <PostForm form=form class="stack">
                            <p class="why"><Icon name=IconName::Info/><span>{texts.requests_admin_ask_note(days.get())}</span></p>
                            <div class="row"><SubmitButton label=texts.requests_admin_ask() busy=form.pending/></div>
                        </PostForm>
                    }
                    .into_any(),
                }}
            </div>
        </section>
    }
}
