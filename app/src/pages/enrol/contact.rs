//! Both questions to the primary contact (rule 19); nobody needs to be signed in.

use domain::Field;
use domain::view::enrolment::ContactPage;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::shell::Shell;
use crate::components::{Choice, ChoiceGroup, SubmitButton};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::enrolment::contact_questions;

/// The page behind the link to the primary contact.
#[component]
pub fn Contact() -> impl IntoView {
    let parameters = use_params_map();
    let token = Memo::new(move |_| parameters.get().get("token").unwrap_or_default());
    load(move || token.get(), contact_questions, move |page| view! { <Page page=page token=token/> })
}

#[component]
fn Page(page: Signal<ContactPage>, token: Memo<String>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("answer_enrolment", token.get_untracked());
    let ContactPage { organization, programme, founder, name, email } = page.get_untracked();
    let choices = move || {
        vec![Choice::new("yes", texts.enrol_answer_yes()), Choice::new("no", texts.enrol_answer_no())]
    };
    let question = move |field: Field, label: String| {
        view! {
            <ChoiceGroup
                id=form.id(field)
                name=field.code()
                label=label
                choices=choices()
                selected={form.kept(field).into_iter().collect::<Vec<_>>()}
                error=form.field_error(field)
            />
        }
    };
    view! {
        <Shell
            programme=programme.clone()
            title=texts.enrol_contact_title(&organization)
            lead=texts.enrol_contact_lead(&founder, &name, &organization, &programme)
            signed_in=false
        >
            <section class="sheet">
                <div class="in">
                    <PostForm form=form class="stack" whole_page=true>
                        {question(Field::SignedUp, texts.enrol_question_signed_up(&organization, &programme))}
                        {question(Field::OwnAddress, texts.enrol_question_own_address(&email, &organization))}
                        <div class="row"><SubmitButton label=texts.enrol_answer() busy=form.pending/></div>
                    </PostForm>
                </div>
            </section>
        </Shell>
    }
}
