use leptos::children::ViewFnOnce;
use leptos::html;
use leptos::prelude::*;

use super::browser;
use super::button::ButtonTone;
use crate::i18n::texts;

/// Asks before something is removed or ended for somebody.
///
/// Without JavaScript the question unfolds below its button; with it the same element becomes a
/// dialog, with the focus on the safe button.
#[component]
pub fn Confirm(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// What the button says: "Remove".
    #[prop(into)]
    label: String,
    /// Its name where the label alone doesn't say whom it is about: "Remove Kofi Anselmsen".
    #[prop(optional, into)]
    described: Option<String>,
    /// What the button looks like.
    #[prop(default = ButtonTone::Quiet)]
    tone: ButtonTone,
    /// The question, with person and thing: "Remove Kofi Anselmsen?".
    #[prop(into)]
    question: String,
    /// The form that does it, with its button.
    #[prop(into)]
    form: ViewFnOnce,
    /// Becomes true once it is done: the dialog closes.
    #[prop(optional, into)]
    done: Signal<bool>,
    /// Whether the question stands open: its form was posted and refused.
    #[prop(optional)]
    open: bool,
    /// What the button that changes nothing says, where it isn't "Keep".
    #[prop(optional, into)]
    dismiss: Option<String>,
    /// What happens then, to whom and when.
    children: Children,
) -> impl IntoView {
    let ready = browser::hydrated();
    let details = NodeRef::<html::Details>::new();
    let dialog = NodeRef::<html::Dialog>::new();
    let keep = NodeRef::<html::Button>::new();
    let ask = move |event: leptos::ev::MouseEvent| {
        let (Some(details), Some(dialog)) = (details.get_untracked(), dialog.get_untracked()) else { return };
        event.prevent_default();
        // It is open inside the closed details; a dialog can only be shown anew.
        dialog.close();
        details.set_open(true);
        if dialog.show_modal().is_ok()
            && let Some(keep) = keep.get_untracked()
            // Where nothing before it can be focused the dialog has seen to it.
            && document().active_element().as_ref() != Some(&keep)
        {
            // A button that can't be focused leaves the focus on the dialog.
            let _ = keep.focus();
        }
    };
    let closed = move |_| {
        // `close` is told later: by then the dialog may have been shown again.
        if let (Some(details), Some(dialog)) = (details.get_untracked(), dialog.get_untracked())
            && !dialog.open()
        {
            details.set_open(false);
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    Effect::new(move |_| {
        if done.get() {
            close();
        }
    });
    let title = format!("{id}-question");
    view! {
        <details class="confirm" id=id node_ref=details open=open>
            <summary class=tone.class() aria-label=described on:click=ask>
                {label}
            </summary>
            <dialog open aria-labelledby=title node_ref=dialog on:close=closed>
                <div class="stack">
                    <h2 class="h3" id=title.clone()>{question}</h2>
                    {children()}
                </div>
                <footer>
                    <button
                        class="button"
                        type="button"
                        hidden=move || !ready.get()
                        node_ref=keep
                        on:click=move |_| close()
                    >
                        {dismiss.unwrap_or_else(|| texts().common_keep().to_owned())}
                    </button>
                    {form.run()}
                </footer>
            </dialog>
        </details>
    }
}

#[cfg(all(test, feature = "ssr"))]
#[allow(clippy::expect_used)]
mod tests {
    use leptos::prelude::*;

    use super::Confirm;

    #[test]
    fn without_javascript_the_form_unfolds_below_its_button() {
        let html = Owner::new().with(|| {
            view! {
                <Confirm
                    id="remove-1"
                    label="Remove"
                    described="Remove Kofi Anselmsen"
                    question="Remove Kofi Anselmsen?"
                    form=|| view! { <form method="post"><button>"Remove"</button></form> }
                >
                    <p>"The seat becomes free at once."</p>
                </Confirm>
            }
            .into_view()
            .to_html()
        });
        let (summary, dialog) =
            html.split_once("<dialog open").expect("a dialog that is open in the details");
        assert!(
            summary.contains("<details") && summary.contains("aria-label=\"Remove Kofi Anselmsen\""),
            "{html}"
        );
        assert!(
            dialog.contains("The seat becomes free") && dialog.contains("<form method=\"post\">"),
            "{html}"
        );
        // "Keep" needs JavaScript; the summary closes without it.
        assert!(dialog.split("<footer>").nth(1).is_some_and(|footer| footer.contains("hidden")), "{html}");
    }
}
