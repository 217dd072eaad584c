//! What an operator makes of an activation: set up, or refused with a reason (rules 13, 16).
//!
//! Called by the operators' queue within its own change; the service request is the queue's.

use domain::benefit::{ActivationState, ActivationStep, By, Category, ProductKind, may_use};
use domain::error::Faults;
use domain::ids::{AccountId, ActivationId, GrantId, OrganizationId, ProductId};
use domain::moment::Zone;
use domain::seat::ReleaseReason;
use domain::text::NineDigits;
use domain::{AuditAction, Day, ErrorCode, Field, Language};
use locales::format;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::{move_to, settle_grant, state_of};
use crate::assignments::release::{self, HELD_SEAT, HeldSeat};
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products::{self, ProductTexts};
use crate::change::Change;
use crate::entity::activation::Model as Activation;
use crate::failure::Failure;
use crate::live::Changed;
use crate::outbox::Letter;
use crate::{Outcome, sql};

/// What an operator issues.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Access ID; needed for break-fix support in edition C, none for go-to-market.
    pub access_id: Option<NineDigits>,
    /// Contract ID, together with the Access ID.
    pub contract_id: Option<NineDigits>,
    /// First day of use, in the company's time zone.
    pub starts: Day,
    /// Last day of use, until 23:59:59 in the company's time zone.
    pub expires: Day,
}

/// An activation with what belongs to it.
pub(super) struct Subject {
    pub(super) activation: Activation,
    pub(super) organization: OrganizationId,
    pub(super) grant: GrantId,
    product: ProductId,
    category: Category,
    kind: ProductKind,
    pub(super) zone: Zone,
}

#[derive(FromQueryResult)]
struct SubjectRow {
    product_id: Uuid,
    category: String,
    kind: String,
    time_zone: String,
}

/// Somebody who gets a mail.
#[derive(FromQueryResult)]
struct Addressee {
    account_id: Uuid,
    full_name: String,
    email: String,
    language: String,
}

impl Addressee {
    fn language(&self) -> Language {
        Language::from_tag(&self.language).unwrap_or_default()
    }
}

/// Sets an activation up: the benefit is active, its numbers are sealed, and the instructions go to
/// whom the rule names: the requester in edition C, both addresses of the person in editions A and
/// B, the marketing contact's designated address for go-to-market.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`] where it isn't open any more;
/// [`ErrorCode::Required`] where a number is missing; [`ErrorCode::DateOrder`];
/// [`ErrorCode::ContactMissing`] for go-to-market without a contact.
pub(crate) async fn complete(
    change: &mut Change<'_>,
    activation: ActivationId,
    completion: Completion,
) -> Outcome<()> {
    let by = change.request().operator()?.account;
    let subject = find(&change.transaction, activation).await?;
    let before = state_of(&subject.activation)?;
    let state = match before {
        ActivationState::Requested => before.step(ActivationStep::Accept, By::Operator)?,
        other => other,
    }
    .step(ActivationStep::Complete, By::Operator)?;
    grants::hold(change, subject.grant).await?;
    let grant = grants::find(&change.transaction, subject.organization, subject.grant).await?;
    may_use(&grant.facts, change.now)?;
    check(change, &subject, &grant, &completion)?;
    move_to(change, &subject.activation, state).await?;
    let id = subject.activation.id;
    let marketing = subject.is_marketing();
    let seal = |number: &Option<NineDigits>, name: &str| -> Outcome<Option<Vec<u8>>> {
        let service = change.service();
        number
            .as_ref()
            .filter(|_| !marketing)
            .map(|number| service.vault.seal(&*service.random, &place(id, name), number.as_str()))
            .transpose()
    };
    let values: [Value; 7] = [
        id.into(),
        change.now.0.into(),
        by.0.into(),
        seal(&completion.access_id, "access_id")?.into(),
        seal(&completion.contract_id, "contract_id")?.into(),
        subject.zone.start_of(completion.starts).0.into(),
        subject.zone.end_of(completion.expires).0.into(),
    ];
    let text = "update activation set completed_at = $2, completed_by = $3, access_id = $4, contract_id = $5,
        starts_at = $6, expires_at = $7, reason = null where id = $1";
    sql::run(&change.transaction, text, values).await?;
    if marketing {
        // A go-to-market benefit ends with its activation: the table's column Expires (rule 16).
        let text = "update benefit_grant set expires_at = $2 where id = $1";
        let last = subject.zone.end_of(completion.expires).0;
        sql::run(&change.transaction, text, [subject.grant.0.into(), last.into()]).await?;
    }
    settle_grant(&change.transaction, subject.grant).await?;
    let texts = products::texts(&change.transaction, subject.product).await?;
    tell_active(change, &subject, &texts, completion.expires).await?;
    change.record(
        Event::new(subject.organization, AuditAction::ActivationCompleted, "activation", id)
            .grant(subject.grant)
            .before(before.code())
            .after(format!("{} until {}", state.code(), completion.expires)),
    );
    change.tell(Changed::Grant(subject.organization, subject.grant));
    Ok(())
}

