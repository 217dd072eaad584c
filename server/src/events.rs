//! Live events for open pages: what changed, by id only, under the reader's own rights.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use service::live::{Changed, Heard};
use service::{Actor, sessions};

use crate::caller::Caller;
use crate::router::Site;

/// A stream ends after so long: the browser connects again, and what it may hear is looked at anew.
const STREAM: Duration = Duration::from_secs(15 * 60);

/// Streams what concerns the caller until the browser leaves, the time is over, or the server stops.
pub async fn live(State(site): State<Arc<Site>>, Extension(caller): Extension<Caller>) -> Response {
    let account = caller.request.account().ok();
    let actor = caller.request.actor;
    if matches!(actor, Actor::Nobody) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let heard = site.service.live.listen();
    // A session that ended before anybody listened here: nothing more is told of it.
    if let Some(token) = &caller.browser.session_token
        && matches!(sessions::actor(&site.service, token).await, Ok(Actor::Nobody))
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let company = match &actor {
        Actor::Person(person) => Some(person.organization),
        _ => None,
    };
    let open = site.metrics.begin_stream();
    // Whose session may have ended hears nothing more: who has one connects again, and is looked at anew. What was missed
    // may have been just that.
    let until_signed_out = move |heard: &Heard| {
        let ends = match heard {
            Heard::Changed(Changed::SignedOut(who)) => Some(*who) == account,
            Heard::Changed(Changed::SignedOutOf(organization)) => Some(*organization) == company,
            Heard::Changed(_) => false,
            Heard::Missed => true,
        };
        futures::future::ready(!ends)
    };
    let events = heard.take_while(until_signed_out).filter_map(move |heard| {
        // Counted until the stream is dropped.
        let _open = &open;
        let text = match heard {
            Heard::Changed(changed) => seen_by(&actor, &changed),
            Heard::Missed => None,
        };
        futures::future::ready(text.map(|text| Ok::<_, Infallible>(Event::default().data(text))))
    });
    let mut stopping = site.stopping.clone();
    let over = async move {
        tokio::select! {
            () = tokio::time::sleep(STREAM) => {}
            Ok(_) = stopping.wait_for(|stopping| *stopping) => {}
        }
    };
    let events = events.take_until(Box::pin(over));
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response()
}

/// What a reader hears of a change; nothing where it isn't theirs.
fn seen_by(actor: &Actor, changed: &Changed) -> Option<String> {
    match (actor, changed) {
        (Actor::Person(person), Changed::Grant(organization, grant))
            if person.organization == *organization =>
        {
            Some(format!("grant {grant}"))
        }
        (Actor::Person(person), Changed::Organization(organization))
            if person.organization == *organization =>
        {
            Some("organization".to_owned())
        }
        (Actor::Operator(_), Changed::Queue) => Some("queue".to_owned()),
        // Something of some company changes all the time, and little of it stands in the console.
        (Actor::Operator(_), Changed::Grant(..) | Changed::Organization(_) | Changed::Mail) => {
            Some("later".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{AccountId, GrantId, OrganizationId, PersonId};
    use domain::{Language, OperatorRole, Role, Roles};
    use service::request::{Operator, Person};
    use uuid::Uuid;

    use super::{Actor, Changed, seen_by};

    const OWN: OrganizationId = OrganizationId(Uuid::from_u128(1));
    const OTHER: OrganizationId = OrganizationId(Uuid::from_u128(2));
    const GRANT: GrantId = GrantId(Uuid::from_u128(3));

    fn person() -> Actor {
        Actor::Person(Person {
            account: AccountId(Uuid::from_u128(4)),
            id: PersonId(Uuid::from_u128(5)),
            organization: OWN,
            roles: Roles::new([Role::GlobalAdmin]),
            name: String::new(),
            email: String::new(),
            language: Language::English,
            time_zone: "UTC".to_owned(),
        })
    }

    #[test]
    fn rule_07_nobody_hears_of_another_company() {
        let operator = Actor::Operator(Operator {
            account: AccountId(Uuid::from_u128(6)),
            roles: vec![OperatorRole::FulfilmentAgent],
            name: String::new(),
            language: Language::English,
        });
        for changed in [Changed::Grant(OWN, GRANT), Changed::Organization(OWN)] {
            assert!(seen_by(&person(), &changed).is_some(), "{changed:?}");
            assert_eq!(seen_by(&operator, &changed).as_deref(), Some("later"), "no id of a company");
            assert_eq!(seen_by(&Actor::Nobody, &changed), None);
        }
        for changed in
            [Changed::Grant(OTHER, GRANT), Changed::Organization(OTHER), Changed::Queue, Changed::Mail]
        {
            assert_eq!(seen_by(&person(), &changed), None, "{changed:?}");
        }
        for actor in [person(), operator.clone()] {
            assert_eq!(seen_by(&actor, &Changed::SignedOut(AccountId(Uuid::from_u128(4)))), None);
            assert_eq!(seen_by(&actor, &Changed::SignedOutOf(OWN)), None);
        }
        assert_eq!(seen_by(&operator, &Changed::Queue).as_deref(), Some("queue"));
        assert_eq!(seen_by(&operator, &Changed::Mail).as_deref(), Some("later"));
    }
}
