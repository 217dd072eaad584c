//! `seed-demo`: loads the sample programme into an empty database.

use service::sample_programme;

use super::Trouble;
use crate::configuration::Configuration;

pub(super) async fn run(configuration: &Configuration) -> Result<(), Trouble> {
    let service = configuration.service().await?;
    service.database.migrate().await?;
    if sample_programme::is_loaded(&service).await? {
        println!("The database has a programme already; nothing was changed.");
        return Ok(());
    }
    let summary = sample_programme::load(&service).await?;
    println!("{summary}");
    Ok(())
}
