//! The older portal: its records taken over from a file, and what its companies are told (rule 22).
//!
//! Whoever has a record there reads it here until the company enrols. Every import checks the whole file
//! before it writes any of it, writes in one transaction, and run again changes only what changed there.

mod catalogue;
mod check;
mod file;
mod invite;
mod notice;
pub mod on_clock;
mod parse;
mod present;
mod tables;
mod write;

use std::path::Path;

use domain::older_portal::RowFault;
use domain::{Error, ErrorCode};

use crate::change::programme_chain;
use crate::request::Request;
use crate::{Failure, Outcome, Service, sql};

pub use file::{Format, template};
pub(crate) use notice::notice;

/// How an import goes about it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Wanted {
    /// Whether rows without a fault are written where others have one.
    pub valid_rows: bool,
    /// Whether companies that weren't invited yet are.
    pub invite: bool,
}

/// How far an import is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Rows read so far.
    Read(usize),
    /// Rows written so far, and how many there are to write.
    Written(usize, usize),
}

/// What came of an import.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// Rows of the file.
    pub rows: usize,
    /// Companies that they are about.
    pub companies: usize,
    /// Rows of what wasn't here before.
    pub added: usize,
    /// Rows that differed from what was here.
    pub updated: usize,
    /// Rows that say what is here already.
    pub unchanged: usize,
    /// Rows about companies whose record is view-only for good: left as they are.
    pub view_only: usize,
    /// Companies that were invited.
    pub invited: usize,
    /// Rows with a fault.
    pub faulty: usize,
    /// What is wrong, by line.
    pub faults: Vec<RowFault>,
    /// Whether anything could be written: not where a row is faulty and only all rows were wanted.
    pub written: bool,
}

/// Takes the records of a file over: every row is checked, then all of them are written, or, as wanted,
/// those without a fault; in one transaction with the companies' audit events and mail.
///
/// # Errors
/// [`ErrorCode::NotText`], [`ErrorCode::MissingColumn`] with its code, [`ErrorCode::NoRows`],
/// [`ErrorCode::TooManyRows`] about the file; [`ErrorCode::NotFound`] where the database has no
/// programme; [`Failure::Database`].
pub async fn import(
    service: &Service,
    path: &Path,
    wanted: Wanted,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Outcome<Report> {
    let catalogue = catalogue::load(service.database.reader()).await?;
    let mut book = parse::Book::default();
    let now = service.now();
    file::read(path, &mut |raw| {
        book.take(&catalogue, raw, now);
        if book.rows().is_multiple_of(1_000) {
            progress(Progress::Read(book.rows()));
        }
        Ok(())
    })?;
    if book.rows() == 0 {
        return Err(ErrorCode::NoRows.into());
    }
    progress(Progress::Read(book.rows()));
    let request = Request::of_worker(service);
    let transaction = service.database.begin().await?;
    let mut report = Report { rows: book.rows(), ..Report::default() };
    let companies = check::check(&transaction, &catalogue, book, &mut report).await?;
    report.companies = companies.len();
    if report.faulty > 0 && !wanted.valid_rows {
        return Ok(report);
    }
    let total = report.rows - report.faulty;
    let writer = write::Writer::new(service, &request, &transaction, &catalogue, wanted, now);
    for some in companies.chunks(write::BATCH) {
        writer.write(some, &mut report).await?;
        let done = report.added + report.updated + report.unchanged + report.view_only;
        progress(Progress::Written(done, total));
    }
    transaction.commit().await?;
    report.written = true;
    if report.invited > 0 {
        service.live.tell(crate::live::Changed::Mail);
    }
    Ok(report)
}

/// Where the older portal is, and whom its companies ask about technical benefits.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Place {
    /// Its sign-in link.
    pub sign_in_link: Option<String>,
    /// Contact for technical benefits: an address or a phone number, as it is to be read.
    pub technical_contact: Option<String>,
}

/// Says where the older portal is; what isn't given stays.
///
/// # Errors
/// [`ErrorCode::MalformedAddress`] for a link that isn't `https`; [`ErrorCode::ControlCharacters`] or
/// [`ErrorCode::TooLong`] for a contact that is no line; [`Failure::Database`].
pub async fn set_place(service: &Service, place: Place) -> Outcome<()> {
    let Place { sign_in_link, technical_contact } = place;
    if sign_in_link.as_deref().is_some_and(|link| !is_link(link)) {
        return Err(ErrorCode::MalformedAddress.into());
    }
    let contact = technical_contact
        .map(|text| domain::text::Line::parse(domain::Field::Description, &text, CONTACT_MAX))
        .transpose()
        .map_err(|fault| Error::new(fault.code))?;
    let request = Request::of_worker(service);
    let mut change = crate::change::Change::begin_unasked(service, &request).await?;
    let text = "insert into older_portal (id, sign_in_link, technical_contact) values (1, $1, $2)
        on conflict (id) do update set
            sign_in_link = coalesce(excluded.sign_in_link, older_portal.sign_in_link),
            technical_contact = coalesce(excluded.technical_contact, older_portal.technical_contact)";
    let values = [sign_in_link.into(), contact.map(String::from).into()];
    sql::run(&change.transaction, text, values).await?;
    change.record(crate::audit::Event::new(
        programme_chain(),
        domain::AuditAction::OlderPortalSet,
        "older_portal",
        1,
    ));
    change.commit(()).await
}

/// The longest contact, in characters.
const CONTACT_MAX: usize = 200;

/// Whether readers can be led there.
pub(crate) fn is_link(link: &str) -> bool {
    url::Url::parse(link).is_ok_and(|url| url.scheme() == "https" && url.has_host())
}

/// A fault of the importer's own making.
fn broken(what: &'static str, row: impl ToString) -> Failure {
    Failure::broken("older_portal", what, row)
}
