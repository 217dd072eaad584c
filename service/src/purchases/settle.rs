//! An order that is paid, or free: its holding begins, its benefits come, its invoice is written. Once,
//! whoever brings the news and however often.

use domain::ids::{HoldingId, OrganizationId, PersonId};
use domain::membership::Tier;
use domain::moment::Zone;
use domain::order::{OrderKind, OrderState};
use domain::{AuditAction, Language};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::orders;
use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::membership::renewal::{self, PaidLine};
use crate::membership::{entitle, on_clock, tier_change};
use crate::names::ProgrammeNames;
use crate::outbox::Letter;
use crate::people::roles;
use crate::{Outcome, enrolment, policies, sql};

/// The first invoice has the number after this one.
pub(crate) const INVOICES_FROM: i64 = 50_000;
/// The first order has the number after this one.
const ORDERS_FROM: i64 = 10_000;

/// Marks an order as paid and gives what was bought. Says whether it was this call that did: an order
/// that no longer waits stays as it is.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(crate) async fn settle(
    change: &mut Change<'_>,
    organization: OrganizationId,
    order: Uuid,
) -> Outcome<bool> {
    let text = "update orders set state = 'paid', paid_at = $2, row_version = row_version + 1
        where id = $1 and state = 'placed' and organization_id = $3";
    let values = [order.into(), change.now.0.into(), organization.0.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Ok(false);
    }
    roles::lock(change, organization).await?;
    let text = "select l.id, l.offer_id, l.areas, l.kind, l.of_holding_id, c.time_zone from order_line l
        join organization c on c.id = l.organization_id where l.order_id = $1 order by l.id";
    let (mut next, mut changed) = (None, None);
    for line in sql::all::<PaidLine>(&change.transaction, text, [order.into()]).await? {
        let year = renewal::open(change, organization, &line).await?;
        changed = year.changed;
        next = year.follows.then(|| (year, Zone::named(&line.time_zone)));
    }
    let text = "update order_line set state = 'active', row_version = row_version + 1 where order_id = $1";
    sql::run(&change.transaction, text, [order.into()]).await?;
    on_clock::settle_tier(&change.transaction, organization).await?;
    entitle::entitle(change, organization).await?;
    if let Some((old, new)) = changed {
        tier_change::hand_over(change, organization, old, new).await?;
    }
    let facts = orders::facts(&change.transaction, order).await?;
    if facts.price_minor > 0 {
        invoice(change, organization, order, facts.price_minor, &facts.currency).await?;
    }
    let kind = if next.is_some() { "order_renewed" } else { "order_paid" };
    if let Some(mut letter) = letter(change, organization, order, kind, None).await? {
        if let Some((year, zone)) = next {
            let date = |moment| format::date(letter.language, zone.day_of(moment));
            let (begins, ends) = (date(year.starts), date(year.ends));
            letter.values.extend([("begins", begins), ("ends", ends)]);
        }
        change.post(letter);
    }
    change.record(
        Event::new(organization, AuditAction::OrderPaid, "order", facts.number)
            .before(OrderState::Placed.code())
            .after(OrderState::Paid.code()),
    );
    change.tell(Changed::Organization(organization));
    change.tell(Changed::Queue);
    Ok(true)
}

