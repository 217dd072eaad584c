//! Assigning seats by hand: the product's statements on one connection, one after the other.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use uuid::Uuid;

use super::{Pool, statements};
use crate::Outcome;
use crate::samples::Samples;

/// What came of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Seats assigned.
    pub count: usize,
    /// Transactions a second.
    pub per_second: f64,
    /// 99 of 100 took at most so many milliseconds.
    pub p99: f64,
}

/// Gives a seat of each grant to the person beside it, as whoever holds the session.
///
/// # Errors
/// The driver's, or a seat can't be given.
pub async fn assign(database_url: &str, token: &str, pairs: &[(Uuid, Uuid)]) -> Outcome<Done> {
    let mut samples = Samples::default();
    let pool = Pool::connect(database_url, 1).await?;
    let start = Instant::now();
    for (grant, person) in pairs {
        let begun = Instant::now();
        match &pool {
            Pool::Sqlite(pool) => {
                one_on_sqlite(&mut *pool.acquire().await?, token, *grant, *person).await?;
            }
            Pool::Postgres(pool) => {
                one_on_postgres(&mut *pool.acquire().await?, token, *grant, *person).await?;
            }
        }
        samples.add(begun.elapsed());
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Done { count: pairs.len(), per_second: pairs.len() as f64 / seconds, p99: samples.quantile(0.99) })
}

/// The two drivers share no type that a statement could be written for once.
macro_rules! one_on {
    ($name:ident, $connection:ty, $begin:literal, $head:expr, $wait:expr) => {
        async fn $name(connection: &mut $connection, token: &str, grant: Uuid, person: Uuid) -> Outcome {
            let now = service::Clock::now(&service::SystemClock).0;
            let hash = Sha256::digest(token).to_vec();
            let session =
                sqlx::query(statements::SESSION).bind(hash).bind(now).fetch_one(&mut *connection).await?;
            let account: Uuid = session.try_get("account_id")?;
            let organization: Uuid = session.try_get("organization_id")?;
            let by: Uuid = session.try_get("person_id")?;
            let by_name: String = session.try_get("full_name")?;
            let roles: String = session.try_get("roles")?;
            let policies = sqlx::query(statements::POLICIES).fetch_all(&mut *connection).await?;
            if policies.is_empty() || !roles.contains("global_admin") {
                return Err("nobody may".into());
            }
            let operation = Uuid::now_v7().simple().to_string();
            let digest = Sha256::digest(format!("assign {grant} {person}")).to_vec();

            sqlx::query($begin).execute(&mut *connection).await?;
            let wait: Option<&'static str> = $wait;
            if let Some(wait) = wait {
                sqlx::query(wait).bind(&operation).execute(&mut *connection).await?;
            }
            let earlier =
                sqlx::query(statements::EARLIER).bind(&operation).fetch_optional(&mut *connection).await?;
            if earlier.is_some() {
                return Err("the operation is there already".into());
            }
            let found = sqlx::query(statements::GRANT)
                .bind(grant)
                .bind(organization)
                .fetch_one(&mut *connection)
                .await?;
            let (pool, product): (Uuid, Uuid) = (found.try_get("pool_id")?, found.try_get("product_id")?);
            let (quantity, used): (i64, i64) = (found.try_get("quantity")?, found.try_get("used")?);
            let candidate = sqlx::query(statements::CANDIDATE)
                .bind(organization)
                .bind(grant)
                .bind(product)
                .bind(person)
                .fetch_one(&mut *connection)
                .await?;
            let belongs: bool = candidate.try_get("belongs")?;
            let holds: bool = candidate.try_get("holds_grant")?;
            if !belongs || holds || used >= quantity {
                return Err("no seat can be given".into());
            }
            let holder: Uuid = candidate.try_get("account_id")?;
            let email: String = candidate.try_get("email")?;
            let name: String = candidate.try_get("full_name")?;
            let texts = sqlx::query(statements::TEXTS).bind(product).fetch_all(&mut *connection).await?;
            let english = texts
                .iter()
                .find(|row| row.try_get::<&str, _>("language").is_ok_and(|tag| tag == "en"))
                .ok_or("no text")?;
            let (product_name, steps): (String, String) =
                (english.try_get("name")?, english.try_get("instructions")?);
            let seat = Uuid::now_v7();
            sqlx::query(statements::SEAT)
                .bind(seat)
                .bind(organization)
                .bind(grant)
                .bind(pool)
                .bind(person)
                .bind(now)
                .bind(by)
                .execute(&mut *connection)
                .await?;
            sqlx::query(statements::ANSWER)
                .bind(grant)
                .bind(now)
                .bind(by)
                .bind(person)
                .execute(&mut *connection)
                .await?;
            let subject = format!("{product_name} was assigned to you");
            let body = format!("Hello {name},\n\n{by_name} assigned {product_name} to you.\n\n{steps}\n");
            sqlx::query(statements::MAIL_CHOICE).bind(holder).fetch_all(&mut *connection).await?;
            sqlx::query(statements::WORDING).bind("seat_assigned").fetch_all(&mut *connection).await?;
            sqlx::query(statements::MAIL)
                .bind(Uuid::now_v7())
                .bind(organization)
                .bind(holder)
                .bind(&subject)
                .bind(&email)
                .bind(&body)
                .bind(now)
                .bind(email.to_lowercase())
                .bind(subject.to_lowercase())
                .execute(&mut *connection)
                .await?;
            sqlx::query(statements::NOTICE)
                .bind(Uuid::now_v7())
                .bind(organization)
                .bind(holder)
                .bind(&subject)
                .bind(now)
                .execute(&mut *connection)
                .await?;
            sqlx::query(statements::OPERATION)
                .bind(&operation)
                .bind(account)
                .bind(digest)
                .bind(format!("{{\"assigned\":[\"{name}\"],\"left_out\":[]}}"))
                .bind(now)
                .execute(&mut *connection)
                .await?;
            let head = sqlx::query($head).bind(organization).fetch_one(&mut *connection).await?;
            let (sequence, before): (i64, Vec<u8>) = (head.try_get("sequence")?, head.try_get("hash")?);
            let after = format!("grant {grant} person {person}");
            let hash = Sha256::new()
                .chain_update(&before)
                .chain_update(sequence.to_be_bytes())
                .chain_update(seat)
                .chain_update(&after)
                .finalize()
                .to_vec();
            sqlx::query(statements::MOVE_HEAD)
                .bind(organization)
                .bind(sequence + 1)
                .bind(&hash)
                .execute(&mut *connection)
                .await?;
            sqlx::query(statements::EVENT)
                .bind(organization)
                .bind(sequence + 1)
                .bind(before)
                .bind(hash)
                .bind(now)
                .bind(account)
                .bind(seat.to_string())
                .bind(after)
                .bind(&operation)
                .bind(person)
                .bind(grant)
                .execute(&mut *connection)
                .await?;
            sqlx::query("commit").execute(&mut *connection).await?;
            Ok(())
        }
    };
}

one_on!(one_on_sqlite, sqlx::SqliteConnection, "begin immediate", statements::HEAD, None);
one_on!(one_on_postgres, sqlx::PgConnection, "begin", statements::HEAD_HELD, Some(statements::WAIT));
