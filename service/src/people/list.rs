//! User management: who is here, with which roles and how many seats.

use domain::departure::check_return;
use domain::ids::{OrganizationId, PersonId};
use domain::moment::Zone;
use domain::rights::{self as rules, Action};
use domain::view::people::{
    AddUserPage, PAGE_ROWS, PeoplePage, PeopleQuery, PeopleSort, PersonRow, PersonStatus, Setup,
};
use domain::{ErrorCode, Moment, Role};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::second_factor;
use crate::failure::Failure;
use crate::request::{Person, Request};
use crate::{Outcome, Service, policies, rights, sql};

/// How a person stands: whoever hasn't accepted an invitation is invited, whatever the person's own
/// row says.
const STATUS: &str = "case when p.status = 'active' and a.status <> 'active' then a.status else p.status end";

/// People of the organization `$1`, those who left aside.
const PEOPLE: &str = "from person p join account a on a.id = p.account_id
    where p.organization_id = $1 and p.status <> 'left'";

fn rows() -> String {
    format!(
        "select p.id, p.row_version, a.full_name, a.email, p.created_at, p.last_sign_in_at, {STATUS} as status,
            (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles,
            (select count(*) from seat s where s.person_id = p.id and s.released_at is null) as seats,
            (select b.reason from bouncing_address b where b.address_key = a.email_key) as mail_comes_back
        {PEOPLE}"
    )
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    row_version: i64,
    full_name: String,
    email: String,
    created_at: i64,
    last_sign_in_at: i64,
    status: String,
    roles: Option<String>,
    seats: i64,
    mail_comes_back: Option<String>,
}

/// The page that the query asks for.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for whoever has nothing to do with the company's people;
/// [`ErrorCode::NotFound`] for an open row of somebody else.
pub async fn page(service: &Service, request: &Request, query: &PeopleQuery) -> Outcome<PeoplePage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::OpenBenefits, &policies).await?;
    let zone = person.zone();
    let text = "select people as number from organization where id = $1";
    let all = sql::number(reader, text, [person.organization.0.into()]).await?;
    let text = "select count(*) as number from person_role r
        join person p on p.id = r.person_id and p.status = 'active'
        join account a on a.id = p.account_id and a.status = 'active'
        where r.organization_id = $1 and r.role = 'global_admin'";
    let global_admins = sql::number(reader, text, [person.organization.0.into()]).await?;

    let (filter, mut values) = filter(person, query);
    let count = |further: &str| format!("select count(*) as number {PEOPLE}{filter}{further}");
    // What isn't filtered isn't counted again.
    let total = if filter.is_empty() { all } else { sql::number(reader, &count(""), values.clone()).await? };
    let before = match query.after {
        Some(after) => {
            let text = "select count(*) as number from person where id = $1 and organization_id = $2";
            let at = [after.0.into(), person.organization.0.into()];
            if sql::number(reader, text, at).await? == 0 {
                return Err(ErrorCode::NotFound.into());
            }
            values.push(after.0.into());
            let place = Order::of(query.sort).after(values.len());
            sql::number(reader, &count(&format!(" and not ({place})")), values).await?
        }
        None => 0,
    };
    let mut rows = batch(reader, person, query, Rows::Page).await?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    let open = match query.open {
        Some(open) => Some(one(reader, person.organization, open, &zone).await?),
        None => None,
    };
    let has_factor = match query.open {
        Some(open) => {
            let text =
                "select count(*) as number from second_factor f join person p on p.account_id = f.account_id
                where p.id = $1 and f.confirmed_at is not null";
            sql::number(reader, text, [open.0.into()]).await? > 0
        }
        None => false,
    };
    let why_not_roles = rights::why_not(reader, person, Action::SetRoles, &policies).await?;
    let (mut why_not_return, mut why_not_take_off) = (None, None);
    if let Some(row) = &open {
        let roles = domain::Roles::new(row.roles.iter().copied());
        if row.status == PersonStatus::Suspended {
            let possible = || check_return(&person.roles, &roles, row.status).err();
            why_not_return = why_not_roles.clone().or_else(possible);
        }
        if has_factor {
            why_not_take_off = match &why_not_roles {
                Some(error) => Some(error.clone()),
                None => second_factor::check(reader, person, &person.roles, row.id, &roles).await?.err(),
            };
        }
    }
    Ok(PeoplePage {
        second_factor: has_factor,
        why_not_return,
        why_not_take_off,
        next: rows.last().filter(|_| more).map(|row| row.id),
        rows,
        total,
        all,
        global_admins,
        before,
        open,
        why_not_add: rights::why_not(reader, person, Action::AddUser, &policies).await?,
        why_not_roles,
        grantable: rules::grantable(&person.roles),
        setup: setup(reader, person).await?,
    })
}

/// How many rows are read at a time.
#[derive(Clone, Copy)]
pub(super) enum Rows {
    /// A page, and one more that says whether another follows.
    Page,
    /// A part of an export.
    Export,
}

