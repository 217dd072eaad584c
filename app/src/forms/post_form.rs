//! The form element: hidden fields, catching the post, showing what came of it.

use domain::catalogue::Fault;
use domain::view::form::{Done, Shown};
use domain::{Error, ErrorCode, Field};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::Posted;
use crate::components::error_summary::ErrorSummary;
use crate::components::toast::Toasts;
use crate::i18n::texts;
use crate::load::{OperationBase, Reload};
use crate::words;

/// A form on the page, with what came of its last post.
#[derive(Clone, Copy)]
pub struct Form {
    code: &'static str,
    target: StoredValue<String>,
    operation: StoredValue<String>,
    sent: RwSignal<u32>,
    /// What the server refused.
    pub error: RwSignal<Option<Error>>,
    /// What was done, with what is shown once.
    pub done: RwSignal<Option<Done>>,
    /// Whether an answer is awaited.
    pub pending: RwSignal<bool>,
    values: StoredValue<Vec<(String, String)>>,
    fields: StoredValue<Vec<String>>,
}

impl Form {
    /// The form with the code, about the thing with the id (empty where there is only one).
    #[must_use]
    pub fn new(code: &'static str, target: impl ToString) -> Self {
        let target = target.to_string();
        let base = use_context::<OperationBase>().map(|base| base.0).unwrap_or_default();
        let posted = use_context::<Posted>().filter(|posted| posted.form == code && posted.target == target);
        if let Some(posted) = &posted {
            posted.claimed.claim();
        }
        let (error, done, values) = match posted {
            // Whoever only looked goes on with what was typed.
            Some(Posted { result: Ok(done @ Done { shown: Some(Shown::Mail(_)), .. }), values, .. }) => {
                (None, Some(done), values)
            }
            Some(Posted { result: Ok(done), .. }) => (None, Some(done), Vec::new()),
            Some(Posted { result: Err(error), values, .. }) => (Some(error), None, values),
            None => (None, None, Vec::new()),
        };
        Self {
            code,
            operation: StoredValue::new(format!("{base}:{code}:{target}:{}", instance())),
            target: StoredValue::new(target),
            sent: RwSignal::new(0),
            error: RwSignal::new(error),
            done: RwSignal::new(done),
            pending: RwSignal::new(false),
            values: StoredValue::new(values),
            fields: StoredValue::new(Vec::new()),
        }
    }

    /// The same for a form that shows how things stand, to be changed: once somebody else has changed them, it shows
    /// that, and not what was typed. Sent again as it was, it would undo the other's change.
    #[must_use]
    pub fn of_what_stands(code: &'static str, target: impl ToString) -> Self {
        let form = Self::new(code, target);
        let stale =
            form.error.with_untracked(|error| error.as_ref().is_some_and(|of| of.code == ErrorCode::Stale));
        if stale {
            form.values.set_value(Vec::new());
        }
        form
    }

    /// Whether the fields show what was typed before the post was refused; a box that isn't among it wasn't ticked.
    #[must_use]
    pub fn keeps(self) -> bool {
        self.values.with_value(|values| !values.is_empty())
    }

    /// Whether the page answers a post of this form that was refused: what hides the form stands open.
    #[must_use]
    pub fn refused(self) -> bool {
        self.error.with_untracked(Option::is_some)
    }

    /// What was typed into a field before the post was refused, or the given value.
    #[must_use]
    pub fn value(self, field: Field, otherwise: impl Into<String>) -> String {
        self.kept(field).unwrap_or_else(|| otherwise.into())
    }

    /// What was typed into a field before the post was refused.
    #[must_use]
    pub fn kept(self, field: Field) -> Option<String> {
        self.kept_named(field.code())
    }

