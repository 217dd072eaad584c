//! What stands where on the document, in which words.

use domain::order::PaymentMethod;
use locales::format;

use crate::fonts::Faces;
use crate::layout::{Align, Cell, Column, Flow, HEAD_GAP, Piece, Slot, Style, WIDTH};
use crate::{Invoice, Kind, Line};

const GUTTER: f32 = 16.0;
const HALF: f32 = (WIDTH - GUTTER) / 2.0;
const LEFT_HALF: Column = Column { left: 0.0, width: HALF, align: Align::Left };
const RIGHT_HALF: Column = Column { left: HALF + GUTTER, width: HALF, align: Align::Left };
const WHOLE: Column = Column { left: 0.0, width: WIDTH, align: Align::Left };

const LABEL_WIDTH: f32 = 110.0;
const LABELS: Column = Column { left: 0.0, width: LABEL_WIDTH, align: Align::Left };
const VALUES: Column =
    Column { left: LABEL_WIDTH + GUTTER, width: WIDTH - LABEL_WIDTH - GUTTER, align: Align::Left };

const AMOUNT_WIDTH: f32 = 150.0;
const QUANTITY_WIDTH: f32 = 60.0;
const OFFER_WIDTH: f32 = WIDTH - AMOUNT_WIDTH - QUANTITY_WIDTH - 2.0 * GUTTER;
const OFFERS: Column = Column { left: 0.0, width: OFFER_WIDTH, align: Align::Left };
const QUANTITIES: Column = Column { left: OFFER_WIDTH + GUTTER, width: QUANTITY_WIDTH, align: Align::Right };
const AMOUNTS: Column = Column { left: WIDTH - AMOUNT_WIDTH, width: AMOUNT_WIDTH, align: Align::Right };
const TOTALS: Column = Column { left: 0.0, width: OFFER_WIDTH, align: Align::Left };

/// What a text is, for whoever doesn't see the page; in the order of reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// The heading.
    Heading(Slot),
    /// Text.
    Paragraph(Slot),
    /// What the document says about itself: rows of a name and its value.
    Facts(Vec<[Slot; 2]>),
    /// What was bought.
    Lines {
        /// Names of the columns.
        head: [Slot; 3],
        /// A row each.
        body: Vec<[Slot; 3]>,
        /// The total: its name and the amount.
        total: [Slot; 2],
    },
}

/// The document on pages.
pub struct Arranged {
    /// What is drawn on each.
    pub pages: Vec<Vec<Piece>>,
    /// What it means.
    pub parts: Vec<Part>,
}

fn cell(column: Column, style: Style, text: impl Into<String>) -> Cell {
    Cell { column, style, paragraphs: vec![text.into()] }
}

/// Arranges the document.
pub fn arrange(invoice: &Invoice, faces: &Faces) -> Arranged {
    let texts = invoice.texts();
    let mut flow = Flow::new(faces);
    let mut parts = Vec::new();
    let [title] = flow.row(&[cell(WHOLE, Style::TITLE, invoice.title())]);
    parts.push(Part::Heading(title));
    flow.gap(18.0);
    parts.extend(parties(invoice, &mut flow).into_iter().map(Part::Paragraph));
    flow.gap(18.0);
    let rows = facts(invoice)
        .into_iter()
        .map(|(label, value)| {
            flow.row(&[cell(LABELS, Style::LABEL, label), cell(VALUES, Style::PLAIN, value)])
        })
        .collect();
    parts.push(Part::Facts(rows));
    flow.gap(26.0);
    parts.push(lines(invoice, &mut flow));
    let pages = flow.finish(|page, pages| {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        [invoice.title(), texts.invoice_page(number(page), number(pages))]
    });
    Arranged { pages, parts }
}

/// Who sells and who buys, in the order of reading.
fn parties(invoice: &Invoice, flow: &mut Flow<'_>) -> [Slot; 4] {
    let texts = invoice.texts();
    let [seller_name, buyer_name] = flow.row(&[
        cell(LEFT_HALF, Style::LABEL, texts.invoice_seller()),
        cell(RIGHT_HALF, Style::LABEL, texts.invoice_buyer()),
    ]);
    let buyer = std::iter::once(&invoice.buyer.name).chain(&invoice.buyer.address).cloned().collect();
    let [seller, buyer] = flow.row(&[
        cell(LEFT_HALF, Style::PLAIN, invoice.seller.clone()),
        Cell { column: RIGHT_HALF, style: Style::PLAIN, paragraphs: buyer },
    ]);
    [seller_name, seller, buyer_name, buyer]
}

fn facts(invoice: &Invoice) -> Vec<(&'static str, String)> {
    let texts = invoice.texts();
    let date = |day| format::date(invoice.language, day);
    let mut facts = vec![
        (texts.orders_column_issued(), date(invoice.issued)),
        (texts.orders_column_order(), invoice.order.to_string()),
    ];
    if let Kind::CreditNote { invoice } = invoice.kind {
        facts.push((texts.invoice_credits(), invoice.to_string()));
    }
    if let Some(payment) = invoice.payment {
        let method = match payment.method {
            PaymentMethod::Card => texts.orders_by_card(),
            PaymentMethod::BankTransfer => texts.orders_by_transfer(),
        };
        facts.push((texts.orders_payment(), method.to_owned()));
        facts.push((texts.orders_paid(), date(payment.paid)));
    }
    facts
}

fn lines(invoice: &Invoice, flow: &mut Flow<'_>) -> Part {
    let texts = invoice.texts();
    let money = |minor| format::money_in_full(invoice.language, minor, &invoice.currency);
    let head = flow.head([
        cell(OFFERS, Style::LABEL, texts.orders_column_offer()),
        cell(QUANTITIES, Style::LABEL, texts.common_quantity()),
        cell(AMOUNTS, Style::LABEL, texts.orders_column_amount()),
    ]);
    flow.gap(HEAD_GAP);
    flow.rule(0.75);
    flow.gap(HEAD_GAP);
    let row = |line: &Line| {
        let slots = flow.row(&[
            cell(OFFERS, Style::PLAIN, line.offer.clone()),
            cell(QUANTITIES, Style::PLAIN, format::number(invoice.language, line.quantity)),
            cell(AMOUNTS, Style::PLAIN, money(line.amount_minor)),
        ]);
        flow.gap(4.0);
        slots
    };
    let body = invoice.lines.iter().map(row).collect();
    flow.rule(0.75);
    flow.gap(6.0);
    let name = match invoice.kind {
        Kind::Invoice => texts.invoice_total(),
        Kind::CreditNote { .. } => texts.invoice_total_credited(),
    };
    let total = flow
        .row(&[cell(TOTALS, Style::STRONG, name), cell(AMOUNTS, Style::STRONG, money(invoice.total_minor))]);
    flow.end_head();
    Part::Lines { head, body, total }
}
