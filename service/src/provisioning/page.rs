//! What the page about provisioning shows.

use domain::moment::Zone;
use domain::rights::Action;
use domain::view::operator::Stamp;
use domain::view::provisioning::{GroupRow, ProvisioningPage, SHOWN_MAX, TokenRow, TokenState};
use domain::{Moment, Role};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::settings;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// The page; for whoever may not set provisioning up only the reason, with the colleagues who may.
///
/// # Errors
/// [`domain::ErrorCode::SignInNeeded`], [`domain::ErrorCode::WrongSide`].
pub async fn page(service: &Service, request: &Request) -> Outcome<ProvisioningPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    let endpoint = format!("{}/scim/v2", service.base_url);
    let why_not = rights::why_not(reader, person, Action::ConfigureSignIn, &policies).await?;
    let settings = settings::in_force(reader, person.organization).await?;
    let (tokens, groups) = if why_not.is_some() {
        (Vec::new(), Vec::new())
    } else {
        (tokens(service, person).await?, groups(service, person).await?)
    };
    Ok(ProvisioningPage {
        endpoint,
        tokens,
        keep_seats: settings.keep_seats,
        roles: settings.roles.iter().collect(),
        version: settings.version,
        groups,
        why_not,
    })
}

async fn tokens(service: &Service, person: &Person) -> Outcome<Vec<TokenRow>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        name: String,
        made_by: String,
        created_at: i64,
        last_used_at: Option<i64>,
        expires_at: Option<i64>,
        revoked_at: Option<i64>,
    }
    let text = format!(
        "select t.id, t.name, a.full_name as made_by, t.created_at, t.last_used_at, t.expires_at, t.revoked_at
        from provisioning_token t join person p on p.id = t.created_by join account a on a.id = p.account_id
        where t.organization_id = $1 order by t.created_at desc, t.id desc limit {SHOWN_MAX}"
    );
    let rows = sql::all::<Row>(service.database.reader(), &text, [person.organization.0.into()]).await?;
    let (zone, now) = (person.zone(), service.now());
    let state = |row: &Row| match (row.revoked_at, row.expires_at) {
        (Some(_), _) => TokenState::Revoked,
        (None, Some(end)) if end <= now.0 => TokenState::Expired,
        _ => TokenState::Active,
    };
    Ok(rows
        .into_iter()
        .map(|row| TokenRow {
            id: row.id.into(),
            state: state(&row),
            name: row.name,
            made_by: row.made_by,
            made: zone.day_of(Moment(row.created_at)),
            last_used: row.last_used_at.map(|used| stamp(&zone, used)),
            expires: row.expires_at.map(|end| zone.day_of(Moment(end))),
        })
        .collect())
}

fn stamp(zone: &Zone, at: i64) -> Stamp {
    Stamp { day: zone.day_of(Moment(at)), time: zone.time_of(Moment(at)) }
}

async fn groups(service: &Service, person: &Person) -> Outcome<Vec<GroupRow>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
        display_name: String,
        role: Option<String>,
        row_version: i64,
        members: i64,
    }
    let text = format!(
        "select g.id, g.display_name, g.role, g.row_version,
            (select count(*) from provisioned_group_member m where m.group_id = g.id) as members
        from provisioned_group g where g.organization_id = $1
        order by g.display_name_key, g.id limit {SHOWN_MAX}"
    );
    let rows = sql::all::<Row>(service.database.reader(), &text, [person.organization.0.into()]).await?;
    Ok(rows
        .into_iter()
        .map(|row| GroupRow {
            id: row.id.into(),
            name: row.display_name,
            members: row.members,
            role: row.role.as_deref().and_then(Role::from_code),
            version: row.row_version,
        })
        .collect())
}
