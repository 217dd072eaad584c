//! The parts that pages are made of; `style/` has a file for each.

mod browser;

/// Buttons: sending a form, going elsewhere, and the one that can't be pressed.
pub mod button;
/// Months as bars, with their meaning in words.
pub mod chart;
/// Choosing people by typing; a plain select without JavaScript.
pub mod combobox;
/// Copies a text and says so.
pub mod copy_button;
/// Dates that end something, and targets of the queue.
pub mod deadline;
/// Asks before something is removed or ended for somebody.
pub mod dialog;
/// Lists without rows: nothing there, still loading, failed.
pub mod empty;
/// What is wrong with a form, with a link to each field.
pub mod error_summary;
/// Fields of forms, each with label, help and what is wrong.
pub mod field;
/// Search and filters whose state is the address.
pub mod filter_bar;
/// The icons and the mark.
pub mod icon;
/// A revealed key, and identifiers in groups of three.
pub mod key_output;
/// The table that becomes cards where it is narrow.
pub mod ledger;
/// The membership's year as a rail of thirteen months.
pub mod membership_year;
/// Notices.
pub mod notice;
/// Pages of a list.
pub mod pagination;
/// Status and the processing clock.
pub mod status;
/// Steps of something that takes time.
pub mod steps;
/// Used and left, one tick a unit.
pub mod tally;
/// What was just done, said once.
pub mod toast;
/// What can't be undone, with its price left of the perforation.
pub mod voucher;
/// Why something isn't possible.
pub mod why;

pub use browser::hydrated;
pub use button::{ButtonTone, DisabledButton, LinkButton, SubmitButton};
pub use chart::{Bar, BarChart, Legend};
pub use combobox::{PeopleChooser, PersonOption};
pub use copy_button::CopyButton;
pub use deadline::{Deadline, Target};
pub use dialog::Confirm;
pub use empty::{Empty, Failed, Loading};
pub use error_summary::ErrorSummary;
pub use field::{
    Choice, ChoiceGroup, DateField, EmailField, PasswordField, SelectField, TextArea, TextField, Tick,
};
pub use filter_bar::{DayFilter, Filter, FilterBar, FilterChip, Find};
pub use icon::{Icon, IconName, Mark};
pub use key_output::{Identifier, KeyOutput};
pub use ledger::{Column, Direction, Ledger, Opener, OpeningRow};
pub use membership_year::MembershipRail;
pub use notice::{Notice, Tone};
pub use pagination::{Neighbours, Pagination};
pub use status::{ProcessingClock, Status, StatusByCode, StatusKind};
pub use steps::{Step, StepState, Steps};
pub use tally::Tally;
pub use toast::{ToastRegion, Toasts};
pub use voucher::{Point, PointKind, Points, Voucher};
pub use why::{Why, WhyKind};
