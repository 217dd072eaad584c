use domain::Day;
use leptos::prelude::*;

use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// A choice of a select or a group.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
    /// Why it can't be chosen, or what to know; empty where there is nothing.
    pub note: String,
    /// Whether it can't be chosen.
    pub refused: bool,
}

impl Choice {
    /// A choice that can be chosen.
    #[must_use]
    pub fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into(), ..Self::default() }
    }

    /// A choice that is shown with the reason why it can't be chosen.
    #[must_use]
    pub fn refused(value: impl Into<String>, text: impl Into<String>, why: impl Into<String>) -> Self {
        Self { note: why.into(), refused: true, ..Self::new(value, text) }
    }
}

/// What describes a control: its fault in place of its help.
fn described(
    id: &str,
    has_help: bool,
    error: MaybeProp<String>,
) -> impl Fn() -> Option<String> + Clone + Send + Sync + use<> {
    let id = id.to_owned();
    move || match error.with(Option::is_some) {
        true => Some(format!("{id}-error")),
        false => has_help.then(|| format!("{id}-help")),
    }
}

fn invalid(error: MaybeProp<String>) -> impl Fn() -> Option<&'static str> + Clone + Send + Sync + 'static {
    move || error.with(|error| error.is_some().then_some("true"))
}

/// Help or fault below a control.
fn below(id: &str, help: Option<String>, error: MaybeProp<String>) -> impl IntoView + use<> {
    let id = id.to_owned();
    move || match error.get() {
        Some(fault) => view! {
            <p class="error" id=format!("{id}-error")>
                <Icon name=IconName::Warn/>
                <span>{fault}</span>
            </p>
        }
        .into_any(),
        None => {
            help.clone().map(|help| view! { <p class="help" id=format!("{id}-help")>{help}</p> }).into_any()
        }
    }
}

/// Label above, control, help or fault below.
fn framed(
    id: &str,
    label: String,
    optional: bool,
    help: Option<String>,
    error: MaybeProp<String>,
    wide: bool,
    control: AnyView,
) -> impl IntoView + use<> {
    let optional = optional.then(|| view! { <span class="muted">" · "{texts().common_optional()}</span> });
    view! {
        <div class=if wide { "field full" } else { "field" }>
            <label for=id.to_owned()>{label}{optional}</label>
            {control}
            {below(id, help, error)}
        </div>
    }
}

/// A line of text.
#[component]
pub fn TextField(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// What it holds at first, or held when it was refused.
    #[prop(optional, into)]
    value: String,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(optional, into)]
    autocomplete: Option<String>,
    /// Keyboard on a phone: `numeric`, `tel`.
    #[prop(optional, into)]
    inputmode: Option<String>,
    /// Characters at most.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says beside the label that it can stay empty.
    #[prop(optional)]
    optional: bool,
    /// Has the focus at first.
    #[prop(optional)]
    autofocus: bool,
    /// As wide as the form.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let control = view! {
        <input
            id=id.clone()
            name=name
            type=kind
            value=value
            autocomplete=autocomplete
            inputmode=inputmode
            maxlength=maxlength.map(|most| most.to_string())
            required=required
            autofocus=autofocus
            aria-describedby=described(&id, help.is_some(), error)
            aria-invalid=invalid(error)
        />
    };
    framed(&id, label, optional, help, error, wide, control.into_any())
}

/// A mail address.
#[component]
pub fn EmailField(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// What it holds at first, or held when it was refused.
    #[prop(optional, into)]
    value: String,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// What the browser may fill in; `off` for the address of somebody else.
    #[prop(optional, into)]
    autocomplete: Option<String>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says beside the label that it can stay empty.
    #[prop(optional)]
    optional: bool,
    /// Has the focus at first.
    #[prop(optional)]
    autofocus: bool,
    /// As wide as the form.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    // The server checks the address; the browser's own check would answer in the browser's language.
    let control = view! {
        <input
            id=id.clone()
            name=name
            type="text"
            inputmode="email"
            autocapitalize="none"
            spellcheck="false"
            value=value
            autocomplete=autocomplete
            required=required
            autofocus=autofocus
            aria-describedby=described(&id, help.is_some(), error)
            aria-invalid=invalid(error)
        />
    };
    framed(&id, label, optional, help, error, wide, control.into_any())
}

/// A password. It has no value on purpose: what was typed is never sent back.
#[component]
pub fn PasswordField(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// Whether it is a new one and not the current one.
    #[prop(optional)]
    new: bool,
) -> impl IntoView {
    let control = view! {
        <input
            id=id.clone()
            name=name
            type="password"
            autocomplete=if new { "new-password" } else { "current-password" }
            required
            aria-describedby=described(&id, help.is_some(), error)
            aria-invalid=invalid(error)
        />
    };
    framed(&id, label, false, help, error, false, control.into_any())
}

