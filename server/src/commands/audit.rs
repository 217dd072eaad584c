//! `audit`: whether the trail of what was done is as it was written.

use std::process::ExitCode;

use clap::Subcommand;
use service::audit::{Chain, verify};

use super::Trouble;
use crate::configuration::Configuration;

/// What to do with the audit trail.
#[derive(Subcommand)]
pub enum Audit {
    /// Follow the chain of every company and name its first broken link
    Verify,
}

pub(super) async fn run(configuration: &Configuration, audit: Audit) -> Result<ExitCode, Trouble> {
    match audit {
        Audit::Verify => {
            let service = configuration.service().await?;
            let chains = verify(&service.database).await?;
            for chain in &chains {
                println!("{}", line(chain));
            }
            let broken = chains.iter().filter(|chain| chain.broken.is_some()).count();
            println!("{} chains, {broken} broken", chains.len());
            Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn line(chain: &Chain) -> String {
    let whose = match (&chain.name, chain.organization) {
        (Some(name), _) => name.clone(),
        (None, Some(organization)) => format!("organization {organization}, which is gone"),
        (None, None) => "the programme".to_owned(),
    };
    match chain.broken {
        None => format!("ok    {whose}: {} events", chain.events),
        Some(sequence) => {
            format!(
                "BAD   {whose}: event {sequence} was changed, is missing, or isn't the last that was written"
            )
        }
    }
}
