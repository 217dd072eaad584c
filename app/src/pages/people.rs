//! User management: who is here, with which roles; adding users (rules 3, 4, 11).

mod add;
mod departure;
mod import;
mod list;

pub use add::AddUser;
pub use departure::Departure;
pub use import::Import;
pub use list::People;

use domain::view::people::Setup;
use domain::{Field, Role};
use leptos::prelude::*;

use crate::components::{Choice, Notice, SubmitButton, Tick, Tone};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// Days for which a link to choose a password is valid.
const INVITATION_DAYS: u32 = 7;

/// A role with what it is for.
fn about(role: Role) -> String {
    let texts = texts();
    let name = texts.find_role(role.code()).unwrap_or(role.code());
    match role {
        Role::GlobalAdmin => texts.people_about_global_admin(name),
        Role::PartnerAdmin => texts.people_about_partner_admin(name),
        Role::UserAdmin => texts.people_about_user_admin(name),
        Role::AdminAgent => texts.people_about_admin_agent(name),
        Role::Employee => texts.people_about_employee(name),
    }
}

/// Every role; those that the reader can't grant stand there with the reason.
fn role_choices(grantable: &[Role]) -> Vec<Choice> {
    Role::ALL
        .iter()
        .map(|role| {
            if grantable.contains(role) {
                Choice::new(role.code(), about(*role))
            } else {
                Choice::refused(role.code(), about(*role), texts().people_not_grantable())
            }
        })
        .collect()
}

/// What is left of the set-up, and for the founder the form that finishes it (rule 4).
#[component]
pub(super) fn SetupNotice(
    /// How far it is.
    setup: Signal<Setup>,
    /// Whether the founder finishes it right here.
    with_form: bool,
) -> impl IntoView {
    let state = Memo::new(move |_| setup.get());
    move || {
        let Setup { finished, by_reader, founder } = state.get();
        (!finished).then(|| {
            let texts = texts();
            let text = match (by_reader, with_form, founder) {
                (true, true, _) => texts.people_setup_yours().to_owned(),
                (true, false, _) => texts.people_setup_at_users().to_owned(),
                (false, _, Some(name)) => texts.people_setup_others(name),
                (false, _, None) => texts.people_setup_plain().to_owned(),
            };
            view! {
                <Notice tone=Tone::Wait>
                    <b>{texts.people_setup_title()}</b>
                    <p>{text}</p>
                    {if !by_reader {
                        ().into_any()
                    } else if with_form {
                        view! { <FinishSetup/> }.into_any()
                    } else {
                        view! { <p><a href="/account/users">{texts.dashboard_setup_link()}</a></p> }.into_any()
                    }}
                </Notice>
            }
        })
    }
}

#[component]
fn FinishSetup() -> impl IntoView {
    let texts = texts();
    let form = Form::new("update_own_agent", "");
    view! {
        <PostForm form=form class="row">
            <Tick
                id=form.id(Field::Roles)
                name=Field::Roles.code()
                value=Role::AdminAgent.code()
                label=texts.find_role(Role::AdminAgent.code()).unwrap_or_default()
                error=form.field_error(Field::Roles)
            />
            <SubmitButton label=texts.common_update() busy=form.pending/>
        </PostForm>
    }
}
