//! Groups that a provisioning program keeps. A Global admin says which role a group gives to its
//! people; a group without a role gives nothing.

use std::collections::{BTreeSet, HashMap};

use domain::ids::{OrganizationId, PersonId, ProvisionedGroupId};
use domain::operation::OperationId;
use domain::rights::Action;
use domain::view::provisioning::GROUP_ROLES;
use domain::{AuditAction, ErrorCode, Moment, Role, Roles};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use super::condition::{Column, Values, condition};
use super::users::bounded;
use super::{Listed, PAGE_MAX, Refusal, Wanted};
use crate::audit::Event;
use crate::change::{Begun, Change};
use crate::live::Changed;
use crate::operation::Operation;
use crate::people::administrator::Administrator;
use crate::people::roles;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// The schema of a group, in lower case.
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:group";
/// So many ids stand in one query.
const AT_ONCE: usize = 500;
/// So many members a group has at most.
const MEMBERS_MAX: usize = 20_000;
/// So many groups a company has at most.
const GROUPS_MAX: i64 = 5_000;

/// What a program says about a group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupAttributes {
    /// Name; unique in the organization, without case.
    pub display_name: String,
    /// The directory's own id; unique in the organization.
    pub external_id: Option<String>,
    /// Its people.
    pub members: BTreeSet<PersonId>,
}

/// A group of the organization.
#[derive(Clone, Debug)]
pub struct Group {
    /// The group.
    pub id: ProvisionedGroupId,
    /// Version of the row.
    pub version: i64,
    /// When it came.
    pub created: Moment,
    /// What the program says; people who have left are not among its members.
    pub attributes: GroupAttributes,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    row_version: i64,
    created_at: i64,
    display_name: String,
    external_id: Option<String>,
    role: Option<String>,
}

const SELECT: &str = "select g.id, g.row_version, g.created_at, g.display_name, g.external_id, g.role";
const FROM: &str = "from provisioned_group g where g.organization_id = $1";

fn column(name: &str, part: Option<&str>) -> Option<Column> {
    Some(match (name, part) {
        ("id", None) => Column::Id("g.id"),
        ("displayname", None) => Column::Folded("g.display_name_key"),
        ("externalid", None) => Column::Exact("g.external_id"),
        ("members", None | Some("value")) => Column::AmongIds(
            "(exists (select 1 from provisioned_group_member f where f.group_id = g.id and f.person_id = {}))",
        ),
        ("members", Some("type")) => Column::Always("user"),
        _ => return None,
    })
}

impl Row {
    fn role(&self) -> Option<Role> {
        self.role.as_deref().and_then(Role::from_code)
    }

    fn group(self, members: BTreeSet<PersonId>) -> Group {
        Group {
            id: ProvisionedGroupId(self.id),
            version: self.row_version,
            created: Moment(self.created_at),
            attributes: GroupAttributes {
                display_name: self.display_name,
                external_id: self.external_id,
                members,
            },
        }
    }
}

impl GroupAttributes {
    fn checked(mut self) -> Result<Self, Refusal> {
        self.external_id = bounded("externalId", self.external_id)?;
        self.display_name = bounded("displayName", Some(self.display_name))?
            .ok_or_else(|| Refusal::Value("displayName is missing".into()))?;
        if self.members.len() > MEMBERS_MAX {
            return Err(Refusal::Value(format!("More than {MEMBERS_MAX} members")));
        }
        Ok(self)
    }
}

/// The groups of the organization that match, in the order in which they came. Members are read only
/// where they are asked for.
///
/// # Errors
/// [`Refusal::Filter`]; [`Refusal::Failure`].
pub async fn list(
    service: &Service,
    request: &Request,
    wanted: &Wanted,
    with_members: bool,
) -> Result<Listed<Group>, Refusal> {
    let organization = request.token()?.organization;
    let reader = service.database.reader();
    let mut values = Values(vec![organization.0.into()]);
    let matches = match &wanted.filter {
        Some(filter) => format!(" and {}", condition(filter, SCHEMA, column, &mut values)?),
        None => String::new(),
    };
    let text = format!("select count(*) as number {FROM}{matches}");
    let total = sql::number(reader, &text, values.0.clone()).await?;
    let count = wanted.count.clamp(0, PAGE_MAX);
    let skipped = wanted.start.max(1) - 1;
    let rows = if count == 0 {
        Vec::new()
    } else {
        let text = format!("{SELECT} {FROM}{matches} order by g.id limit {count} offset {skipped}");
        sql::all::<Row>(reader, &text, values.0).await?
    };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut members =
        if with_members { members_of(reader, organization, &ids).await? } else { HashMap::new() };
    let rows = rows.into_iter().map(|row| {
        let members = members.remove(&row.id).unwrap_or_default();
        row.group(members)
    });
    Ok(Listed { total, rows: rows.collect() })
}

