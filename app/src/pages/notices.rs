//! Notices in the portal.

use domain::view::dashboard::{Notice, NoticeFilter, Notices as NoticeList, NoticesQuery};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::format;

use crate::components::{
    ButtonTone, Choice, Column, Empty, Filter, FilterBar, FilterChip, Ledger, Status, StatusKind,
    SubmitButton,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::dashboard::notices;

const PATH: &str = "/notices";

fn read(parameters: &ParamsMap) -> NoticesQuery {
    let get = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    NoticesQuery { show: get("show").and_then(|show| NoticeFilter::from_code(&show)), after: get("after") }
}

fn write(query: &NoticesQuery) -> String {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    if let Some(show) = query.show {
        pairs.push(("show", show.code()));
    }
    if let Some(after) = &query.after {
        pairs.push(("after", after));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default())
}

/// Notices of the reader: the latest first, or the nearest day first.
#[component]
pub fn Notices() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), notices, move |list| view! { <Page query=query list=list/> })
}

#[component]
fn Page(query: Memo<NoticesQuery>, list: Signal<NoticeList>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("mark_notices_read", "");
    let unread = Memo::new(move |_| list.with(|list| list.notices.iter().any(|notice| !notice.read)));
    let shown = move |filter: NoticeFilter| match filter {
        NoticeFilter::Unread => texts.notices_only_unread(),
        NoticeFilter::Due => texts.notices_only_due(),
    };
    let filters = Memo::new(move |_| {
        let choices = NoticeFilter::ALL.iter().map(|filter| Choice::new(filter.code(), shown(*filter)));
        vec![Filter {
            name: "show",
            label: texts.notices_show().to_owned(),
            choices: std::iter::once(Choice::new("", texts.common_all())).chain(choices).collect(),
            selected: query.with(|query| query.show.map(NoticeFilter::code).unwrap_or_default().to_owned()),
        }]
    });
    let count = Signal::derive(move || texts.notices_count(list.with(|list| list.notices.len() as i64)));
    let chips = Signal::derive(move || {
        let chip = |filter| FilterChip { text: shown(filter).to_owned(), href: PATH.to_owned() };
        query.with(|query| query.show).map(chip).into_iter().collect::<Vec<_>>()
    });
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
            <FilterBar action=PATH filters=filters count=count chips=chips clear=PATH/>
            <section class="sheet">{move || rows(&query.get(), list.get())}</section>
        </main>
    }
}

fn rows(query: &NoticesQuery, list: NoticeList) -> AnyView {
    let texts = texts();
    if list.notices.is_empty() {
        return if query.show.is_some() {
            view! {
                <Empty title=texts.common_no_results()>
                    <a class="button" href=PATH>{texts.common_clear_all()}</a>
                </Empty>
            }
            .into_any()
        } else {
            view! { <Empty title=texts.notices_none_title() text=texts.notices_none_text()/> }.into_any()
        };
    }
    let further = list.older.map(|older| {
        let href = write(&NoticesQuery { after: Some(older), ..query.clone() });
        view! { <div class="pages"><a href=href>{texts.notices_older()}</a></div> }
    });
    view! {
        <Ledger
            caption=texts.notices_title()
            columns=vec![
                Column::new(texts.notices_title()),
                Column::new(texts.notices_due()),
                Column::new(texts.common_date()),
                Column::new(texts.common_status()),
            ]
        >
            {list.notices.into_iter().map(row).collect_view()}
        </Ledger>
        {further}
    }
    .into_any()
}

fn row(notice: Notice) -> impl IntoView {
    let texts = texts();
    let about = match notice.topic {
        Some(topic) => texts.find_mail_topic(topic.code()),
        None => notice.mandatory.then(|| texts.notices_mandatory()),
    };
    let due = notice.due.map(|day| {
        view! { <time datetime=day.to_string()>{format::date(texts.language(), day)}</time> }
    });
    let named = texts.notices_mark_one_named(&notice.title);
    let new = (!notice.read).then(|| {
        let form = Form::new("mark_notice_read", &notice.id);
        view! {
            <div class="stack">
                <Status kind=StatusKind::Ready text=texts.notices_new()/>
                <PostForm form=form>
                    <SubmitButton
                        label=texts.notices_mark_one()
                        tone=ButtonTone::Quiet
                        busy=form.pending
                        described=named
                    />
                </PostForm>
            </div>
        }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a href=notice.link>{notice.title.clone()}</a>
                {about.map(|about| view! { <small>{about}</small> })}
            </th>
            <td role="cell" data-label=texts.notices_due()>{due}</td>
            <td role="cell" data-label=texts.common_date()>
                <time datetime=notice.day.to_string()>{format::date(texts.language(), notice.day)}</time>
            </td>
            <td role="cell" data-label=texts.common_status()>{new}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use domain::view::dashboard::{NoticeFilter, NoticesQuery};
    use leptos_router::params::ParamsMap;

    use super::{PATH, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
        let query = NoticesQuery { show: Some(NoticeFilter::Due), after: Some(id) };
        let address = write(&query);
        let pairs = address.split_once('?').expect("has pairs").1;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        assert_eq!(read(&pairs.into_iter().collect()), query);
        assert_eq!(write(&read(&ParamsMap::new())), PATH);
    }
}
