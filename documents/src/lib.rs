//! Invoices and credit notes as PDF files, in the three languages.
//!
//! A file depends on its [`Invoice`] alone: the same one gives the same bytes, whenever it is written.
//! The text in it can be selected, searched and read aloud (PDF/UA-1). There is no I/O: both fonts
//! are part of the program.

mod arrangement;
mod fonts;
mod layout;
mod pdf;
mod typeset;

use domain::order::PaymentMethod;
use domain::{Day, Language};
use locales::Texts;

/// Which document about money it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What was to be paid.
    Invoice,
    /// What is given back.
    CreditNote {
        /// Number of the invoice whose amount it gives back.
        invoice: i64,
    },
}

/// Who buys.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Buyer {
    /// Name of the company when the document was issued.
    pub name: String,
    /// Lines of its address, without the name; none where it isn't known.
    pub address: Vec<String>,
}

/// What was bought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Name of the offer in the language of the document.
    pub offer: String,
    /// How many.
    pub quantity: i64,
    /// What they cost together, in the smallest unit of the currency.
    pub amount_minor: i64,
}

/// How an invoice was paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Payment {
    /// In which way.
    pub method: PaymentMethod,
    /// On which day, in the buyer's time zone.
    pub paid: Day,
}

/// An invoice or a credit note, with all that stands on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invoice {
    /// Its number.
    pub number: i64,
    /// Which of both it is.
    pub kind: Kind,
    /// When it was issued, in the buyer's time zone.
    pub issued: Day,
    /// Number of the order.
    pub order: i64,
    /// Who sells: the programme's name in the language of the document.
    pub seller: String,
    /// Who buys.
    pub buyer: Buyer,
    /// What was bought.
    pub lines: Vec<Line>,
    /// The sum of the lines, in the smallest unit of the currency, as it was issued.
    pub total_minor: i64,
    /// ISO 4217 code of the currency of all amounts.
    pub currency: String,
    /// How it was paid, as far as the document says it.
    pub payment: Option<Payment>,
    /// The language that it is written in.
    pub language: Language,
}

/// Why there is no file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The lines don't add up to the total: such a document must not leave the house.
    #[error("the lines of document {number} add up to {lines:?}, not to {total}")]
    TotalDiffers {
        /// The document's number.
        number: i64,
        /// What its lines add up to; none where that is no amount.
        lines: Option<i64>,
        /// What it says.
        total: i64,
    },
    /// A font of the program can't be read.
    #[error("a font can't be read")]
    Font,
    /// The file can't be written, for this reason.
    #[error("the file can't be written: {0}")]
    Format(String),
}

impl Invoice {
    /// What it is called: `Invoice 50001`, `贷记单 50002`.
    #[must_use]
    pub fn title(&self) -> String {
        let texts = self.texts();
        match self.kind {
            Kind::Invoice => texts.orders_invoice(self.number),
            Kind::CreditNote { .. } => texts.orders_credit_note(self.number),
        }
    }

    /// The name under which it is saved: plain letters whatever the language, so that every system and
    /// every bookkeeper's archive takes it.
    #[must_use]
    pub fn file_name(&self) -> String {
        match self.kind {
            Kind::Invoice => format!("invoice-{}.pdf", self.number),
            Kind::CreditNote { .. } => format!("credit-note-{}.pdf", self.number),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// [`Error::TotalDiffers`]; [`Error::Font`] and [`Error::Format`], which no content of the document
    /// is known to cause.
    pub fn pdf(&self) -> Result<Vec<u8>, Error> {
        let lines = self.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor));
        if lines != Some(self.total_minor) {
            return Err(Error::TotalDiffers { number: self.number, lines, total: self.total_minor });
        }
        let faces = fonts::faces()?;
        pdf::write(self, faces, &arrangement::arrange(self, faces))
    }

    const fn texts(&self) -> Texts {
        locales::texts(self.language)
    }
}
