//! An invoice or a credit note with all that stands on it (rule 2).

use documents::{Buyer, Invoice, Kind, Line, Payment};
use domain::moment::Zone;
use domain::order::{OrderKind, PaymentMethod};
use domain::view::orders::DocumentKind;
use domain::{ErrorCode, Language, Moment};
use locales::{Texts, format};
use sea_orm::FromQueryResult;

use super::orders;
use crate::failure::Failure;
use crate::names::ProgrammeNames;
use crate::request::Request;
use crate::{Outcome, Service, sql};

/// A document with the lines of its order that it is about, in the words of when it was issued; `$1` language,
/// `$2` organization, `$3` number.
const DOCUMENT: &str = "select i.number, i.kind, i.amount_minor, i.currency, i.buyer, i.buyer_address, i.buyer_country, i.issued_at,
        o.number as order_number, o.paid_at, l.price_minor, l.areas, l.kind as line_kind,
        coalesce(w.offer, t.name) as offer, w.areas as area_names,
        coalesce(w.seller, (select n.name from programme_text n where n.language = $1)) as seller,
        (select v.number from invoice v where v.order_id = i.order_id and v.kind = 'invoice') as invoice_number,
        (select y.method from payment y where y.order_id = i.order_id and y.state = 'paid') as method
    from invoice i
    join orders o on o.id = i.order_id
    join order_line l on l.order_id = o.id and (i.order_line_id is null or l.id = i.order_line_id)
    join offer_text t on t.offer_id = l.offer_id and t.language = $1
    left join invoice_line_text w on w.order_line_id = l.id and w.language = $1
    where i.organization_id = $2 and i.number = $3
    order by l.id";

#[derive(FromQueryResult)]
struct Row {
    number: i64,
    kind: String,
    amount_minor: i64,
    currency: String,
    buyer: String,
    buyer_address: String,
    buyer_country: Option<String>,
    issued_at: i64,
    order_number: i64,
    paid_at: Option<i64>,
    price_minor: i64,
    areas: String,
    /// The areas' names when it was issued, one a line; none where they weren't kept yet.
    area_names: Option<String>,
    line_kind: String,
    offer: String,
    seller: Option<String>,
    invoice_number: Option<i64>,
    method: Option<String>,
}

/// A document of the company, in the reader's language.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`], also for another company's.
pub async fn invoice(
    service: &Service,
    request: &Request,
    language: Language,
    number: i64,
) -> Outcome<Invoice> {
    let (person, _) = orders::reader(service, request).await?;
    let zone = person.zone();
    let values = [language.tag().into(), person.organization.0.into(), number.into()];
    let rows = sql::all::<Row>(service.database.reader(), DOCUMENT, values).await?;
    let first = rows.first().ok_or(ErrorCode::NotFound)?;
    let texts = locales::texts(language);
    let areas = ProgrammeNames::of(service.database.reader(), language).await?;
    Ok(Invoice {
        number: first.number,
        kind: kind(first)?,
        issued: zone.day_of(Moment(first.issued_at)),
        order: first.order_number,
        seller: first.seller.clone().unwrap_or_default(),
        buyer: Buyer { name: first.buyer.clone(), address: address(texts, first) },
        lines: rows.iter().map(|row| line(texts, &areas, row)).collect(),
        total_minor: first.amount_minor,
        currency: first.currency.clone(),
        payment: payment(first, &zone)?,
        language,
    })
}

/// The address as it was when the invoice was issued; nothing where the company had no legal profile yet.
fn address(texts: Texts, row: &Row) -> Vec<String> {
    let country = row.buyer_country.as_deref();
    let country =
        country.map(|code| texts.find_country(&code.to_ascii_lowercase()).unwrap_or(code).to_owned());
    row.buyer_address.lines().map(str::to_owned).chain(country).collect()
}

fn kind(row: &Row) -> Outcome<Kind> {
    match DocumentKind::from_code(&row.kind) {
        Some(DocumentKind::Invoice) => Ok(Kind::Invoice),
        Some(DocumentKind::CreditNote) => row
            .invoice_number
            .map(|invoice| Kind::CreditNote { invoice })
            .ok_or_else(|| Failure::broken("invoice", "order_id", row.number)),
        None => Err(Failure::broken("invoice", "kind", row.number)),
    }
}

fn line(texts: Texts, areas: &ProgrammeNames, row: &Row) -> Line {
    let areas: Vec<String> = match &row.area_names {
        Some(names) => names.lines().map(str::to_owned).collect(),
        None => areas.names(&row.areas),
    };
    let offer = if areas.is_empty() {
        row.offer.clone()
    } else {
        texts.cancel_offer_areas(format::list_and(texts.language(), &areas), &row.offer)
    };
    // What it is an invoice of, where it isn't a first purchase.
    let offer = match OrderKind::from_code(&row.line_kind) {
        Some(OrderKind::Renewal) => texts.orders_renewal_of(offer),
        Some(OrderKind::TierChange) => texts.orders_change_of(offer),
        Some(OrderKind::Purchase) | None => offer,
    };
    Line { offer, quantity: 1, amount_minor: row.price_minor }
}

/// How an invoice was paid. A credit note says nothing of the kind: its money goes back later.
fn payment(row: &Row, zone: &Zone) -> Outcome<Option<Payment>> {
    let (Some(method), Some(paid_at)) = (row.method.as_deref(), row.paid_at) else { return Ok(None) };
    if row.kind != DocumentKind::Invoice.code() {
        return Ok(None);
    }
    let method = PaymentMethod::from_code(method)
        .ok_or_else(|| Failure::broken("payment", "method", row.order_number))?;
    Ok(Some(Payment { method, paid: zone.day_of(Moment(paid_at)) }))
}
