//! `create-admin`: makes a programme admin, so that somebody can sign in to an empty installation.

use std::io::{BufRead, IsTerminal};

use clap::Args;
use service::people::create_admin::{CreateAdmin, create_admin};

use super::Trouble;
use crate::configuration::Configuration;

/// Who becomes a programme admin.
#[derive(Args)]
pub struct Arguments {
    /// Mail address to sign in with
    #[arg(long)]
    email: String,
    /// Full name
    #[arg(long)]
    name: String,
    /// Language: en, zh-Hans or zh-Hant
    #[arg(long, default_value = "en")]
    language: String,
}

pub(super) async fn run(configuration: &Configuration, arguments: Arguments) -> Result<(), Trouble> {
    let service = configuration.service().await?;
    service.database.migrate().await?;
    if std::io::stdin().is_terminal() {
        eprintln!("Type the password (at least 12 characters) and press Enter; it is shown.");
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let input = CreateAdmin {
        email: arguments.email,
        name: arguments.name,
        language: arguments.language,
        password: password.trim_end_matches(['\r', '\n']).to_owned(),
    };
    create_admin(&service, input).await.map_err(|failure| {
        let told = failure.told();
        locales::texts(domain::Language::English).find("error", told.code.code()).map_or_else(
            || failure.to_string(),
            |_| locales::refusal(locales::texts(domain::Language::English), &told),
        )
    })?;
    println!("The programme admin was made.");
    Ok(())
}
