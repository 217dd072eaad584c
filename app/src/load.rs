//! How a page gets its data: rendered with it by the server, and read again in the browser when
//! its address, the reader's own action or somebody else's change asks for it. The view is built
//! once and follows a signal, so that nothing anybody is typing is lost.

use std::future::Future;
use std::time::Duration;

use domain::Error;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::empty::Failed;
use crate::components::{Notice, Tone};
use crate::i18n::texts;
use crate::refusal::{Refusal, is_passing};

/// After so long a page that couldn't be read again asks once more.
const AGAIN: Duration = Duration::from_secs(4);

/// Counts what makes pages read their data again.
#[derive(Clone, Copy, Debug)]
pub struct Reload(pub RwSignal<u32>);

impl Reload {
    /// Makes every page on screen read its data again.
    pub fn now(self) {
        self.0.update(|count| *count = count.wrapping_add(1));
    }
}

/// Base of the operation ids of a page's forms.
#[derive(Clone, Debug)]
pub struct OperationBase(pub String);

/// A page's data with the base of its operation ids.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Loaded<T> {
    /// Fresh for each answer.
    pub operation: String,
    /// What the page shows.
    pub data: T,
}

/// Renders a page over its data.
///
/// `source` says what the data depends on, `fetch` gets it, `render` is called with a signal that
/// follows it; where it can't be had, the page says why.
pub fn load<S, T, F, V>(
    source: impl Fn() -> S + Copy + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
    render: impl Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Clone + PartialEq + Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static,
    F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
    V: IntoView + 'static,
{
    load_in(Place::Page, source, fetch, render)
}

/// Renders a part of a page over data of its own, like [`load`].
pub fn load_part<S, T, F, V>(
    source: impl Fn() -> S + Copy + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
    render: impl Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Clone + PartialEq + Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static,
    F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
    V: IntoView + 'static,
{
    load_in(Place::Part, source, fetch, render)
}

/// What is loaded: where it can't be had, a page needs its frame around the reason.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Page,
    Part,
}

fn load_in<S, T, F, V>(
    place: Place,
    source: impl Fn() -> S + Copy + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
    render: impl Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Clone + PartialEq + Serialize + for<'de> Deserialize<'de> + Send + Sync + 'static,
    F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
    V: IntoView + 'static,
{
    let first = OnceResource::new_blocking(fetch(untrack(source)));
    let reload = expect_context::<Reload>();
    view! {
        <Suspense fallback=|| ()>
            {move || {
                let render = render.clone();
                Suspend::new(async move {
                    let first = first.await;
                    follow(place, first, source, fetch, reload, render)
                })
            }}
        </Suspense>
    }
}

fn follow<S, T, F, V>(
    place: Place,
    first: Result<Loaded<T>, Refusal>,
    source: impl Fn() -> S + Copy + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
    reload: Reload,
    render: impl Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
    V: IntoView + 'static,
{
    let (data, refused, operation) = match first {
        Ok(loaded) => (Some(loaded.data), None, loaded.operation),
        Err(Refusal(error)) => (None, Some(error), String::new()),
    };
    provide_context(OperationBase(operation));
    let data = RwSignal::new(data);
    let refused: RwSignal<Option<Error>> = RwSignal::new(refused);
    let asked = StoredValue::new(0_u32);
    let waiting = RwSignal::new(false);
    let source = Memo::new(move |_| source());
    Effect::watch(
        move || (source.get(), reload.0.get()),
        move |(wanted, _), _, _| {
            let number = asked.get_value().wrapping_add(1);
            asked.set_value(number);
            let answer = fetch(wanted.clone());
            leptos::task::spawn_local(async move {
                let answer = answer.await;
                // An answer that a later question has overtaken is no longer wanted.
                if asked.try_get_value() != Some(number) {
                    return;
                }
                match answer {
                    // The page stays as it is, with what is being typed, and asks again.
                    Err(Refusal(error)) if is_passing(&error) && data.with_untracked(Option::is_some) => {
                        waiting.set(true);
                        set_timeout(
                            move || {
                                if asked.try_get_value() == Some(number) {
                                    reload.now();
                                }
                            },
                            AGAIN,
                        );
                    }
                    Ok(loaded) => {
                        waiting.set(false);
                        refused.set(None);
                        if data.with_untracked(|old| old.as_ref() != Some(&loaded.data)) {
                            data.set(Some(loaded.data));
                        }
                    }
                    Err(Refusal(error)) => {
                        waiting.set(false);
                        refused.set(Some(error));
                    }
                }
            });
        },
        false,
    );
    let usable = Memo::new(move |_| data.with(Option::is_some) && refused.with(Option::is_none));
    let away = move || {
        (place == Place::Page && waiting.get()).then(|| {
            let text = texts().component_not_current();
            view! { <div class="flash"><Notice tone=Tone::Wait role="status"><p>{text}</p></Notice></div> }
        })
    };
    let page = move || {
        if usable.get() {
            let fallback = data.get_untracked();
            let current = Signal::derive(move || data.get().or_else(|| fallback.clone()));
            let render = render.clone();
            current
                .get_untracked()
                .map(|first| {
                    let following = Signal::derive(move || current.get().unwrap_or_else(|| first.clone()));
                    render(following).into_any()
                })
                .into_any()
        } else {
            let error = refused.get().unwrap_or(Error::new(domain::ErrorCode::Internal));
            match place {
                Place::Part => view! { <Failed error=error/> }.into_any(),
                Place::Page => {
                    view! { <main class="page" id="main"><Failed error=error page=true/></main> }.into_any()
                }
            }
        }
    };
    view! { {away} {page} }
}
