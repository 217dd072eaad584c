//! **Create new tenant**: a link to the founder's address in the company's own domain (rule 19).

use domain::enrolment::{Founder, LINK_DAYS};
use domain::ids::OrganizationId;
use domain::{AuditAction, Language};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::programme_name;
use crate::audit::Event;
use crate::change::{Change, programme_chain};
use crate::outbox::Letter;
use crate::request::Request;
use crate::vault::hash_token;
use crate::{Outcome, Service, random, sql};

/// Who wants to found a company.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The company's domain.
    pub domain: String,
    /// Full name.
    pub name: String,
    /// Mail address in that domain.
    pub email: String,
    /// Language of mail and pages.
    pub language: Language,
}

/// Sends the link; none to an operator, who founds no company. Where the company is here already, the mail
/// names its administrators instead: only somebody with an address in its domain reads it. The page says the
/// same in both cases.
///
/// # Errors
/// [`domain::ErrorCode::Invalid`] with the faults of each field, as [`Founder::parse`];
/// [`domain::ErrorCode::TooManyAttempts`] with the seconds to wait.
pub async fn begin(service: &Service, request: &Request, input: Begin) -> Outcome<()> {
    let founder = Founder::parse(&input.domain, &input.name, &input.email)?;
    service.sign_in_limits.check_link(service, &request.address, &founder.email.key()).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    let programme = programme_name(&change.transaction, input.language).await?;
    let letter = Letter {
        organization: None,
        account: None,
        recipient: founder.email.as_str().to_owned(),
        language: input.language,
        kind: "enrolment_link",
        values: vec![
            ("person", founder.name.as_str().to_owned()),
            ("domain", founder.domain.as_str().to_owned()),
            ("programme", programme),
            ("days", LINK_DAYS.to_string()),
        ],
        path: "/enrol/link/".to_owned(),
        secret: None,
        dates: Vec::new(),
    };
    let letter = match enrolled(&change.transaction, founder.domain.as_str()).await? {
        Some(here) => known(&change.transaction, letter, here).await?,
        None => {
            let token = random::token(&*service.random);
            let text = "insert into enrolment_link
                    (token_hash, email, full_name, domain, language, created_at, expires_at)
                values ($1, $2, $3, $4, $5, $6, $7)";
            let values = [
                hash_token(&token).into(),
                founder.email.as_str().into(),
                founder.name.as_str().into(),
                founder.domain.as_str().into(),
                input.language.tag().into(),
                change.now.0.into(),
                change.now.plus_days(LINK_DAYS).0.into(),
            ];
            sql::run(&change.transaction, text, values).await?;
            Letter { secret: Some(token), ..letter }
        }
    };
    if !is_operator(&change.transaction, &founder.email.key()).await? {
        change.post(letter);
    }
    change.record(Event::new(
        programme_chain(),
        AuditAction::EnrolmentAsked,
        "domain",
        founder.domain.as_str(),
    ));
    change.commit(()).await
}

async fn is_operator(connection: &impl ConnectionTrait, email_key: &str) -> Outcome<bool> {
    let text = "select count(*) as number from account a join operator_role r on r.account_id = a.id
        where a.email_key = $1";
    Ok(sql::number(connection, text, [email_key.into()]).await? > 0)
}

/// The company of a domain, if there is one that somebody has entered or that was imported: its own domain,
/// or one that it has verified.
pub(super) async fn enrolled(
    connection: &impl ConnectionTrait,
    domain: &str,
) -> Outcome<Option<OrganizationId>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: Uuid,
    }
    let text = "select o.id from organization o where o.domain = $1 and (o.portal_state <> 'enrolling'
            or exists (select 1 from person p join account a on a.id = p.account_id and a.status = 'active'
                where p.organization_id = o.id and p.status = 'active'))
        union select m.organization_id from mail_domain m where m.domain = $1 and m.state = 'verified' limit 1";
    let row = sql::one::<Row>(connection, text, [domain.into()]).await?;
    Ok(row.map(|row| OrganizationId(row.id)))
}

/// The same letter for whose company is here: it names those who can let them in.
async fn known(connection: &impl ConnectionTrait, letter: Letter, here: OrganizationId) -> Outcome<Letter> {
    #[derive(FromQueryResult)]
    struct Row {
        organization: String,
        full_name: String,
        email: String,
    }
    // Whoever was invited from the older portal and has no password yet is named, too.
    let text = "select distinct o.name as organization, a.full_name, a.email, p.sort_name
        from person_role r
        join person p on p.id = r.person_id and p.status in ('active', 'invited')
        join account a on a.id = p.account_id and a.status in ('active', 'invited')
        join organization o on o.id = r.organization_id
        where r.organization_id = $1 and r.role in ('global_admin', 'user_admin', 'admin_agent')
        order by p.sort_name, a.email limit 5";
    let rows = sql::all::<Row>(connection, text, [here.0.into()]).await?;
    let lines: Vec<String> = rows.iter().map(|row| format!("- {}, {}", row.full_name, row.email)).collect();
    let mut letter = Letter { path: "/sign-in".to_owned(), ..letter };
    letter.kind = if lines.is_empty() { "enrolment_known_nobody" } else { "enrolment_known" };
    let organization = rows.into_iter().next().map(|row| row.organization).unwrap_or_default();
    letter.values.extend([("administrators", lines.join("\n")), ("organization", organization)]);
    Ok(letter)
}
