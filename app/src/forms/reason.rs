//! Why something is done.

use domain::Field;
use leptos::prelude::*;

use super::Form;
use crate::components::TextArea;
use crate::i18n::texts;

/// The longest reason, in characters; the use cases look at it again.
const MOST: u32 = 500;

/// The field that a reason is given in.
#[component]
pub fn ReasonField(
    /// The form that it belongs to.
    form: Form,
    /// What is asked, where that isn't just the reason.
    #[prop(optional, into)]
    label: Option<String>,
    /// Who reads it, or what belongs in it.
    #[prop(optional, into)]
    help: Option<String>,
    /// What it holds at first.
    #[prop(optional, into)]
    value: String,
    /// Must be given.
    #[prop(default = true)]
    required: bool,
) -> impl IntoView {
    let reason = || texts().find_field(Field::Reason.code()).unwrap_or_default().to_owned();
    view! {
        <TextArea
            id=form.id(Field::Reason)
            name=Field::Reason.code()
            label=label.unwrap_or_else(reason)
            value=form.value(Field::Reason, value)
            nostrip:help=help
            error=form.field_error(Field::Reason)
            maxlength=MOST
            required=required
        />
    }
}
