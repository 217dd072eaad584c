//! Competencies that companies attained: recorded by operators, so that Silver and Gold can be bought.

use domain::Field;
use domain::view::area::NamedArea;
use domain::view::operator::{AttainedRow, CompetenciesPage, CompetenciesQuery};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Choice, Column, DisabledButton, Empty, FilterBar, Find, Ledger, SelectField, SubmitButton,
    TextField, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::orders::competencies;
use crate::words;

const PATH: &str = "/operator/competencies";

/// The page **Competencies**.
#[component]
pub fn Competencies() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| CompetenciesQuery {
        find: parameters.with(|map| map.get("find")).unwrap_or_default(),
    });
    load(move || query.get(), competencies, move |page| view! { <Page query=query page=page/> })
}

#[component]
fn Page(query: Memo<CompetenciesQuery>, page: Signal<CompetenciesPage>) -> impl IntoView {
    let texts = texts();
    let why_not = page.with_untracked(|page| page.why_not.clone());
    let may = why_not.is_none();
    let (areas, levels) = page.with_untracked(|page| (page.areas.clone(), page.levels.clone()));
    let lead = {
        let names: Vec<&str> = levels.iter().map(|(_, name)| name.as_str()).collect();
        texts.competencies_lead(format::list_and(texts.language(), &names))
    };
    let any = Memo::new(move |_| page.with(|page| !page.rows.is_empty()));
    let find = Signal::derive(move || Find {
        name: "find",
        value: query.with(|query| query.find.clone()),
        hint: texts.competencies_find().to_owned(),
    });
    let count = Signal::derive(move || {
        texts.competencies_count(page.with(|page| i64::try_from(page.rows.len()).unwrap_or(i64::MAX)))
    });
    let rows =
        move || page.with(|page| page.rows.iter().map(|row| self::row(texts, row, may)).collect_view());
    view! {
        <Title text=texts.common_page_title(texts.navigation_competencies())/>
        <main class="page" id="main">
            <div class="head">
                <div>
                    <h1>{texts.navigation_competencies()}</h1>
                    <p>{lead}</p>
                </div>
            </div>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.competencies_record()}</h2></div>
                <div class="in">
                    {match why_not {
                        Some(error) => view! {
                            <div><DisabledButton label=texts.competencies_record() describedby="no-record"/></div>
                            <Why id="no-record" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                        }
                        .into_any(),
                        None => view! { <Record areas=areas levels=levels/> }.into_any(),
                    }}
                </div>
            </section>
            <FilterBar action=PATH find=find filters=Vec::new() count=count clear=PATH/>
            <section class="sheet">
                <Show
                    when=move || any.get()
                    fallback=move || {
                        view! {
                            <Empty title=texts.competencies_none_title() text=texts.competencies_none_text()/>
                        }
                    }
                >
                    <Ledger
                        caption=texts.navigation_competencies()
                        columns=vec![
                            Column::new(label(texts, Field::Company)),
                            Column::new(texts.competencies_column_level()),
                            Column::new(label(texts, Field::Area)),
                            Column::new(texts.competencies_column_recorded()),
                            Column::silent(texts.competencies_column_action()),
                        ]
                    >
                        {rows}
                    </Ledger>
                </Show>
            </section>
        </main>
    }
}

fn label(texts: Texts, field: Field) -> &'static str {
    texts.find_field(field.code()).unwrap_or_default()
}

#[component]
fn Record(areas: Vec<NamedArea>, levels: Vec<(String, String)>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("record_competency", "");
    let levels = levels.into_iter().map(|(code, name)| Choice::new(code, name)).collect::<Vec<_>>();
    let mut areas = areas.iter().map(|area| Choice::new(&area.code, &area.name)).collect::<Vec<_>>();
    areas.sort_by(|one, other| one.text.cmp(&other.text));
    view! {
        <PostForm form=form class="form">
            <TextField
                id=form.id(Field::Company)
                name=Field::Company.code()
                label=label(texts, Field::Company)
                value=form.value(Field::Company, "")
                help=texts.competencies_company_help()
                error=form.field_error(Field::Company)
                maxlength=253_u32
                required=true
            />
            <SelectField
                id=form.id(Field::Offer)
                name=Field::Offer.code()
                label=texts.competencies_column_level()
                choices=levels
                selected=form.value(Field::Offer, "silver")
                error=form.field_error(Field::Offer)
                required=true
            />
            <SelectField
                id=form.id(Field::Area)
                name=Field::Area.code()
                label=label(texts, Field::Area)
                choices=areas
                empty=texts.common_choose()
                selected=form.value(Field::Area, "")
                error=form.field_error(Field::Area)
                required=true
            />
            <div class="form-foot">
                <SubmitButton label=texts.competencies_record() busy=form.pending/>
            </div>
        </PostForm>
    }
}

fn row(texts: Texts, row: &AttainedRow, may: bool) -> AnyView {
    let area = row.area.name.clone();
    let level = row.level.clone();
    let action = may.then(|| {
        view! {
            <Revoke
                domain=row.domain.clone()
                tier=row.tier.clone()
                area=row.area.code.clone()
                described=texts.competencies_revoke_of(&area, &row.company, &level)
            />
        }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{row.company.clone()}<small>{row.domain.clone()}</small></th>
            <td role="cell" data-label=texts.competencies_column_level()>{level}</td>
            <td role="cell" data-label=label(texts, Field::Area)>{area}</td>
            <td role="cell" data-label=texts.competencies_column_recorded()>
                <div>{format::date(texts.language(), row.day)}<small>{row.by.clone()}</small></div>
            </td>
            <td role="cell" data-label=texts.competencies_column_action()>{action}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Revoke(domain: String, tier: String, area: String, described: String) -> impl IntoView {
    let texts = texts();
    let form = Form::new("revoke_competency", format!("{domain}:{tier}:{area}"));
    view! {
        <PostForm form=form>
            <input type="hidden" name=Field::Company.code() value=domain/>
            <input type="hidden" name=Field::Offer.code() value=tier/>
            <input type="hidden" name=Field::Area.code() value=area/>
            <SubmitButton
                label=texts.competencies_revoke()
                described=described
                tone=ButtonTone::Secondary
                busy=form.pending
            />
        </PostForm>
    }
}
