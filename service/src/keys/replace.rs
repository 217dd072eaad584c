//! Replacing a key that doesn't work: the old one is put aside, another one is drawn, all in one transaction.

use domain::benefit::may_use;
use domain::ids::{GrantId, ProductKeyId};
use domain::key_format::KeyText;
use domain::key_replacement::{REPLACEMENT_REASON_MAX, ReplacementFacts, may_replace};
use domain::moment::Zone;
use domain::text::Paragraph;
use domain::{AuditAction, Error, ErrorCode, Field, Language, Moment};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::formats;
use super::reveal::{self, BoundKey, KeyOf, Remembered, RevealedKey};
use crate::audit::Event;
use crate::benefits::grants::Grant;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::outbox::Letter;
use crate::reminders::readers::readers;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, sql};

/// Which key to replace, and why.
#[derive(Clone, Debug)]
pub struct ReplaceKey {
    /// What the key is bound to.
    pub of: KeyOf,
    /// What is wrong with it.
    pub reason: String,
}

/// Puts the key aside and draws another one in its place. Activations on record stay.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever may neither get the company's keys nor holds the seat;
/// [`ErrorCode::Required`] without a reason; [`ErrorCode::NotFound`], [`ErrorCode::WrongKind`],
/// [`ErrorCode::SeatReleased`]; [`ErrorCode::WrongState`] where none is revealed yet; those of [`may_replace`] and
/// [`may_use`]; [`ErrorCode::NoKeyLeft`].
pub async fn replace(
    service: &Service,
    request: &Request,
    operation: domain::operation::OperationId,
    input: ReplaceKey,
) -> Outcome<RevealedKey> {
    let person = request.person()?;
    let policies = policies::in_force(service.database.reader()).await?;
    reveal::check_rights(service, person, input.of, &policies).await?;
    let reason = Paragraph::parse(Field::Reason, &input.reason, REPLACEMENT_REASON_MAX)?;
    let formats = formats::of_all(service.database.reader()).await?;
    if KeyText::stands_in(&input.reason, &formats) {
        return Err(Error::field(Field::Reason, ErrorCode::KeysInTheWrongField).into());
    }
    let operation = Operation::new(operation, "replace_key", &input);
    let mut change = match Change::begin::<Remembered>(service, request, operation).await? {
        Begun::Before(before) => {
            return reveal::reopen(service, person.organization, input.of, before).await;
        }
        Begun::New(change) => change,
    };
    reveal::lock(&change, input.of).await?;
    let (grant, seat) = reveal::find(&change.transaction, person.organization, input.of).await?;
    may_use(&grant.facts, change.now)?;
    let old = reveal::bound_key(&change.transaction, grant.id, seat).await?.ok_or(ErrorCode::WrongState)?;
    let facts = facts(&old, &person.zone(), change.now).ok_or(ErrorCode::WrongState)?;
    may_replace(&facts)?;
    // First out of the way: a grant and a seat have one key at a time.
    let text =
        "update product_key set state = 'replaced', replacement = $2, replaced_at = $3, replaced_by = $4,
            replaced_reason = $5, row_version = row_version + 1
        where id = $1 and state in ('held', 'spent')";
    let values = [
        old.id.into(),
        if facts.withdrawn { "withdrawn" } else { "faulty" }.into(),
        change.now.0.into(),
        person.id.0.into(),
        reason.as_str().into(),
    ];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::Stale.into());
    }
    let sealed = reveal::draw(&change, person, &grant, seat).await?;
    let key = reveal::open(service, &sealed)?;
    let id = ProductKeyId(sealed.id);
    change.record(
        Event::new(person.organization, AuditAction::KeyReplaced, "product_key", old.id)
            .grant(grant.id)
            .after(format!("by {id}")),
    );
    change.record(
        Event::new(person.organization, AuditAction::KeyRevealed, "product_key", id)
            .grant(grant.id)
            .after("replacement"),
    );
    for letter in letters(&change.transaction, person, &grant).await? {
        change.post(letter);
    }
    change.tell(Changed::Grant(person.organization, grant.id));
    change.tell(Changed::Queue);
    let Remembered { key: id, first, refund_ended } =
        change.commit(Remembered { key: id, first: true, refund_ended: false }).await?;
    Ok(RevealedKey { id, key, first, refund_ended })
}

/// What the rule asks of a key; none before its first reveal.
pub(super) fn facts(key: &BoundKey, zone: &Zone, now: Moment) -> Option<ReplacementFacts> {
    Some(ReplacementFacts {
        revealed: zone.day_of(Moment(key.revealed_at?)),
        today: zone.day_of(now),
        replaced_before: key.replaced_before,
        redeemed: key.redeemed,
        withdrawn: key.withdrawn,
    })
}

/// Mail to those who look after the company's benefits.
async fn letters(connection: &impl ConnectionTrait, by: &Person, grant: &Grant) -> Outcome<Vec<Letter>> {
    #[derive(FromQueryResult)]
    struct Named {
        language: String,
        name: String,
    }
    let text = "select language, name from product_text where product_id = $1";
    let names = sql::all::<Named>(connection, text, [grant.product.0.into()]).await?;
    let name = |language: Language| {
        names.iter().find(|named| named.language == language.tag()).map(|named| named.name.clone())
    };
    let letters = readers(connection, by.organization).await?.into_iter().map(|reader| Letter {
        organization: Some(by.organization),
        account: Some(reader.account),
        recipient: reader.email,
        language: reader.language,
        kind: "key_replaced",
        values: vec![
            ("person", reader.name),
            ("by", by.name.clone()),
            ("product", name(reader.language).unwrap_or_default()),
        ],
        path: path(grant.category, grant.id),
        secret: None,
        dates: Vec::new(),
    });
    Ok(letters.collect())
}

/// The page of a grant's key.
pub(super) fn path(category: domain::benefit::Category, grant: GrantId) -> String {
    format!("/benefits/{}?open={grant}#{grant}", category.code().replace('_', "-"))
}