    /// What was typed into one of several fields of a kind, whose name says which it is.
    #[must_use]
    pub fn kept_named(self, name: &str) -> Option<String> {
        self.values
            .with_value(|values| values.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.clone()))
    }

    /// All values of a field that can have several.
    #[must_use]
    pub fn kept_all(self, field: Field) -> Vec<String> {
        self.values.with_value(|values| {
            values.iter().filter(|(name, _)| name == field.code()).map(|(_, value)| value.clone()).collect()
        })
    }

    /// What is wrong about a field, in words.
    #[must_use]
    pub fn field_error(self, field: Field) -> Signal<Option<String>> {
        let texts = texts();
        Signal::derive(move || {
            self.error.with(|error| {
                error.as_ref().and_then(|error| error.of(field)).map(|error| words::field(texts, error))
            })
        })
    }

    /// The number that goes with what is wrong about a field.
    #[must_use]
    pub fn field_number(self, field: Field) -> Signal<Option<i64>> {
        Signal::derive(move || {
            self.error.with(|error| error.as_ref().and_then(|error| error.of(field)?.number))
        })
    }

    /// Id of a field's element, unique on the page.
    #[must_use]
    pub fn id(self, field: Field) -> String {
        self.target.with_value(|target| format!("{}-{}-{target}", self.code, field.code()))
    }

    /// What a fault of the catalogue says about a field, named as in the document.
    #[must_use]
    pub fn fault(self, field: impl Into<String>) -> Signal<Option<String>> {
        let texts = texts();
        let field = field.into();
        Signal::derive(move || {
            self.error.with(|error| {
                let fault = error.as_ref()?.faults.iter().find(|fault| fault.field() == field)?;
                texts.find_catalogue_fault(fault.code.code()).map(str::to_owned)
            })
        })
    }

    /// Id of the element of such a field; the summary of faults links to it.
    #[must_use]
    pub fn fault_id(self, field: &str) -> String {
        self.fields.update_value(|fields| fields.push(field.to_owned()));
        self.id_of(field)
    }

    fn id_of(self, field: &str) -> String {
        self.target.with_value(|target| format!("{}-{field}-{target}", self.code))
    }

    /// Faults of the catalogue with their places, each with the id of its field; it is empty where the form has no such
    /// field.
    fn faults(self, error: &Error) -> Vec<(String, String)> {
        let texts = texts();
        let of_fault = |fault: &Fault| {
            let known = self.fields.with_value(|fields| fields.iter().any(|field| field == fault.field()));
            let id = if known { self.id_of(fault.field()) } else { String::new() };
            let what = texts.find_catalogue_fault(fault.code.code()).unwrap_or_default();
            (id, texts.catalogue_value(&fault.place, what))
        };
        error.faults.iter().map(of_fault).collect()
    }

    /// What the answer shows once, if it is about this form's target.
    #[must_use]
    pub fn shown(self) -> Signal<Option<Shown>> {
        Signal::derive(move || self.done.with(|done| done.as_ref().and_then(|done| done.shown.clone())))
    }

    /// What it is about.
    #[must_use]
    pub fn target(self) -> String {
        self.target.get_value()
    }

    /// Forgets what came of the last post.
    pub fn reset(self) {
        self.error.set(None);
        self.done.set(None);
    }

    fn operation_id(self) -> String {
        self.operation.with_value(|operation| format!("{operation}:{}", self.sent.get()))
    }
}

/// Number of a form on its page. A page that stays builds a form anew once what it is about has
/// changed, and the new one is another operation.
#[cfg(feature = "hydrate")]
fn instance() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static BUILT: AtomicU32 = AtomicU32::new(0);
    BUILT.fetch_add(1, Ordering::Relaxed)
}

/// On the server every page is built once.
#[cfg(not(feature = "hydrate"))]
const fn instance() -> u32 {
    0
}

