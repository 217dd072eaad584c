//! The second step of signing in: a code.

use domain::Field;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::sign_in::Languages;
use crate::components::{Mark, SubmitButton, TextField};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// Asks for a code of the authenticator app, or a recovery code.
#[component]
pub fn SecondStep() -> impl IntoView {
    let texts = texts();
    let then = use_query_map().get_untracked().get("then").unwrap_or_default();
    let form = Form::new("second_factor", "");
    view! {
        <Title text=texts.common_page_title(texts.entry_step_title())/>
        <main class="door" id="main">
            <div class="door-brand"><Mark/><span>{texts.common_product_name()}</span></div>
            <section class="sheet narrow">
                <div class="in stack loose">
                    <div class="stack">
                        <h1 class="h2">{texts.entry_step_title()}</h1>
                        <p class="muted">{texts.entry_step_lead()}</p>
                    </div>
                    <PostForm form=form class="stack" whole_page=true>
                        <input type="hidden" name="then" value=then/>
                        <TextField
                            id=form.id(Field::Code)
                            name=Field::Code.code()
                            label=texts.find_field(Field::Code.code()).unwrap_or_default()
                            help=texts.security_code_help()
                            error=form.field_error(Field::Code)
                            autocomplete="one-time-code"
                            maxlength=40_u32
                            required=true
                            autofocus=true
                        />
                        <div class="row"><SubmitButton label=texts.entry_step_submit() busy=form.pending/></div>
                    </PostForm>
                    <p class="small"><a href="/sign-in">{texts.entry_step_back()}</a></p>
                </div>
            </section>
            <div class="door-foot small"><span class="muted">{texts.sign_in_foot()}</span> <Languages/></div>
        </main>
    }
}
