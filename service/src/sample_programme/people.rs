//! Accounts, operators, companies and their people.

use std::collections::HashMap;

use domain::text::Email;
use domain::{Field, Moment, Role};
use uuid::Uuid;

use super::calendar::{At, Calendar};
use super::files::{Company, Files, Operator, Person, PersonState, broken};
use super::rows::Rows;
use crate::entity::{account, operator_role, organization, person, person_role};
use crate::{Outcome, Service, sql};

/// Everybody's accounts.
pub(super) struct People<'a> {
    password_hash: &'a str,
    /// Where an account stands among the rows, by the key of its address.
    accounts: HashMap<String, usize>,
    /// Accounts of operators by address.
    operators: HashMap<&'a str, Uuid>,
}

/// Somebody of a company.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) person: Uuid,
    pub(super) account: Uuid,
}

/// The people of one company, and the operators who work for it.
pub(super) struct Staff<'a> {
    pub(super) organization: Uuid,
    members: HashMap<&'a str, Member>,
    operators: HashMap<&'a str, Uuid>,
}

impl Staff<'_> {
    /// The company's person with that address.
    pub(super) fn member(&self, email: &str) -> Outcome<Member> {
        let member = self.members.get(email).copied();
        member.ok_or_else(|| broken("companies.toml", format!("nobody of the company is {email}")))
    }

    /// The account of the operator with that address.
    pub(super) fn operator(&self, email: &str) -> Outcome<Uuid> {
        let operator = self.operators.get(email).copied();
        operator.ok_or_else(|| broken("companies.toml", format!("no operator is {email}")))
    }
}

impl<'a> People<'a> {
    /// Writes the operators.
    pub(super) fn build(
        service: &Service,
        files: &'a Files,
        password_hash: &'a str,
        now: Moment,
        rows: &mut Rows,
    ) -> Outcome<Self> {
        let mut people = Self { password_hash, accounts: HashMap::new(), operators: HashMap::new() };
        // The programme is older than what anybody has of it.
        let oldest = files.companies.iter().map(joined_days_ago).max().unwrap_or(0);
        let began = now.plus_days(-i64::from(oldest) - 1);
        for operator in &files.operators.operator {
            people.operator(service, operator, &files.operators.programme.domain, began, rows)?;
        }
        Ok(people)
    }

    fn operator(
        &mut self,
        service: &Service,
        file: &'a Operator,
        domain: &str,
        began: Moment,
        rows: &mut Rows,
    ) -> Outcome<()> {
        if file.email.split_once('@').is_none_or(|(_, of)| of != domain) {
            return Err(broken("operators.toml", format!("{} is not of {domain}", file.email)));
        }
        let email_key = key("operators.toml", &file.email)?;
        if self.accounts.insert(email_key.clone(), rows.account.len()).is_some() {
            return Err(broken("operators.toml", format!("{} twice", file.email)));
        }
        let id = service.new_id();
        rows.account.push(account::Model {
            id,
            email: file.email.clone(),
            email_key,
            full_name: file.name.clone(),
            name_key: sql::folded(&file.name),
            language: file.language.tag().to_owned(),
            password_hash: Some(self.password_hash.to_owned()),
            status: "active".to_owned(),
            created_at: began.0,
            row_version: 1,
        });
        for role in &file.roles {
            rows.operator_role.push(operator_role::Model { account_id: id, role: role.code().to_owned() });
        }
        self.operators.insert(&file.email, id);
        Ok(())
    }