/// Writes the invoice of an order, to the company's name and address as they are now.
async fn invoice(
    change: &Change<'_>,
    organization: OrganizationId,
    order: Uuid,
    amount_minor: i64,
    currency: &str,
) -> Outcome<()> {
    let number = next_number(&change.transaction, "invoice", INVOICES_FROM).await?;
    let profile = enrolment::legal_profile::saved(&change.transaction, organization).await?;
    let address = profile.as_ref().map(|profile| profile.postal_lines().join("\n")).unwrap_or_default();
    let text = "insert into invoice
            (id, number, organization_id, order_id, order_line_id, kind, amount_minor, currency, buyer, issued_at,
                buyer_address, buyer_country)
        select $1, $2, o.id, $3, null, 'invoice', $4, $5, o.name, $6, $8, $9 from organization o where o.id = $7";
    let values = [
        change.service().new_id().into(),
        number.into(),
        order.into(),
        amount_minor.into(),
        currency.into(),
        change.now.0.into(),
        organization.0.into(),
        address.into(),
        profile.map(|profile| profile.country).into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    keep_words(change, order).await
}

/// Keeps what the offers and areas of an order are called now, in each language: its invoice, and the credit notes that
/// follow, say so for good.
async fn keep_words(change: &Change<'_>, order: Uuid) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct OfOrder {
        id: Uuid,
        areas: String,
    }
    let text = "select id, areas from order_line where order_id = $1 order by id";
    let lines = sql::all::<OfOrder>(&change.transaction, text, [order.into()]).await?;
    for language in Language::ALL {
        let names = ProgrammeNames::of(&change.transaction, language).await?;
        for line in &lines {
            let text = "insert into invoice_line_text (order_line_id, language, seller, offer, areas)
                select l.id, t.language,
                    coalesce((select n.name from programme_text n where n.language = t.language), ''), t.name, $3
                from order_line l join offer_text t on t.offer_id = l.offer_id and t.language = $2
                where l.id = $1";
            let areas = names.names(&line.areas).join("\n");
            let values = [line.id.into(), language.tag().into(), areas.into()];
            sql::run(&change.transaction, text, values).await?;
        }
    }
    Ok(())
}

/// Writes the credit note of an order line that is refunded; nothing for what was free.
pub(crate) async fn credit(change: &Change<'_>, line: Uuid) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Refunded {
        price_minor: i64,
        invoiced: i64,
    }
    let text =
        "select l.price_minor, (select count(*) from invoice i where i.order_id = l.order_id) as invoiced
        from order_line l where l.id = $1";
    let refunded = sql::one::<Refunded>(&change.transaction, text, [line.into()]).await?;
    if refunded.is_none_or(|line| line.price_minor == 0 || line.invoiced == 0) {
        return Ok(());
    }
    let number = next_number(&change.transaction, "invoice", INVOICES_FROM).await?;
    let text = "insert into invoice
            (id, number, organization_id, order_id, order_line_id, kind, amount_minor, currency, buyer, issued_at,
                buyer_address, buyer_country)
        select $1, $2, l.organization_id, l.order_id, l.id, 'credit_note', l.price_minor, o.currency, i.buyer, $3,
            i.buyer_address, i.buyer_country
        from order_line l join orders o on o.id = l.order_id
        join invoice i on i.order_id = o.id and i.kind = 'invoice' where l.id = $4";
    let values = [change.service().new_id().into(), number.into(), change.now.0.into(), line.into()];
    sql::run(&change.transaction, text, values).await?;
    Ok(())
}

/// The next number of a sequence, over all companies; none is left out and none given twice, because the
/// number is taken in the transaction that uses it.
pub(crate) async fn next_number(connection: &impl ConnectionTrait, name: &str, after: i64) -> Outcome<i64> {
    let text = "insert into number_sequence (name, value) values ($1, $2)
        on conflict (name) do update set value = number_sequence.value + 1 returning value as number";
    Ok(sql::number(connection, text, [name.into(), (after + 1).into()]).await?)
}

/// What an order is written with.
pub(super) struct NewOrder<'o> {
    pub(super) organization: OrganizationId,
    pub(super) by: Option<PersonId>,
    pub(super) offer: Uuid,
    /// Codes of competency areas, separated by commas.
    pub(super) areas: &'o str,
    pub(super) price_minor: i64,
    pub(super) currency: &'o str,
    pub(super) agreement: i64,
    pub(super) kind: OrderKind,
    /// The holding whose next year is bought; none where it is no next year.
    pub(super) of: Option<HoldingId>,
}

