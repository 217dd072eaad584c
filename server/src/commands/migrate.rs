//! `migrate`: brings the database up to date.

use super::Trouble;
use crate::configuration::Configuration;

pub(super) async fn run(configuration: &Configuration) -> Result<(), Trouble> {
    let service = configuration.service().await?;
    let pending = service.database.pending_migrations().await?;
    service.database.migrate().await?;
    println!("{pending} migrations applied; the database is up to date.");
    Ok(())
}