async fn members_of(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    groups: &[Uuid],
) -> Outcome<HashMap<Uuid, BTreeSet<PersonId>>> {
    #[derive(FromQueryResult)]
    struct Member {
        group_id: Uuid,
        person_id: Uuid,
    }
    let mut members: HashMap<Uuid, BTreeSet<PersonId>> = HashMap::new();
    if groups.is_empty() {
        return Ok(members);
    }
    let text = format!(
        "select group_id, person_id from provisioned_group_member
        where organization_id = $1 and group_id in ({})",
        places(2, groups.len())
    );
    let values = std::iter::once(Value::from(organization.0)).chain(groups.iter().map(|id| (*id).into()));
    for row in sql::all::<Member>(connection, &text, values).await? {
        members.entry(row.group_id).or_default().insert(PersonId(row.person_id));
    }
    Ok(members)
}

fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}

async fn row(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    group: ProvisionedGroupId,
) -> Outcome<Row> {
    let text = format!("{SELECT} {FROM} and g.id = $2");
    let values = [organization.0.into(), group.0.into()];
    Ok(sql::one::<Row>(connection, &text, values).await?.ok_or(ErrorCode::NotFound)?)
}

/// A group of the organization.
///
/// # Errors
/// [`ErrorCode::NotFound`] for a group of somebody else (rule 7).
pub async fn get(service: &Service, request: &Request, group: ProvisionedGroupId) -> Result<Group, Refusal> {
    let organization = request.token()?.organization;
    let reader = service.database.reader();
    let row = row(reader, organization, group).await?;
    let members = members_of(reader, organization, &[row.id]).await?.remove(&row.id).unwrap_or_default();
    Ok(row.group(members))
}

