//! `keys import`: takes product keys over from a file.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use domain::{ErrorCode, Language};
use service::keys::import::{self, CHUNK, ImportKeys};
use service::keys::take_over::{self, Progress};
use service::{Failure, Service};

use super::Trouble;
use crate::configuration::Configuration;

/// Which keys, and for which product.
#[derive(Args)]
pub struct Arguments {
    /// Text or CSV file: a key a line, for multiple-activation keys with a count if you like
    file: PathBuf,
    /// Code of the product
    #[arg(long)]
    product: String,
    /// Where the keys come from
    #[arg(long)]
    source: String,
    /// Name of the batch
    #[arg(long)]
    batch: String,
}

pub(super) async fn run(configuration: &Configuration, arguments: Arguments) -> Result<(), Trouble> {
    let path = &arguments.file;
    let content = fs::read(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    let service = configuration.service().await?;
    service.database.migrate().await?;
    let input = ImportKeys {
        product: arguments.product.clone(),
        source: arguments.source,
        batch: arguments.batch,
        content: &content,
        chunk: CHUNK,
    };
    let staged = import::import_by_command(&service, input)
        .await
        .map_err(|failure| told(&failure, &arguments.product))?;
    drop(content);
    let progress = follow(&service, staged.batch).await?;
    println!(
        "lines {}: accepted {}, duplicate {}, malformed {}",
        progress.lines, progress.accepted, progress.duplicate, progress.malformed
    );
    if progress.position < progress.lines {
        return Err("the import was stopped before its end; the keys so far are here".into());
    }
    for (line, fault) in take_over::faults(&service, staged.batch).await? {
        println!("line {line}: {}", fault.code());
    }
    Ok(())
}

/// Takes chunks over until the batch has ended; a server that runs may take some of them.
async fn follow(service: &Service, batch: domain::ids::KeyBatchId) -> Result<Progress, Trouble> {
    let terminal = std::io::stderr().is_terminal();
    let mut said = Instant::now();
    loop {
        let more = take_over::take_next(service).await?;
        let progress = take_over::progress(service, batch).await?;
        if said.elapsed() >= Duration::from_millis(if terminal { 200 } else { 5_000 }) {
            said = Instant::now();
            // Progress that can't be shown is no reason to stop.
            let mut out = std::io::stderr().lock();
            let (start, end) = if terminal { ("\r\u{1b}[K", "") } else { ("", "\n") };
            let _ = write!(out, "{start}{} of {} lines{end}", progress.position, progress.lines)
                .and_then(|()| out.flush());
        }
        if progress.ended {
            if terminal {
                eprintln!();
            }
            return Ok(progress);
        }
        if !more {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn told(failure: &Failure, product: &str) -> String {
    let error = failure.told();
    match error.code {
        ErrorCode::NotFound => format!("there is no key pool of a product {product}"),
        ErrorCode::NoRows => "the file has no keys".to_owned(),
        ErrorCode::Invalid => {
            let texts = locales::texts(Language::English);
            let faults = error.fields.iter().map(|fault| {
                let name = texts.find_field(fault.field.code()).unwrap_or_default();
                format!("{name}: {}", locales::field_refusal(texts, fault))
            });
            faults.collect::<Vec<_>>().join("; ")
        }
        _ => match failure {
            Failure::Refused(error) => locales::refusal(locales::texts(Language::English), error),
            _ => failure.to_string(),
        },
    }
}