/// A day.
#[component]
pub fn DateField(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// What it holds at first, or held when it was refused: `2026-12-12`.
    #[prop(optional, into)]
    value: String,
    /// The first day that can be chosen.
    #[prop(optional, into)]
    first: Option<Day>,
    /// The last day that can be chosen.
    #[prop(optional, into)]
    last: Option<Day>,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says beside the label that it can stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let control = view! {
        <input
            id=id.clone()
            name=name
            type="date"
            value=value
            min=first.map(|day| day.to_string())
            max=last.map(|day| day.to_string())
            required=required
            aria-describedby=described(&id, help.is_some(), error)
            aria-invalid=invalid(error)
        />
    };
    framed(&id, label, optional, help, error, false, control.into_any())
}

/// The options of a select. What can't be chosen stands there with its reason.
pub(super) fn options(choices: Vec<Choice>, selected: &str) -> Vec<AnyView> {
    choices
        .into_iter()
        .map(|Choice { value, text, note, refused }| {
            let text = if note.is_empty() { text } else { texts().component_choice_note(text, note) };
            let chosen = value == selected;
            view! { <option value=value selected=chosen disabled=refused>{text}</option> }.into_any()
        })
        .collect()
}

/// One choice out of a list.
#[component]
pub fn SelectField(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// Choices.
    choices: Vec<Choice>,
    /// Value of the one that is chosen at first.
    #[prop(optional, into)]
    selected: String,
    /// Text of an empty first choice; none where one must be chosen anyway.
    #[prop(optional, into)]
    empty: Option<String>,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// One must be chosen.
    #[prop(optional)]
    required: bool,
    /// Says beside the label that it can stay empty.
    #[prop(optional)]
    optional: bool,
    /// As wide as the form.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let choices: Vec<Choice> = empty.map(|text| Choice::new("", text)).into_iter().chain(choices).collect();
    let control = view! {
        <select
            id=id.clone()
            name=name
            required=required
            aria-describedby=described(&id, help.is_some(), error)
            aria-invalid=invalid(error)
        >
            {options(choices, &selected)}
        </select>
    };
    framed(&id, label, optional, help, error, wide, control.into_any())
}

/// The content of a text area. Leptos writes it into the page as it is, so the server escapes it,
/// and begins with the line break that browsers leave out; in the browser it is a text node.
fn area_content(value: String) -> String {
    if !cfg!(feature = "ssr") {
        return value;
    }
    let mut content = String::with_capacity(value.len() + 16);
    content.push('\n');
    for c in value.chars() {
        match c {
            '&' => content.push_str("&amp;"),
            '<' => content.push_str("&lt;"),
            '>' => content.push_str("&gt;"),
            _ => content.push(c),
        }
    }
    content
}

/// Several lines of text. The only place that writes a `textarea`: see [`area_content`].
#[component]
pub fn TextArea(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// Label.
    #[prop(into)]
    label: String,
    /// What it holds at first, or held when it was refused.
    #[prop(optional, into)]
    value: String,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
    /// Characters at most.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says beside the label that it can stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let control = view! {
        <textarea
            id=id.clone()
            name=name
            maxlength=maxlength.map(|most| most.to_string())
            required=required
            aria-describedby=described(&id, help.is_some(), error)
            aria-invalid=invalid(error)
        >
            {area_content(value)}
        </textarea>
    };
    framed(&id, label, optional, help, error, true, control.into_any())
}

/// A box to tick.
#[component]
pub fn Tick(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// What is sent when it is ticked.
    #[prop(default = "true".to_owned(), into)]
    value: String,
    /// What one agrees to.
    #[prop(into)]
    label: String,
    /// Whether it is ticked at first.
    #[prop(optional)]
    checked: bool,
    /// Must be ticked.
    #[prop(optional)]
    required: bool,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label class="tick">
                <input
                    id=id.clone()
                    name=name
                    type="checkbox"
                    value=value
                    checked=checked
                    required=required
                    aria-describedby=described(&id, false, error)
                    aria-invalid=invalid(error)
                />
                <span>{label}</span>
            </label>
            {below(&id, None, error)}
        </div>
    }
}

