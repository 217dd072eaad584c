//! What the pages of a draft's parts have in common: where one is, and what something is called in each language.

use domain::Language;
use domain::ids::CatalogueDraftId;
use leptos::prelude::*;
use locales::Texts;

use super::PATH;
use crate::components::TextField;
use crate::forms::Form;

/// The way back to the draft and to the catalogue, and what the page is about.
pub(super) fn head(
    texts: Texts,
    draft: CatalogueDraftId,
    of: String,
    title: String,
    lead: &'static str,
) -> AnyView {
    view! {
        <div>
            <nav aria-label=texts.common_breadcrumb()>
                <ol class="crumbs">
                    <li><a href=PATH>{texts.navigation_catalogue()}</a></li>
                    <li><a href=format!("{PATH}/{draft}")>{of}</a></li>
                    <li aria-current="page">{title.clone()}</li>
                </ol>
            </nav>
            <div class="head"><div><h1>{title}</h1><p>{lead}</p></div></div>
        </div>
    }
    .into_any()
}

/// The field for a name in a language, such as `name` or `source_name`: with what was typed, or else with what is said.
pub(super) fn name_field(
    texts: Texts,
    form: Form,
    field: &'static str,
    language: Language,
    said: &str,
) -> AnyView {
    let name = format!("{field}.{}", language.tag());
    view! {
        <TextField
            id=form.fault_id(&name)
            name=name.clone()
            label=texts.find_catalogue_field(field).unwrap_or_default()
            value=form.kept_named(&name).unwrap_or_else(|| said.to_owned())
            error=form.fault(name.clone())
            maxlength=120_u32
            required=true
        />
    }
    .into_any()
}