/// A form that posts to its own page.
///
/// What is missing or malformed is said by the server, in the reader's language and beside the field; the
/// browser would say it in its own.
///
/// With `whole_page` the post is never caught: signing in and the like answer with a new page.
#[component]
pub fn PostForm(
    /// The form.
    form: Form,
    /// Never caught; the browser posts it.
    #[prop(optional)]
    whole_page: bool,
    /// Id of the form element, where boxes and buttons that belong to it stand outside of it.
    #[prop(optional, into)]
    id: Option<String>,
    /// Class of the form element.
    #[prop(optional, into)]
    class: String,
    /// Label for assistive technology, where no heading names the form.
    #[prop(optional, into)]
    label: String,
    /// Whether the summary of faults is shown on top of the form.
    #[prop(default = true)]
    summary: bool,
    /// Fields and buttons.
    children: Children,
) -> impl IntoView {
    let texts = texts();
    let reload = use_context::<Reload>();
    let toasts = use_context::<Toasts>();
    let on_submit = move |event: SubmitEvent| {
        if whole_page {
            return;
        }
        catch(&event, form, reload, toasts);
    };
    let told = move || {
        form.error.get().filter(|_| summary).map(|error| {
            let mut faults: Vec<(String, String)> =
                error.fields.iter().map(|fault| (form.id(fault.field), words::field(texts, fault))).collect();
            faults.extend(form.faults(&error));
            let message = match words::request_id(texts, &error) {
                Some(id) => format!("{} {id}", words::refusal(texts, &error)),
                None => words::refusal(texts, &error),
            };
            view! { <ErrorSummary message=message faults=faults/> }
        })
    };
    view! {
        <form
            id=id
            method="post"
            novalidate
            class=class
            aria-label=(!label.is_empty()).then_some(label)
            aria-busy=move || form.pending.get().then_some("true")
            on:submit=on_submit
        >
            <input type="hidden" name="form" value=form.code/>
            <input type="hidden" name="target" value=form.target.get_value()/>
            <input type="hidden" name="operation" prop:value=move || form.operation_id() value=form.operation_id()/>
            {told}
            {children()}
        </form>
    }
}

#[cfg(feature = "hydrate")]
fn catch(event: &SubmitEvent, form: Form, reload: Option<Reload>, toasts: Option<Toasts>) {
    use wasm_bindgen::JsCast;

    if event.default_prevented() {
        return;
    }
    event.prevent_default();
    if form.pending.get_untracked() {
        return;
    }
    let Some(element) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok())
    else {
        return;
    };
    let Some(encoded) = encode(&element, event.submitter()) else { return };
    form.pending.set(true);
    leptos::task::spawn_local(async move {
        let answer = super::perform(encoded).await;
        // The page may be gone meanwhile.
        if form.pending.try_set(false).is_some() {
            return;
        }
        match answer {
            Ok(done) => {
                form.error.set(None);
                form.sent.update(|sent| *sent += 1);
                if let Some(toasts) = toasts
                    && !done.message.is_empty()
                {
                    toasts.tell(done.message.clone(), done.extent);
                }
                let go = done.go.clone();
                form.done.set(Some(done));
                if let Some(go) = go {
                    leptos_router::hooks::use_navigate()(&go, leptos_router::NavigateOptions::default());
                }
                if let Some(reload) = reload {
                    reload.now();
                }
            }
            Err(refusal) => form.error.set(Some(refusal.0)),
        }
    });
}

#[cfg(feature = "hydrate")]
fn encode(element: &web_sys::HtmlFormElement, submitter: Option<web_sys::HtmlElement>) -> Option<String> {
    use wasm_bindgen::JsCast;

    let data = web_sys::FormData::new_with_form(element).ok()?;
    if let Some(button) = submitter
        && let Some(name) = button.get_attribute("name").filter(|name| !name.is_empty())
    {
        data.append_with_str(&name, &button.get_attribute("value").unwrap_or_default()).ok()?;
    }
    let pairs = web_sys::UrlSearchParams::new_with_str_sequence_sequence(data.unchecked_ref()).ok()?;
    Some(pairs.to_string().into())
}

#[cfg(not(feature = "hydrate"))]
fn catch(_event: &SubmitEvent, _form: Form, _reload: Option<Reload>, _toasts: Option<Toasts>) {}
