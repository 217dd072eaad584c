//! How a page gets its data: rendered with it by the server, and read again in the browser when
//! its address, the reader's own action or somebody else's change asks for it. The view is built
//! once and follows a signal, so that nothing anybody is typing is lost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::Error;
use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::components::empty::Failed;
use crate::components::{Notice, Tone};
use crate::i18n::texts;
use crate::loaded::{Loaded, Parcel};
use crate::refusal::{Refusal, is_passing};

/// After so long a page that couldn't be read again asks once more.
const AGAIN: Duration = Duration::from_secs(4);
/// After so long a question that nobody answered is given up for the next one.
const PATIENCE: Duration = Duration::from_secs(20);

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

/// Renders a page over its data.
///
/// `source` says what the data depends on, `fetch` gets it, `render` is called with a signal that
/// follows it; where it can't be had, the page says why.
pub fn load<S, T, F, V>(
    source: impl Fn() -> S + Copy + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
    render: impl Fn(Signal<T>) -> V + Send + Sync + 'static,
) -> AnyView
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: PartialEq + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
    V: IntoView + 'static,
{
    load_in(Place::Page, Contents::new(source, fetch, render))
}

/// Renders a part of a page over data of its own, like [`load`].
pub fn load_part<S, T, F, V>(
    source: impl Fn() -> S + Copy + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
    render: impl Fn(Signal<T>) -> V + Send + Sync + 'static,
) -> AnyView
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: PartialEq + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
    V: IntoView + 'static,
{
    load_in(Place::Part, Contents::new(source, fetch, render))
}

/// Follows a part of a page's data, such as a row; none if the page doesn't have it. A part that has just
/// gone keeps what it showed until it is taken away.
pub fn part_of<P, T>(
    page: Signal<P>,
    find: impl Fn(&P) -> Option<T> + Copy + Send + Sync + 'static,
) -> Option<Memo<T>>
where
    P: Send + Sync + 'static,
    T: PartialEq + Clone + Send + Sync + 'static,
{
    let first = page.with_untracked(find)?;
    Some(Memo::new(move |last: Option<&T>| {
        page.with(find).or_else(|| last.cloned()).unwrap_or_else(|| first.clone())
    }))
}

/// What is loaded: where it can't be had, a page needs its frame around the reason.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Page,
    Part,
}

type Answer = Pin<Box<dyn Future<Output = Result<Parcel, Refusal>> + Send>>;
/// Takes newer data into a view that is on screen.
type Follow = Box<dyn Fn(&Parcel) -> Result<(), Refusal> + Send + Sync>;

/// A view, and how it follows.
type Shown = Result<(AnyView, Follow), Refusal>;

/// What is asked for and shown, without its types: the machinery around it exists once.
#[derive(Clone)]
struct Contents {
    /// Follows what the data depends on, by a number that grows with it.
    track: Arc<dyn Fn() -> u32 + Send + Sync>,
    /// Asks for it.
    ask: Arc<dyn Fn() -> Answer + Send + Sync>,
    /// Builds the view.
    show: Arc<dyn Fn(&Parcel) -> Shown + Send + Sync>,
}

impl Contents {
    fn new<S, T, F, V>(
        source: impl Fn() -> S + Copy + Send + Sync + 'static,
        fetch: impl Fn(S) -> F + Copy + Send + Sync + 'static,
        render: impl Fn(Signal<T>) -> V + Send + Sync + 'static,
    ) -> Self
    where
        S: PartialEq + Clone + Send + Sync + 'static,
        T: PartialEq + DeserializeOwned + Send + Sync + 'static,
        F: Future<Output = Result<Loaded<T>, Refusal>> + Send + 'static,
        V: IntoView + 'static,
    {
        let source = Memo::new(move |_| source());
        let turn = Memo::new(move |last: Option<&u32>| {
            source.track();
            last.map_or(0, |last| last.wrapping_add(1))
        });
        Self {
            track: Arc::new(move || turn.get()),
            ask: Arc::new(move || {
                let answer = fetch(source.get_untracked());
                Box::pin(async move { answer.await.map(Loaded::parcel) })
            }),
            show: Arc::new(move |parcel| {
                let data = RwSignal::new(parcel.open::<T>()?);
                let follow = move |parcel: &Parcel| {
                    let newer = parcel.open::<T>()?;
                    if data.with_untracked(|older| *older != newer) {
                        data.set(newer);
                    }
                    Ok(())
                };
                Ok((render(data.into()).into_any(), Box::new(follow) as Follow))
            }),
        }
    }
}

fn load_in(place: Place, contents: Contents) -> AnyView {
    let first = OnceResource::new_blocking((contents.ask)());
    let reload = expect_context::<Reload>();
    view! {
        <Suspense fallback=|| ()>
            {move || {
                let contents = contents.clone();
                Suspend::new(async move {
                    let first = first.await;
                    follow(place, first, contents, reload)
                })
            }}
        </Suspense>
    }
    .into_any()
}

