//! **Add several users**: a file is checked row by row, then saved.

use domain::view::people_import::{
    IMPORT_ROWS_MAX, ImportFile, ImportPage, ImportQuery, ImportRow, ImportState,
};
use domain::{Error, ErrorCode};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use crate::components::{
    Column, DisabledButton, Ledger, LinkButton, Notice, Status, StatusKind, SubmitButton, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::people::people_import;
use crate::words;

const PATH: &str = "/account/users/import";
/// Where the file goes; the answer leads back to the page.
const FILE: &str = "/account/users/import/file";
const TEMPLATE: &str = "/account/users/import/template.csv";

fn read(parameters: &ParamsMap) -> ImportQuery {
    ImportQuery {
        import: parameters.get("import").and_then(|import| import.parse().ok()),
        page: parameters.get("page").and_then(|page| page.parse().ok()).unwrap_or(1),
    }
}

/// Why the file that was just sent can't be read.
fn fault(parameters: &ParamsMap) -> Option<Error> {
    parameters.get("fault").and_then(|code| ErrorCode::from_code(&code)).map(|code| {
        let error = Error::new(code);
        let most = i64::try_from(IMPORT_ROWS_MAX).unwrap_or(i64::MAX);
        if code == ErrorCode::TooManyRows { error.with_number(most) } else { error }
    })
}

/// **Add several users**.
#[component]
pub fn Import() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), people_import, |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<ImportPage>) -> impl IntoView {
    let texts = texts();
    let state = Memo::new(move |_| page.get());
    let parameters = use_query_map();
    let fault = move || {
        parameters.with(fault).map(|error| {
            let text = words::refusal(texts, &error);
            view! { <Notice tone=Tone::Stop role="alert"><p>{text}</p></Notice> }
        })
    };
    view! {
        <Title text=texts.common_page_title(texts.people_import_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li><a href="/account/users">{texts.navigation_user_management()}</a></li>
                        <li aria-current="page">{texts.people_import_title()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div><h1>{texts.people_import_title()}</h1><p>{texts.people_import_lead()}</p></div>
                    {move || state.with(|page| page.file.as_ref().map(|file| totals(texts, file)))}
                </div>
            </div>
            {fault}
            {move || match state.get() {
                ImportPage { why_not: Some(error), .. } => view! {
                    <section class="sheet narrow">
                        <div class="in stack">
                            <DisabledButton label=texts.people_import_check() describedby="no-import"/>
                            <Why id="no-import" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                        </div>
                    </section>
                }
                .into_any(),
                ImportPage { file: Some(file), .. } => view! { <Rows file=file/> }.into_any(),
                ImportPage { .. } => view! { <Choose/> }.into_any(),
            }}
        </main>
    }
}

fn totals(texts: Texts, file: &ImportFile) -> impl IntoView + use<> {
    let number = |value| format::number(texts.language(), value);
    let good = match file.state {
        ImportState::Checked => texts.people_import_good(),
        ImportState::Saved => texts.people_import_added(),
    };
    view! {
        <dl class="totals">
            <div><dt>{good}</dt><dd>{number(file.good)}</dd></div>
            <div><dt>{texts.people_import_faulty()}</dt><dd>{number(file.faulty)}</dd></div>
        </dl>
    }
}

#[component]
fn Choose() -> impl IntoView {
    let texts = texts();
    let rows = format::number(texts.language(), i64::try_from(IMPORT_ROWS_MAX).unwrap_or(i64::MAX));
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.people_import_step_file()}</h2></div>
            <div class="in stack">
                <p>{texts.people_import_columns()}</p>
                <p>{texts.people_import_limits(rows)}</p>
                <p><a href=TEMPLATE rel="external" download="">{texts.people_import_template()}</a></p>
                <form method="post" action=FILE enctype="multipart/form-data" class="form">
                    <div class="field">
                        <label for="people-file">{texts.people_import_choose()}</label>
                        <input type="file" id="people-file" name="file" accept=".csv,text/csv" required/>
                    </div>
                    <div class="form-foot">
                        <div class="row">
                            <SubmitButton label=texts.people_import_check()/>
                            <LinkButton href="/account/users" label=texts.common_back()/>
                        </div>
                        <p class="small muted">{texts.people_import_kept()}</p>
                    </div>
                </form>
            </div>
        </section>
    }
}

