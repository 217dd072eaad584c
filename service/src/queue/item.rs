//! An open row of the queue: what has to be known to decide it.

use domain::benefit::{Category, ProductKind};
use domain::ids::{GrantId, OrganizationId, ServiceRequestId};
use domain::moment::Zone;
use domain::rights::{OperatorAction, operator_may};
use domain::support::{self, AdvisoryDraft};
use domain::view::operator::{
    ActivationItem, AdvisoryItem, CancellationItem, Delivery, GlobalAdminItem, INCIDENT_GRANTS,
    IncidentGrant, ItemFacts, QueueItem, Stamp,
};
use domain::view::requests::RequestKind;
use domain::{ErrorCode, Language, Moment, Role};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{list, messages, plan, record_use, right};
use crate::benefits::{grants, products};
use crate::failure::Failure;
use crate::names::ProgrammeNames;
use crate::request::Operator;
use crate::{Outcome, Service, enrolment, purchases, sql};

/// Active Global admins who can sign in; `$1` organization.
pub(super) const ADMINS: &str = "from person p
    join account a on a.id = p.account_id and a.status = 'active'
    join person_role r on r.person_id = p.id and r.role = 'global_admin'
    where r.organization_id = $1 and p.status = 'active'";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    organization_id: Uuid,
    grant_id: Option<Uuid>,
    activation_id: Option<Uuid>,
    order_line_id: Option<Uuid>,
    details: String,
    requested_by: Uuid,
    requested_at: i64,
    decided_at: Option<i64>,
    reason: Option<String>,
    decided_by_name: Option<String>,
    email: String,
    tier: String,
    time_zone: String,
    other_open: i64,
}

/// The open row.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn item(
    service: &Service,
    operator: &Operator,
    language: Language,
    id: ServiceRequestId,
) -> Outcome<QueueItem> {
    let reader = service.database.reader();
    let now = service.now();
    let row = list::row(reader, operator, language, id.0, now).await?;
    let text =
        "select r.id, r.number, r.organization_id, r.grant_id, r.activation_id, r.order_line_id, r.details,
            r.requested_by, r.requested_at, r.decided_at, r.reason, d.full_name as decided_by_name, a.email,
            coalesce(tn.name, o.tier) as tier, o.time_zone,
            (select count(*) from service_request s
                where s.organization_id = r.organization_id and s.open and s.id <> r.id) as other_open
        from service_request r
        join organization o on o.id = r.organization_id
        left join tier_text tn on tn.tier = o.tier and tn.language = $2
        join person p on p.id = r.requested_by join account a on a.id = p.account_id
        left join account d on d.id = r.decided_by
        where r.id = $1";
    let of = sql::one::<Row>(reader, text, [id.0.into(), language.tag().into()]).await?;
    let of = of.ok_or(ErrorCode::NotFound)?;
    let zone = Zone::named(&of.time_zone);
    let facts = match row.kind {
        RequestKind::Activation => {
            ItemFacts::Activation(Box::new(activation(reader, &of, &zone, language, now).await?))
        }
        RequestKind::Advisory => ItemFacts::Advisory(Box::new(advisory(reader, &of, &zone, language).await?)),
        RequestKind::Cancellation => {
            ItemFacts::Cancellation(Box::new(cancellation(reader, &of, language, now).await?))
        }
        RequestKind::Payment => ItemFacts::Payment(purchases::transfer::item(service, language, id).await?),
        RequestKind::GlobalAdmin => ItemFacts::GlobalAdmin(global_admin(reader, &of).await?),
        RequestKind::Enrolment => {
            let organization = OrganizationId(of.organization_id);
            ItemFacts::Enrolment(Box::new(enrolment::review::item(reader, organization).await?))
        }
    };
    let history = messages::history(reader, of.id, &zone).await?;
    Ok(QueueItem {
        history,
        why_no_note: operator_may(&operator.roles, OperatorAction::WorkQueue).err(),
        requested: stamp(&zone, of.requested_at),
        decided: of.decided_at.map(|at| stamp(&zone, at)),
        decided_by: of.decided_by_name,
        reason: of.reason,
        requester_email: of.email,
        tier: of.tier,
        other_open: of.other_open,
        time_zone: of.time_zone,
        why_not: operator_may(&operator.roles, right(row.kind)).err(),
        facts,
        row,
    })
}

