use leptos::prelude::*;

use crate::site::asset;

macro_rules! icons {
    ($($(#[$doc:meta])* $variant:ident = $id:literal,)+) => {
        /// An icon of the set in `style/icons.svg`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum IconName { $($(#[$doc])* $variant,)+ }

        impl IconName {
            /// Every icon, for the test that each is drawn.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The symbol's id in the sprite.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => concat!("i-", $id),)+ }
            }
        }
    };
}

icons! {
    /// Software.
    Software = "software",
    /// Cloud.
    Cloud = "cloud",
    /// Developer subscriptions.
    Code = "code",
    /// Technical benefits.
    Support = "support",
    /// Go-to-market.
    Flag = "flag",
    /// Dashboard.
    Home = "home",
    /// My benefits.
    Stub = "stub",
    /// Several people.
    People = "people",
    /// One person, the account.
    Person = "person",
    /// Requests.
    Request = "request",
    /// Membership.
    Rank = "rank",
    /// Settings.
    Gear = "gear",
    /// Opens below.
    Down = "down",
    /// Next.
    Right = "right",
    /// Previous.
    Left = "left",
    /// Sorted upwards.
    Sort = "sort",
    /// Done, met.
    Check = "check",
    /// Close, take out, not met.
    Cross = "cross",
    /// Add.
    Plus = "plus",
    /// A note.
    Info = "info",
    /// A warning or an error.
    Warn = "warn",
    /// A right is missing; read-only.
    Lock = "lock",
    /// Keys.
    Key = "key",
    /// Copy.
    Copy = "copy",
    /// Download.
    Load = "load",
    /// Leaves the portal.
    Out = "out",
    /// Find.
    Search = "search",
    /// A date.
    Date = "date",
    /// Notices.
    Bell = "bell",
    /// Language.
    Globe = "globe",
    /// Menu.
    Menu = "menu",
    /// What is recorded.
    Record = "record",
    /// Mail.
    Mail = "mail",
    /// Undo, withdraw.
    Undo = "undo",
    /// Print.
    Print = "print",
    /// Ready.
    Ring = "ring",
    /// Active.
    Dot = "dot",
    /// All used.
    Full = "full",
    /// Expired, ended.
    Ended = "ended",
    /// Reports.
    Chart = "chart",
    /// Products.
    Box = "box",
    /// Organizations.
    Org = "org",
}

/// An icon, beside a word or inside something that has a label.
#[component]
pub fn Icon(
    /// Which.
    name: IconName,
) -> impl IntoView {
    let href = format!("{}#{}", asset("icons.svg"), name.id());
    view! {
        <svg class="icon" aria-hidden="true">
            <use_ href=href></use_>
        </svg>
    }
}

/// The product's mark, beside its name.
#[component]
pub fn Mark() -> impl IntoView {
    let href = format!("{}#i-mark", asset("icons.svg"));
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <use_ href=href></use_>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::IconName;

    #[test]
    fn every_icon_is_drawn_once() {
        let sprite = include_str!("../../../style/icons.svg");
        for icon in IconName::ALL {
            assert_eq!(sprite.matches(&format!("id=\"{}\"", icon.id())).count(), 1, "{icon:?}");
        }
        assert_eq!(sprite.matches("<symbol").count(), IconName::ALL.len() + 1, "the icons and the mark");
    }
}
