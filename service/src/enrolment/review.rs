//! The operators' review: accepted, sent back with what has to change, or turned down (rule 19).

use domain::enrolment::{Decision, EnrolmentState};
use domain::ids::OrganizationId;
use domain::moment::Zone;
use domain::older_portal::PortalState;
use domain::view::operator::EnrolmentItem;
use domain::{AuditAction, ErrorCode, Language, Tier};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::{Beginner, Company, Enrolment, legal_profile, move_on};
use crate::audit::Event;
use crate::change::Change;
use crate::live::Changed;
use crate::membership::entitle;
use crate::outbox::Letter;
use crate::people::roles::lock;
use crate::purchases::settle;
use crate::queue::item::stamp;
use crate::{Failure, Outcome, sql};

/// What an operator reads before deciding.
pub(crate) async fn item(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
) -> Outcome<EnrolmentItem> {
    let broken = |column| Failure::broken("enrolment", column, organization);
    let company = Company::of(connection, organization).await?;
    let enrolment = Enrolment::of(connection, organization).await?.ok_or_else(|| broken("state"))?;
    let zone = Zone::named(&company.time_zone);
    let profile = legal_profile::saved(connection, organization).await?;
    let text = "select count(*) as number from older_record where organization_id = $1";
    Ok(EnrolmentItem {
        profile: profile.ok_or_else(|| broken("profile"))?,
        domain: company.domain,
        imported: sql::number(connection, text, [organization.0.into()]).await? > 0,
        agreement: enrolment.agreement_version.ok_or_else(|| broken("agreement_version"))?,
        accepted_name: enrolment.accepted_name.ok_or_else(|| broken("accepted_name"))?,
        accepted: stamp(&zone, enrolment.accepted_at.ok_or_else(|| broken("accepted_at"))?),
        answered: enrolment.contact_answered_at.map(|at| stamp(&zone, at)),
    })
}

/// Carries a decision out; what is said of it in mail goes to whoever enrolled the company, a welcome to
/// the primary contact, too.
///
/// # Errors
/// [`ErrorCode::AlreadyDecided`] unless it is reviewed.
pub(crate) async fn decide(
    change: &mut Change<'_>,
    organization: OrganizationId,
    decision: Decision,
    reason: Option<&str>,
) -> Outcome<()> {
    lock(change, organization).await?;
    let enrolment = Enrolment::of(&change.transaction, organization).await?.ok_or(ErrorCode::NotFound)?;
    let after = enrolment.state()?.after_decision(decision).map_err(|_| ErrorCode::AlreadyDecided)?;
    move_on(change, organization, &enrolment, after).await?;
    let text = "update enrolment set decided_at = $2, reason = $3 where organization_id = $1";
    let values = [organization.0.into(), change.now.0.into(), reason.map(str::to_owned).into()];
    sql::run(&change.transaction, text, values).await?;
    let (action, kind, path) = match decision {
        Decision::Accept => (AuditAction::EnrolmentAccepted, "enrolment_accepted", "/membership"),
        Decision::Changes => (AuditAction::EnrolmentSentBack, "enrolment_changes", "/enrol/profile"),
        Decision::Reject => (AuditAction::EnrolmentRejected, "enrolment_rejected", "/enrol/status"),
    };
    if decision == Decision::Accept {
        join(change, organization, &enrolment).await?;
        welcome(change, organization, &enrolment).await?;
    }
    let company = Company::of(&change.transaction, organization).await?;
    let founder = Beginner::of(&change.transaction, enrolment.begun_by).await?;
    let values = reason.map(|reason| ("reason", reason.to_owned()));
    change.post(founder.letter(organization, &company.name, kind, path, values));
    change.record(
        Event::new(organization, action, "organization", organization)
            .before(EnrolmentState::Review.code())
            .after(after.code()),
    );
    change.tell(Changed::Organization(organization));
    Ok(())
}

/// The company is a member: with the free network membership, and with what it brought from the older
/// portal.
async fn join(change: &mut Change<'_>, organization: OrganizationId, enrolment: &Enrolment) -> Outcome<()> {
    brought(change, organization).await?;
    // The older portal may have said otherwise meanwhile.
    let text = "update organization set portal_state = $2, row_version = row_version + 1,
            name = (select l.name from legal_profile l where l.organization_id = organization.id),
            time_zone = (select l.time_zone from legal_profile l where l.organization_id = organization.id)
        where id = $1 and portal_state <> $2";
    let values = [organization.0.into(), PortalState::Member.code().into()];
    sql::run(&change.transaction, text, values).await?;
    let text = "select count(*) as number from holding h join offer f on f.id = h.offer_id
        where h.organization_id = $1 and h.state = 'active' and f.tier = $2";
    let values = [organization.0.into(), Tier::Network.code().into()];
    if sql::number(&change.transaction, text, values).await? == 0 {
        settle::join_free(change, organization, Some(enrolment.begun_by.into())).await?;
    } else {
        entitle::entitle(change, organization).await?;
    }
    Ok(())
}

/// The competencies that a company brought from the older portal were attained there: they are on record here,
/// too, so that they can be renewed, also in an area that can't be bought any more.
async fn brought(change: &Change<'_>, organization: OrganizationId) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Competency {
        tier: String,
        areas: String,
    }
    let operator = change.request().account()?;
    let text = "select f.tier, h.areas from holding h join offer f on f.id = h.offer_id
        where h.organization_id = $1 and h.state = 'active' and f.tier in ('silver', 'gold')";
    for Competency { tier, areas } in
        sql::all::<Competency>(&change.transaction, text, [organization.0.into()]).await?
    {
        for area in areas.split(',').filter(|area| !area.is_empty()) {
            let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
                values ($1, $2, $3, $4, $5) on conflict (organization_id, tier, area) do nothing";
            let values = [
                organization.0.into(),
                tier.as_str().into(),
                area.into(),
                operator.0.into(),
                change.now.0.into(),
            ];
            sql::run(&change.transaction, text, values).await?;
        }
    }
    Ok(())
}

/// The primary contact hears of it, too, where it isn't the founder.
async fn welcome(
    change: &mut Change<'_>,
    organization: OrganizationId,
    enrolment: &Enrolment,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Contact {
        name: String,
        contact_name: String,
        contact_email: String,
        contact_language: String,
    }
    let text = "select name, contact_name, contact_email, contact_language from legal_profile
        where organization_id = $1";
    let contact = sql::one::<Contact>(&change.transaction, text, [organization.0.into()]).await?;
    let founder = Beginner::of(&change.transaction, enrolment.begun_by).await?;
    let Some(contact) =
        contact.filter(|contact| contact.contact_email.to_lowercase() != founder.email.to_lowercase())
    else {
        return Ok(());
    };
    change.post(Letter {
        organization: Some(organization),
        account: None,
        recipient: contact.contact_email,
        language: Language::from_tag(&contact.contact_language).unwrap_or_default(),
        kind: "enrolment_accepted",
        values: vec![("person", contact.contact_name), ("organization", contact.name)],
        path: "/membership".to_owned(),
        secret: None,
        dates: Vec::new(),
    });
    Ok(())
}