/// Choices that all stand there: one of them, or several.
#[component]
pub fn ChoiceGroup(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// Name in the form.
    #[prop(into)]
    name: String,
    /// What is chosen.
    #[prop(into)]
    label: String,
    /// Choices.
    choices: Vec<Choice>,
    /// Values of those that are chosen at first.
    #[prop(optional)]
    selected: Vec<String>,
    /// Whether several can be chosen.
    #[prop(optional)]
    several: bool,
    /// How it should be.
    #[prop(optional, into)]
    help: Option<String>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: MaybeProp<String>,
) -> impl IntoView {
    let kind = if several { "checkbox" } else { "radio" };
    let boxes: Vec<_> = choices
        .into_iter()
        .enumerate()
        .map(|(at, Choice { value, text, note, refused })| {
            // The summary of faults links to the group's id: its first box.
            let box_id = if at == 0 { id.clone() } else { format!("{id}-{at}") };
            let note_id = format!("{box_id}-note");
            let describedby = (!note.is_empty()).then(|| note_id.clone());
            let checked = selected.contains(&value);
            view! {
                <div>
                    <label class="tick">
                        <input
                            id=box_id
                            name=name.clone()
                            type=kind
                            value=value
                            checked=checked
                            disabled=refused
                            aria-describedby=describedby
                        />
                        <span>{text}</span>
                    </label>
                    {(!note.is_empty()).then(|| view! { <p class="small muted" id=note_id>{note}</p> })}
                </div>
            }
        })
        .collect();
    let describedby = described(&id, help.is_some(), error);
    view! {
        <fieldset class="group field full" aria-describedby=describedby>
            <legend>{label}</legend>
            {boxes}
            {below(&id, help, error)}
        </fieldset>
    }
}

#[cfg(all(test, feature = "ssr"))]
#[allow(clippy::expect_used)]
mod tests {
    use leptos::prelude::*;

    use super::{Choice, ChoiceGroup, PasswordField, SelectField, TextArea, TextField, Tick};

    /// What a browser reads between the tags, entities turned back.
    fn content_of(html: &str) -> String {
        let (_, rest) = html.split_once("<textarea").expect("a text area");
        let (_, rest) = rest.split_once('>').expect("its end");
        let (content, _) = rest.split_once("</textarea>").expect("its closing tag");
        let content = content.strip_prefix('\n').unwrap_or(content);
        content.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    fn rendered<V: IntoView>(view: impl FnOnce() -> V) -> String {
        Owner::new().with(|| view().into_view().to_html())
    }

    #[test]
    fn a_text_area_stays_closed_whatever_it_holds() {
        for value in [
            "</textarea><script>alert(1)</script>",
            "&lt;/textarea&gt; & <b>",
            "\nfirst line is empty",
            "\r\n",
            "",
            "沈知遥 </TEXTAREA x>",
        ] {
            let html = rendered(|| view! { <TextArea id="d" name="d" label="Description" value=value/> });
            assert_eq!(html.to_lowercase().matches("</textarea").count(), 1, "{html}");
            assert!(!html.contains("<script"), "{html}");
            assert_eq!(content_of(&html), value, "{html}");
        }
    }

    #[test]
    fn a_value_stays_inside_its_attribute() {
        let value = "\"><script>alert(1)</script>";
        let html = rendered(|| view! { <TextField id="t" name="t" label="Title" value=value/> });
        assert!(!html.contains("\"><script"), "{html}");
        assert!(html.contains("value=\"&quot;"), "{html}");
    }

    #[test]
    fn a_password_has_no_value() {
        let html = rendered(|| view! { <PasswordField id="p" name="password" label="Password"/> });
        assert!(!html.contains("value="), "{html}");
    }

    #[test]
    fn a_fault_describes_its_field_in_place_of_the_help() {
        let html = rendered(|| {
            view! { <TextField id="t" name="t" label="Title" help="At most 80." error="It is empty."/> }
        });
        assert!(html.contains("aria-describedby=\"t-error\""), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
        assert!(html.contains("id=\"t-error\"") && !html.contains("At most 80."), "{html}");
        let html = rendered(|| view! { <TextField id="t" name="t" label="Title" help="At most 80."/> });
        assert!(html.contains("aria-describedby=\"t-help\"") && html.contains("id=\"t-help\""), "{html}");
        assert!(!html.contains("aria-invalid"), "{html}");
        let html = rendered(|| view! { <Tick id="t" name="t" label="I know" error="Tick it."/> });
        assert!(html.contains("aria-describedby=\"t-error\"") && html.contains("Tick it."), "{html}");
    }

    #[test]
    fn what_was_chosen_stays_chosen_and_refusals_are_read() {
        let choices =
            || vec![Choice::new("a", "A"), Choice::new("b", "B"), Choice::refused("c", "C", "Has a seat")];
        let html = rendered(|| {
            view! { <SelectField id="s" name="s" label="Person" choices=choices() selected="b"/> }
        });
        let chosen: Vec<&str> = html.split("<option").filter(|option| option.contains("selected")).collect();
        assert_eq!(chosen.len(), 1, "{html}");
        assert!(chosen[0].contains("value=\"b\""), "{html}");
        assert!(html.contains("Has a seat") && html.contains("disabled"), "{html}");
        let html = rendered(|| {
            let selected = vec!["b".to_owned()];
            view! { <ChoiceGroup id="g" name="g" label="Roles" choices=choices() selected=selected several=true/> }
        });
        assert_eq!(html.matches("checkbox").count(), 3, "{html}");
        assert_eq!(html.matches("checked").count(), 1, "{html}");
    }
}
