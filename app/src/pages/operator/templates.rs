//! Templates of mail: every kind with its wording in each language, what comes of it, and the programme's own.

use domain::mail_kind::MailKind;
use domain::view::form::Shown;
use domain::view::mail_template::{MailPreview, TemplateItem, TemplateRow, TemplatesPage, TemplatesQuery};
use domain::{Field, Language};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;
use locales::{Texts, format};

use super::item::when;
use crate::components::{
    ButtonTone, Choice, Column, Confirm, DisabledButton, Empty, Filter, FilterBar, FilterChip, Ledger,
    Opener, OpeningRow, Status, StatusKind, SubmitButton, TextArea, TextField, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::{load, part_of};
use crate::server_fns::operator::templates;
use crate::words;

const PATH: &str = "/operator/templates";
const COLUMNS: usize = 3;

fn read(parameters: &ParamsMap) -> TemplatesQuery {
    TemplatesQuery {
        kind: parameters.get("kind").and_then(|kind| MailKind::from_code(&kind)),
        language: parameters.get("language").and_then(|tag| Language::from_tag(&tag)),
        own: parameters.get("own").is_some_and(|own| own == "yes"),
    }
}

fn write(query: &TemplatesQuery) -> String {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    if query.own {
        pairs.push(("own", "yes"));
    }
    if let Some(kind) = query.kind {
        pairs.push(("kind", kind.code()));
    }
    if let Some(language) = query.language {
        pairs.push(("language", language.tag()));
    }
    if pairs.is_empty() {
        return PATH.to_owned();
    }
    let address = format!("{PATH}?{}", serde_html_form::to_string(&pairs).unwrap_or_default());
    match query.kind {
        Some(kind) => format!("{address}#{}", kind.code()),
        None => address,
    }
}

/// Templates of mail.
#[component]
pub fn Templates() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| read(&parameters.get()));
    load(move || query.get(), templates, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<TemplatesQuery>, page: Signal<TemplatesPage>) -> impl IntoView {
    let texts = texts();
    let filters = Memo::new(move |_| {
        vec![Filter {
            name: "own",
            label: texts.templates_wording().to_owned(),
            choices: vec![
                Choice::new("", texts.common_all()),
                Choice::new("yes", texts.templates_own_only()),
            ],
            selected: if query.with(|query| query.own) { "yes".to_owned() } else { String::new() },
        }]
    });
    let count = Signal::derive(move || texts.templates_count(page.with(|page| page.rows.len() as i64)));
    let chips = Signal::derive(move || {
        let only = query.with(|query| query.own);
        let chip = FilterChip { text: texts.templates_own_only().to_owned(), href: PATH.to_owned() };
        only.then_some(chip).into_iter().collect::<Vec<_>>()
    });
    let own = move || format::number(texts.language(), page.with(|page| page.own));
    let kinds =
        Memo::new(move |_| page.with(|page| page.rows.iter().map(|row| row.kind).collect::<Vec<_>>()));
    let columns = vec![
        Column::new(texts.operator_column_mail()),
        Column::new(texts.templates_wording()),
        Column::silent(texts.common_details()),
    ];
    view! {
        <Title text=texts.common_page_title(texts.templates_title())/>
        <main class="page" id="main" data-density="compact">
            <div class="head">
                <div><h1>{texts.templates_title()}</h1><p>{texts.templates_lead()}</p></div>
                <dl class="totals"><div><dt>{texts.templates_total_own()}</dt><dd>{own}</dd></div></dl>
            </div>
            <FilterBar action=PATH filters=filters count=count chips=chips clear=PATH/>
            <section class="sheet">
                <Show
                    when=move || !kinds.with(Vec::is_empty)
                    fallback=move || {
                        view! {
                            <Empty title=texts.templates_none() text=texts.templates_none_text()>
                                <a class="button" href=PATH>{texts.common_clear_all()}</a>
                            </Empty>
                        }
                    }
                >
                    <Ledger caption=texts.templates_title() columns=columns.clone()>
                        <For each=move || kinds.get() key=|kind| *kind let:kind>
                            <Row kind=kind query=query page=page/>
                        </For>
                    </Ledger>
                </Show>
            </section>
        </main>
    }
}

