//! The keys of the queue, and what they do: shown by `?`, and by a button for whoever uses none.

use domain::view::operator::QueuePage;
use leptos::prelude::*;

use crate::components::{ButtonTone, Confirm, SubmitButton};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;

/// Id of the dialog that lists the keys.
const DIALOG: &str = "queue-keys";

/// The button that shows the keys and turns them on or off; where they are on, the page listens to them.
#[component]
pub(super) fn Keys(page: Signal<QueuePage>) -> impl IntoView {
    let texts = texts();
    let on = Memo::new(move |_| page.with(|page| page.shortcuts));
    let works = page.with_untracked(|page| page.why_not.is_none());
    listen(on, works);
    let form = Form::new("choose_shortcuts", "");
    let keys = [
        ("j", texts.queue_key_next()),
        ("k", texts.queue_key_previous()),
        ("Enter", texts.queue_key_open()),
        ("a", texts.queue_key_take()),
        ("?", texts.queue_key_help()),
    ];
    let lines: Vec<_> =
        keys.into_iter().map(|(key, does)| view! { <dt><kbd>{key}</kbd></dt> <dd>{does}</dd> }).collect();
    let label = Signal::derive(move || {
        if on.get() { texts.queue_keys_off() } else { texts.queue_keys_on() }.to_owned()
    });
    view! {
        <div>
            <Confirm
                id=DIALOG
                label=texts.queue_keys()
                question=texts.queue_keys()
                dismiss=texts.queue_keys_close()
                done=Signal::derive(move || form.done.with(Option::is_some))
                open=form.refused()
                form=move || {
                    view! {
                        <PostForm form=form>
                            <input type="hidden" name="on" value=move || if on.get() { "false" } else { "true" }/>
                            <SubmitButton label=label tone=ButtonTone::Secondary busy=form.pending/>
                        </PostForm>
                    }
                }
            >
                <dl class="facts">{lines}</dl>
                <p class="muted">
                    {move || if on.get() { texts.queue_keys_are_on() } else { texts.queue_keys_are_off() }}
                </p>
            </Confirm>
        </div>
    }
}

#[cfg(not(feature = "hydrate"))]
fn listen(_on: Memo<bool>, _works: bool) {}

#[cfg(feature = "hydrate")]
fn listen(on: Memo<bool>, works: bool) {
    use crate::components::toast::Toasts;
    use crate::load::{OperationBase, Reload};

    let base = use_context::<OperationBase>().map(|base| base.0).unwrap_or_default();
    let (reload, toasts) = (use_context::<Reload>(), use_context::<Toasts>());
    let pressed = StoredValue::new(0_u32);
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if !on.get_untracked()
            || event.default_prevented()
            || event.ctrl_key()
            || event.meta_key()
            || event.alt_key()
            || is_typing()
        {
            return;
        }
        match event.key().as_str() {
            "j" => step(1),
            "k" => step(-1),
            "?" => {
                if let Some(button) = element(&format!("#{DIALOG} > summary")) {
                    button.click();
                }
            }
            "a" if works => {
                let Some(chosen) = chosen() else { return };
                pressed.update_value(|pressed| *pressed += 1);
                let operation = format!("{base}:keys:{}", pressed.get_value());
                take(&operation, &chosen, reload, toasts);
            }
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || handle.remove());
}

/// Whether a key belongs to a field, or a dialog lies over the page.
#[cfg(feature = "hydrate")]
fn is_typing() -> bool {
    let fields = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog";
    document().active_element().is_some_and(|element| {
        element
            .closest(fields)
            .ok()
            .flatten()
            .is_some_and(|field| field.tag_name() != "DIALOG" || field.has_attribute("open"))
    })
}

#[cfg(feature = "hydrate")]
fn element(selector: &str) -> Option<web_sys::HtmlElement> {
    use wasm_bindgen::JsCast;
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// The row that has the focus.
#[cfg(feature = "hydrate")]
fn row() -> Option<web_sys::Element> {
    let row = document().active_element()?.closest("main .ledger tbody tr").ok().flatten()?;
    // Below a row stands what belongs to it.
    if row.class_list().contains("detail") { row.previous_element_sibling() } else { Some(row) }
}

/// Moves the focus to the subject of the next row, or of the one before; to the first where no row has it.
#[cfg(feature = "hydrate")]
fn step(by: i32) {
    use wasm_bindgen::JsCast;

    let mut next = match row() {
        Some(row) if by > 0 => row.next_element_sibling(),
        Some(row) => row.previous_element_sibling(),
        None => document().query_selector("main .ledger tbody tr").ok().flatten(),
    };
    while let Some(row) = next {
        let link = row.query_selector("th a").ok().flatten();
        if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = link.focus();
            return;
        }
        next = if by > 0 { row.next_element_sibling() } else { row.previous_element_sibling() };
    }
}

/// The value of the box in the row that has the focus.
#[cfg(feature = "hydrate")]
fn chosen() -> Option<String> {
    row()?.query_selector("input.pick").ok().flatten()?.get_attribute("value")
}

#[cfg(feature = "hydrate")]
fn take(
    operation: &str,
    chosen: &str,
    reload: Option<crate::load::Reload>,
    toasts: Option<crate::components::toast::Toasts>,
) {
    use domain::view::form::Extent;

    let fields = [
        ("form", "work_requests"),
        ("target", ""),
        ("operation", operation),
        ("decision", "take"),
        ("requests", chosen),
    ];
    let Ok(encoded) = serde_html_form::to_string(fields) else { return };
    leptos::task::spawn_local(async move {
        let (said, extent) = match crate::forms::perform(encoded).await {
            Ok(done) => (done.message, done.extent),
            Err(refusal) => (crate::words::refusal(texts(), &refusal.0), Extent::Nothing),
        };
        if let Some(toasts) = toasts {
            toasts.tell(said, extent);
        }
        if let Some(reload) = reload {
            reload.now();
        }
    });
}
