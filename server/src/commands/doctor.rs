//! `doctor`: checks what the server stands on; one line each.

use std::path::Path;
use std::process::ExitCode;

use service::live::servers;
use service::purchases::other_digits::{self, Earlier};
use service::vault;

use crate::configuration::Configuration;
use crate::mailer;

enum Finding {
    Good(String),
    Note(String),
    Bad(String),
}

pub(super) async fn run(configuration: &Configuration) -> ExitCode {
    let findings = [
        ("configuration", address(configuration)),
        ("database", database(configuration).await),
        ("keys", keys(configuration).await),
        ("mail", mail(configuration).await),
        ("cookies", cookies(configuration)),
        ("clock", clock(configuration).await),
        ("disk", disk(configuration)),
        ("backup", last_backup(configuration)),
        ("metrics", measured(configuration)),
        ("servers", servers(configuration).await),
        ("amounts", amounts(configuration).await),
    ];
    let mut code = ExitCode::SUCCESS;
    for (what, finding) in findings {
        match finding {
            Finding::Good(text) => println!("ok    {what}: {text}"),
            Finding::Note(text) => println!("note  {what}: {text}"),
            Finding::Bad(text) => {
                println!("BAD   {what}: {text}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn address(configuration: &Configuration) -> Finding {
    let text = format!("listens on {}, browsers use {}", configuration.address, configuration.base_url);
    if configuration.demo && !configuration.address.ip().is_loopback() {
        return Finding::Bad(format!(
            "{text}; demo mode shows passwords, so it belongs on a loopback address only"
        ));
    }
    Finding::Good(text)
}

async fn database(configuration: &Configuration) -> Finding {
    let service = match configuration.service().await {
        Ok(service) => service,
        Err(error) => return Finding::Bad(error.to_string()),
    };
    let kind = if service.database.is_postgres() { "PostgreSQL" } else { "SQLite (synchronous=FULL)" };
    match service.database.pending_migrations().await {
        Ok(0) => Finding::Good(format!("{kind} answers and is up to date")),
        Ok(pending) => {
            Finding::Note(format!("{kind} answers; {pending} migrations wait, run `benefits-center migrate`"))
        }
        Err(error) => Finding::Bad(error.to_string()),
    }
}

async fn keys(configuration: &Configuration) -> Finding {
    let path = configuration.secret_file.display();
    let keys = match configuration.keys() {
        Ok(keys) => keys,
        Err(error) => return Finding::Bad(error.to_string()),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::metadata(&configuration.secret_file)
            .is_ok_and(|file| file.permissions().mode() & 0o077 != 0);
        if open {
            return Finding::Bad(format!("others can read {path}: run `chmod 600 {path}`"));
        }
    }
    let text = format!("the secret in {path} can be read; keep a copy apart from the database");
    // A database that isn't there yet is another line's finding.
    let Ok(service) = configuration.service().await else { return Finding::Good(text) };
    let Ok(under) = vault::under(&service.database).await else { return Finding::Good(text) };
    let known: Vec<u8> = keys.numbers().collect();
    if let Some((number, secrets)) = under.iter().find(|(number, _)| !known.contains(number)) {
        return Finding::Bad(format!(
            "{secrets} secrets are sealed under key {number}, which {path} doesn't have"
        ));
    }
    let counts: Vec<String> = known
        .iter()
        .map(|number| {
            let secrets = under.get(number).copied().unwrap_or(0);
            let seals = if *number == keys.active() { ", which seals" } else { "" };
            format!("{secrets} secrets under key {number}{seals}")
        })
        .collect();
    // Two servers that each made their own secret have keys of the same numbers.
    if service.database.is_current().await.unwrap_or(false) && vault::check(&service).await.is_err() {
        return Finding::Bad(format!(
            "{path} is another installation's: it doesn't open what is sealed; all servers on one database need the same"
        ));
    }
    Finding::Good(format!("{text}; {}", counts.join("; ")))
}

async fn mail(configuration: &Configuration) -> Finding {
    match mailer::check(configuration).await {
        Ok(text) if configuration.smtp_url.is_some() => Finding::Good(text),
        Ok(text) => Finding::Note(text),
        Err(error) => Finding::Bad(error),
    }
}

/// Codes of the second factor bear half a minute; limits and due dates less than an hour.
async fn clock(configuration: &Configuration) -> Finding {
    let Ok(service) = configuration.service().await else {
        return Finding::Note("there is no database to compare it with".to_owned());
    };
    match service.database.clock().await {
        Err(error) => Finding::Note(format!("the database doesn't say its time: {error}")),
        Ok(theirs) => {
            let apart = (theirs - service.now().0).abs();
            let text = format!("{apart} ms apart from the database's");
            match apart {
                0..2_000 => Finding::Good(text),
                2_000..30_000 => Finding::Note(format!("{text}; keep clocks in step with NTP")),
                _ => Finding::Bad(format!("{text}; codes of the second factor are refused: set the clocks")),
            }
        }
    }
}

/// Free bytes that a database needs at least to go on, and to be copied.
const LITTLE: u64 = 1 << 30;
const TOO_LITTLE: u64 = 100 << 20;

fn disk(configuration: &Configuration) -> Finding {
    let database = configuration.sqlite_path().and_then(|path| path.parent().map(Path::to_owned));
    let mail = configuration.smtp_url.is_none().then(|| configuration.mail_dir.clone());
    let places = [database, mail, configuration.backup_dir.clone()];
    let mut least: Option<(u64, String)> = None;
    for place in places.into_iter().flatten() {
        // What isn't there yet will stand in the folder above it.
        let Some(there) = place.ancestors().find(|folder| folder.is_dir() || folder.as_os_str().is_empty())
        else {
            continue;
        };
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        match free(there) {
            Ok(free) if least.as_ref().is_none_or(|(least, _)| free < *least) => {
                least = Some((free, place.display().to_string()));
            }
            Ok(_) => {}
            Err(error) => {
                return Finding::Note(format!("{} doesn't say how full it is: {error}", place.display()));
            }
        }
    }
    match least {
        None => Finding::Good("nothing is kept here but what the program is started from".to_owned()),
        Some((free, place)) => {
            let text = format!("{} MB are free for {place}", free >> 20);
            match free {
                ..TOO_LITTLE => Finding::Bad(text),
                TOO_LITTLE..LITTLE => Finding::Note(text),
                LITTLE.. => Finding::Good(text),
            }
        }
    }
}

#[cfg(unix)]
fn free(folder: &Path) -> std::io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> std::io::Result<u64> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// A daily backup is never older, whatever the hour at which it is made.
const BACKUP_HOURS: u64 = 26;

fn last_backup(configuration: &Configuration) -> Finding {
    let Some(folder) = &configuration.backup_dir else {
        return Finding::Note(
            "no folder for backups is set; nobody looks whether there are any: see docs/OPERATIONS.md"
                .to_owned(),
        );
    };
    match super::backup::latest(folder) {
        Err(error) => Finding::Bad(format!("{} can't be read: {error}", folder.display())),
        Ok(None) => Finding::Bad(format!("there is none in {}", folder.display())),
        Ok(Some(latest)) => {
            let hours = latest.elapsed().unwrap_or_default().as_secs() / 3600;
            let text = format!("the latest in {} is {hours} hours old", folder.display());
            if hours > BACKUP_HOURS { Finding::Bad(text) } else { Finding::Good(text) }
        }
    }
}

fn measured(configuration: &Configuration) -> Finding {
    match configuration.metrics_address {
        None => Finding::Note("off; set a metrics address to be warned before partners are".to_owned()),
        Some(address) if address.ip().is_loopback() => Finding::Good(format!("on {address}")),
        Some(address) => Finding::Note(format!(
            "on {address}, which others reach without a password: let only what collects them through"
        )),
    }
}

async fn servers(configuration: &Configuration) -> Finding {
    let Ok(service) = configuration.service().await else {
        return Finding::Note("there is no database to look in".to_owned());
    };
    if !service.database.is_postgres() {
        return Finding::Good("SQLite is for one server".to_owned());
    }
    match servers::listening(&service.database).await {
        Ok(count) => Finding::Good(format!(
            "{count} run on this database; each needs the same secret file, and all of them the same version"
        )),
        Err(error) => Finding::Note(format!("the database doesn't say how many there are: {error}")),
    }
}

async fn amounts(configuration: &Configuration) -> Finding {
    let Ok(service) = configuration.service().await else {
        return Finding::Note("there is no database to look in".to_owned());
    };
    if !service.database.is_current().await.unwrap_or(false) {
        return Finding::Note("looked at once the database is up to date".to_owned());
    }
    match other_digits::earlier(service.database.reader()).await {
        Err(failure) => Finding::Note(format!("the database doesn't say them: {failure}")),
        Ok(earlier) if earlier == Earlier::default() => {
            Finding::Good("none is of an earlier version in a currency without hundredths".to_owned())
        }
        Ok(Earlier { offers, orders, invoices }) => {
            let offers = if offers.is_empty() { "none".to_owned() } else { offers.join(", ") };
            Finding::Note(format!(
                "of an earlier version in currencies without hundredths, and read otherwise since: offers {offers}; \
                {orders} orders; {invoices} invoices and credit notes: see \"Upgrade\" in docs/OPERATIONS.md"
            ))
        }
    }
}

fn cookies(configuration: &Configuration) -> Finding {
    if configuration.is_secure() {
        Finding::Good("Secure, with the __Host- prefix".to_owned())
    } else {
        Finding::Note(
            "without TLS the session cookie has no __Host- prefix and isn't Secure: set an https base URL"
                .to_owned(),
        )
    }
}