#[component]
fn Row(kind: MailKind, query: Memo<TemplatesQuery>, page: Signal<TemplatesPage>) -> impl IntoView {
    let texts = texts();
    let found = move |page: &TemplatesPage| page.rows.iter().find(|row| row.kind == kind).cloned();
    let Some(row) = part_of(page, found) else { return ().into_any() };
    let open = Memo::new(move |_| page.with(|page| page.item.as_ref().is_some_and(|item| item.kind == kind)));
    let link = Memo::new(move |_| {
        let kind = (!open.get()).then_some(kind);
        query.with(|query| write(&TemplatesQuery { kind, language: None, own: query.own }))
    });
    let cells = move || row.with(|row| cells(texts, row, link, open));
    let detail = move || {
        let of_row = move |page: &TemplatesPage| {
            page.item.as_ref().filter(|item| item.kind == kind).map(|item| (**item).clone())
        };
        part_of(page, of_row).map(|item| view! { <Detail item=item.into() query=query page=page/> })
    };
    view! { <OpeningRow id=kind.code() columns=COLUMNS open=open cells=cells detail=detail/> }.into_any()
}

fn cells(texts: Texts, row: &TemplateRow, link: Memo<String>, open: Memo<bool>) -> AnyView {
    let name = texts.find_mail_kind(row.kind.code()).unwrap_or_default();
    let names: Vec<&str> = row.own.iter().map(|language| language.own_name()).collect();
    let wording = if names.is_empty() {
        view! { <span class="muted">{texts.templates_of_product()}</span> }.into_any()
    } else {
        let text = texts.templates_own_in(format::list_and(texts.language(), &names));
        view! { <Status kind=StatusKind::Active text=text/> }.into_any()
    };
    view! {
        <th role="rowheader" scope="row">
            <a href=move || link.get()>{name}</a>
            <small>{row.subject.clone()}</small>
        </th>
        <td role="cell" data-label=texts.templates_wording()>{wording}</td>
        <td role="cell" class="end"><Opener href=link open=open name=name source=row.subject.clone()/></td>
    }
    .into_any()
}

/// An open kind: what comes of it on one side, its wording on the other. The form is built anew once the
/// wording or the language has changed, and stays otherwise.
#[component]
fn Detail(
    item: Signal<TemplateItem>,
    query: Memo<TemplatesQuery>,
    page: Signal<TemplatesPage>,
) -> impl IntoView {
    let texts = texts();
    let at = Memo::new(move |_| item.with(|item| (item.kind, item.language, item.version)));
    let languages = move || {
        let shown = item.with(|item| item.language);
        Language::ALL
            .map(|choice| {
                let href =
                    query.with(|query| write(&TemplatesQuery { language: Some(choice), ..query.clone() }));
                let current = (choice == shown).then_some("page");
                view! {
                    <li><a href=href lang=choice.tag() aria-current=current>{choice.own_name()}</a></li>
                }
            })
            .collect_view()
    };
    view! {
        <nav class="row" aria-label=texts.common_language()><ul class="row">{languages}</ul></nav>
        {move || {
            let (kind, language, _) = at.get();
            let form = Form::new("save_template", format!("{}:{}", kind.code(), language.tag()));
            let item = item.get_untracked();
            let why_not = page.with_untracked(|page| page.why_not.clone());
            let rendered = preview(form, &item);
            let editor = match why_not {
                None => view! { <Editor form=form item=item/> }.into_any(),
                Some(error) => view! {
                    <div><DisabledButton label=texts.templates_change() describedby="no-template"/></div>
                    <Why id="no-template" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                }
                    .into_any(),
            };
            view! {
                <div class="split">
                    <div class="stack loose">{rendered}</div>
                    <div class="stack loose">{editor}</div>
                </div>
            }
        }}
    }
}