#[component]
fn Rows(file: ImportFile) -> impl IntoView {
    let texts = texts();
    let checked = file.state == ImportState::Checked;
    let id = file.id;
    let form = Form::new("save_people_import", id);
    let save = match (checked, file.good) {
        (false, _) => ().into_any(),
        (true, 0) => view! {
            <div class="row">
                <DisabledButton label=texts.people_import_save(0) describedby="none-good"/>
            </div>
            <Why id="none-good" kind=WhyKind::State text=texts.people_import_none_good()/>
        }
        .into_any(),
        (true, good) => view! {
            <PostForm form=form class="stack">
                <div class="row"><SubmitButton label=texts.people_import_save(good) busy=form.pending/></div>
                {(file.faulty > 0).then(|| view! { <p class="small muted">{texts.people_import_save_note()}</p> })}
            </PostForm>
        }
        .into_any(),
    };
    let download = (file.faulty > 0).then(|| {
        let href = format!("/account/users/import/{id}/faulty.csv");
        view! { <a href=href rel="external" download="">{texts.people_import_download()}</a> }
    });
    let pages = (file.pages > 1).then(|| {
        let number = |page: u32| format::number(texts.language(), i64::from(page));
        let to = |page: u32| format!("{PATH}?import={id}&page={page}");
        let first =
            (file.page > 1).then(|| view! { <li><a href=to(1)>{texts.people_import_first()}</a></li> });
        let more = (file.page < file.pages)
            .then(|| view! { <li><a href=to(file.page + 1)>{texts.people_import_more()}</a></li> });
        view! {
            <nav class="pages" aria-label=texts.component_pages()>
                <span>{texts.people_import_range(number(file.page), number(file.pages))}</span>
                <ul>{first}{more}</ul>
            </nav>
        }
    });
    let rows = file.rows.iter().map(|row| self::row(texts, row)).collect_view();
    let none = file.rows.is_empty();
    view! {
        <div class="stack">
            {save}
            <div class="row">
                {download}
                <a href=PATH>{texts.people_import_another()}</a>
            </div>
        </div>
        <section class="sheet" hidden=none>
            <div class="sheet-head"><h2>{texts.people_import_rows_title(&file.name)}</h2></div>
            <Ledger
                caption=texts.people_import_rows_title(&file.name)
                columns=vec![
                    Column::new(texts.people_import_line()),
                    Column::new(texts.common_person()),
                    Column::new(texts.people_column_roles()),
                    Column::new(texts.common_language()),
                    Column::new(texts.people_import_problem()),
                ]
            >
                {rows}
            </Ledger>
            {pages}
        </section>
    }
}

fn row(texts: Texts, row: &ImportRow) -> impl IntoView + use<> {
    let roles: Vec<&str> =
        row.understood.iter().map(|role| texts.find_role(role.code()).unwrap_or(role.code())).collect();
    let roles = if roles.is_empty() { row.roles.clone() } else { format::list_and(texts.language(), &roles) };
    let problem = if row.faults.is_empty() {
        view! { <Status kind=StatusKind::Ready text=texts.people_import_fine()/> }.into_any()
    } else {
        row.faults
            .iter()
            .map(|fault| {
                let column = texts.find_field(fault.field.code()).unwrap_or_default();
                let text = texts.people_import_fault(column, words::field(texts, fault));
                view! { <Status kind=StatusKind::Failed text=text/> }
            })
            .collect_view()
            .into_any()
    };
    view! {
        <tr role="row">
            <td role="cell" data-label=texts.people_import_line()>
                {format::number(texts.language(), row.line)}
            </td>
            <th role="rowheader" scope="row">{row.name.clone()}<small>{row.email.clone()}</small></th>
            <td role="cell" data-label=texts.people_column_roles()>{roles}</td>
            <td role="cell" data-label=texts.common_language()>{row.language.clone()}</td>
            <td role="cell" data-label=texts.people_import_problem()>{problem}</td>
        </tr>
    }
}
