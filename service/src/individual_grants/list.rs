//! The individual grants of all companies, as operators see them.

use domain::Language;
use domain::ids::{IndividualGrantId, OrganizationId, ProductId};
use domain::individual_grant::{Individual, IndividualKind};
use domain::moment::Zone;
use domain::rights::OperatorAction;
use domain::view::individual_grants::{
    COMPANIES, CompanyFound, IndividualGrantRow, IndividualGrantsPage, IndividualGrantsQuery,
    IndividualState, PAGE_ROWS,
};
use domain::{Day, ErrorCode};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::amount;
use crate::failure::Failure;
use crate::queue::item::stamp;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// So many characters of what is looked for count.
const FIND_MAX: usize = 120;

#[derive(FromQueryResult)]
pub(super) struct Listed {
    id: Uuid,
    organization_id: Uuid,
    company: String,
    domain: String,
    pub(super) product_id: Uuid,
    name: String,
    kind: String,
    quantity: Option<i64>,
    reason: String,
    ends_on: String,
    set_by: String,
    set_at: i64,
    ended_at: Option<i64>,
    ended_by: Option<String>,
    row_version: i64,
}

/// An individual grant with names; `$1` is the reader's language.
pub(super) const LISTED: &str =
    "select i.id, i.organization_id, o.name as company, o.domain, i.product_id, t.name, i.kind,
        i.quantity, i.reason, i.ends_on, s.full_name as set_by, i.set_at, i.ended_at, e.full_name as ended_by,
        i.row_version
    from individual_grant i join organization o on o.id = i.organization_id
    join product_text t on t.product_id = i.product_id and t.language = $1
    join account s on s.id = i.set_by left join account e on e.id = i.ended_by";

impl TryFrom<Listed> for IndividualGrantRow {
    type Error = Failure;

    fn try_from(row: Listed) -> Outcome<Self> {
        let broken = |column| Failure::broken("individual_grant", column, row.id);
        let utc = Zone::named("UTC");
        Ok(Self {
            id: IndividualGrantId(row.id),
            organization: OrganizationId(row.organization_id),
            product: ProductId(row.product_id),
            individual: Individual {
                kind: IndividualKind::from_code(&row.kind).ok_or_else(|| broken("kind"))?,
                amount: amount(row.quantity),
            },
            ends: Day::parse(&row.ends_on).ok_or_else(|| broken("ends_on"))?,
            company: row.company,
            domain: row.domain,
            name: row.name,
            reason: row.reason,
            by: row.set_by,
            set: stamp(&utc, row.set_at),
            ended: row.ended_at.map(|at| stamp(&utc, at)),
            ended_by: row.ended_by,
            version: row.row_version,
        })
    }
}

/// The page that the query asks for, the latest first.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`].
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &IndividualGrantsQuery,
) -> Outcome<IndividualGrantsPage> {
    rights::check_operator(request.operator()?, OperatorAction::ReadIndividualGrants)?;
    let reader = service.database.reader();
    let mut values: Vec<Value> = vec![language.tag().into()];
    let mut filter = String::from("where t.language = $1");
    let find: String = query.find.trim().chars().take(FIND_MAX).collect();
    if !find.is_empty() {
        values.push(sql::contains_pattern(&find).into());
        filter.push_str(
            " and (o.name_key like $2 escape '\\' or o.domain like $2 escape '\\'
                or t.name_key like $2 escape '\\')",
        );
    }
    filter.push_str(match query.state {
        None => "",
        Some(IndividualState::InForce) => " and i.ended_at is null",
        Some(IndividualState::Ended) => " and i.ended_at is not null",
    });
    let text = format!(
        "select count(*) as number from individual_grant i join organization o on o.id = i.organization_id
        join product_text t on t.product_id = i.product_id {filter}"
    );
    let total = sql::number(reader, &text, values.clone()).await?;
    if let Some(after) = query.after {
        values.push(after.0.into());
        filter.push_str(&format!(" and i.id < ${}", values.len()));
    }
    // Ids are in the order of time.
    let text = format!("{LISTED} {filter} order by i.id desc limit {}", PAGE_ROWS + 1);
    let rows = sql::all::<Listed>(reader, &text, values).await?;
    let mut rows = rows.into_iter().map(IndividualGrantRow::try_from).collect::<Outcome<Vec<_>>>()?;
    let most = PAGE_ROWS as usize;
    let more = rows.len() > most;
    rows.truncate(most);
    Ok(IndividualGrantsPage {
        next: rows.last().filter(|_| more).map(|row| row.id),
        rows,
        total,
        companies: companies(reader, language, &query.company).await?,
    })
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    name: String,
    domain: String,
    tier: String,
}

impl From<Found> for CompanyFound {
    fn from(row: Found) -> Self {
        Self { id: OrganizationId(row.id), name: row.name, domain: row.domain, tier: row.tier }
    }
}

/// Members whose name or domain has this in it.
async fn companies(
    connection: &impl ConnectionTrait,
    language: Language,
    typed: &str,
) -> Outcome<Vec<CompanyFound>> {
    let find: String = typed.trim().chars().take(FIND_MAX).collect();
    if find.is_empty() {
        return Ok(Vec::new());
    }
    let text = format!(
        "select o.id, o.name, o.domain, coalesce(tn.name, o.tier) as tier from organization o
        left join tier_text tn on tn.tier = o.tier and tn.language = $2
        where o.portal_state = 'member'
            and (o.name_key like $1 escape '\\' or o.domain like $1 escape '\\')
        order by o.name_key, o.id limit {COMPANIES}"
    );
    let values = [sql::contains_pattern(&find).into(), language.tag().into()];
    let rows = sql::all::<Found>(connection, &text, values).await?;
    Ok(rows.into_iter().map(CompanyFound::from).collect())
}

/// A member, with its time zone.
pub(super) async fn company(
    connection: &impl ConnectionTrait,
    language: Language,
    company_domain: &str,
) -> Outcome<(CompanyFound, String)> {
    #[derive(FromQueryResult)]
    struct Zoned {
        id: Uuid,
        name: String,
        domain: String,
        tier: String,
        time_zone: String,
    }
    let text =
        "select o.id, o.name, o.domain, coalesce(tn.name, o.tier) as tier, o.time_zone from organization o
        left join tier_text tn on tn.tier = o.tier and tn.language = $2
        where o.domain = $1 and o.portal_state = 'member'";
    let values = [company_domain.into(), language.tag().into()];
    let found = sql::one::<Zoned>(connection, text, values).await?;
    let Zoned { id, name, domain, tier, time_zone } = found.ok_or(ErrorCode::NotFound)?;
    Ok((CompanyFound { id: OrganizationId(id), name, domain, tier }, time_zone))
}