/// A moment as it is shown in a zone.
pub(crate) fn stamp(zone: &Zone, at: i64) -> Stamp {
    Stamp { day: zone.day_of(Moment(at)), time: zone.time_of(Moment(at)) }
}

async fn activation(
    connection: &impl ConnectionTrait,
    of: &Row,
    zone: &Zone,
    language: Language,
    now: Moment,
) -> Outcome<ActivationItem> {
    #[derive(FromQueryResult)]
    struct Holder {
        full_name: String,
        alternate_email: Option<String>,
    }
    #[derive(FromQueryResult)]
    struct Contact {
        full_name: String,
        alternate_email: String,
    }
    let broken = |column| Failure::broken("service_request", column, of.id);
    let organization = OrganizationId(of.organization_id);
    let grant = of.grant_id.ok_or_else(|| broken("grant_id"))?;
    let activation = of.activation_id.ok_or_else(|| broken("activation_id"))?;
    let grant = grants::find(connection, organization, GrantId(grant)).await?;
    let text = "select a.full_name, v.alternate_email from activation v
        join person p on p.id = v.person_id join account a on a.id = p.account_id where v.id = $1";
    let holder = sql::one::<Holder>(connection, text, [activation.into()]).await?;
    let marketing = grant.category == Category::GoToMarket;
    let contact = if marketing {
        let text = "select a.full_name, c.alternate_email from marketing_contact c
            join person p on p.id = c.person_id join account a on a.id = p.account_id
            where c.organization_id = $1";
        sql::one::<Contact>(connection, text, [of.organization_id.into()]).await?
    } else {
        None
    };
    let break_fix = matches!(grant.kind, ProductKind::BreakFixSignature | ProductKind::BreakFixIncidents);
    Ok(ActivationItem {
        takes_ids: !marketing && holder.is_none(),
        needs_ids: break_fix && holder.is_none(),
        holder: holder.map(|holder| (holder.full_name, holder.alternate_email)),
        contact: contact.map(|contact| (contact.full_name, contact.alternate_email)),
        marketing,
        starts: zone.day_of(now),
        expires: grant.facts.usable_until().map(|until| zone.day_of(until)),
        source_name: ProgrammeNames::of(connection, language)
            .await?
            .of_grant(&grant.source, grant.area.as_deref()),
        source: grant.source,
    })
}

async fn advisory(
    connection: &impl ConnectionTrait,
    of: &Row,
    zone: &Zone,
    language: Language,
) -> Outcome<AdvisoryItem> {
    #[derive(FromQueryResult)]
    struct Entry {
        amount: i64,
        reason: String,
        recorded_at: i64,
        full_name: String,
    }
    let grant = of.grant_id.ok_or_else(|| Failure::broken("service_request", "grant_id", of.id))?;
    let grant = grants::find(connection, OrganizationId(of.organization_id), GrantId(grant)).await?;
    let text = "select b.amount, b.reason, b.recorded_at, a.full_name from balance_entry b
        join account a on a.id = b.recorded_by
        where b.grant_id in (select id from benefit_grant where organization_id = $1) and b.kind = 'hour'
            and b.reason like $2
        order by b.recorded_at, b.id";
    let prefix = record_use::prefix(of.number);
    let values = [of.organization_id.into(), format!("{prefix}%").into()];
    let deliveries = sql::all::<Entry>(connection, text, values)
        .await?
        .into_iter()
        .map(|entry| Delivery {
            day: zone.day_of(Moment(entry.recorded_at)),
            hours: entry.amount,
            note: entry.reason.strip_prefix(&prefix).unwrap_or(&entry.reason).to_owned(),
            by: entry.full_name,
        })
        .collect();
    let texts = products::texts(connection, grant.product).await?;
    Ok(AdvisoryItem {
        // What an older version of the form did not ask for stays empty.
        draft: serde_json::from_str::<AdvisoryDraft>(&of.details).unwrap_or_default(),
        benefit: texts.of(language)?.name.clone(),
        left: record_use::left(connection, &grant).await?,
        source_name: ProgrammeNames::of(connection, language)
            .await?
            .of_grant(&grant.source, grant.area.as_deref()),
        source: grant.source,
        deliveries,
        plan: plan::of(connection, of.id).await?,
    })
}

