//! Choosing a password: the new one, and the same again.

use domain::Field;
use leptos::prelude::*;

use super::Form;
use crate::components::PasswordField;
use crate::i18n::texts;

/// The two fields of a form that chooses a password.
#[component]
pub fn NewPassword(
    /// The form.
    form: Form,
    /// How a password should be.
    help: String,
) -> impl IntoView {
    let label = |field: Field| texts().find_field(field.code()).unwrap_or_default();
    view! {
        <PasswordField
            id=form.id(Field::NewPassword)
            name=Field::NewPassword.code()
            label=label(Field::NewPassword)
            help=help
            error=form.field_error(Field::NewPassword)
            new=true
        />
        <PasswordField
            id=form.id(Field::RepeatPassword)
            name=Field::RepeatPassword.code()
            label=label(Field::RepeatPassword)
            error=form.field_error(Field::RepeatPassword)
            new=true
        />
    }
}
