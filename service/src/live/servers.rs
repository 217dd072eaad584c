//! Several servers on one PostgreSQL database tell each other what changed, by NOTIFY: ids only, some at a time.
//!
//! It is sent once the change is committed, outside of its transaction: a NOTIFY within would let all commits
//! of the database wait for each other. A server that is killed in between has told nobody; pages at other
//! servers show the change when they are read next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::ids::{AccountId, GrantId, OrganizationId};
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{DbErr, RuntimeErr};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Changed, Heard, Live};
use crate::{Database, Outcome, Random, sql};

/// How many servers listen to each other on a PostgreSQL database.
///
/// # Errors
/// [`crate::Failure::Database`].
pub async fn listening(database: &Database) -> Outcome<i64> {
    let text = format!(
        "select count(*) as number from pg_stat_activity
            where datname = current_database() and query ilike 'listen%{CHANNEL}%'"
    );
    Ok(sql::number(database.reader(), &text, []).await?)
}

/// What PostgreSQL calls it, within this database.
const CHANNEL: &str = "benefits_center_live";
/// So many changes are told at once: PostgreSQL takes less than 8,000 bytes.
const AT_ONCE: usize = 64;
/// So many changes wait to be told; what comes beyond them is told as missed.
const WAITING: usize = 1024;
/// So long until a server that lost the database tries again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a server that has nothing to tell says that it is here.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// After so long a silence, its own voice included, a connection is taken for gone.
const SILENCE: Duration = Duration::from_secs(90);

/// The way to the other servers.
#[derive(Clone, Debug)]
pub(super) struct ToOthers {
    waiting: mpsc::Sender<Changed>,
    missed: Arc<AtomicBool>,
}

impl ToOthers {
    pub(super) fn tell(&self, changed: Changed) {
        if self.waiting.try_send(changed).is_err() {
            self.missed.store(true, Ordering::Relaxed);
        }
    }
}

/// A server among others; ends when it is dropped.
#[derive(Debug)]
pub struct Joined(Vec<tokio::task::JoinHandle<()>>);

