//! The agreement, accepted with a name and the authority to sign.

use domain::Field;
use domain::view::enrolment::EnrolmentCompany;
use leptos::prelude::*;

use crate::components::{Notice, SubmitButton, TextField, Tick, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::pages::offers::terms;

/// The agreement.
#[component]
pub(super) fn Agreement(company: EnrolmentCompany) -> impl IntoView {
    let texts = texts();
    let form = Form::new("accept_agreement", "");
    let EnrolmentCompany { name, version, agreement, signer, .. } = company;
    let Some(agreement) = agreement else {
        return view! { <Notice tone=Tone::Wait><p>{texts.offers_no_agreement()}</p></Notice> }.into_any();
    };
    view! {
        {terms(texts, &agreement)}
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=version/>
            <input type="hidden" name="agreement" value=agreement.version/>
            <TextField
                id=form.id(Field::Name)
                name=Field::Name.code()
                label=texts.enrol_signer()
                value=form.value(Field::Name, signer)
                help=texts.enrol_signer_help()
                error=form.field_error(Field::Name)
                autocomplete="name"
                required=true
            />
            <Tick
                id=form.id(Field::Accept)
                name=Field::Accept.code()
                label=texts.enrol_authorized(name)
                checked=form.kept(Field::Accept).is_some()
                error=form.field_error(Field::Accept)
                required=true
            />
            <div class="row"><SubmitButton label=texts.enrol_accept() busy=form.pending/></div>
        </PostForm>
    }
    .into_any()
}
