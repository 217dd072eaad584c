use domain::Day;
use leptos::html;
use leptos::prelude::*;

use super::browser;
use super::field::{Choice, options};
use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// What the names of fields begin with where they are sent along with another form.
pub const ALONG: &str = "filter-";

/// The search field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Find {
    /// Name in the address.
    pub name: &'static str,
    /// What the address has.
    pub value: String,
    /// What is searched: "Benefit name".
    pub hint: String,
}

/// A filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Name in the address.
    pub name: &'static str,
    /// Label.
    pub label: String,
    /// Choices; the first, with an empty value, filters nothing.
    pub choices: Vec<Choice>,
    /// What the address has.
    pub selected: String,
}

/// A day to filter by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayFilter {
    /// Name in the address.
    pub name: &'static str,
    /// Label.
    pub label: String,
    /// What the address has.
    pub day: Option<Day>,
}

/// A filter that is on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterChip {
    /// "Source: Gold Core".
    pub text: String,
    /// The address without it.
    pub href: String,
}

/// Search and filters. Their state is the address: a form without JavaScript; with it a choice
/// applies at once and typing after 300 ms, and the address goes along.
///
/// It stands outside of what is loaded, so that what is being typed stays.
#[component]
pub fn FilterBar(
    /// Address of the list, without a query.
    #[prop(into)]
    action: String,
    /// The search field.
    #[prop(optional, into)]
    find: Option<Signal<Find>>,
    /// Filters.
    #[prop(into)]
    filters: Signal<Vec<Filter>>,
    /// Days to filter by.
    #[prop(optional, into)]
    days: Signal<Vec<DayFilter>>,
    /// What else of the address stays: the sorting. Not the page.
    #[prop(optional, into)]
    kept: Signal<Vec<(String, String)>>,
    /// How many there are and how they are sorted, in words.
    #[prop(into)]
    count: Signal<String>,
    /// Filters that are on.
    #[prop(optional, into)]
    chips: Signal<Vec<FilterChip>>,
    /// The address without any filter.
    #[prop(into)]
    clear: String,
    /// Id of the form that holds what is ticked in the list. Without JavaScript the fields belong to it, so that the
    /// ticks are sent with them: it is posted with `decision` as `filter`, and leads on to the list.
    #[prop(optional, into)]
    along: Signal<Option<&'static str>>,
) -> impl IntoView {
    let texts = texts();
    let ready = browser::hydrated();
    let owner = move || along.get().filter(|_| !ready.get());
    let named =
        move |name: String| move || if owner().is_some() { format!("{ALONG}{name}") } else { name.clone() };
    let form = NodeRef::<html::Form>::new();
    let apply = applying(action.clone(), form);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let stop_waiting = move || {
        if let Some(Some(handle)) = waiting.try_update_value(Option::take) {
            handle.clear();
        }
    };
    on_cleanup(stop_waiting);
    let now = apply.clone();
    let at_once = move || {
        stop_waiting();
        now();
    };
    let (on_submit, on_change) = (at_once.clone(), at_once);
    let on_input = move |_| {
        stop_waiting();
        let apply = apply.clone();
        let handle = set_timeout_with_handle(apply.clone(), std::time::Duration::from_millis(300));
        waiting.set_value(handle.ok());
    };
    let search = find.map(|find| {
        let input = NodeRef::<html::Input>::new();
        // The address can change by a link as well; what is being typed stays.
        Effect::new(move |_| {
            let value = find.with(|find| find.value.clone());
            if let Some(input) = input.get()
                && !browser::has_focus(&input)
            {
                input.set_value(&value);
            }
        });
        let Find { name, value, hint } = find.get_untracked();
        view! {
            <div class="field find">
                <label for=format!("filter-{name}")>{texts.common_find()}</label>
                <Icon name=IconName::Search/>
                <input
                    node_ref=input
                    id=format!("filter-{name}")
                    name=named(name.to_owned())
                    form=owner
                    type="search"
                    value=value
                    placeholder=hint
                    autocomplete="off"
                    on:input=on_input
                />
            </div>
        }
    });
    let changed = on_change.clone();
    let days = move || {
        let on_change = changed.clone();
        days.get()
            .into_iter()
            .map(move |DayFilter { name, label, day }| {
                let on_change = on_change.clone();
                view! {
                    <div class="field">
                        <label for=format!("filter-{name}")>{label}</label>
                        <input
                            id=format!("filter-{name}")
                            name=named(name.to_owned())
                            form=owner
                            type="date"
                            value=day.map(|day| day.to_string())
                            on:change=move |_| on_change()
                        />
                    </div>
                }
            })
            .collect_view()
    };
    let selects = move || {
        let on_change = on_change.clone();
        filters
            .get()
            .into_iter()
            .map(move |Filter { name, label, choices, selected }| {
                let on_change = on_change.clone();
                view! {
                    <div class="field">
                        <label for=format!("filter-{name}")>{label}</label>
                        <select
                            id=format!("filter-{name}")
                            name=named(name.to_owned())
                            form=owner
                            on:change=move |_| on_change()
                        >
                            {options(choices, &selected)}
                        </select>
                    </div>
                }
            })
            .collect_view()
    };
    let kept = move || {
        kept.get()
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=named(name) form=owner value=value/> })
            .collect_view()
    };
    let on = move || {
        let chips = chips.get();
        let clear = clear.clone();
        let any = !chips.is_empty();
        let chips: Vec<_> = chips
            .into_iter()
            .map(|FilterChip { text, href }| {
                view! {
                    <a class="chip" href=href>
                        {text}
                        <Icon name=IconName::Cross/>
                        <span class="sr">{texts.common_remove_filter()}</span>
                    </a>
                }
            })
            .collect();
        (chips, any.then(move || view! { <a href=clear>{texts.common_clear_all()}</a> }))
    };
    view! {
        <search class="filters">
            <form
                method="get"
                action=action
                node_ref=form
                on:submit=move |event| {
                    event.prevent_default();
                    on_submit();
                }
            >
                {search}
                {selects}
                {days}
                {kept}
                <button
                    class="button"
                    type="submit"
                    form=owner
                    name=move || owner().map(|_| "decision")
                    value=move || owner().map(|_| "filter")
                >
                    {texts.common_apply()}
                </button>
            </form>
            <div class="chips">
                <span class="muted" role="status">{move || count.get()}</span>
                {on}
            </div>
        </search>
    }
}

/// Goes to the list as the form asks for it.
#[cfg(feature = "hydrate")]
fn applying(action: String, form: NodeRef<html::Form>) -> impl Fn() + Clone + Send + Sync + 'static {
    let navigate = StoredValue::new_local(leptos_router::hooks::use_navigate());
    move || {
        let Some(form) = form.try_get_untracked().flatten() else { return };
        let query = browser::query_of(&form);
        let address = if query.is_empty() { action.clone() } else { format!("{action}?{query}") };
        let options = leptos_router::NavigateOptions { replace: true, scroll: false, ..Default::default() };
        navigate.with_value(|navigate| navigate(&address, options));
    }
}

/// On the server the form is posted by the browser itself.
#[cfg(not(feature = "hydrate"))]
fn applying(_action: String, _form: NodeRef<html::Form>) -> impl Fn() + Clone + Send + Sync + 'static {
    || ()
}
