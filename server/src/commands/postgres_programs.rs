//! The only programs that this one starts: those with which PostgreSQL copies a database, by their names, without
//! a shell, and only for whoever runs `backup` and `restore`.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use url::Url;

use super::Trouble;

/// Writes a dump into a file, and reads its list of contents back.
pub(super) async fn dump(database_url: &str, to: &Path) -> Result<(), Trouble> {
    let mut dump = Program::Dump.over(database_url)?;
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(to);
    Program::Dump.run(dump).await?;
    let mut list = Program::Restore.command();
    list.arg("--list").arg(to);
    Program::Restore.run(list).await
}

/// Puts a dump into an empty database: all of it, or nothing.
pub(super) async fn restore(database_url: &str, from: &Path) -> Result<(), Trouble> {
    let mut restore = Program::Restore.over(database_url)?;
    restore.args(["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]).arg(from);
    Program::Restore.run(restore).await
}

/// Where systems keep the certificates that they believe, the commonest first.
const CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

#[derive(Clone, Copy)]
enum Program {
    Dump,
    Restore,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::Dump => "pg_dump",
            Self::Restore => "pg_restore",
        }
    }

    fn command(self) -> Command {
        Command::new(self.name())
    }

    /// Told where the database is; the password by the environment, for a command line can be read by others.
    fn over(self, database_url: &str) -> Result<Command, Trouble> {
        let mut url = Url::parse(database_url)?;
        let mut command = self.command();
        if let Some(password) = url.password().map(decoded) {
            command.env("PGPASSWORD", password?);
            url.set_password(None).map_err(|()| "the database address can't be used")?;
        }
        let pairs: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        if let Some((_, password)) = pairs.iter().find(|(name, _)| name == "password") {
            command.env("PGPASSWORD", password);
            let others = pairs.iter().filter(|(name, _)| name != "password");
            url.query_pairs_mut().clear().extend_pairs(others);
        }
        let value =
            |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        // The server believes the certificates of the system; these programs look for a file of their own.
        if value("sslmode").is_some_and(|mode| mode.starts_with("verify-"))
            && value("sslrootcert").is_none()
            && std::env::var_os("PGSSLROOTCERT").is_none()
            && let Some(file) = CERTIFICATES.iter().find(|file| Path::new(file).exists())
        {
            command.env("PGSSLROOTCERT", file);
        }
        command.arg("--dbname").arg(url.as_str());
        Ok(command)
    }

    async fn run(self, mut command: Command) -> Result<(), Trouble> {
        let name = self.name();
        let output = command.stdin(Stdio::null()).output().await.map_err(|error| {
            format!(
                "{name} can't be run ({error}): install the client programs of PostgreSQL, of the server's version \
                or a later one"
            )
        })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{name} did not succeed: {}", said.trim()).into())
    }
}

/// What is written with `%` in an address.
fn decoded(text: &str) -> Result<String, Trouble> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits =
            [rest.next(), rest.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else {
            return Err("the password in the address isn't understood".into());
        };
        bytes.push(u8::try_from(high * 16 + low)?);
    }
    Ok(String::from_utf8(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::{Program, decoded};

    #[test]
    fn a_password_is_told_as_it_is() {
        assert_eq!(decoded("p%40ss%2Fw%C3%B6rd").expect("understood"), "p@ss/wörd");
        for malformed in ["%", "%4", "%zz", "%ff"] {
            assert!(decoded(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn no_password_stands_on_a_command_line() {
        let command = Program::Dump.over("postgres://portal:p%40ss@127.0.0.1/benefits?sslmode=disable");
        let command = command.expect("understood");
        let command = command.as_std();
        let arguments: Vec<_> = command.get_args().map(|text| text.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["--dbname", "postgres://portal@127.0.0.1/benefits?sslmode=disable"]);
        let told = command.get_envs().find(|(name, _)| *name == "PGPASSWORD").and_then(|(_, value)| value);
        assert_eq!(told.and_then(std::ffi::OsStr::to_str), Some("p@ss"));

        let command =
            Program::Dump.over("postgres://portal@127.0.0.1/benefits?password=p%40ss&sslmode=disable");
        let command = command.expect("understood");
        let arguments: Vec<_> =
            command.as_std().get_args().map(|text| text.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["--dbname", "postgres://portal@127.0.0.1/benefits?sslmode=disable"]);
        let told =
            command.as_std().get_envs().find(|(name, _)| *name == "PGPASSWORD").and_then(|(_, value)| value);
        assert_eq!(told.and_then(std::ffi::OsStr::to_str), Some("p@ss"));
    }
}
