use std::collections::VecDeque;
use std::time::Duration;

use domain::view::form::Extent;
use leptos::prelude::*;

use super::icon::{Icon, IconName};

/// So long a toast stays, unless the pointer or the focus is on it.
const STAYS: Duration = Duration::from_secs(6);

#[derive(Clone)]
struct Toast {
    number: u32,
    text: String,
    extent: Extent,
    action: Option<(String, Callback<()>)>,
}

/// What was just done, to be said once, one after the other. Errors are never said here: they
/// stand where they happened and stay.
#[derive(Clone, Copy)]
pub struct Toasts {
    queue: RwSignal<VecDeque<Toast>>,
    said: StoredValue<u32>,
    held: RwSignal<bool>,
}

impl Toasts {
    /// Nothing to say yet.
    #[must_use]
    pub fn new() -> Self {
        Self { queue: RwSignal::new(VecDeque::new()), said: StoredValue::new(0), held: RwSignal::new(false) }
    }

    /// Says what was done.
    pub fn say(self, text: impl Into<String>) {
        self.tell(text, Extent::Whole);
    }

    /// Says how much of it was done.
    pub fn tell(self, text: impl Into<String>, extent: Extent) {
        self.push(text.into(), extent, None);
    }

    /// Says what was done and offers something about it: "Undo".
    pub fn offer(self, text: impl Into<String>, label: impl Into<String>, action: Callback<()>) {
        self.push(text.into(), Extent::Whole, Some((label.into(), action)));
    }

    fn push(self, text: String, extent: Extent, action: Option<(String, Callback<()>)>) {
        self.said.update_value(|said| *said = said.wrapping_add(1));
        let number = self.said.get_value();
        self.queue.update(|queue| queue.push_back(Toast { number, text, extent, action }));
    }

    /// Takes a toast away; nothing happens where it is gone already.
    fn leave(self, number: u32) {
        self.queue.update(|queue| queue.retain(|toast| toast.number != number));
        // Its element goes without telling that the pointer left it.
        self.held.set(false);
    }

    fn current(self) -> Option<Toast> {
        self.queue.with(|queue| queue.front().cloned())
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

/// Where toasts appear. It exists from the start, so that assistive technology knows it.
#[component]
pub fn ToastRegion(
    /// What to say.
    toasts: Toasts,
) -> impl IntoView {
    let number = Memo::new(move |_| toasts.queue.with(|queue| queue.front().map(|toast| toast.number)));
    Effect::new(move |timer: Option<Option<TimeoutHandle>>| {
        if let Some(Some(timer)) = timer {
            timer.clear();
        }
        let number = number.get()?;
        if toasts.held.get() {
            return None;
        }
        set_timeout_with_handle(move || toasts.leave(number), STAYS).ok()
    });
    let shown = move || {
        // Only the number is tracked: another toast in the queue doesn't write this one anew.
        number.get()?;
        let Toast { number, text, extent, action } = untrack(|| toasts.current())?;
        let action = action.map(|(label, action)| {
            let press = move |_| {
                action.run(());
                toasts.leave(number);
            };
            view! { <button class="button quiet" type="button" on:click=press>{label}</button> }
        });
        let icon = if extent == Extent::Whole { IconName::Check } else { IconName::Warn };
        Some(view! { <p class="toast"><Icon name=icon/><span>{text}</span>{action}</p> })
    };
    view! {
        <div
            class="toasts"
            role="status"
            on:mouseover=move |_| toasts.held.set(true)
            on:mouseleave=move |_| toasts.held.set(false)
            on:focusin=move |_| toasts.held.set(true)
            on:focusout=move |_| toasts.held.set(false)
        >
            {shown}
        </div>
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use leptos::prelude::*;

    use super::Toasts;

    #[test]
    fn toasts_are_said_one_after_the_other() {
        Owner::new().with(|| {
            let toasts = Toasts::new();
            toasts.say("Saved.");
            toasts.say("Sent.");
            let first = toasts.current().expect("a toast");
            assert_eq!(first.text, "Saved.");
            toasts.leave(first.number);
            toasts.leave(first.number);
            let second = toasts.current().expect("the next one");
            assert_eq!(second.text, "Sent.");
            toasts.leave(second.number);
            assert!(toasts.current().is_none());
        });
    }
}