impl Drop for Joined {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Joins a server with the others on its database; it hears them once this has returned.
///
/// # Errors
/// [`crate::Failure::Database`] where nobody answers at the address.
pub async fn join(live: &mut Live, database: &Database, url: &str, random: &dyn Random) -> Outcome<Joined> {
    let mut own = [0; 16];
    random.fill(&mut own);
    let own = Uuid::from_bytes(own);
    let listener = listen(url).await.map_err(|error| DbErr::Conn(RuntimeErr::Internal(error.to_string())))?;
    let (waiting, told) = mpsc::channel(WAITING);
    let missed = Arc::new(AtomicBool::new(false));
    live.others = Some(ToOthers { waiting, missed: missed.clone() });
    // What is heard is passed on within this process only.
    let here = Live { others: None, ..live.clone() };
    let hearing = tokio::spawn(hear(here, own, url.to_owned(), listener));
    let telling = tokio::spawn(tell(database.clone(), own, told, missed));
    Ok(Joined(vec![hearing, telling]))
}

async fn listen(url: &str) -> Result<PgListener, sea_orm::sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn hear(live: Live, own: Uuid, url: String, listener: PgListener) {
    let mut listener = Some(listener);
    loop {
        let heard = match &mut listener {
            // A connection that neither ends nor says anything, not even that this server is here, is none.
            Some(listener) => match tokio::time::timeout(SILENCE, listener.try_recv()).await {
                Ok(heard) => heard,
                Err(_) => Err(sea_orm::sqlx::Error::Protocol("nothing is heard".to_owned())),
            },
            None => match listen(&url).await {
                Ok(anew) => {
                    listener = Some(anew);
                    tracing::info!("other servers are heard again");
                    live.pass_on(Heard::Missed);
                    continue;
                }
                Err(error) => Err(error),
            },
        };
        match heard {
            Ok(Some(notice)) => {
                for heard in read(own, notice.payload()) {
                    live.pass_on(heard);
                }
            }
            // Connected anew by itself: something may have been said in between.
            Ok(None) => live.pass_on(Heard::Missed),
            Err(cause) => {
                if listener.take().is_some() {
                    tracing::warn!(%cause, "other servers can't be heard");
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn tell(database: Database, own: Uuid, mut waiting: mpsc::Receiver<Changed>, missed: Arc<AtomicBool>) {
    let mut some = VecDeque::with_capacity(AT_ONCE);
    loop {
        match tokio::time::timeout(HEARTBEAT, waiting.recv()).await {
            Ok(Some(first)) => some.push_back(first),
            Ok(None) => return,
            // Nothing to tell: that this server is here.
            Err(_) => {}
        }
        while some.len() < AT_ONCE
            && let Ok(next) = waiting.try_recv()
        {
            if !some.contains(&next) {
                some.push_back(next);
            }
        }
        let mut text = written(own, some.make_contiguous(), missed.swap(false, Ordering::Relaxed));
        some.clear();
        while let Err(cause) = notify(&database, text).await {
            tracing::warn!(%cause, "other servers could not be told");
            tokio::time::sleep(AGAIN).await;
            // What was to be told is gone by now: whoever hears this reads everything anew.
            text = written(own, &[], true);
        }
    }
}

async fn notify(database: &Database, text: String) -> Outcome<()> {
    let transaction = database.begin().await?;
    sql::run(&transaction, "select pg_notify($1, $2)", [CHANNEL.into(), text.into()]).await?;
    transaction.commit().await?;
    Ok(())
}

/// Who tells, then what changed, a word each.
fn written(own: Uuid, some: &[Changed], missed: bool) -> String {
    let mut text = own.simple().to_string();
    for changed in some {
        match changed {
            Changed::Grant(organization, grant) => {
                text.push_str(&format!(" g{}{}", organization.0.simple(), grant.0.simple()));
            }
            Changed::Organization(organization) => text.push_str(&format!(" o{}", organization.0.simple())),
            Changed::Queue => text.push_str(" q"),
            Changed::Mail => text.push_str(" l"),
            Changed::SignedOut(account) => text.push_str(&format!(" s{}", account.0.simple())),
            Changed::SignedOutOf(organization) => {
                text.push_str(&format!(" e{}", organization.0.simple()));
            }
        }
    }
    if missed {
        text.push_str(" m");
    }
    text
}

/// What another server told; nothing of what this one told itself. What isn't understood, as of a later
/// version, counts as missed.
fn read(own: Uuid, text: &str) -> Vec<Heard> {
    let mut words = text.split(' ');
    if words.next().and_then(|word| Uuid::try_parse(word).ok()) == Some(own) {
        return Vec::new();
    }
    words.map(|word| one(word).map_or(Heard::Missed, Heard::Changed)).collect()
}

fn one(word: &str) -> Option<Changed> {
    let id = |text: Option<&str>| Uuid::try_parse(text?).ok();
    match word.split_at_checked(1)? {
        ("q", "") => Some(Changed::Queue),
        ("l", "") => Some(Changed::Mail),
        ("s", account) => Some(Changed::SignedOut(AccountId(id(Some(account))?))),
        ("e", organization) => Some(Changed::SignedOutOf(OrganizationId(id(Some(organization))?))),
        ("o", organization) => Some(Changed::Organization(OrganizationId(id(Some(organization))?))),
        ("g", both) => {
            let (organization, grant) = (id(both.get(..32))?, id(both.get(32..))?);
            Some(Changed::Grant(OrganizationId(organization), GrantId(grant)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Uuid = Uuid::from_u128(1);
    const THERE: Uuid = Uuid::from_u128(2);

    fn changes(count: usize) -> Vec<Changed> {
        let grant = |at: usize| {
            let id = |offset: u128| Uuid::from_u128(u128::MAX - offset - at as u128);
            Changed::Grant(OrganizationId(id(1000)), GrantId(id(0)))
        };
        (0..count).map(grant).collect()
    }

    #[test]
    fn what_one_server_writes_the_others_read_and_it_does_not() {
        let mut some = changes(2);
        some.extend([Changed::Organization(OrganizationId(THERE)), Changed::Queue, Changed::Mail]);
        some.extend([Changed::SignedOut(AccountId(HERE)), Changed::SignedOutOf(OrganizationId(THERE))]);
        let text = written(HERE, &some, false);
        let heard: Vec<Heard> = some.iter().cloned().map(Heard::Changed).collect();
        assert_eq!(read(THERE, &text), heard);
        assert_eq!(read(HERE, &text), Vec::new());
        let lost = written(HERE, &[Changed::Queue], true);
        assert_eq!(read(THERE, &lost), [Heard::Changed(Changed::Queue), Heard::Missed]);
    }

    #[test]
    fn as_much_as_is_told_at_once_fits_a_notice() {
        assert!(written(HERE, &changes(AT_ONCE), true).len() < 8000);
    }

    #[test]
    fn what_is_not_understood_counts_as_missed() {
        let own = THERE.simple();
        for word in ["x", "g12", "o", "q1", "", "gäöü", &format!("g{own}"), &format!("g{own}zz")] {
            assert_eq!(read(HERE, &format!("{own} {word}")), [Heard::Missed], "{word}");
        }
    }
}