/// The questions of a page, one at a time: however much changes meanwhile, each answer is shown.
#[derive(Clone, Copy)]
struct Questions {
    /// Number of the last one.
    last: StoredValue<u32>,
    /// What the one under way depends on.
    under_way: StoredValue<Option<u32>>,
    /// Whether something changed since it was asked.
    once_more: StoredValue<bool>,
    /// Makes the page ask again.
    next: RwSignal<u32>,
}

impl Questions {
    fn new() -> Self {
        Self {
            last: StoredValue::new(0),
            under_way: StoredValue::new(None),
            once_more: StoredValue::new(false),
            next: RwSignal::new(0),
        }
    }

    /// The number of a new question; none while the same one is under way, which is asked once more then.
    fn begin(self, turn: u32) -> Option<u32> {
        if self.under_way.get_value() == Some(turn) {
            self.once_more.set_value(true);
            return None;
        }
        self.under_way.set_value(Some(turn));
        self.once_more.set_value(false);
        let number = self.last.get_value().wrapping_add(1);
        self.last.set_value(number);
        set_timeout(
            move || {
                if self.is_last(number) && self.under_way.get_value().is_some() {
                    self.answered();
                }
            },
            PATIENCE,
        );
        Some(number)
    }

    /// Whether no other question came after it, and the page is still there.
    fn is_last(self, number: u32) -> bool {
        self.last.try_get_value() == Some(number)
    }

    /// The last question is answered, or given up.
    fn answered(self) {
        self.under_way.set_value(None);
        if self.once_more.try_get_value() == Some(true) {
            self.once_more.set_value(false);
            self.next.update(|count| *count = count.wrapping_add(1));
        }
    }
}

fn follow(place: Place, first: Result<Parcel, Refusal>, contents: Contents, reload: Reload) -> AnyView {
    let Contents { track, ask, show } = contents;
    let (parcel, refused) = match first {
        Ok(parcel) => (Some(parcel), None),
        Err(Refusal(error)) => (None, Some(error)),
    };
    let parcel = StoredValue::new(parcel);
    let on_screen: StoredValue<Option<Follow>> = StoredValue::new(None);
    let refused: RwSignal<Option<Error>> = RwSignal::new(refused);
    let questions = Questions::new();
    let waiting = RwSignal::new(false);
    Effect::watch(
        move || {
            reload.0.track();
            questions.next.track();
            track()
        },
        move |turn, _, _| {
            let Some(number) = questions.begin(*turn) else { return };
            let answer = ask();
            leptos::task::spawn_local(async move {
                let answer = answer.await;
                // An answer that a later question has overtaken, as at another address, is no longer wanted.
                if !questions.is_last(number) {
                    return;
                }
                let taken = answer.and_then(|newer| {
                    let shown = on_screen.with_value(|follow| follow.as_ref().map(|follow| follow(&newer)));
                    parcel.set_value(Some(newer));
                    shown.unwrap_or(Ok(()))
                });
                match taken {
                    // The page stays as it is, with what is being typed, and asks again.
                    Err(Refusal(error)) if is_passing(&error) && on_screen.with_value(Option::is_some) => {
                        waiting.set(true);
                        set_timeout(
                            move || {
                                if questions.is_last(number) {
                                    reload.now();
                                }
                            },
                            AGAIN,
                        );
                    }
                    Ok(()) => {
                        waiting.set(false);
                        refused.set(None);
                    }
                    Err(Refusal(error)) => {
                        waiting.set(false);
                        on_screen.set_value(None);
                        refused.set(Some(error));
                    }
                }
                questions.answered();
            });
        },
        false,
    );
    let usable = Memo::new(move |_| refused.with(Option::is_none));
    let away = move || {
        (place == Place::Page && waiting.get()).then(|| {
            let text = texts().component_not_current();
            view! { <div class="flash again"><Notice tone=Tone::Wait role="status"><p>{text}</p></Notice></div> }
        })
    };
    let page = move || {
        let shown = if usable.get() {
            parcel.with_value(|parcel| {
                let parcel = parcel.as_ref().ok_or(Refusal(Error::new(domain::ErrorCode::Internal)))?;
                provide_context(OperationBase(parcel.operation.clone()));
                show(parcel)
            })
        } else {
            Err(Refusal(refused.get().unwrap_or(Error::new(domain::ErrorCode::Internal))))
        };
        match shown {
            Ok((view, follow)) => {
                on_screen.set_value(Some(follow));
                view
            }
            Err(Refusal(error)) => match place {
                Place::Part => view! { <Failed error=error/> }.into_any(),
                Place::Page => {
                    view! { <main class="page" id="main"><Failed error=error page=true/></main> }.into_any()
                }
            },
        }
    };
    view! { {away} {page} }.into_any()
}
