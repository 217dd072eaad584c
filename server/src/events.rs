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
use service::Actor;
use service::live::Changed;

use crate::caller::Caller;
use crate::router::Site;

/// Streams what concerns the caller until the browser leaves.
pub async fn live(State(site): State<Arc<Site>>, Extension(caller): Extension<Caller>) -> Response {
    let actor = caller.request.actor;
    if matches!(actor, Actor::Nobody) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let events = site.service.live.listen().filter_map(move |changed| {
        let event = seen_by(&actor, &changed).map(|text| Ok::<_, Infallible>(Event::default().data(text)));
        futures::future::ready(event)
    });
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
        (Actor::Operator(_), _) => Some("queue".to_owned()),
        _ => None,
    }
}
