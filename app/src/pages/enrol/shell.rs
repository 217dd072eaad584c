//! What stands around each step: the door for whoever isn't signed in, a page within the frame else; and
//! how far one is.

use domain::enrolment::Step as Stage;
use leptos::prelude::*;
use leptos_meta::Title;
use locales::Texts;

use crate::components::{Mark, Step, StepState, Steps};
use crate::i18n::texts;
use crate::pages::sign_in::Languages;

/// A page of the wizard.
#[component]
pub(super) fn Shell(
    /// The programme's name.
    programme: String,
    /// Heading.
    title: String,
    /// What the step is for.
    lead: String,
    /// Whether the frame stands around it.
    signed_in: bool,
    /// The step, and the one that is next to be done; none beside the way.
    #[prop(optional)]
    step: Option<(Stage, Stage)>,
    children: Children,
) -> impl IntoView {
    let texts = texts();
    let steps = step.map(|(shown, next)| view! { <Progress shown=shown next=next/> });
    let content = children();
    let body = move || {
        view! {
            <div class="beside">
                <div class="stack loose">{content}</div>
                {steps}
            </div>
        }
    };
    let head = title.clone();
    if signed_in {
        view! {
            <Title text=texts.common_page_title(title)/>
            <main class="page" id="main">
                <div class="head"><div><h1>{head}</h1><p>{lead}</p></div></div>
                {body()}
            </main>
        }
        .into_any()
    } else {
        view! {
            <Title text=texts.common_page_title(title)/>
            <main class="door" id="main">
                <div class="door-brand"><Mark/><span>{programme}</span></div>
                <div class="stack"><h1>{head}</h1><p class="muted">{lead}</p></div>
                {body()}
                <div class="door-foot small">
                    <a href="/sign-in">{texts.navigation_sign_in()}</a>
                    <Languages/>
                </div>
            </main>
        }
        .into_any()
    }
}

/// What a step is called.
pub(super) fn title(texts: Texts, step: Stage) -> &'static str {
    match step {
        Stage::Welcome => texts.enrol_step_welcome(),
        Stage::Account => texts.enrol_step_account(),
        Stage::Profile => texts.enrol_step_profile(),
        Stage::Summary => texts.enrol_step_summary(),
        Stage::Agreement => texts.enrol_step_agreement(),
        Stage::Status => texts.enrol_step_status(),
    }
}

#[component]
fn Progress(shown: Stage, next: Stage) -> impl IntoView {
    let texts = texts();
    let place = |step: Stage| Stage::ALL.iter().position(|of| *of == step).unwrap_or_default();
    let steps = Stage::ALL
        .iter()
        .map(|step| Step {
            title: title(texts, *step).to_owned(),
            note: String::new(),
            state: if *step == shown {
                StepState::Current
            } else if place(*step) < place(next) {
                StepState::Done
            } else {
                StepState::Later
            },
        })
        .collect::<Vec<_>>();
    view! { <Steps label=texts.enrol_steps() steps=steps/> }
}
