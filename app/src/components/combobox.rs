use std::future::Future;
use std::time::Duration;

use domain::view::seats::PersonChoice;
use leptos::children::ViewFnOnce;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use locales::Texts;

use super::field::{Choice, options as select_options};
use super::icon::{Icon, IconName};
use super::status::{Status, StatusKind};
use crate::i18n::texts;
use crate::words;

/// Typing pauses so long before a search.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody to choose.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PersonOption {
    /// What is sent.
    pub id: String,
    /// Full name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Why not, or what to know: "Has a seat". Empty where there is nothing.
    pub note: String,
    /// Whether the note forbids it.
    pub refused: bool,
}

impl PersonOption {
    /// Somebody who may get a seat.
    #[must_use]
    pub fn of(texts: Texts, choice: PersonChoice) -> Self {
        Self {
            id: choice.id.to_string(),
            name: choice.name,
            email: choice.email,
            note: words::seat_note(texts, choice.note).to_owned(),
            refused: choice.refused,
        }
    }
}

/// A text cut at what was typed, without regard to case: the parts that match stand out.
fn marked(text: &str, typed: &str) -> Vec<(bool, String)> {
    let typed: Vec<char> = typed.trim().chars().flat_map(char::to_lowercase).collect();
    let letters: Vec<(usize, char)> =
        text.char_indices().flat_map(|(at, c)| c.to_lowercase().map(move |c| (at, c))).collect();
    let found = (!typed.is_empty())
        .then(|| {
            letters.windows(typed.len()).position(|window| window.iter().map(|(_, c)| c).eq(typed.iter()))
        })
        .flatten();
    let Some(first) = found else { return vec![(false, text.to_owned())] };
    let start = letters[first].0;
    let end = letters[first..]
        .iter()
        .skip(typed.len())
        .map(|(at, _)| *at)
        .find(|at| *at > letters[first + typed.len() - 1].0)
        .unwrap_or(text.len());
    [(false, &text[..start]), (true, &text[start..end]), (false, &text[end..])]
        .into_iter()
        .filter(|(_, part)| !part.is_empty())
        .map(|(found, part)| (found, part.to_owned()))
        .collect()
}

/// The next option, round the ends; the first or last where none is.
fn moved(at: Option<usize>, count: usize, forward: bool) -> Option<usize> {
    if count == 0 {
        return None;
    }
    Some(match (at, forward) {
        (None, true) => 0,
        (None, false) => count - 1,
        (Some(at), true) => (at + 1) % count,
        (Some(at), false) => (at.min(count) + count - 1) % count,
    })
}

/// What the chooser knows; all of it can be copied into its handlers.
#[derive(Clone, Copy)]
struct State {
    texts: Texts,
    typed: RwSignal<String>,
    found: RwSignal<Vec<PersonOption>>,
    at: RwSignal<Option<usize>>,
    open: RwSignal<bool>,
    failed: RwSignal<Option<String>>,
    said: RwSignal<String>,
    chosen: RwSignal<Vec<PersonOption>>,
    single: bool,
    left: MaybeProp<i64>,
    asked: StoredValue<u32>,
}

impl State {
    /// Whether nobody more can be chosen: there is nothing left to give.
    fn full(self) -> bool {
        let chosen = i64::try_from(self.chosen.with(Vec::len)).unwrap_or(i64::MAX);
        !self.single && self.left.get().is_some_and(|left| chosen >= left)
    }

    /// Why somebody can't be chosen.
    fn refusal(self, person: &PersonOption) -> Option<String> {
        if person.refused {
            Some(person.note.clone())
        } else {
            self.full().then(|| self.texts.component_no_seat_left().to_owned())
        }
    }

    fn show(self, people: Vec<PersonOption>) {
        let chosen = self.chosen.get_untracked();
        let people: Vec<PersonOption> =
            people.into_iter().filter(|person| chosen.iter().all(|other| other.id != person.id)).collect();
        let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
        self.at.set(None);
        self.found.set(people);
        self.failed.set(None);
        self.open.set(true);
        self.said.set(self.texts.component_people_found(count));
    }

    fn fail(self, why: String) {
        self.at.set(None);
        self.found.set(Vec::new());
        self.said.set(why.clone());
        self.failed.set(Some(why));
        self.open.set(true);
    }

    fn close(self) {
        // An answer that is still on its way would open the list again.
        self.asked.update_value(|asked| *asked = asked.wrapping_add(1));
        self.open.set(false);
        self.at.set(None);
    }

    fn choose(self, person: PersonOption) {
        if let Some(why) = untrack(|| self.refusal(&person)) {
            self.said.set(format!("{}: {why}", person.name));
            return;
        }
        self.said.set(self.texts.component_person_chosen(&person.name));
        self.chosen.update(|chosen| {
            if self.single {
                chosen.clear();
            }
            if chosen.iter().all(|other| other.id != person.id) {
                chosen.push(person);
            }
        });
        self.typed.set(String::new());
        self.close();
    }