    /// Writes a company with its people.
    pub(super) fn join(
        &mut self,
        service: &Service,
        company: &'a Company,
        calendar: &Calendar,
        rows: &mut Rows,
    ) -> Outcome<Staff<'a>> {
        let organization = service.new_id();
        let joined = calendar.ago(joined_days_ago(company), At::Joined);
        let mut staff = Staff { organization, members: HashMap::new(), operators: self.operators.clone() };
        for file in &company.person {
            let account = self.account(service, file, joined, rows)?;
            let person = service.new_id();
            rows.person.push(person::Model {
                id: person,
                organization_id: organization,
                account_id: account,
                sort_name: sql::folded(&file.name),
                status: match file.state {
                    None => "active",
                    Some(PersonState::Invited) => "invited",
                    Some(PersonState::Suspended) => "suspended",
                }
                .to_owned(),
                created_at: joined.0,
                last_sign_in_at: 0,
                row_version: 1,
            });
            // Everybody of a company can hold seats, whatever else they do there.
            let mut roles = file.roles.clone();
            roles.push(Role::Employee);
            for role in domain::Roles::new(roles).iter() {
                rows.person_role.push(person_role::Model {
                    person_id: person,
                    organization_id: organization,
                    role: role.code().to_owned(),
                });
            }
            if staff.members.insert(&file.email, Member { person, account }).is_some() {
                return Err(broken("companies.toml", format!("{} twice in one company", file.email)));
            }
        }
        staff.member(&company.primary_contact)?;
        let founder = company.person.iter().find(|person| person.roles.contains(&Role::GlobalAdmin));
        let founder = founder.map(|founder| staff.member(&founder.email)).transpose()?;
        rows.organization.push(organization::Model {
            id: organization,
            name: company.name.clone(),
            name_key: sql::folded(&company.name),
            domain: company.domain.clone(),
            account_email: company.account_email.clone(),
            time_zone: company.time_zone.clone(),
            language: company.language.tag().to_owned(),
            tier: tier(company)?.to_owned(),
            portal_state: "member".to_owned(),
            founder_person_id: founder.map(|founder| founder.person),
            // A company that has bought nothing yet still has its set-up before it (rule 4).
            setup_finished: company.holding.len() > 1,
            created_at: joined.0,
            row_version: 1,
        });
        Ok(staff)
    }

    /// The person's account: a new one, or the one that a colleague elsewhere has already.
    fn account(
        &mut self,
        service: &Service,
        file: &Person,
        joined: Moment,
        rows: &mut Rows,
    ) -> Outcome<Uuid> {
        let email_key = key("companies.toml", &file.email)?;
        let invited = file.state == Some(PersonState::Invited);
        let password_hash = (!invited).then(|| self.password_hash.to_owned());
        if let Some(account) = self.accounts.get(&email_key).and_then(|at| rows.account.get_mut(*at)) {
            let operator = self.operators.values().any(|id| *id == account.id);
            if operator || account.full_name != file.name || account.language != file.language.tag() {
                return Err(broken("companies.toml", format!("{} is somebody else already", file.email)));
            }
            if account.password_hash.is_none() && !invited {
                account.password_hash = password_hash;
                account.status = "active".to_owned();
            }
            account.created_at = account.created_at.min(joined.0);
            return Ok(account.id);
        }
        let id = service.new_id();
        self.accounts.insert(email_key.clone(), rows.account.len());
        rows.account.push(account::Model {
            id,
            email: file.email.clone(),
            email_key,
            full_name: file.name.clone(),
            name_key: sql::folded(&file.name),
            language: file.language.tag().to_owned(),
            password_hash,
            // Suspension is the company's: the account may serve another one.
            status: if invited { "invited" } else { "active" }.to_owned(),
            created_at: joined.0,
            row_version: 1,
        });
        Ok(id)
    }
}

/// An address as it is looked up at sign-in.
fn key(file: &'static str, email: &str) -> Outcome<String> {
    match Email::parse(Field::Email, email) {
        Ok(parsed) => Ok(parsed.key()),
        Err(_) => Err(broken(file, format!("{email} is no address"))),
    }
}

/// A company joins on the day of its oldest purchase.
fn joined_days_ago(company: &Company) -> u16 {
    company.holding.iter().map(|holding| holding.bought_days_ago).max().unwrap_or(0)
}

/// The highest tier that the company holds.
fn tier(company: &Company) -> Outcome<&'static str> {
    let has = |offer: &str| company.holding.iter().any(|holding| holding.offer == offer);
    let tiers = ["gold", "silver", "action_pack", "network"];
    let highest = tiers.into_iter().find(|tier| has(tier));
    // Network membership is the base of everything else (rule 18).
    highest
        .filter(|_| has("network"))
        .ok_or_else(|| broken("companies.toml", format!("{} has no network membership", company.name)))
}
