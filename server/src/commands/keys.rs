//! `keys`: importing product keys, and changing the keys that seal secrets, while the portal runs.

use std::fs::{self, TryLockError};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use service::vault::{self, Kept};
use service::{Random, SystemRandom};

use super::{Trouble, import_keys};
use crate::configuration::Configuration;

/// What to do with the keys.
#[derive(Subcommand)]
pub enum Keys {
    /// Import product keys from a file into the pool of a product
    Import(import_keys::Arguments),
    /// Make a new key and seal everything under it; goes on where it was interrupted
    Rotate(Arguments),
}

/// How keys are changed.
#[derive(Args)]
pub struct Arguments {
    /// Make no new key, but forget the old ones once nothing is sealed under them
    #[arg(long)]
    forget_old: bool,
}

pub(super) async fn run(configuration: &Configuration, keys: Keys) -> Result<(), Trouble> {
    match keys {
        Keys::Import(arguments) => import_keys::run(configuration, arguments).await,
        Keys::Rotate(Arguments { forget_old }) => rotate(configuration, forget_old).await,
    }
}

async fn rotate(configuration: &Configuration, forget_old: bool) -> Result<(), Trouble> {
    let path = configuration.secret_file.display();
    // Held until the command ends, however it ends: of two new keys one would be lost.
    let _lock = lock(configuration)?;
    let mut keys = configuration.keys()?;
    let service = configuration.service().await?;
    let under = vault::under(&service.database).await?;
    if let Some(number) = under.keys().find(|number| !service.vault.knows(**number)) {
        return Err(format!(
            "there are secrets under key {number}, which {path} doesn't have; nothing was changed"
        )
        .into());
    }
    // Keys of another installation would seal all that comes under what nobody has a copy of.
    vault::check(&service).await.map_err(|cause| format!("{path} doesn't open what is sealed: {cause}"))?;
    let waiting = under.iter().any(|(number, _)| *number != keys.active());
    if waiting {
        println!("Goes on sealing under key {}.", keys.active());
    } else if !forget_old {
        let mut secret = [0; 32];
        SystemRandom.fill(&mut secret);
        let Some(number) = keys.add(secret, service.now()) else {
            return Err("all 255 numbers of keys are used up; nothing was changed".into());
        };
        vault::start::<Trouble>(&service, number, || Ok(configuration.keep_keys(&keys)?)).await?;
        println!(
            "Key {number} is made and seals from now on. Keep a copy of {path} apart from the database."
        );
    }
    let mut resealed = 0;
    loop {
        let some = vault::reseal_some(&service).await?;
        if some == 0 {
            break;
        }
        resealed += some;
    }
    println!("{resealed} secrets were sealed anew under key {}.", keys.active());
    let forgotten = if forget_old { forget(configuration, &service, &mut keys).await? } else { Vec::new() };
    if resealed > 0 || !forgotten.is_empty() {
        vault::finish(&service, resealed, &forgotten).await?;
    }
    Ok(())
}

/// Forgets the old keys; gives their numbers.
async fn forget(
    configuration: &Configuration,
    service: &service::Service,
    keys: &mut vault::Keys,
) -> Result<Vec<u8>, Trouble> {
    let forgotten = match keys.forget_old(service.now()) {
        Ok(forgotten) => forgotten,
        Err(Kept::OnlyOne) => {
            println!("There is no old key.");
            return Ok(Vec::new());
        }
        Err(Kept::TooNew(seconds)) => {
            return Err(format!(
                "old keys stay for {seconds} more seconds: a server may be finishing a change under them"
            )
            .into());
        }
    };
    // Asked last: a server that didn't know the new key may have sealed something meanwhile.
    let under = vault::under(&service.database).await?;
    if let Some(number) = under.keys().find(|number| **number != keys.active()) {
        return Err(
            format!("something was sealed under key {number} meanwhile; run the command again").into()
        );
    }
    configuration.keep_keys(keys)?;
    let numbers: Vec<String> = forgotten.iter().map(u8::to_string).collect();
    println!("Forgotten: key {}.", numbers.join(", "));
    Ok(forgotten)
}

fn lock(configuration: &Configuration) -> Result<fs::File, Trouble> {
    // Makes the file and its folder where they are missing.
    configuration.keys()?;
    let mut path = configuration.secret_file.clone().into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |error: std::io::Error| format!("{} can't be locked: {error}", path.display());
    let file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err("the keys are being rotated already".into()),
        Err(TryLockError::Error(error)) => Err(failed(error).into()),
    }
}