    fn take_out(self, id: &str) {
        let name = self.chosen.with_untracked(|chosen| {
            chosen.iter().find(|person| person.id == id).map(|person| person.name.clone())
        });
        if let Some(name) = name {
            self.chosen.update(|chosen| chosen.retain(|person| person.id != id));
            self.said.set(self.texts.component_person_taken_out(name));
        }
    }
}

/// Chooses people by typing a name or an address. Who can't be chosen stands there with the
/// reason. On the server and without JavaScript it is a select for one person at a time.
#[component]
pub fn PeopleChooser<S, F>(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form; sent once for each person.
    #[prop(default = "people".to_owned(), into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// People to begin with, and those of the select.
    people: Vec<PersonOption>,
    /// Who is chosen; the page's button counts them.
    chosen: RwSignal<Vec<PersonOption>>,
    /// How many can be chosen at most.
    #[prop(optional, into)]
    left: MaybeProp<i64>,
    /// Whether only one person can be chosen.
    #[prop(optional)]
    single: bool,
    /// Finds people by what was typed; the error is in words.
    search: S,
    /// Below the field: the way to add somebody who isn't in the list.
    #[prop(optional, into)]
    help: Option<ViewFnOnce>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
) -> impl IntoView
where
    S: Fn(String) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Vec<PersonOption>, String>> + 'static,
{
    let texts = texts();
    let state = State {
        texts,
        typed: RwSignal::new(String::new()),
        found: RwSignal::new(Vec::new()),
        at: RwSignal::new(None),
        open: RwSignal::new(false),
        failed: RwSignal::new(None),
        said: RwSignal::new(String::new()),
        chosen,
        single,
        left,
        asked: StoredValue::new(0),
    };
    let search = StoredValue::new(search);
    let people = StoredValue::new(people);
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    on_cleanup(move || {
        if let Some(Some(handle)) = waiting.try_update_value(Option::take) {
            handle.clear();
        }
    });
    let ask = Callback::new(move |text: String| {
        if let Some(Some(handle)) = waiting.try_update_value(Option::take) {
            handle.clear();
        }
        state.asked.update_value(|asked| *asked = asked.wrapping_add(1));
        let number = state.asked.get_value();
        if text.trim().is_empty() {
            state.show(people.get_value());
            return;
        }
        let look = move || {
            if state.asked.try_get_value() != Some(number) {
                return;
            }
            let Some(answer) = search.try_with_value(|search| search(text.trim().to_owned())) else { return };
            leptos::task::spawn_local(async move {
                let answer = answer.await;
                // Something else was typed meanwhile, or the page is gone.
                if state.asked.try_get_value() != Some(number) {
                    return;
                }
                match answer {
                    Ok(people) => state.show(people),
                    Err(why) => state.fail(why),
                }
            });
        };
        waiting.set_value(set_timeout_with_handle(look, PAUSE).ok());
    });

    let select = NodeRef::<html::Select>::new();
    let typing = RwSignal::new(false);
    Effect::new(move |_| {
        // What was chosen in the select before this ran stays chosen.
        if let Some(select) = select.get_untracked() {
            let value = select.value();
            let person = people.with_value(|people| people.iter().find(|person| person.id == value).cloned());
            if let Some(person) = person.filter(|person| !person.refused)
                && chosen.with_untracked(|chosen| chosen.iter().all(|other| other.id != person.id))
            {
                chosen.update(|chosen| chosen.push(person));
            }
        }
        typing.set(true);
    });

    let help_id = format!("{id}-help");
    let error_id = format!("{id}-error");
    let describedby = {
        let (help, fault) = (help.is_some().then(|| help_id.clone()), error_id.clone());
        move || {
            let fault = error.with(Option::is_some).then(|| fault.clone());
            let ids: Vec<String> = fault.into_iter().chain(help.clone()).collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    let invalid = move || error.with(|error| error.is_some().then_some("true"));
    let control = {
        let id = id.clone();
        move || {
            if typing.get() {
                let (id, name, describedby) = (id.clone(), name.clone(), describedby.clone());
                combobox(id, name, state, ask, describedby, invalid).into_any()
            } else {
                let selected = chosen.with_untracked(|chosen| {
                    chosen.first().map(|person| person.id.clone()).unwrap_or_default()
                });
                let choices = std::iter::once(Choice::new("", texts.component_choose_person()))
                    .chain(people.get_value().into_iter().map(|person| Choice {
                        value: person.id,
                        text: person.name,
                        note: person.note,
                        refused: person.refused,
                    }))
                    .collect();
                let describedby = describedby.clone();
                view! {
                    <select
                        id=id.clone()
                        name=name.clone()
                        node_ref=select
                        aria-describedby=describedby
                        aria-invalid=invalid
                    >
                        {select_options(choices, &selected)}
                    </select>
                }
                .into_any()
            }
        }
    };
    let fault = move || {
        let error_id = error_id.clone();
        error.get().map(|fault| {
            view! { <p class="error" id=error_id><Icon name=IconName::Warn/><span>{fault}</span></p> }
        })
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {control}
            {fault}
            {help.map(|help| view! { <p class="help" id=help_id>{help.run()}</p> })}
            <span class="sr" role="status">{move || state.said.get()}</span>
        </div>
    }
}

fn combobox(
    id: String,
    name: String,
    state: State,
    ask: Callback<String>,
    describedby: impl Fn() -> Option<String> + Send + Sync + 'static,
    invalid: impl Fn() -> Option<&'static str> + Send + Sync + 'static,
) -> impl IntoView {
    let texts = state.texts;
    let input = NodeRef::<html::Input>::new();
    let list_id = format!("{id}-list");
    let option_id = {
        let id = id.clone();
        move |at: usize| format!("{id}-option-{at}")
    };

    // The option that is current stays in sight.
    let scrolled = NodeRef::<html::Div>::new();
    Effect::new({
        let option_id = option_id.clone();
        move |_| {
            let Some(at) = state.at.get() else { return };
            let (Some(list), Some(option)) =
                (scrolled.get_untracked(), document().get_element_by_id(&option_id(at)))
            else {
                return;
            };
            let option: leptos::web_sys::HtmlElement = option.unchecked_into();
            let (top, end) = (option.offset_top(), option.offset_top() + option.offset_height());
            if top < list.scroll_top() {
                list.set_scroll_top(top);
            } else if end > list.scroll_top() + list.client_height() {
                list.set_scroll_top(end - list.client_height());
            }
        }
    });

    let on_key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        // A key that ends a word in an input method isn't meant for the list.
        _ if event.is_composing() => {}
        key @ ("ArrowDown" | "ArrowUp") => {
            event.prevent_default();
            if state.open.get_untracked() {
                let count = state.found.with_untracked(Vec::len);
                state.at.update(|at| *at = moved(*at, count, key == "ArrowDown"));
            } else {
                ask.run(state.typed.get_untracked());
            }
        }
        "Enter" => {
            let person = state
                .at
                .get_untracked()
                .filter(|_| state.open.get_untracked())
                .and_then(|at| state.found.with_untracked(|found| found.get(at).cloned()));
            // What was typed but not chosen would be lost with the form.
            if person.is_some() || !state.typed.with_untracked(String::is_empty) {
                event.prevent_default();
            }
            if let Some(person) = person {
                state.choose(person);
            }
        }
        "Escape" => {
            if state.open.get_untracked() {
                // It closes the list, not the dialog around it.
                event.prevent_default();
                event.stop_propagation();
                state.close();
            } else {
                state.typed.set(String::new());
            }
        }
        "Backspace" if state.typed.with_untracked(String::is_empty) => {
            if let Some(last) =
                state.chosen.with_untracked(|chosen| chosen.last().map(|person| person.id.clone()))
            {
                state.take_out(&last);
            }
        }
        _ => {}
    };

    let chips = move || {
        let chips: Vec<_> = state
            .chosen
            .get()
            .into_iter()
            .map(|person| {
                let id = person.id.clone();
                let press = move |_| {
                    state.take_out(&id);
                    // The chip is gone; the focus goes on where one chooses.
                    if let Some(input) = input.get_untracked() {
                        let _ = input.focus();
                    }
                };
                view! {
                    <input type="hidden" name=name.clone() value=person.id/>
                    <button class="chip" type="button" on:click=press>
                        {person.name}
                        <Icon name=IconName::Cross/>
                        <span class="sr">{texts.component_take_out()}</span>
                    </button>
                }
            })
            .collect();
        (!chips.is_empty()).then(|| view! { <div class="chosen">{chips}</div> })
    };

    let current = {
        let option_id = option_id.clone();
        move || state.open.get().then(|| state.at.get().map(&option_id)).flatten()
    };
    let rows = move || {
        let typed = state.typed.get_untracked();
        let (full, option_id) = (state.full(), option_id.clone());
        state
            .found
            .get()
            .into_iter()
            .enumerate()
            .map(|(at, person)| {
                let refused = person.refused || full;
                let note = untrack(|| state.refusal(&person)).unwrap_or_else(|| person.note.clone());
                let note = (!note.is_empty()).then(|| view! { <Status kind=StatusKind::Used text=note/> });
                let (name, email) = (highlighted(&person.name, &typed), highlighted(&person.email, &typed));
                view! {
                    <li
                        role="option"
                        id=option_id(at)
                        class:now=move || state.at.get() == Some(at)
                        aria-selected=move || if state.at.get() == Some(at) { "true" } else { "false" }
                        aria-disabled=refused.then_some("true")
                        on:click=move |_| state.choose(person.clone())
                    >
                        <span>{name}</span>
                        <small>{email}</small>
                        {note}
                    </li>
                }
            })
            .collect_view()
    };
    let none = move || {
        let why = state.failed.get();
        (why.is_some() || state.found.with(Vec::is_empty)).then(|| {
            let why = why.unwrap_or_else(|| texts.component_nobody_found().to_owned());
            view! { <p class="none">{why}</p> }
        })
    };
    view! {
        <div class="combo">
            {chips}
            <input
                node_ref=input
                id=id
                type="text"
                role="combobox"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-autocomplete="list"
                aria-controls=list_id.clone()
                aria-expanded=move || if state.open.get() { "true" } else { "false" }
                aria-activedescendant=current
                aria-describedby=describedby
                aria-invalid=invalid
                prop:value=move || state.typed.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    state.typed.set(text.clone());
                    ask.run(text);
                }
                on:focus=move |_| ask.run(state.typed.get_untracked())
                on:blur=move |_| state.close()
                on:keydown=on_key
            />
            // Pressing an option leaves the focus in the field.
            <div
                class="list"
                node_ref=scrolled
                hidden=move || !state.open.get()
                on:mousedown=|event| event.prevent_default()
            >
                <ul id=list_id role="listbox" aria-label=texts.field_people() class="options">
                    {rows}
                </ul>
                {none}
            </div>
        </div>
    }
}

