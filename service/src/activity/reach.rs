//! How far somebody sees, and what the filters leave of it, as conditions over `audit_event e`.

use domain::audit::{ActivityKind, AuditAction, actions_within};
use domain::moment::Zone;
use domain::rights::{Action, OperatorAction, activity_scopes};
use domain::view::activity::{ActivityQuery, COUNTED, COUNTED_OF_MANY, EventKey};
use domain::{ErrorCode, Language};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use uuid::Uuid;

use crate::change::programme_chain;
use crate::request::Request;
use crate::search::{Meant, among};
use crate::{Outcome, Service, policies, rights, sql};

/// Whose page asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// A company's.
    Company,
    /// The operators'.
    Programme,
}

/// How far somebody sees.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// The one company; none is the whole programme.
    pub(super) organization: Option<Uuid>,
    /// Who reads.
    pub(super) account: Uuid,
    person: Uuid,
    /// What is seen whomever it concerns; none is everything.
    actions: Option<Vec<AuditAction>>,
    /// Zone of days and times.
    pub(super) zone: Zone,
    /// Its name.
    pub(super) time_zone: String,
    /// The reader's language.
    pub(super) language: Language,
}

/// An event's place in the order of the list.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(super) struct Place {
    pub(super) at: i64,
    pub(super) organization_id: Uuid,
    pub(super) sequence: i64,
}

/// The latest first; of one moment the later in the chain.
pub(super) const ORDER: &str = "e.at desc, e.organization_id desc, e.sequence desc";

/// Values with their places in a text.
#[derive(Clone, Default)]
pub(super) struct Values(pub(super) Vec<Value>);

impl Values {
    /// Adds a value and gives its place.
    pub(super) fn place(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}

/// What of the trail is wanted. An event is wanted where it fits one of the arms; each of them follows an
/// index, which their disjunction would not.
#[derive(Clone)]
pub(super) struct Wanted {
    arms: Vec<String>,
    pub(super) values: Values,
    whole: bool,
    /// Whether no event fits two arms.
    apart: bool,
    /// Whether each arm has few events: they are put in order once they are found.
    few: bool,
    /// Some of much that is wanted, quick to count.
    some: Option<Box<Self>>,
}

impl Reach {
    /// How far whoever asks sees.
    ///
    /// # Errors
    /// [`ErrorCode::RoleNeeded`], [`ErrorCode::WrongSide`], [`ErrorCode::SignInNeeded`].
    pub(super) async fn of(
        service: &Service,
        request: &Request,
        side: Side,
        language: Language,
    ) -> Outcome<Self> {
        match side {
            Side::Company => {
                let person = request.person()?;
                let reader = service.database.reader();
                let policies = policies::in_force(reader).await?;
                rights::check(reader, person, Action::ViewActivity, &policies).await?;
                Ok(Self {
                    organization: Some(person.organization.0),
                    account: person.account.0,
                    person: person.id.0,
                    actions: actions_within(&activity_scopes(&person.roles)),
                    zone: person.zone(),
                    time_zone: person.time_zone.clone(),
                    language,
                })
            }
            Side::Programme => {
                let operator = request.operator()?;
                rights::check_operator(operator, OperatorAction::ReadEverything)?;
                Ok(Self {
                    organization: None,
                    account: operator.account.0,
                    person: Uuid::nil(),
                    actions: None,
                    zone: Zone::named("UTC"),
                    time_zone: "UTC".to_owned(),
                    language,
                })
            }
        }
    }

    /// Whether only what the reader did, and what concerns the reader, is seen.
    pub(super) fn is_only_own(&self) -> bool {
        self.actions.as_ref().is_some_and(Vec::is_empty)
    }

    /// Kinds to filter by: the programme's own stand in no company's chain.
    pub(super) fn kinds(&self) -> Vec<ActivityKind> {
        let all = ActivityKind::ALL.iter().copied();
        all.filter(|kind| self.organization.is_none() || *kind != ActivityKind::Programme).collect()
    }

    /// The key of an event as this side writes it.
    pub(super) fn key(&self, organization: Uuid, sequence: i64) -> EventKey {
        let organization = self.organization.is_none().then(|| organization.into());
        EventKey { organization, sequence }
    }

    /// Whose chain a key is about.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] for a key of the other side.
    pub(super) fn chain_of(&self, key: EventKey) -> Outcome<Uuid> {
        match (self.organization, key.organization) {
            (Some(own), None) => Ok(own),
            (None, Some(any)) => Ok(any.0),
            _ => Err(ErrorCode::NotFound.into()),
        }
    }

