//! A large programme beside the sample one, so that pages can be measured: companies of every level with their people,
//! seats, keys, orders and requests, as if all of it had come through the use cases.
//!
//! What it is made of (`plan`, `people`) is pure; how that becomes rows (`write`) knows nothing of amounts. It is
//! written some companies at a time, each time all of them or none, so a run that was interrupted leaves a part of it.

mod book;
mod dice;
mod evidence;
mod keys;
mod names;
mod people;
mod plan;
mod quantities;
mod requests;
mod tables;
mod write;

use std::fmt;

use futures::future::try_join_all;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::DEMO_PASSWORD;
use crate::purchases::settle::INVOICES_FROM;
use crate::request::{Actor, Request};
use crate::{Outcome, Service, passwords, sql};

use book::Book;
use plan::{Company, Numbers};
use tables::Tables;
use write::Writer;

pub use plan::Scale;

/// So many companies are written together.
const TOGETHER: usize = 50;
/// Several writers at once, where the database has more than one: they share no row.
const WRITERS: usize = 2;
/// So many keys of each product that nobody has drawn, at the most and at the least.
const FREE_KEYS: (usize, usize) = (500, 20);

/// What was loaded beside the sample programme, as one sentence.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    /// Companies.
    pub companies: usize,
    /// People of them.
    pub people: usize,
    /// Benefits.
    pub grants: usize,
    /// Seats that people have.
    pub seats: usize,
    /// Seats that people had.
    pub seats_before: usize,
    /// Keys that were shown to somebody.
    pub keys: usize,
    /// Requests that wait for an operator.
    pub open_requests: usize,
    /// Requests that were decided.
    pub done_requests: usize,
}

impl Summary {
    const fn add(&mut self, more: Self) {
        self.companies += more.companies;
        self.people += more.people;
        self.grants += more.grants;
        self.seats += more.seats;
        self.seats_before += more.seats_before;
        self.keys += more.keys;
        self.open_requests += more.open_requests;
        self.done_requests += more.done_requests;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "A large programme was loaded beside it: {} companies, {} people, {} grants, {} seats and {} earlier ones, \
             {} keys in use, {} open and {} decided requests.",
            self.companies,
            self.people,
            self.grants,
            self.seats,
            self.seats_before,
            self.keys,
            self.open_requests,
            self.done_requests
        )
    }
}

/// Loads the sample programme and beside it a large one into an empty database. `tell` hears how many companies there
/// are so far.
///
/// # Errors
/// As [`super::load`].
pub async fn load(service: &Service, scale: Scale, mut tell: impl FnMut(usize)) -> Outcome<Summary> {
    super::load(service).await?;
    quantities::publish_larger(service, scale).await?;
    let now = service.now();
    let password_hash = passwords::hash(service, DEMO_PASSWORD).await?;
    let request = Request { actor: Actor::Worker, address: String::new(), id: "large_programme".to_owned() };
    let transaction = service.database.begin().await?;
    keys::open_batches(service, &transaction, now).await?;
    let book = Book::read(&transaction, password_hash).await?;
    let mut companies = plan::companies(scale, now, book.in_force.target_days);
    number(&transaction, &mut companies).await?;
    let mut tables = Tables::new();
    for delivery in book.deliveries() {
        let count = (scale.companies / 4).clamp(FREE_KEYS.1, FREE_KEYS.0);
        keys::free(service, delivery, count, &mut tables)?;
    }
    tables.write(&transaction).await?;
    transaction.commit().await?;

    let writer = Writer { service, request: &request, book: &book, now };
    let writers = if service.database.is_postgres() { WRITERS } else { 1 };
    let mut summary = Summary::default();
    let parts: Vec<&[Company]> = companies.chunks(TOGETHER).collect();
    for some in parts.chunks(writers) {
        for written in try_join_all(some.iter().map(|part| writer.write(part))).await? {
            summary.add(written);
        }
        tell(summary.companies);
    }
    finish(service).await?;
    Ok(summary)
}

/// Numbers orders, invoices and requests after those of the sample programme.
async fn number(transaction: &DatabaseTransaction, companies: &mut [Company]) -> Outcome<()> {
    let last = "select value as number from number_sequence where name = $1";
    let after = Numbers {
        orders: sql::number(transaction, last, ["order".into()]).await?,
        invoices: sql::number(transaction, last, ["invoice".into()]).await?.max(INVOICES_FROM),
        requests: sql::number(transaction, last, ["service_request".into()]).await?,
    };
    let given = plan::number(companies, after);
    let text = "insert into number_sequence (name, value) values ($1, $2)
        on conflict (name) do update set value = excluded.value";
    for (name, value) in
        [("order", given.orders), ("invoice", given.invoices), ("service_request", given.requests)]
    {
        sql::run(transaction, text, [name.into(), value.into()]).await?;
    }
    Ok(())
}

/// Counts the keys of each batch, and lets the database look at what it has, as it does by itself after a while.
async fn finish(service: &Service) -> Outcome<()> {
    let transaction = service.database.begin().await?;
    keys::count(&transaction).await?;
    transaction.commit().await?;
    let text = if service.database.is_postgres() { "vacuum analyze" } else { "analyze" };
    service.database.reader().execute_unprepared(text).await?;
    Ok(())
}