fn highlighted(text: &str, typed: &str) -> Vec<AnyView> {
    marked(text, typed)
        .into_iter()
        .map(|(found, part)| if found { view! { <mark>{part}</mark> }.into_any() } else { part.into_any() })
        .collect()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos::prelude::*;

    use super::{PeopleChooser, PersonOption, marked, moved};

    #[test]
    fn the_server_writes_a_select_with_the_reasons() {
        let people = vec![
            PersonOption { id: "1".to_owned(), name: "Linnea".to_owned(), ..PersonOption::default() },
            PersonOption {
                id: "2".to_owned(),
                name: "Malin".to_owned(),
                note: "Has a seat".to_owned(),
                refused: true,
                ..PersonOption::default()
            },
        ];
        let html = Owner::new().with(|| {
            let chosen = RwSignal::new(vec![people[0].clone()]);
            let search = |_| std::future::ready(Ok(Vec::new()));
            view! {
                <PeopleChooser
                    id="who"
                    label="Person"
                    people=people
                    chosen=chosen
                    search=search
                    error="Choose somebody."
                />
            }
            .into_view()
            .to_html()
        });
        assert!(html.contains("<select id=\"who\" name=\"people\""), "{html}");
        assert!(!html.contains("combobox"), "{html}");
        let options: Vec<&str> = html.split("<option").skip(1).collect();
        assert_eq!(options.len(), 3, "{html}");
        assert!(options[1].contains("selected") && !options[1].contains("disabled"), "{html}");
        assert!(options[2].contains("disabled") && options[2].contains("Malin (Has a seat)"), "{html}");
        assert!(html.contains("aria-describedby=\"who-error\""), "{html}");
    }

    fn shown(text: &str, typed: &str) -> String {
        marked(text, typed)
            .into_iter()
            .map(|(found, part)| if found { format!("[{part}]") } else { part })
            .collect()
    }

    #[test]
    fn what_was_typed_stands_out() {
        assert_eq!(shown("Linnea Achterberg", "lin"), "[Lin]nea Achterberg");
        assert_eq!(shown("Malin Thistlewood", " LIN "), "Ma[lin] Thistlewood");
        assert_eq!(shown("沈知遥", "知遥"), "沈[知遥]");
        assert_eq!(shown("Maren Tolvik", "x"), "Maren Tolvik");
        assert_eq!(shown("Maren Tolvik", "  "), "Maren Tolvik");
        assert_eq!(shown("Ann", "annabel"), "Ann");
        // A letter that is two in lower case.
        assert_eq!(shown("İpek", "i"), "[İ]pek");
        assert_eq!(shown("", "a"), "");
    }

    #[test]
    fn the_arrows_go_round() {
        assert_eq!(moved(None, 3, true), Some(0));
        assert_eq!(moved(None, 3, false), Some(2));
        assert_eq!(moved(Some(2), 3, true), Some(0));
        assert_eq!(moved(Some(0), 3, false), Some(2));
        assert_eq!(moved(Some(9), 3, false), Some(2));
        assert_eq!(moved(Some(0), 0, true), None);
    }
}