/// The rows after the query's cursor that its filters leave, in its order.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn batch(
    connection: &impl ConnectionTrait,
    person: &Person,
    query: &PeopleQuery,
    size: Rows,
) -> Outcome<Vec<PersonRow>> {
    let order = Order::of(query.sort);
    let (filter, mut values) = filter(person, query);
    let from = match query.after {
        Some(after) => {
            values.push(after.0.into());
            format!(" and {}", order.after(values.len()))
        }
        None => String::new(),
    };
    let limit = match size {
        Rows::Page => PAGE_ROWS + 1,
        Rows::Export => 500,
    };
    let text = format!("{}{filter}{from} {} limit {limit}", rows(), order.clause());
    let zone = person.zone();
    sql::all::<Row>(connection, &text, values).await?.into_iter().map(|row| view(row, &zone)).collect()
}

/// What **Add user** shows.
///
/// # Errors
/// [`ErrorCode::SignInNeeded`], [`ErrorCode::WrongSide`].
pub async fn add_user_page(service: &Service, request: &Request) -> Outcome<AddUserPage> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    Ok(AddUserPage {
        why_not: rights::why_not(reader, person, Action::AddUser, &policies).await?,
        grantable: rules::grantable(&person.roles),
        setup: setup(reader, person).await?,
    })
}

/// An order of the list, whose columns an index has.
struct Order {
    column: &'static str,
    down: bool,
}

impl Order {
    const fn of(sort: PeopleSort) -> Self {
        match sort {
            PeopleSort::Name => Self { column: "sort_name", down: false },
            PeopleSort::NameDown => Self { column: "sort_name", down: true },
            PeopleSort::LastSignIn => Self { column: "last_sign_in_at", down: false },
            PeopleSort::LastSignInDown => Self { column: "last_sign_in_at", down: true },
        }
    }

    fn clause(&self) -> String {
        let Self { column, down } = self;
        let way = if *down { " desc" } else { "" };
        format!("order by p.{column}{way}, p.id{way}")
    }

    /// Whether a row comes after the person whose id is the value at that place.
    fn after(&self, at: usize) -> String {
        let Self { column, down } = self;
        let than = if *down { "<" } else { ">" };
        format!("(p.{column}, p.id) {than} (select c.{column}, c.id from person c where c.id = ${at})")
    }
}

/// The organization's person as the list has it.
///
/// # Errors
/// [`ErrorCode::NotFound`].
pub(super) async fn one(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    person: PersonId,
    zone: &Zone,
) -> Outcome<PersonRow> {
    let text = format!("{} and p.id = $2", rows());
    let values = [organization.0.into(), person.0.into()];
    view(sql::one::<Row>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?, zone)
}

/// What is left of the company's set-up (rule 4).
///
/// # Errors
/// [`Failure::Database`].
pub(crate) async fn setup(connection: &impl ConnectionTrait, person: &Person) -> Outcome<Setup> {
    #[derive(FromQueryResult)]
    struct Row {
        setup_finished: bool,
        by_reader: bool,
        founder: Option<String>,
    }
    let text = "select o.setup_finished, coalesce(o.founder_person_id = $2, false) as by_reader,
            a.full_name as founder
        from organization o
        left join person p on p.id = o.founder_person_id left join account a on a.id = p.account_id
        where o.id = $1";
    let values = [person.organization.0.into(), person.id.0.into()];
    let row = sql::one::<Row>(connection, text, values)
        .await?
        .ok_or_else(|| Failure::broken("organization", "id", person.organization))?;
    Ok(Setup { finished: row.setup_finished, by_reader: row.by_reader, founder: row.founder })
}

fn filter(person: &Person, query: &PeopleQuery) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![person.organization.0.into()];
    let mut parts = String::new();
    let find: String = query.find.trim().chars().take(120).collect();
    if !find.is_empty() {
        values.push(sql::contains_pattern(&find).into());
        let at = values.len();
        parts.push_str(&format!(
            " and (p.sort_name like ${at} escape '\\' or a.email_key like ${at} escape '\\')"
        ));
    }
    if let Some(role) = query.role {
        values.push(role.code().into());
        let at = values.len();
        parts.push_str(&format!(
            " and exists (select 1 from person_role r where r.person_id = p.id and r.role = ${at})"
        ));
    }
    if let Some(status) = query.status {
        values.push(status.code().into());
        parts.push_str(&format!(" and {STATUS} = ${}", values.len()));
    }
    (parts, values)
}

fn view(row: Row, zone: &Zone) -> Outcome<PersonRow> {
    let roles =
        domain::Roles::new(row.roles.as_deref().unwrap_or_default().split(',').filter_map(Role::from_code));
    Ok(PersonRow {
        id: PersonId(row.id),
        version: row.row_version,
        name: row.full_name,
        email: row.email,
        roles: roles.iter().collect(),
        status: PersonStatus::from_code(&row.status)
            .ok_or_else(|| Failure::broken("person", "status", row.id))?,
        seats: row.seats,
        mail_comes_back: row.mail_comes_back,
        since: zone.day_of(Moment(row.created_at)),
        last_sign_in: (row.last_sign_in_at > 0).then(|| zone.day_of(Moment(row.last_sign_in_at))),
    })
}