/// Adds a group; it gives no role until a Global admin says which.
///
/// # Errors
/// [`Refusal::Value`], also for a member who is nobody of the organization (rule 7);
/// [`Refusal::Uniqueness`].
pub async fn create(
    service: &Service,
    request: &Request,
    attributes: GroupAttributes,
) -> Result<Group, Refusal> {
    let by = Administrator::from(request.token()?);
    let attributes = attributes.checked()?;
    let mut change = Change::begin_unasked(service, request).await?;
    roles::lock(&change, by.organization).await?;
    by.roles(&change.transaction, change.now).await?;
    let text = "select count(*) as number from provisioned_group where organization_id = $1";
    if sql::number(&change.transaction, text, [by.organization.0.into()]).await? >= GROUPS_MAX {
        return Err(Refusal::Forbidden(format!("There are {GROUPS_MAX} groups already.")));
    }
    free(&change, by.organization, &attributes, None).await?;
    let id = ProvisionedGroupId(service.new_id());
    let text = "insert into provisioned_group
            (id, organization_id, display_name, display_name_key, external_id, created_at, row_version)
        values ($1, $2, $3, $4, $5, $6, 1)";
    let values = [
        id.0.into(),
        by.organization.0.into(),
        attributes.display_name.clone().into(),
        sql::folded(&attributes.display_name).into(),
        attributes.external_id.clone().into(),
        change.now.0.into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let members: Vec<PersonId> = attributes.members.iter().copied().collect();
    add_members(&change, by.organization, id, &members).await?;
    change.record(
        Event::new(by.organization, AuditAction::GroupAdded, "provisioned_group", id)
            .after(format!("members {}", members.len())),
    );
    change.tell(Changed::Organization(by.organization));
    change.commit(()).await?;
    get(service, request, id).await
}

/// Changes a group; who comes and goes gets and loses the role that it gives.
///
/// # Errors
/// Those of [`create`]; [`ErrorCode::NotFound`]; [`Refusal::Stale`]; what `edit` refuses.
pub async fn change(
    service: &Service,
    request: &Request,
    group: ProvisionedGroupId,
    version: Option<i64>,
    edit: impl FnOnce(&mut GroupAttributes) -> Result<(), Refusal> + Send,
) -> Result<Group, Refusal> {
    let by = Administrator::from(request.token()?);
    let mut change = Change::begin_unasked(service, request).await?;
    roles::lock(&change, by.organization).await?;
    by.roles(&change.transaction, change.now).await?;
    let row = row(&change.transaction, by.organization, group).await?;
    if version.is_some_and(|version| version != row.row_version) {
        return Err(Refusal::Stale);
    }
    let role = row.role();
    let members = members_of(&change.transaction, by.organization, &[row.id]).await?;
    let members = members.into_values().next().unwrap_or_default();
    let before = row.group(members).attributes;
    let mut after = before.clone();
    edit(&mut after)?;
    let after = after.checked()?;
    if before == after {
        drop(change);
        return get(service, request, group).await;
    }
    free(&change, by.organization, &after, Some(group)).await?;
    let text = "update provisioned_group set display_name = $2, display_name_key = $3, external_id = $4,
        row_version = row_version + 1 where id = $1";
    let values = [
        group.0.into(),
        after.display_name.clone().into(),
        sql::folded(&after.display_name).into(),
        after.external_id.clone().into(),
    ];
    sql::run(&change.transaction, text, values).await?;
    let added: Vec<PersonId> = after.members.difference(&before.members).copied().collect();
    let gone: Vec<PersonId> = before.members.difference(&after.members).copied().collect();
    add_members(&change, by.organization, group, &added).await?;
    remove_members(&change, group, &gone).await?;
    settle_roles(&mut change, &by, &added, None, role).await?;
    settle_roles(&mut change, &by, &gone, role, None).await?;
    change.record(
        Event::new(by.organization, AuditAction::GroupChanged, "provisioned_group", group)
            .before(format!("members {}", before.members.len()))
            .after(format!("members {} added {} removed {}", after.members.len(), added.len(), gone.len())),
    );
    change.tell(Changed::Organization(by.organization));
    change.commit(()).await?;
    get(service, request, group).await
}

/// Removes a group; its people lose the role that it gave.
///
/// # Errors
/// [`ErrorCode::NotFound`]; [`Refusal::Stale`].
pub async fn remove(
    service: &Service,
    request: &Request,
    group: ProvisionedGroupId,
    version: Option<i64>,
) -> Result<(), Refusal> {
    let by = Administrator::from(request.token()?);
    let mut change = Change::begin_unasked(service, request).await?;
    roles::lock(&change, by.organization).await?;
    by.roles(&change.transaction, change.now).await?;
    let row = row(&change.transaction, by.organization, group).await?;
    if version.is_some_and(|version| version != row.row_version) {
        return Err(Refusal::Stale);
    }
    let members = members_of(&change.transaction, by.organization, &[row.id]).await?;
    let members: Vec<PersonId> = members.into_values().flatten().collect();
    sql::run(
        &change.transaction,
        "delete from provisioned_group_member where group_id = $1",
        [group.0.into()],
    )
    .await?;
    sql::run(&change.transaction, "delete from provisioned_group where id = $1", [group.0.into()]).await?;
    settle_roles(&mut change, &by, &members, row.role(), None).await?;
    change.record(
        Event::new(by.organization, AuditAction::GroupRemoved, "provisioned_group", group)
            .before(format!("members {}", members.len())),
    );
    change.tell(Changed::Organization(by.organization));
    change.commit(()).await?;
    Ok(())
}

/// Which role a group gives.
#[derive(Clone, Debug)]
pub struct MapGroup {
    /// The group.
    pub group: ProvisionedGroupId,
    /// Version that the page showed.
    pub version: i64,
    /// The role; none for a group that gives nothing.
    pub role: Option<Role>,
}

/// Says which role a group gives; its people get it, and lose the one that it gave. Gives its name.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`]; [`ErrorCode::UnknownChoice`] for a role that no
/// program gives (rule 3); [`ErrorCode::Stale`].
pub async fn map(
    service: &Service,
    request: &Request,
    operation: OperationId,
    input: MapGroup,
) -> Outcome<String> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::ConfigureSignIn, &policies).await?;
    if input.role.is_some_and(|role| !GROUP_ROLES.contains(&role)) {
        return Err(ErrorCode::UnknownChoice.into());
    }
    let operation = Operation::new(operation, "map_provisioned_group", &input);
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let by = Administrator::from(person);
    roles::lock(&change, by.organization).await?;
    let row = row(&change.transaction, by.organization, input.group).await?;
    if row.row_version != input.version {
        return Err(ErrorCode::Stale.into());
    }
    let (name, before) = (row.display_name.clone(), row.role());
    let text = "update provisioned_group set role = $2, row_version = row_version + 1 where id = $1";
    let values = [input.group.0.into(), input.role.map(Role::code).into()];
    sql::run(&change.transaction, text, values).await?;
    if before != input.role {
        let members = members_of(&change.transaction, by.organization, &[row.id]).await?;
        let members: Vec<PersonId> = members.into_values().flatten().collect();
        settle_roles(&mut change, &by, &members, before, input.role).await?;
    }
    let shown = |role: Option<Role>| role.map_or("no role", Role::code);
    change.record(
        Event::new(by.organization, AuditAction::GroupChanged, "provisioned_group", input.group)
            .before(shown(before))
            .after(shown(input.role)),
    );
    change.tell(Changed::Organization(by.organization));
    change.commit(name).await
}

