use leptos::children::ViewFnOnce;
use leptos::prelude::*;

use super::icon::{Icon, IconName};
use crate::i18n::texts;

/// What a line of a price or a condition says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PointKind {
    /// A condition that is met.
    Met,
    /// A condition that isn't met.
    NotMet,
    /// Something that ends.
    Heed,
    /// Something to know, with an icon of its own.
    Plain(IconName),
}

/// A line of a price or a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point {
    /// What it says.
    pub kind: PointKind,
    /// In a few words.
    pub title: String,
    /// The fact behind it, with its date.
    pub text: String,
}

/// What it costs, or which conditions are met: a line each.
#[component]
pub fn Points(
    /// Lines; what ends comes first.
    points: Vec<Point>,
) -> impl IntoView {
    let texts = texts();
    let lines: Vec<_> = points
        .into_iter()
        .map(|Point { kind, title, text }| {
            let (class, icon, said) = match kind {
                PointKind::Met => ("yes", IconName::Check, Some(texts.component_met())),
                PointKind::NotMet => ("no", IconName::Cross, Some(texts.component_not_met())),
                PointKind::Heed => ("heed", IconName::Warn, Some(texts.common_important())),
                PointKind::Plain(icon) => ("", icon, None),
            };
            // The shape isn't read aloud, so the word is.
            let said = said.map(|said| view! { <span class="sr">{said}" "</span> });
            view! {
                <li class=class>
                    <Icon name=icon/>
                    <b>{said}{title}</b>
                    {(!text.is_empty()).then(|| view! { <p>{text}</p> })}
                </li>
            }
        })
        .collect();
    view! { <ul class="points">{lines}</ul> }
}

/// A voucher: what it costs at the start, the perforation, and the button on the stub. Beyond the
/// perforation something ends, is spent or can't be taken back; it is used for nothing else.
#[component]
pub fn Voucher(
    /// Whether it lies on the page and not in an open row.
    #[prop(optional)]
    on_page: bool,
    /// The price.
    children: Children,
    /// What is agreed to, and the button.
    #[prop(into)]
    stub: ViewFnOnce,
) -> impl IntoView {
    view! {
        <div class=if on_page { "voucher onpage" } else { "voucher wide" }>
            <div>{children()}</div>
            <div class="stub">{stub.run()}</div>
        </div>
    }
}