/// Writes an order that waits for its payment, its line with price, policies and agreement frozen. Gives
/// its id and its number.
pub(super) async fn write_order(change: &Change<'_>, new: &NewOrder<'_>) -> Outcome<(Uuid, i64)> {
    let in_force = policies::in_force(&change.transaction).await?;
    let number = next_number(&change.transaction, "order", ORDERS_FROM).await?;
    let order = change.service().new_id();
    let text = "insert into orders (id, number, organization_id, ordered_by, ordered_at, currency, state)
        values ($1, $2, $3, $4, $5, $6, 'placed')";
    let values = [
        order.into(),
        number.into(),
        new.organization.0.into(),
        new.by.map(|person| person.0).into(),
        change.now.0.into(),
        new.currency.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let text = "insert into order_line
            (id, order_id, organization_id, offer_id, areas, price_minor, policies, agreement_version, state,
            kind, of_holding_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'placed', $9, $10)";
    let values = [
        change.service().new_id().into(),
        order.into(),
        new.organization.0.into(),
        new.offer.into(),
        new.areas.into(),
        new.price_minor.into(),
        policies::frozen(&in_force).into(),
        new.agreement.into(),
        new.kind.code().into(),
        new.of.map(|holding| holding.0).into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    Ok((order, number))
}

/// Gives a company the free network membership: an order of nothing, settled at once. Gives its number.
///
/// # Errors
/// [`crate::Failure::Broken`] where the programme has no such offer.
pub(crate) async fn join_free(
    change: &mut Change<'_>,
    organization: OrganizationId,
    by: Option<PersonId>,
) -> Outcome<i64> {
    #[derive(FromQueryResult)]
    struct Offer {
        id: Uuid,
        currency: String,
    }
    let text =
        "select id, currency from offer where tier = $1 and price_minor = 0 and listed order by code limit 1";
    let offer = sql::one::<Offer>(&change.transaction, text, [Tier::Network.code().into()])
        .await?
        .ok_or_else(|| crate::Failure::broken("offer", "tier", "network"))?;
    let agreement = super::place::agreement_in_force(&change.transaction, change.now).await?;
    let new = NewOrder {
        organization,
        by,
        offer: offer.id,
        areas: "",
        price_minor: 0,
        currency: &offer.currency,
        agreement,
        kind: OrderKind::Purchase,
        of: None,
    };
    let (order, number) = write_order(change, &new).await?;
    settle(change, organization, order).await?;
    Ok(number)
}

/// A letter about an order to somebody of the company, or to whoever placed it; where that one has left, to
/// the first of those who look after purchases.
pub(super) async fn letter(
    change: &Change<'_>,
    organization: OrganizationId,
    order: Uuid,
    kind: &'static str,
    to: Option<PersonId>,
) -> Outcome<Option<Letter>> {
    #[derive(FromQueryResult)]
    struct Reader {
        account_id: Uuid,
        full_name: String,
        email: String,
        language: String,
        offer: String,
        number: i64,
        price_minor: i64,
        currency: String,
    }
    let text = "select a.id as account_id, a.full_name, a.email, a.language, t.name as offer, o.number,
            l.price_minor, o.currency
        from orders o
        join person p on p.organization_id = o.organization_id and p.status = 'active'
        join account a on a.id = p.account_id and a.status = 'active'
        join order_line l on l.order_id = o.id
        join offer_text t on t.offer_id = l.offer_id and t.language = a.language
        where o.id = $1 and (p.id = coalesce($2, o.ordered_by) or exists (select 1 from person_role r
            where r.person_id = p.id and r.role in ('global_admin', 'partner_admin')))
        order by case when p.id = coalesce($2, o.ordered_by) then 0 else 1 end, p.sort_name, p.id, l.id limit 1";
    let values = [order.into(), to.map(|person| person.0).into()];
    let Some(reader) = sql::one::<Reader>(&change.transaction, text, values).await? else {
        return Ok(None);
    };
    let language = Language::from_tag(&reader.language).unwrap_or_default();
    Ok(Some(Letter {
        organization: Some(organization),
        account: Some(reader.account_id.into()),
        recipient: reader.email,
        language,
        kind,
        values: vec![
            ("person", reader.full_name),
            ("offer", reader.offer),
            ("number", reader.number.to_string()),
            ("amount", format::money(language, reader.price_minor, &reader.currency)),
        ],
        path: format!("/orders/{}", reader.number),
        secret: None,
        dates: Vec::new(),
    }))
}