/// The mail with sample data: as it is in force, or as the form's wording would have it.
fn preview(form: Form, item: &TemplateItem) -> impl IntoView + use<> {
    let texts = texts();
    let (in_force, tag) = (item.preview.clone(), item.language.tag());
    let changed = match &item.changed {
        Some((at, name)) => texts.templates_changed(name, when(*at)),
        None => texts.templates_unchanged().to_owned(),
    };
    let shown = form.shown();
    move || {
        let typed = match shown.get() {
            Some(Shown::Mail(preview)) => Some(preview),
            _ => None,
        };
        let title = if typed.is_some() { texts.templates_preview_typed() } else { texts.templates_preview() };
        let MailPreview { subject, text } = typed.unwrap_or_else(|| in_force.clone());
        view! {
            <section class="stack" aria-label=title role="status">
                <h2 class="h3">{title}</h2>
                <p><b lang=tag>{subject}</b></p>
                <blockquote lang=tag>{text}</blockquote>
                <p class="muted">{changed.clone()}</p>
            </section>
        }
    }
}

#[component]
fn Editor(form: Form, item: TemplateItem) -> impl IntoView {
    let texts = texts();
    let named = move |places: &[String]| {
        let places: Vec<String> = places.iter().map(|place| format!("{{{place}}}")).collect();
        format::list_and(texts.language(), &places.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let help = if item.needed.is_empty() {
        texts.templates_places(named(&item.places))
    } else {
        texts.templates_places_needed(named(&item.needed), named(&item.places))
    };
    let subject_help = texts.templates_places(named(&item.subject_places));
    let reset = (item.version > 0).then(|| reset(&item));
    view! {
        <PostForm form=form class="stack">
            <h2 class="h3">{texts.templates_change()}</h2>
            <input type="hidden" name="version" value=item.version/>
            <TextField
                id=form.id(Field::MailSubject)
                name=Field::MailSubject.code()
                label=texts.find_field(Field::MailSubject.code()).unwrap_or_default()
                value=form.value(Field::MailSubject, item.wording.subject)
                help=subject_help
                error=form.field_error(Field::MailSubject)
                required=true
            />
            <TextArea
                id=form.id(Field::MailBody)
                name=Field::MailBody.code()
                label=texts.find_field(Field::MailBody.code()).unwrap_or_default()
                value=form.value(Field::MailBody, item.wording.body)
                help=help
                error=form.field_error(Field::MailBody)
                required=true
            />
            <div class="row">
                <SubmitButton
                    label=texts.templates_look()
                    tone=ButtonTone::Secondary
                    name="step"
                    value="preview"
                    busy=form.pending
                />
                <SubmitButton label=texts.common_save() name="step" value="save" busy=form.pending/>
            </div>
        </PostForm>
        {reset}
    }
}

fn reset(item: &TemplateItem) -> impl IntoView + use<> {
    let texts = texts();
    let form = Form::new("reset_template", format!("{}:{}", item.kind.code(), item.language.tag()));
    let done = Signal::derive(move || form.done.with(Option::is_some));
    let (version, subject) = (item.version, item.product.subject.clone());
    view! {
        <Confirm
            id="reset-template"
            label=texts.templates_reset()
            question=texts.templates_reset_question()
            done=done
            open=form.refused()
            form=move || {
                view! {
                    <PostForm form=form>
                        <input type="hidden" name="version" value=version/>
                        <SubmitButton
                            label=texts.templates_reset()
                            tone=ButtonTone::DangerPrimary
                            busy=form.pending
                        />
                    </PostForm>
                }
            }
        >
            <p>{texts.templates_reset_text()}</p>
            <blockquote>{subject}</blockquote>
        </Confirm>
    }
}

#[cfg(test)]
mod tests {
    use domain::Language;
    use domain::mail_kind::MailKind;
    use domain::view::mail_template::TemplatesQuery;
    use leptos_router::params::ParamsMap;

    use super::{PATH, read, write};

    #[test]
    fn an_address_says_what_it_was_made_from() {
        let query = TemplatesQuery {
            kind: Some(MailKind::SeatAssigned),
            language: Some(Language::TraditionalChinese),
            own: true,
        };
        let address = write(&query);
        let pairs = address.split_once('?').and_then(|(_, rest)| rest.split_once('#')).expect("has both").0;
        let pairs: Vec<(String, String)> = serde_html_form::from_str(pairs).expect("pairs");
        assert_eq!(read(&pairs.into_iter().collect()), query);
        assert_eq!(write(&read(&ParamsMap::new())), PATH);
    }
}