async fn cancellation(
    connection: &impl ConnectionTrait,
    of: &Row,
    language: Language,
    now: Moment,
) -> Outcome<CancellationItem> {
    let line = of.order_line_id.ok_or_else(|| Failure::broken("service_request", "order_line_id", of.id))?;
    let line = purchases::list::one(connection, line.into(), language, Moment(of.requested_at), now).await?;
    let (reason, note) = purchases::cancel::details(&of.details);
    Ok(CancellationItem { line, reason, note })
}

async fn global_admin(connection: &impl ConnectionTrait, of: &Row) -> Outcome<GlobalAdminItem> {
    #[derive(FromQueryResult)]
    struct Asker {
        active: bool,
        roles: Option<String>,
    }
    #[derive(FromQueryResult)]
    struct Admin {
        full_name: String,
    }
    let text = "select (p.status = 'active' and a.status = 'active') as active,
            (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles
        from person p join account a on a.id = p.account_id where p.id = $1";
    let asker = sql::one::<Asker>(connection, text, [of.requested_by.into()])
        .await?
        .ok_or_else(|| Failure::broken("service_request", "requested_by", of.id))?;
    let text = format!("select a.full_name {ADMINS} order by p.sort_name, p.id");
    let admins = sql::all::<Admin>(connection, &text, [of.organization_id.into()]).await?;
    let roles =
        domain::Roles::new(asker.roles.as_deref().unwrap_or_default().split(',').filter_map(Role::from_code));
    Ok(GlobalAdminItem {
        roles: roles.iter().collect(),
        admins: admins.into_iter().map(|admin| admin.full_name).collect(),
        active: asker.active,
    })
}

/// Break-fix grants of the companies whose name has what was typed; each of those that are looked at has one.
pub(super) async fn incident_grants(
    connection: &impl ConnectionTrait,
    language: Language,
    company: &str,
) -> Outcome<Vec<IncidentGrant>> {
    #[derive(FromQueryResult)]
    struct Found {
        id: Uuid,
        organization: String,
        name: String,
        source: String,
        area: Option<String>,
        quantity: Option<i64>,
        used: i64,
    }
    let text = format!(
        "select g.id, o.name as organization, t.name, g.source, g.area, po.quantity,
            (select cast(coalesce(sum(b.amount), 0) as bigint) from balance_entry b
                join benefit_grant s on s.id = b.grant_id
                where s.pool_id = g.pool_id and {}) as used
        from (select c.id, c.name, c.name_key from organization c where c.name_key like $2 escape '\\'
                and exists (select 1 from benefit_grant h
                    join product k on k.id = h.product_id and k.kind in ('break_fix_signature', 'break_fix_incidents')
                    where h.organization_id = c.id and h.category = 'technical' and h.state = 'granted')
            order by c.name_key, c.id limit {INCIDENT_GRANTS}) o
        join benefit_grant g on g.organization_id = o.id and g.state = 'granted'
        join pool po on po.id = g.pool_id
        join product p on p.id = g.product_id and p.kind in ('break_fix_signature', 'break_fix_incidents')
        join product_text t on t.product_id = p.id and t.language = $1
        order by o.name_key, t.name_key, g.source, g.id limit {INCIDENT_GRANTS}",
        record_use::COUNTED
    );
    let company: String = company.chars().take(120).collect();
    let values = [language.tag().into(), sql::contains_pattern(&company).into()];
    let names = ProgrammeNames::of(connection, language).await?;
    let found = sql::all::<Found>(connection, &text, values).await?;
    let grant = |found: Found| IncidentGrant {
        id: GrantId(found.id),
        organization: found.organization,
        name: found.name,
        left: support::left(found.quantity, [found.used]),
        source_name: names.of_grant(&found.source, found.area.as_deref()),
        source: found.source,
    };
    Ok(found.into_iter().map(grant).collect())
}
