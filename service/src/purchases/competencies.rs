//! Competencies that companies attained, as operators record them: what Silver and Gold are bought for.

use domain::membership::Tier;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::view::area::NamedArea;
use domain::view::operator::{AttainedRow, CompetenciesPage, CompetenciesQuery, PAGE_ROWS};
use domain::{AuditAction, Error, ErrorCode, Field, Language, Moment};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::names::ProgrammeNames;
use crate::operation::Operation;
use crate::request::Request;
use crate::{Outcome, Service, rights, sql};

/// A competency of a company, as it was typed and chosen.
#[derive(Clone, Debug)]
pub struct Competency {
    /// The company's mail domain.
    pub domain: String,
    /// Code of the level: silver or gold.
    pub tier: String,
    /// Code of the area.
    pub area: String,
}

#[derive(FromQueryResult)]
struct Row {
    company: String,
    domain: String,
    tier: String,
    level: String,
    area: String,
    area_name: String,
    recorded_at: i64,
    recorded_by: String,
}

#[derive(FromQueryResult)]
struct Area {
    code: String,
    name: String,
}

/// What is on record, the latest first.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who don't read the queue.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &CompetenciesQuery,
) -> Outcome<CompetenciesPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadQueue)?;
    let mut values: Vec<Value> = vec![language.tag().into()];
    let mut filter = String::new();
    let find: String = query.find.trim().chars().take(120).collect();
    if !find.is_empty() {
        values.push(sql::contains_pattern(&find).into());
        filter.push_str("where o.name_key like $2 escape '\\' or o.domain like $2 escape '\\'");
    }
    let text = format!(
        "select o.name as company, o.domain, c.tier, coalesce(tn.name, c.tier) as level, c.area,
            coalesce(an.name, c.area) as area_name, c.recorded_at,
            a.full_name as recorded_by
        from attained_area c join organization o on o.id = c.organization_id
        left join competency_area_text an on an.area = c.area and an.language = $1
        left join tier_text tn on tn.tier = c.tier and tn.language = $1
        join account a on a.id = c.recorded_by {filter}
        order by c.recorded_at desc, o.name_key, c.tier, c.area limit {PAGE_ROWS}"
    );
    let zone = domain::moment::Zone::named("UTC");
    let rows = sql::all::<Row>(service.database.reader(), &text, values).await?;
    let text = "select c.code, coalesce(an.name, c.code) as name from competency_area c
        left join competency_area_text an on an.area = c.code and an.language = $1
        order by coalesce(an.name, c.code), c.code";
    let areas = sql::all::<Area>(service.database.reader(), text, [language.tag().into()]).await?;
    let names = ProgrammeNames::of(service.database.reader(), language).await?;
    let level = |tier: Tier| (tier.code().to_owned(), names.tier(tier.code()));
    Ok(CompetenciesPage {
        levels: [Tier::Silver, Tier::Gold].map(level).to_vec(),
        areas: areas.into_iter().map(|area| NamedArea { code: area.code, name: area.name }).collect(),
        rows: rows
            .into_iter()
            .map(|row| AttainedRow {
                company: row.company,
                domain: row.domain,
                tier: row.tier,
                level: row.level,
                area: NamedArea { code: row.area, name: row.area_name },
                day: zone.day_of(Moment(row.recorded_at)),
                by: row.recorded_by,
            })
            .collect(),
        why_not: domain::rights::operator_may(&operator.roles, OperatorAction::WorkQueue).err(),
    })
}

/// Records a competency as attained; once more changes nothing. Gives the company's name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Invalid`] with [`ErrorCode::NotFound`] on the company and
/// [`ErrorCode::UnknownChoice`] on level and area.
pub async fn record(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: Competency,
) -> Outcome<String> {
    change(service, request, operation, input, true).await
}

/// Takes a competency off the record: what was bought for it stays, nothing more can be bought. Gives the
/// company's name.
///
/// # Errors
/// As [`record`].
pub async fn revoke(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: Competency,
) -> Outcome<String> {
    change(service, request, operation, input, false).await
}

async fn change(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: Competency,
    attained: bool,
) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Company {
        id: Uuid,
        name: String,
    }
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::WorkQueue)?;
    let name = if attained { "record_competency" } else { "revoke_competency" };
    let operation = Operation::new(operation, name, &input);
    let mut faults = domain::error::Faults::default();
    let tier = Tier::from_code(&input.tier).filter(|tier| matches!(tier, Tier::Silver | Tier::Gold));
    if tier.is_none() {
        faults.add(Field::Offer, ErrorCode::UnknownChoice);
    }
    // Off the record it can also be where the programme doesn't have the area any more: its name stays.
    let text = if attained {
        "select count(*) as number from competency_area where code = $1"
    } else {
        "select count(*) as number from competency_area_text where area = $1"
    };
    if sql::number(service.database.reader(), text, [input.area.clone().into()]).await? == 0 {
        faults.add(Field::Area, ErrorCode::UnknownChoice);
    }
    faults.check()?;
    let Some(tier) = tier else { return Err(ErrorCode::Invalid.into()) };
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let text = "select id, name from organization where domain = $1";
    let domain: String = input.domain.trim().to_lowercase().chars().take(253).collect();
    let company = sql::one::<Company>(&change.transaction, text, [domain.into()])
        .await?
        .ok_or_else(|| Error::field(Field::Company, ErrorCode::NotFound))?;
    let values = || [company.id.into(), tier.code().into(), input.area.clone().into()];
    let changed = if attained {
        let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
            values ($1, $2, $3, $4, $5) on conflict (organization_id, tier, area) do nothing";
        let [company, tier, area] = values();
        let by = [operator.account.0.into(), change.now.0.into()];
        let [by, at] = by;
        sql::run(&change.transaction, text, [company, tier, area, by, at]).await?
    } else {
        let text = "delete from attained_area where organization_id = $1 and tier = $2 and area = $3";
        sql::run(&change.transaction, text, values()).await?
    };
    if changed > 0 {
        let action = if attained { AuditAction::CompetencyAttained } else { AuditAction::CompetencyRevoked };
        change.record(Event::new(company.id.into(), action, "organization", company.id).after(format!(
            "{} {}",
            tier.code(),
            input.area
        )));
        change.tell(Changed::Organization(company.id.into()));
    }
    change.commit(company.name).await
}
