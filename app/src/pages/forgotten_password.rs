//! Asking for a link to a new password. The page says the same whether the address has an account or not.

use domain::Field;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::sign_in::Languages;
use crate::components::{EmailField, Mark, Notice, SubmitButton, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// How long a link works, in minutes; the service's own number stands beyond the browser's reach.
const LINK_MINUTES: i64 = 60;

/// Asks for the address, and says that a mail is under way.
#[component]
pub fn ForgottenPassword() -> impl IntoView {
    let texts = texts();
    let sent = use_query_map().get_untracked().get("sent").is_some();
    let form = Form::new("forgot_password", "");
    view! {
        <Title text=texts.common_page_title(texts.entry_forgotten_title())/>
        <main class="door" id="main">
            <div class="door-brand"><Mark/><span>{texts.common_product_name()}</span></div>
            <section class="sheet narrow">
                <div class="in stack loose">
                    <div class="stack">
                        <h1 class="h2">{texts.entry_forgotten_title()}</h1>
                        <p class="muted">{texts.entry_forgotten_lead()}</p>
                    </div>
                    {sent
                        .then(|| {
                            let minutes = locales::format::number(texts.language(), LINK_MINUTES);
                            view! { <Notice tone=Tone::Info role="status"><p>{texts.entry_sent(minutes)}</p></Notice> }
                        })}
                    <PostForm form=form class="stack" whole_page=true>
                        <EmailField
                            id=form.id(Field::Email)
                            name=Field::Email.code()
                            label=texts.sign_in_email()
                            value=form.value(Field::Email, "")
                            error=form.field_error(Field::Email)
                            autocomplete="username"
                            required=true
                        />
                        <div class="row"><SubmitButton label=texts.entry_forgotten_submit() busy=form.pending/></div>
                    </PostForm>
                </div>
            </section>
            <div class="door-foot small"><a href="/sign-in">{texts.navigation_sign_in()}</a> <Languages/></div>
        </main>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    #[test]
    fn the_page_says_how_long_the_link_works() {
        assert_eq!(super::LINK_MINUTES, service::accounts::reset::LINK_MINUTES);
    }
}