    /// The part of the trail that the filters leave, as far as the reader sees.
    ///
    /// # Errors
    /// [`crate::Failure::Database`].
    pub(super) async fn wanted(
        &self,
        connection: &impl ConnectionTrait,
        query: &ActivityQuery,
    ) -> Outcome<Wanted> {
        let meant = match self.organization {
            Some(_) => None,
            None => Meant::by(connection, &query.find).await?,
        };
        Ok(self.wanted_of(query, meant.as_ref()))
    }

    fn wanted_of(&self, query: &ActivityQuery, meant: Option<&Meant>) -> Wanted {
        let mut values = Values::default();
        let mut common = match self.organization {
            Some(organization) => format!("e.organization_id = {}", values.place(organization)),
            None => "1 = 1".to_owned(),
        };
        let find: String = query.find.trim().chars().take(100).collect();
        if self.organization.is_some() && !find.is_empty() {
            let like = format!("like {} escape '\\'", values.place(sql::contains_pattern(&find)));
            common.push_str(&concerns_colleagues(&like));
        }
        if let Some(product) = query.product {
            let product = values.place(product.0);
            let own = if self.organization.is_some() { " and g.organization_id = $1" } else { "" };
            common.push_str(&format!(
                " and (e.organization_id, e.grant_id) in (select g.organization_id, g.id from benefit_grant g
                    where g.product_id = {product}{own})"
            ));
        }
        let only: Option<Vec<AuditAction>> = match (query.action, query.kind) {
            (Some(action), _) => Some(vec![action]),
            (None, Some(kind)) => Some(kind.actions().collect()),
            (None, None) => None,
        };
        // Of each action by itself, the latest of all companies are what an index begins with; unless other filters
        // would be asked for each of them.
        let apart = self.organization.is_none() && meant.is_none() && query.product.is_none();
        if let Some(only) = only.as_ref().filter(|_| !apart) {
            common.push_str(&format!(" and e.action in ({})", listed(only.iter().copied())));
        }
        if let Some(from) = query.from {
            common.push_str(&format!(" and e.at >= {}", values.place(self.zone.start_of(from).0)));
        }
        if let Some(to) = query.to {
            common.push_str(&format!(" and e.at <= {}", values.place(self.zone.end_of(to).0)));
        }
        if let Some(meant) = meant {
            return Wanted::of_meant(meant, &common, values);
        }
        let Some(actions) = &self.actions else {
            let whole = self.organization.is_none();
            let arms = match only.filter(|_| apart) {
                Some(only) => {
                    only.iter().map(|action| format!("{common} and e.action = '{}'", action.code())).collect()
                }
                None => vec![common],
            };
            return Wanted { arms, values, whole, apart: true, few: false, some: None };
        };
        let (account, person) = (values.place(self.account), values.place(self.person));
        let mut arms = vec![
            format!("{common} and e.actor_id = {account}"),
            format!("{common} and e.person_id = {person}"),
        ];
        if !actions.is_empty() {
            arms.push(format!("{common} and e.action in ({})", listed(actions.iter().copied())));
        }
        Wanted { arms, values, whole: false, apart: false, few: false, some: None }
    }
}

/// Events of a company that a colleague with the name or address did, or that concern such a one.
fn concerns_colleagues(like: &str) -> String {
    let people = format!(
        "from person p join account a on a.id = p.account_id
        where p.organization_id = $1 and (p.sort_name {like} or a.email_key {like})"
    );
    format!(" and (e.actor_id in (select p.account_id {people}) or e.person_id in (select p.id {people}))")
}

fn listed(actions: impl Iterator<Item = AuditAction>) -> String {
    actions.map(|action| format!("'{}'", action.code())).collect::<Vec<_>>().join(", ")
}

