//! `doctor`: checks what the server stands on; one line each.

use std::process::ExitCode;

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
    Finding::Good(format!("{text}; {}", counts.join("; ")))
}

async fn mail(configuration: &Configuration) -> Finding {
    match mailer::check(configuration).await {
        Ok(text) if configuration.smtp_url.is_some() => Finding::Good(text),
        Ok(text) => Finding::Note(text),
        Err(error) => Finding::Bad(error),
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
