//! Notices in the portal.

use domain::view::dashboard::Notices as NoticeList;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::{ButtonTone, Column, Empty, Ledger, Status, StatusKind, SubmitButton};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::dashboard::notices;

/// All notices of the reader, the latest first.
#[component]
pub fn Notices() -> impl IntoView {
    let parameters = use_query_map();
    let after = Memo::new(move |_| parameters.get().get("after").filter(|after| !after.is_empty()));
    load(move || after.get(), notices, |list| view! { <Page list=list/> })
}

#[component]
fn Page(list: Signal<NoticeList>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("mark_notices_read", "");
    let unread = Memo::new(move |_| list.with(|list| list.notices.iter().any(|notice| !notice.read)));
    view! {
        <Title text=texts.common_page_title(texts.notices_title())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.notices_title()}</h1><p>{texts.notices_lead()}</p></div>
                <Show when=move || unread.get()>
                    <PostForm form=form>
                        <SubmitButton label=texts.notices_mark_read() tone=ButtonTone::Secondary busy=form.pending/>
                    </PostForm>
                </Show>
            </div>
            <section class="sheet">{move || rows(list.get())}</section>
        </main>
    }
}

fn rows(list: NoticeList) -> AnyView {
    let texts = texts();
    if list.notices.is_empty() {
        return view! { <Empty title=texts.notices_none_title() text=texts.notices_none_text()/> }.into_any();
    }
    let rows = list
        .notices
        .into_iter()
        .map(|notice| {
            let new = (!notice.read).then(|| view! { <Status kind=StatusKind::Ready text=texts.notices_new()/> });
            view! {
                <tr role="row">
                    <th role="rowheader" scope="row"><a href=notice.link>{notice.title}</a></th>
                    <td role="cell" data-label=texts.common_date()>
                        <time datetime=notice.day.to_string()>{locales::format::date(texts.language(), notice.day)}</time>
                    </td>
                    <td role="cell" data-label=texts.common_status()>{new}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Ledger
            caption=texts.notices_title()
            columns=vec![
                Column::new(texts.notices_title()),
                Column::new(texts.common_date()),
                Column::new(texts.common_status()),
            ]
        >
            {rows}
        </Ledger>
        {list
            .older
            .map(|older| {
                view! { <div class="pages"><a href=format!("/notices?after={older}")>{texts.notices_older()}</a></div> }
            })}
    }
    .into_any()
}
