//! What one company has of each product: plan value, individual grant, result, in use; and its individual grants.

use domain::entitlement::Amount;
use domain::ids::{OrganizationId, ProductId};
use domain::individual_grant::{IndividualKind, QUANTITY_MAX, beyond};
use domain::view::individual_grants::{
    CompanyGrantRow, CompanyGrantsPage, CompanyGrantsQuery, IndividualGrantRow,
};
use domain::{Day, Field};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use locales::{Texts, format};

use super::individual_grants::{PATH, amount, individual};
use super::item::when;
use crate::components::{
    ButtonTone, Choice, Column, DateField, DisabledButton, Empty, Ledger, SelectField, Status, StatusKind,
    SubmitButton, TextField, Tick, Voucher, Why, WhyKind,
};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::individual_grants::company_grants;
use crate::words;

/// The address of a company's page.
pub(super) fn path(company_domain: &str, product: Option<ProductId>) -> String {
    let product = product.map(|product| format!("?product={product}#individual")).unwrap_or_default();
    format!("/operator/organizations/{}/grants{product}", words::encode(company_domain))
}

/// The page of a company.
#[component]
pub fn CompanyGrants() -> impl IntoView {
    let (parameters, query) = (use_params_map(), use_query_map());
    let query = Memo::new(move |_| CompanyGrantsQuery {
        company: parameters.with(|map| map.get("company")).unwrap_or_default().chars().take(253).collect(),
        product: query.with(|map| map.get("product")).and_then(|id| id.parse().ok()),
    });
    load(move || query.get(), company_grants, move |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<CompanyGrantsPage>) -> impl IntoView {
    let texts = texts();
    let (name, lead) = page.with_untracked(|page| {
        let company = &page.company;
        (
            company.name.clone(),
            texts.individual_grants_company_lead(&company.domain, &company.tier, &page.zone),
        )
    });
    let any = Memo::new(move |_| page.with(|page| !page.rows.is_empty()));
    let rows = move || {
        page.with(|page| {
            let company = page.company.domain.as_str();
            page.rows.iter().map(|row| self::row(texts, company, row)).collect_view()
        })
    };
    // The forms are built anew where what they are about has changed, not while somebody types.
    let about = Memo::new(move |_| {
        page.with(|page| {
            let individual = page.chosen.as_ref().and_then(|chosen| chosen.individual.clone());
            (page.chosen.as_ref().map(|chosen| chosen.product), individual.map(|row| (row.id, row.version)))
        })
    });
    let forms = move || page.with_untracked(|page| forms(texts, page));
    let columns = vec![
        Column::new(texts.individual_grants_column_product()),
        Column::new(texts.individual_grants_column_plan()),
        Column::new(texts.individual_grants_column_individual()),
        Column::new(texts.individual_grants_column_result()),
        Column::new(texts.individual_grants_column_in_use()),
        Column::silent(texts.common_actions()),
    ];
    view! {
        <Title text=texts.common_page_title(texts.individual_grants_title())/>
        <main class="page" id="main" data-density="compact">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href=PATH>{texts.individual_grants_title()}</a></li>
                        <li aria-current="page">{name.clone()}</li>
                    </ol>
                </nav>
                <div class="head"><div><h1>{name.clone()}</h1><p>{lead}</p></div></div>
            </div>
            <section class="sheet narrow" id="individual">
                <For each=move || [about.get()] key=Clone::clone let:_about>{forms()}</For>
            </section>
            <section class="sheet">
                <Show
                    when=move || any.get()
                    fallback=move || {
                        view! {
                            <Empty
                                title=texts.individual_grants_nothing_title()
                                text=texts.individual_grants_nothing_text()
                            />
                        }
                    }
                >
                    <Ledger caption=name.clone() columns=columns.clone()>{rows}</Ledger>
                </Show>
            </section>
        </main>
    }
}

fn plan(texts: Texts, plan: Option<Amount>) -> String {
    plan.map_or_else(|| texts.individual_grants_not_in_plan().to_owned(), |plan| amount(texts, plan))
}

fn row(texts: Texts, company: &str, row: &CompanyGrantRow) -> AnyView {
    let over = match row.result {
        Some(Amount::Of(_)) | None => beyond(row.result.unwrap_or(Amount::Of(0)), row.in_use),
        Some(Amount::Unlimited) => 0,
    };
    let over = (over > 0)
        .then(|| view! { <Status kind=StatusKind::Failed text=texts.individual_grants_over(over)/> });
    let product = row.product;
    let of_its_own = row.individual.as_ref().map(|row| {
        let until = format::date(texts.language(), row.ends);
        let ends = view! { <small>{texts.individual_grants_column_until()}" "{until}</small> };
        // Another product may share the pool.
        let of = (row.product != product).then(|| view! { <small>{row.name.clone()}</small> });
        view! { {individual(texts, row.individual)}{of}{ends} }
    });
    let result = match (row.result, &row.individual) {
        (Some(result), _) => amount(texts, result),
        (None, Some(_)) => texts.individual_grants_rests().to_owned(),
        (None, None) => texts.individual_grants_nothing().to_owned(),
    };
    let category = words::category(texts, row.category);
    let unit = texts.find_unit_word(row.unit.code()).unwrap_or_default();
    let (action, label) = if row.individual.is_some() {
        (texts.individual_grants_change(), texts.individual_grants_change_of(&row.name))
    } else {
        (texts.individual_grants_choose(), texts.individual_grants_choose_of(&row.name))
    };
    view! {
        <tr role="row" id=row.product.to_string()>
            <th role="rowheader" scope="row">{row.name.clone()}<small>{category}</small></th>
            <td role="cell" class="num" data-label=texts.individual_grants_column_plan()>{plan(texts, row.plan)}</td>
            <td role="cell" data-label=texts.individual_grants_column_individual()><div>{of_its_own}</div></td>
            <td role="cell" class="num" data-label=texts.individual_grants_column_result()>
                <div>{result}" "<small>{unit}</small></div>
            </td>
            <td role="cell" class="num" data-label=texts.individual_grants_column_in_use()>
                <div>{format::number(texts.language(), row.in_use)}{over}</div>
            </td>
            <td role="cell" class="act">
                <a class="button quiet" href=path(company, Some(row.product)) aria-label=label>{action}</a>
            </td>
        </tr>
    }
    .into_any()
}

/// The forms about the chosen product, or the one that chooses it.
fn forms(texts: Texts, page: &CompanyGrantsPage) -> AnyView {
    let chosen = page.chosen.as_ref();
    let individual = chosen.and_then(|chosen| chosen.individual.clone());
    let title =
        if individual.is_some() { texts.individual_grants_change() } else { texts.individual_grants_set() };
    if let Some(error) = &page.why_not {
        return view! {
            <div class="sheet-head"><h2>{title}</h2></div>
            <div class="in stack">
                {individual.map(|row| about(texts, &row))}
                <div><DisabledButton label=title describedby="no-individual"/></div>
                <Why id="no-individual" kind=WhyKind::Right text=words::refusal(texts, error)/>
            </div>
        }
        .into_any();
    }
    let (zone, earliest) = (page.zone.clone(), page.earliest);
    match (individual, chosen.cloned()) {
        (Some(row), Some(chosen)) => {
            let shown = about(texts, &row);
            view! {
                <div class="sheet-head"><h2>{texts.individual_grants_change_of(&row.name)}</h2></div>
                <div class="in stack">
                    {shown}
                    <Change row=row.clone() zone=zone earliest=earliest/>
                    <End row=row plan=chosen.plan/>
                </div>
            }
            .into_any()
        }
        (_, chosen) => {
            let company = page.company.id;
            let products = page.products.clone();
            let chosen = chosen.map(|chosen| chosen.product);
            view! {
                <div class="sheet-head"><h2>{title}</h2></div>
                <div class="in stack">
                    <p>{texts.individual_grants_set_lead()}</p>
                    <Set company=company products=products chosen=chosen zone=zone earliest=earliest/>
                </div>
            }
            .into_any()
        }
    }
}

/// An individual grant in force, with its reason.
fn about(texts: Texts, row: &IndividualGrantRow) -> AnyView {
    view! {
        <dl class="facts">
            <dt>{texts.individual_grants_column_individual()}</dt>
            <dd>{individual(texts, row.individual)}</dd>
            <dt>{texts.individual_grants_column_until()}</dt>
            <dd>{format::date(texts.language(), row.ends)}</dd>
            <dt>{texts.find_field(Field::Reason.code()).unwrap_or_default()}</dt>
            <dd>{row.reason.clone()}</dd>
            <dt>{texts.individual_grants_column_set()}</dt>
            <dd>{when(row.set)}" "{row.by.clone()}</dd>
        </dl>
    }
    .into_any()
}

#[component]
fn Set(
    company: OrganizationId,
    products: Vec<(ProductId, String)>,
    chosen: Option<ProductId>,
    zone: String,
    earliest: Day,
) -> impl IntoView {
    let texts = texts();
    let form = Form::new("set_individual_grant", company);
    let choices =
        products.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect::<Vec<_>>();
    let chosen = chosen.map(|chosen| chosen.to_string()).unwrap_or_default();
    view! {
        <PostForm form=form class="form">
            <SelectField
                id=form.id(Field::Product)
                name=Field::Product.code()
                label=texts.individual_grants_column_product()
                choices=choices
                empty=texts.common_choose()
                selected=form.value(Field::Product, chosen)
                error=form.field_error(Field::Product)
                required=true
            />
            {wanted(texts, form, None, &zone, earliest)}
            <div class="form-foot">
                <SubmitButton label=texts.individual_grants_set() busy=form.pending/>
            </div>
        </PostForm>
    }
}

#[component]
fn Change(row: IndividualGrantRow, zone: String, earliest: Day) -> impl IntoView {
    let texts = texts();
    let form = Form::new("change_individual_grant", row.id);
    view! {
        <PostForm form=form class="form">
            <input type="hidden" name="version" value=row.version/>
            {wanted(texts, form, Some(&row), &zone, earliest)}
            <div class="form-foot"><SubmitButton label=texts.individual_grants_save() busy=form.pending/></div>
        </PostForm>
    }
}

/// How much, until when, why; and the consent, once the server has said how many more are in use.
fn wanted(texts: Texts, form: Form, row: Option<&IndividualGrantRow>, zone: &str, earliest: Day) -> AnyView {
    let (quantity, unlimited) = match row.map(|row| row.individual.amount) {
        Some(Amount::Of(quantity)) => (quantity.to_string(), false),
        Some(Amount::Unlimited) => (String::new(), true),
        None => (String::new(), false),
    };
    let unlimited = if form.refused() { form.kept(Field::Unlimited).is_some() } else { unlimited };
    let ends = row.map(|row| row.ends.to_string()).unwrap_or_default();
    let reason = row.map(|row| row.reason.clone()).unwrap_or_default();
    view! {
        <TextField
            id=form.id(Field::Quantity)
            name=Field::Quantity.code()
            label=texts.common_quantity()
            value=form.value(Field::Quantity, quantity)
            help=texts.individual_grants_quantity_help(format::number(texts.language(), QUANTITY_MAX))
            error=form.field_error(Field::Quantity)
            inputmode="numeric"
        />
        <Tick
            id=form.id(Field::Unlimited)
            name=Field::Unlimited.code()
            label=texts.individual_grants_unlimited()
            checked=unlimited
        />
        <DateField
            id=form.id(Field::Expires)
            name=Field::Expires.code()
            label=texts.individual_grants_until()
            value=form.value(Field::Expires, ends)
            first=earliest
            help=texts.individual_grants_until_help(zone)
            error=form.field_error(Field::Expires)
            required=true
        />
        <ReasonField form=form value=reason help=texts.individual_grants_reason_help()/>
        {consent(form, texts.individual_grants_accept_below())}
    }
    .into_any()
}

/// Stands there once the server has said how many more are in use than there would be. It is about that number: where
/// another one comes, it is asked anew.
fn consent(form: Form, label: &'static str) -> impl IntoView {
    let error = form.field_error(Field::Accept);
    let number = form.field_number(Field::Accept);
    let asked = Memo::new(move |_| number.get());
    move || {
        asked.get().map(|number| {
            view! {
                <Tick
                    id=form.id(Field::Accept)
                    name=Field::Accept.code()
                    value=number.to_string()
                    label=label
                    required=true
                    error=error
                />
            }
        })
    }
}

/// Ends it before its last day: what then counts stands left of the perforation.
#[component]
fn End(row: IndividualGrantRow, plan: Option<Amount>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("end_individual_grant", row.id);
    let what = match row.individual.kind {
        IndividualKind::Quantity => texts.individual_grants_end_plan(self::plan(texts, plan), &row.name),
        IndividualKind::Product => texts.individual_grants_end_product(&row.name),
    };
    let accept = match row.individual.kind {
        IndividualKind::Quantity => texts.individual_grants_accept_end(),
        IndividualKind::Product => texts.individual_grants_accept_end_product(),
    };
    let stub = move || {
        view! {
            {consent(form, accept)}
            <SubmitButton label=texts.individual_grants_end() tone=ButtonTone::DangerPrimary busy=form.pending/>
        }
    };
    view! {
        <details class="disclose" open=form.refused()>
            <summary class="button danger">{texts.individual_grants_end()}</summary>
            <PostForm form=form class="wide">
                <input type="hidden" name="version" value=row.version/>
                <Voucher stub=stub>
                    <h3>{texts.individual_grants_end_what()}</h3>
                    <p>{what}</p>
                    <p>{texts.individual_grants_end_told()}</p>
                </Voucher>
            </PostForm>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::ProductId;

    use super::path;

    #[test]
    fn the_address_names_company_and_product() {
        let nil = uuid::Uuid::nil();
        assert_eq!(path("fern.example", None), "/operator/organizations/fern.example/grants");
        assert_eq!(
            path("fern.example", Some(ProductId(nil))),
            format!("/operator/organizations/fern.example/grants?product={nil}#individual")
        );
    }
}
