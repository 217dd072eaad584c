use leptos::html;
use leptos::prelude::*;

use super::copy_button::CopyButton;

/// A revealed key in its frame, with Copy. The focus goes to it, because it is what was asked for.
///
/// The key comes from the answer to a post, never from a resource.
#[component]
pub fn KeyOutput(
    /// The key.
    #[prop(into)]
    key: String,
    /// What it is called: "Product license key".
    #[prop(into)]
    name: String,
    /// Whether the focus goes to it.
    #[prop(default = true)]
    focus: bool,
) -> impl IntoView {
    let frame = NodeRef::<html::Output>::new();
    if focus {
        Effect::new(move |_| {
            if let Some(frame) = frame.get() {
                // An element that can't be focused any more is gone.
                let _ = frame.focus();
            }
        });
    }
    view! {
        <div class="key">
            <output node_ref=frame tabindex="-1" autofocus=focus aria-label=name.clone()>
                {key.clone()}
            </output>
            <CopyButton text=key name=name/>
        </div>
    }
}

/// Digits in groups of three: `482 016 357`. Anything else stays as it is.
#[must_use]
pub fn in_threes(id: &str) -> String {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return id.to_owned();
    }
    let mut text = String::with_capacity(id.len() + id.len() / 3);
    for (at, digit) in id.chars().enumerate() {
        if at > 0 && at % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// An identifier with its name and Copy; stands in a `<dl class="ids">`.
#[component]
pub fn Identifier(
    /// What it is called: "Access ID".
    #[prop(into)]
    name: String,
    /// The identifier, without spaces.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name.clone()}</dt>
            <dd>{in_threes(&id)} <CopyButton text=id name=name compact=true/></dd>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::in_threes;

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(in_threes("482016357"), "482 016 357");
        assert_eq!(in_threes("4820163"), "482 016 3");
        assert_eq!(in_threes(""), "");
        assert_eq!(in_threes("AB12"), "AB12");
        assert_eq!(in_threes("四八"), "四八");
    }
}
