use leptos::prelude::*;

use crate::i18n::texts;

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepState {
    /// Behind.
    Done,
    /// Now.
    Current,
    /// Ahead.
    Later,
}

/// A step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What happens.
    pub title: String,
    /// Who and when; empty where nobody did it yet.
    pub note: String,
    /// Where it stands.
    pub state: StepState,
}

/// Steps of something that takes time, the earliest on top: done, then the current one, then later
/// ones.
#[component]
pub fn Steps(
    /// What the steps lead to, read aloud.
    #[prop(into)]
    label: String,
    /// Steps in their order.
    steps: Vec<Step>,
) -> impl IntoView {
    let texts = texts();
    let lines: Vec<_> = steps
        .into_iter()
        .map(|Step { title, note, state }| {
            let (current, said) = match state {
                StepState::Done => (None, Some(texts.component_step_done())),
                StepState::Current => (Some("step"), None),
                StepState::Later => (None, Some(texts.component_step_later())),
            };
            let said = said.map(|said| view! { <span class="sr">" "{said}</span> });
            view! {
                <li aria-current=current>
                    <b>{title}{said}</b>
                    {(!note.is_empty()).then_some(note)}
                </li>
            }
        })
        .collect();
    view! { <ol class="steps" aria-label=label>{lines}</ol> }
}