impl Wanted {
    /// Of all companies, what those did who were meant, and what concerns them.
    fn of_meant(meant: &Meant, common: &str, values: Values) -> Self {
        let looked_up = Self::looked_up(meant, common, values.clone());
        if !meant.are_many() {
            return looked_up;
        }
        let mut values = values;
        let like = format!("like {} escape '\\'", values.place(meant.pattern.as_str()));
        let called = format!("(a.name_key {like} or a.email_key {like})");
        let arm = format!(
            "{common} and (exists (select 1 from account a where a.id = e.actor_id and {called})
                or exists (select 1 from person p join account a on a.id = p.account_id
                    where p.id = e.person_id and {called})
                or exists (select 1 from organization o where o.id = e.organization_id and o.name_key {like}))"
        );
        let some = Some(Box::new(looked_up));
        Self { arms: vec![arm], values, whole: true, apart: true, few: false, some }
    }

    /// The same by indexes, of each by itself. Operators act in the chains of companies and in the programme's.
    fn looked_up(meant: &Meant, common: &str, mut values: Values) -> Self {
        let mut conditions = Vec::new();
        if !meant.people.is_empty() {
            let accounts = among(&mut values.0, meant.people.iter().map(|one| one.id.into()));
            let programme = values.place(programme_chain().0);
            conditions.extend([
                format!(
                    "(e.organization_id, e.actor_id) in (select p.organization_id, p.account_id from person p
                        where p.account_id in ({accounts}))"
                ),
                format!(
                    "(e.organization_id, e.person_id) in (select p.organization_id, p.id from person p
                        where p.account_id in ({accounts}))"
                ),
                format!("e.actor_kind = 'operator' and e.actor_id in ({accounts})"),
                format!("e.organization_id = {programme} and e.actor_id in ({accounts})"),
            ]);
        }
        if !meant.companies.is_empty() {
            let companies = among(&mut values.0, meant.companies.iter().map(|company| (*company).into()));
            conditions.push(format!("e.organization_id in ({companies})"));
        }
        if conditions.is_empty() {
            conditions.push("1 = 0".to_owned());
        }
        let arms = conditions.iter().map(|condition| format!("{common} and {condition}")).collect();
        Self { arms, values, whole: true, apart: false, few: true, some: None }
    }

    /// Only the one event.
    pub(super) fn only(mut self, chain: Uuid, sequence: i64) -> Self {
        let (chain, sequence) = (self.values.place(chain), self.values.place(sequence));
        for arm in &mut self.arms {
            arm.push_str(&format!(" and e.organization_id = {chain} and e.sequence = {sequence}"));
        }
        self
    }

    /// Only what comes after a place in the list.
    pub(super) fn after(mut self, place: Option<Place>) -> Self {
        let Some(Place { at, organization_id, sequence }) = place else { return self };
        let (at, sequence) = (self.values.place(at), self.values.place(sequence));
        let after = if self.whole {
            let chain = self.values.place(organization_id);
            format!(" and (e.at, e.organization_id, e.sequence) < ({at}, {chain}, {sequence})")
        } else {
            format!(" and (e.at, e.sequence) < ({at}, {sequence})")
        };
        for arm in &mut self.arms {
            arm.push_str(&after);
        }
        self
    }

    /// The first so many, by chain and number.
    pub(super) fn keys(&self, limit: i64) -> String {
        self.of_arms(&format!("order by {ORDER}"), limit)
    }

    /// So many of each arm.
    fn of_arms(&self, order: &str, limit: i64) -> String {
        let arms: Vec<String> = self
            .arms
            .iter()
            .enumerate()
            .map(|(at, arm)| {
                let rows = if self.few {
                    format!(
                        "with arm as materialized (select e.organization_id, e.sequence, e.at
                            from audit_event e where {arm})
                        select e.organization_id, e.sequence from arm e"
                    )
                } else {
                    format!("select e.organization_id, e.sequence from audit_event e where {arm}")
                };
                format!("select * from ({rows} {order} limit {limit}) arm_{at}")
            })
            .collect();
        // An event that fits several arms is one.
        arms.join(if self.apart { " union all " } else { " union " })
    }

    /// Up to where they are counted.
    pub(super) const fn counted_to(&self) -> i64 {
        if self.some.is_some() { COUNTED_OF_MANY } else { COUNTED }
    }

    /// How many there are, up to a limit and one more. Which of them are counted doesn't matter.
    pub(super) async fn count(&self, connection: &impl ConnectionTrait) -> Outcome<i64> {
        let limit = self.counted_to();
        if let Some(some) = &self.some {
            let found = some.counted(connection, limit).await?;
            if found > limit {
                return Ok(found);
            }
        }
        self.counted(connection, limit).await
    }

    async fn counted(&self, connection: &impl ConnectionTrait, limit: i64) -> Outcome<i64> {
        let text = format!(
            "select count(*) as number from (select * from ({}) counted limit {}) found",
            self.of_arms("", limit + 1),
            limit + 1
        );
        Ok(sql::number(connection, &text, self.values.0.clone()).await?)
    }
}

/// Where an event stands in the list.
///
/// # Errors
/// [`ErrorCode::NotFound`] for an event that isn't there.
pub(super) async fn place_of(
    connection: &impl ConnectionTrait,
    reach: &Reach,
    key: EventKey,
) -> Outcome<Place> {
    let chain = reach.chain_of(key)?;
    let text = "select at, organization_id, sequence from audit_event
        where organization_id = $1 and sequence = $2";
    let place = sql::one::<Place>(connection, text, [chain.into(), key.sequence.into()]).await?;
    Ok(place.ok_or(ErrorCode::NotFound)?)
}

/// The chain that what somebody does with the activity itself is recorded in.
pub(super) fn own_chain(reach: &Reach) -> domain::ids::OrganizationId {
    reach.organization.map_or_else(programme_chain, Into::into)
}