/// Refuses an activation; whoever asked is told why and can try again.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`ErrorCode::WrongState`]; [`ErrorCode::ReasonNeeded`].
pub(crate) async fn refuse(change: &mut Change<'_>, activation: ActivationId, reason: &str) -> Outcome<()> {
    let by = change.request().operator()?.account;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(ErrorCode::ReasonNeeded.into());
    }
    let subject = find(&change.transaction, activation).await?;
    let before = state_of(&subject.activation)?;
    let state = before.step(ActivationStep::Refuse, By::Operator)?;
    move_to(change, &subject.activation, state).await?;
    let id = subject.activation.id;
    let text = "update activation set completed_at = $2, completed_by = $3, reason = $4 where id = $1";
    let values = [id.into(), change.now.0.into(), by.0.into(), reason.into()];
    sql::run(&change.transaction, text, values).await?;
    settle_grant(&change.transaction, subject.grant).await?;
    let texts = products::texts(&change.transaction, subject.product).await?;
    let requester = addressee(&change.transaction, subject.activation.requested_by).await?;
    let language = requester.language();
    change.post(Letter {
        organization: Some(subject.organization),
        account: Some(requester.account_id.into()),
        recipient: requester.email,
        language,
        kind: "activation_refused",
        values: vec![
            ("person", requester.full_name),
            ("product", texts.of(language)?.name.clone()),
            ("reason", reason.to_owned()),
        ],
        path: subject.path(),
        secret: None,
        dates: Vec::new(),
    });
    if let Some(holder) = subject.activation.person_id {
        // In editions A and B the seat was the way to ask: it is free again, for another attempt too.
        let grant = grants::find(&change.transaction, subject.organization, subject.grant).await?;
        let text =
            format!("{HELD_SEAT} where s.grant_id = $1 and s.person_id = $2 and s.released_at is null");
        let values = [subject.grant.0.into(), holder.into()];
        if let Some(held) = sql::one::<HeldSeat>(&change.transaction, &text, values).await? {
            release::end(change, &held, &grant, ReleaseReason::Removed, &texts).await?;
        }
    }
    change.record(
        Event::new(subject.organization, AuditAction::ActivationRefused, "activation", id)
            .grant(subject.grant)
            .before(before.code())
            .after(state.code()),
    );
    change.tell(Changed::Grant(subject.organization, subject.grant));
    Ok(())
}

impl Subject {
    /// Whether it is a go-to-market benefit.
    pub(super) fn is_marketing(&self) -> bool {
        self.category == Category::GoToMarket
    }

    /// The benefit's own address in the portal.
    pub(super) fn path(&self) -> String {
        let page = if self.is_marketing() { "go-to-market" } else { "technical" };
        format!("/benefits/{page}?open={0}#{0}", self.grant)
    }

    /// A mail to the marketing contact's designated address (rule 16).
    pub(super) async fn to_contact(
        &self,
        connection: &impl ConnectionTrait,
        kind: &'static str,
        expires: Day,
    ) -> Outcome<Option<Letter>> {
        #[derive(FromQueryResult)]
        struct Contact {
            full_name: String,
            alternate_email: String,
            language: String,
        }
        let text = "select a.full_name, c.alternate_email, c.language from marketing_contact c
            join person p on p.id = c.person_id join account a on a.id = p.account_id
            where c.organization_id = $1";
        let Some(contact) = sql::one::<Contact>(connection, text, [self.organization.0.into()]).await? else {
            return Ok(None);
        };
        let language = Language::from_tag(&contact.language).unwrap_or_default();
        let texts = products::texts(connection, self.product).await?;
        Ok(Some(Letter {
            organization: Some(self.organization),
            account: None,
            recipient: contact.alternate_email,
            language,
            kind,
            values: self.values(&texts, language, contact.full_name, expires)?,
            path: self.path(),
            secret: None,
            dates: Vec::new(),
        }))
    }