async fn free(
    change: &Change<'_>,
    organization: OrganizationId,
    attributes: &GroupAttributes,
    own: Option<ProvisionedGroupId>,
) -> Result<(), Refusal> {
    let text = "select count(*) as number from provisioned_group
        where organization_id = $1 and id <> $2 and (display_name_key = $3 or external_id = $4)";
    let values = [
        organization.0.into(),
        own.map_or(Uuid::nil(), |own| own.0).into(),
        sql::folded(&attributes.display_name).into(),
        attributes.external_id.clone().into(),
    ];
    if sql::number(&change.transaction, text, values).await? > 0 {
        return Err(Refusal::Uniqueness(
            "displayName or externalId belongs to another group already.".into(),
        ));
    }
    Ok(())
}

async fn add_members(
    change: &Change<'_>,
    organization: OrganizationId,
    group: ProvisionedGroupId,
    people: &[PersonId],
) -> Result<(), Refusal> {
    for some in people.chunks(AT_ONCE) {
        let text = format!(
            "insert into provisioned_group_member (group_id, person_id, organization_id)
            select g.id, p.id, p.organization_id from provisioned_group g join person p
                on p.organization_id = g.organization_id
            where g.id = $1 and g.organization_id = $2 and p.status <> 'left' and p.id in ({})",
            places(3, some.len())
        );
        let values = [Value::from(group.0), organization.0.into()]
            .into_iter()
            .chain(some.iter().map(|person| person.0.into()));
        if sql::run(&change.transaction, &text, values).await? != some.len() as u64 {
            return Err(Refusal::Value("A member isn't a user of the organization.".into()));
        }
    }
    Ok(())
}

async fn remove_members(change: &Change<'_>, group: ProvisionedGroupId, people: &[PersonId]) -> Outcome<()> {
    for some in people.chunks(AT_ONCE) {
        let text = format!(
            "delete from provisioned_group_member where group_id = $1 and person_id in ({})",
            places(2, some.len())
        );
        let values = std::iter::once(Value::from(group.0)).chain(some.iter().map(|person| person.0.into()));
        sql::run(&change.transaction, &text, values).await?;
    }
    Ok(())
}

/// Gives and takes a role of people who came to a group or left it. A role that another of their groups
/// gives stays; whoever would have none left is an Employee; Global admins and MPN partner admins keep
/// what they have, because people look after them (rule 3).
async fn settle_roles(
    change: &mut Change<'_>,
    by: &Administrator<'_>,
    people: &[PersonId],
    lost: Option<Role>,
    gained: Option<Role>,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Standing {
        id: Uuid,
        roles: Option<String>,
        given: Option<String>,
    }
    if lost == gained {
        return Ok(());
    }
    let read =
        |codes: Option<String>| Roles::new(codes.unwrap_or_default().split(',').filter_map(Role::from_code));
    for some in people.chunks(AT_ONCE) {
        let text = format!(
            "select p.id, (select string_agg(r.role, ',') from person_role r where r.person_id = p.id) as roles,
                (select string_agg(g.role, ',') from provisioned_group_member m
                    join provisioned_group g on g.id = m.group_id
                    where m.person_id = p.id and g.role is not null) as given
            from person p where p.organization_id = $1 and p.status <> 'left' and p.id in ({})",
            places(2, some.len())
        );
        let values =
            std::iter::once(Value::from(by.organization.0)).chain(some.iter().map(|person| person.0.into()));
        for standing in sql::all::<Standing>(&change.transaction, &text, values).await? {
            let (before, given) = (read(standing.roles), read(standing.given));
            if before.has(Role::GlobalAdmin) || before.has(Role::PartnerAdmin) {
                continue;
            }
            let kept = before.iter().filter(|role| Some(*role) != lost || given.has(*role));
            let mut after = Roles::new(kept.chain(gained));
            if after.is_empty() {
                after = Roles::new([Role::Employee]);
            }
            if after != before {
                let person = PersonId(standing.id);
                let held = roles::held(&change.transaction, by.organization, person).await?;
                roles::put(change, by, person, &held, &after).await?;
            }
        }
    }
    Ok(())
}
