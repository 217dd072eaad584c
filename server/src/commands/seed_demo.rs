//! `seed-demo`: loads the sample programme into an empty database, and a large one beside it where that is wanted.

use std::time::Instant;

use clap::{Args, ValueEnum};
use service::sample_programme::{self, large};

use super::Trouble;
use crate::configuration::Configuration;

/// How much is loaded.
#[derive(Args)]
pub struct Arguments {
    /// How large the programme is
    #[arg(long, value_enum, default_value_t = Scale::Demo)]
    scale: Scale,
}

/// How large a programme is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scale {
    /// The sample programme: four companies
    Demo,
    /// Beside it 2,000 companies with 200,000 people and 1,000,000 seats, to measure with; takes about a minute
    Large,
}

/// After so many companies a line says how far it is.
const LINE_EVERY: usize = 100;

pub(super) async fn run(configuration: &Configuration, arguments: Arguments) -> Result<(), Trouble> {
    let service = configuration.service().await?;
    service.database.migrate().await?;
    if sample_programme::is_loaded(&service).await? {
        println!("The database has a programme already; nothing was changed.");
        return Ok(());
    }
    match arguments.scale {
        Scale::Demo => {
            let summary = sample_programme::load(&service).await?;
            println!("{summary}");
        }
        Scale::Large => {
            let (scale, began) = (large::Scale::LARGE, Instant::now());
            let mut told = 0;
            let summary = large::load(&service, scale, |companies| {
                if companies >= told + LINE_EVERY || companies == scale.companies {
                    told = companies;
                    println!("{companies} of {} companies, {} s", scale.companies, began.elapsed().as_secs());
                }
            })
            .await?;
            println!("The sample programme was loaded.");
            println!("{summary} It took {} s.", began.elapsed().as_secs());
        }
    }
    Ok(())
}