    fn values(
        &self,
        texts: &ProductTexts,
        language: Language,
        person: String,
        expires: Day,
    ) -> Outcome<Vec<(&'static str, String)>> {
        let product = texts.of(language)?;
        Ok(vec![
            ("person", person),
            ("product", product.name.clone()),
            ("expires", format::date(language, expires)),
            ("instructions", products::numbered(&product.instructions)),
        ])
    }
}

/// The place that a sealed number belongs to.
pub(super) fn place(activation: Uuid, name: &str) -> String {
    format!("activation/{activation}/{name}")
}

pub(super) async fn find(connection: &impl ConnectionTrait, id: ActivationId) -> Outcome<Subject> {
    let text = "select * from activation where id = $1";
    let activation =
        sql::one::<Activation>(connection, text, [id.0.into()]).await?.ok_or(ErrorCode::NotFound)?;
    of(connection, activation).await
}

pub(super) async fn of(connection: &impl ConnectionTrait, activation: Activation) -> Outcome<Subject> {
    let text = "select g.product_id, g.category, p.kind, o.time_zone from benefit_grant g
        join product p on p.id = g.product_id join organization o on o.id = g.organization_id
        where g.id = $1";
    let broken = |column| Failure::broken("activation", column, activation.id);
    let row = sql::one::<SubjectRow>(connection, text, [activation.grant_id.into()])
        .await?
        .ok_or_else(|| broken("grant_id"))?;
    Ok(Subject {
        organization: activation.organization_id.into(),
        grant: activation.grant_id.into(),
        product: row.product_id.into(),
        category: Category::from_code(&row.category).ok_or_else(|| broken("category"))?,
        kind: ProductKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
        zone: Zone::named(&row.time_zone),
        activation,
    })
}

fn check(change: &Change<'_>, subject: &Subject, grant: &Grant, completion: &Completion) -> Outcome<()> {
    let mut faults = Faults::default();
    let break_fix = matches!(subject.kind, ProductKind::BreakFixSignature | ProductKind::BreakFixIncidents);
    let needed = (break_fix && subject.activation.person_id.is_none())
        || completion.access_id.is_some()
        || completion.contract_id.is_some();
    if needed && subject.category == Category::Technical {
        if completion.access_id.is_none() {
            faults.add(Field::AccessId, ErrorCode::Required);
        }
        if completion.contract_id.is_none() {
            faults.add(Field::ContractId, ErrorCode::Required);
        }
    }
    let today = subject.zone.day_of(change.now);
    if completion.expires < completion.starts || completion.expires < today {
        faults.add(Field::Expires, ErrorCode::DateOrder);
    } else if grant.facts.usable_until().is_some_and(|last| subject.zone.end_of(completion.expires) > last) {
        faults.add(Field::Expires, ErrorCode::AfterGrantEnd);
    }
    // The benefit is active at once: a later beginning would not be kept.
    if completion.starts > today {
        faults.add(Field::Starts, ErrorCode::StartsLater);
    }
    Ok(faults.check()?)
}

async fn tell_active(
    change: &mut Change<'_>,
    subject: &Subject,
    texts: &ProductTexts,
    expires: Day,
) -> Outcome<()> {
    if subject.is_marketing() {
        let letter = subject.to_contact(&change.transaction, "marketing_active", expires).await?;
        change.post(letter.ok_or(ErrorCode::ContactMissing)?);
        return Ok(());
    }
    let (kind, addressee) = match subject.activation.person_id {
        Some(holder) => ("support_active", addressee(&change.transaction, holder).await?),
        None => ("technical_active", addressee(&change.transaction, subject.activation.requested_by).await?),
    };
    let language = addressee.language();
    let mut letter = Letter {
        organization: Some(subject.organization),
        account: Some(AccountId(addressee.account_id)),
        recipient: addressee.email,
        language,
        kind,
        values: subject.values(texts, language, addressee.full_name, expires)?,
        path: if subject.activation.person_id.is_some() { "/my-benefits".to_owned() } else { subject.path() },
        secret: None,
        dates: Vec::new(),
    };
    change.post(letter.clone());
    if let Some(alternate) = &subject.activation.alternate_email {
        letter.recipient.clone_from(alternate);
        letter.account = None;
        change.post(letter);
    }
    Ok(())
}

async fn addressee(connection: &impl ConnectionTrait, person: Uuid) -> Outcome<Addressee> {
    let text = "select p.account_id, a.full_name, a.email, a.language from person p
        join account a on a.id = p.account_id where p.id = $1";
    sql::one::<Addressee>(connection, text, [person.into()])
        .await?
        .ok_or_else(|| Failure::broken("activation", "person", person))
}
