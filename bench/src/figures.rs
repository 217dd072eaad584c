//! What is measured, a file for each name of the command.

pub mod assign;
pub mod browser;
pub mod bytes;
pub mod console;
pub mod durability;
pub mod footprint;
pub mod growth;
pub mod import;
pub mod oversell;
pub mod page;
pub mod people;
pub mod sign_in;

use clap::ValueEnum;

use crate::Outcome;
use crate::plan::Plan;
use crate::report::Section;

/// What can be measured alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Name {
    /// The Visual Studio page with 50 rows, beside the same by hand
    Page,
    /// Pages over 1,000 and over 1,000,000 assignments
    Growth,
    /// The console over a large programme
    Console,
    /// The user list of 100 and of 10,000 people
    People,
    /// A file of 100,000 rows from the older portal
    Import,
    /// Assigning seats, beside the same statements by hand
    Assign,
    /// More people than seats: nothing is given twice
    Oversell,
    /// The server killed, the database stopped, the disk full: nothing acknowledged is lost
    Durability,
    /// Bytes until a page is interactive
    Bytes,
    /// Clicks, long tasks and Lighthouse in a browser
    Browser,
    /// Memory, start and size
    Footprint,
    /// Signing in, and others meanwhile
    SignIn,
}

impl Name {
    /// All, in the order in which they are measured and told.
    pub const ALL: [Self; 12] = [
        Self::Page,
        Self::Growth,
        Self::Console,
        Self::People,
        Self::Import,
        Self::Assign,
        Self::Oversell,
        Self::Durability,
        Self::Bytes,
        Self::Browser,
        Self::Footprint,
        Self::SignIn,
    ];

    /// As it is typed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Growth => "growth",
            Self::Console => "console",
            Self::People => "people",
            Self::Import => "import",
            Self::Assign => "assign",
            Self::Oversell => "oversell",
            Self::Durability => "durability",
            Self::Bytes => "bytes",
            Self::Browser => "browser",
            Self::Footprint => "footprint",
            Self::SignIn => "sign-in",
        }
    }

    /// Measures it.
    ///
    /// # Errors
    /// Whatever keeps it from being measured: a figure without its checks is none.
    pub async fn measure(self, plan: &Plan) -> Outcome<Section> {
        match self {
            Self::Page => page::measure(plan).await,
            Self::Growth => growth::measure(plan).await,
            Self::Console => console::measure(plan).await,
            Self::People => people::measure(plan).await,
            Self::Import => import::measure(plan).await,
            Self::Assign => assign::measure(plan).await,
            Self::Oversell => oversell::measure(plan).await,
            Self::Durability => durability::measure(plan).await,
            Self::Bytes => bytes::measure(plan).await,
            Self::Browser => browser::measure(plan).await,
            Self::Footprint => footprint::measure(plan).await,
            Self::SignIn => sign_in::measure(plan).await,
        }
    }
}

/// Says what is being done, on the standard error.
fn say(text: impl AsRef<str>) {
    eprintln!("    {}", text.as_ref());
}
