//! Configuration: flags before environment before file before default.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use clap::Args;
use serde::Deserialize;
use service::live::Live;
use service::purchases::payment::{CardProcessor, Payments};
use service::purchases::test_card::TestCard;
use service::vault::{KeySource, Keys};
use service::{Clock, Database, Random, Service, SystemClock, SystemRandom, Vault};

/// So many seconds the SMTP server has for each mail. One that looks for viruses takes its time after the last line:
/// whoever hangs up before its answer sends a copy at each attempt.
pub const SMTP_SECONDS: u64 = 120;
/// At most so many, as the standard allows: fewer than a claimed mail is held.
const SMTP_SECONDS_MAX: u64 = 600;

/// What can be set, by flag, environment or file.
#[derive(Args, Clone, Default, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Configuration file (TOML) with the same names as the flags, `-` written as `_`
    #[arg(long, env = "BENEFITS_CENTER_CONFIG", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Database: sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite://data/benefits-center.db]
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,
    /// Address to listen on [default: 127.0.0.1:3000]
    #[arg(long, env = "BENEFITS_CENTER_ADDRESS", global = true)]
    pub address: Option<SocketAddr>,
    /// The portal's own address as browsers see it, such as https://benefits.example.com
    #[arg(long, env = "BENEFITS_CENTER_BASE_URL", global = true)]
    pub base_url: Option<String>,
    /// File with the secret that seals keys and IDs; made on first start [default: data/secret.key]
    #[arg(long, env = "BENEFITS_CENTER_SECRET_FILE", global = true)]
    pub secret_file: Option<PathBuf>,
    /// Load the sample programme on first start and show demo accounts on the sign-in page
    #[arg(long, env = "BENEFITS_CENTER_DEMO", global = true, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub demo: Option<bool>,
    /// SMTP server: smtp://HOST:PORT, smtps://USER:PASSWORD@HOST; without it mail is written as .eml files
    #[arg(long, env = "BENEFITS_CENTER_SMTP_URL", global = true, hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// File (PEM) with a certificate that the SMTP server's is believed by, beside the well-known ones
    #[arg(long, env = "BENEFITS_CENTER_SMTP_ROOT_CERTIFICATE", global = true)]
    pub smtp_root_certificate: Option<PathBuf>,
    /// Seconds that the SMTP server has for each mail, 1 to 600 [default: 120]
    #[arg(long, env = "BENEFITS_CENTER_SMTP_SECONDS", global = true, value_parser = clap::value_parser!(u64).range(1..=SMTP_SECONDS_MAX))]
    pub smtp_seconds: Option<u64>,
    /// Folder for .eml files where no SMTP server is set [default: data/mail]
    #[arg(long, env = "BENEFITS_CENTER_MAIL_DIR", global = true)]
    pub mail_dir: Option<PathBuf>,
    /// Sender of mail [default: Benefits Center <no-reply@localhost>]
    #[arg(long, env = "BENEFITS_CENTER_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// Take the client's address from X-Forwarded-For: only behind a proxy that sets it
    #[arg(long, env = "BENEFITS_CENTER_TRUST_PROXY", global = true, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub trust_proxy: Option<bool>,
    /// Ask companies' directories also at addresses of the server's own network
    #[arg(long, env = "BENEFITS_CENTER_DIRECTORY_ALLOW_PRIVATE", global = true, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub directory_allow_private: Option<bool>,
    /// Secret with which the payment processor signs its notices; without it none is heard
    #[arg(long, env = "BENEFITS_CENTER_PAYMENT_NOTICE_SECRET", global = true, hide_env_values = true)]
    pub payment_notice_secret: Option<String>,
    /// Address of a listener of its own for /metrics, /healthz and /readyz; without it there are no metrics
    #[arg(long, env = "BENEFITS_CENTER_METRICS_ADDRESS", global = true)]
    pub metrics_address: Option<SocketAddr>,
    /// Folder for backups: `backup` writes there where it isn't told a file, `doctor` looks how old the latest is
    #[arg(long, env = "BENEFITS_CENTER_BACKUP_DIR", global = true)]
    pub backup_dir: Option<PathBuf>,
    /// Write the log as JSON lines
    #[arg(long, env = "BENEFITS_CENTER_LOG_JSON", global = true, num_args = 0..=1, default_missing_value = "true", value_parser = clap::builder::BoolishValueParser::new())]
    pub log_json: Option<bool>,
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Database address.
    pub database_url: String,
    /// Where to listen.
    pub address: SocketAddr,
    /// The portal's own address, without a slash at its end.
    pub base_url: String,
    /// File of the secret.
    pub secret_file: PathBuf,
    /// Demo mode.
    pub demo: bool,
    /// SMTP server.
    pub smtp_url: Option<String>,
    /// Certificate that the SMTP server's is believed by.
    pub smtp_root_certificate: Option<PathBuf>,
    /// Seconds that the SMTP server has for each mail.
    pub smtp_seconds: u64,
    /// Folder for mail files.
    pub mail_dir: PathBuf,
    /// Sender of mail.
    pub mail_from: String,
    /// Whether the client's address comes from a proxy.
    pub trust_proxy: bool,
    /// Whether directories within the server's own network are asked.
    pub directory_allow_private: bool,
    /// What the payment processor signs its notices with.
    pub payment_notice_secret: Option<String>,
    /// Where metrics are asked for.
    pub metrics_address: Option<SocketAddr>,
    /// Folder for backups.
    pub backup_dir: Option<PathBuf>,
    /// Whether the log is JSON.
    pub log_json: bool,
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file can't be read.
    #[error("The configuration file {0} can't be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file isn't understood.
    #[error("The configuration file {0} isn't understood: {1}")]
    Malformed(PathBuf, Box<toml::de::Error>),
    /// The secret can't be read or made.
    #[error("The secret in {0} can't be read or made: {1}")]
    Secret(PathBuf, io::Error),
    /// The file has neither one secret nor keys.
    #[error("The secret in {0} must be 64 hexadecimal digits, or keys as `keys rotate` writes them.")]
    SecretShape(PathBuf),
    /// A folder can't be made.
    #[error("The folder {0} can't be made: {1}")]
    Folder(PathBuf, io::Error),
}

impl Configuration {
    /// Puts flags and environment over the file over the defaults.
    ///
    /// # Errors
    /// [`ConfigurationError`] where the file can't be used.
    pub fn resolve(settings: Settings) -> Result<Self, ConfigurationError> {
        let file = match &settings.config {
            None => Settings::default(),
            Some(path) => {
                let text = fs::read_to_string(path)
                    .map_err(|error| ConfigurationError::Unreadable(path.clone(), error))?;
                toml::from_str(&text)
                    .map_err(|error| ConfigurationError::Malformed(path.clone(), Box::new(error)))?
            }
        };
        let address =
            settings.address.or(file.address).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000)));
        let base_url = settings.base_url.or(file.base_url).unwrap_or_else(|| format!("http://{address}"));
        Ok(Self {
            database_url: settings
                .database_url
                .or(file.database_url)
                .unwrap_or_else(|| "sqlite://data/benefits-center.db".to_owned()),
            base_url: base_url.trim_end_matches('/').to_owned(),
            address,
            secret_file: settings
                .secret_file
                .or(file.secret_file)
                .unwrap_or_else(|| "data/secret.key".into()),
            demo: settings.demo.or(file.demo).unwrap_or(false),
            smtp_url: settings.smtp_url.or(file.smtp_url).filter(|url| !url.is_empty()),
            smtp_root_certificate: settings.smtp_root_certificate.or(file.smtp_root_certificate),
            smtp_seconds: settings
                .smtp_seconds
                .or(file.smtp_seconds)
                .unwrap_or(SMTP_SECONDS)
                .clamp(1, SMTP_SECONDS_MAX),
            mail_dir: settings.mail_dir.or(file.mail_dir).unwrap_or_else(|| "data/mail".into()),
            mail_from: settings
                .mail_from
                .or(file.mail_from)
                .unwrap_or_else(|| "Benefits Center <no-reply@localhost>".to_owned()),
            trust_proxy: settings.trust_proxy.or(file.trust_proxy).unwrap_or(false),
            directory_allow_private: settings
                .directory_allow_private
                .or(file.directory_allow_private)
                .unwrap_or(false),
            payment_notice_secret: settings
                .payment_notice_secret
                .or(file.payment_notice_secret)
                .filter(|secret| !secret.is_empty()),
            metrics_address: settings.metrics_address.or(file.metrics_address),
            backup_dir: settings.backup_dir.or(file.backup_dir),
            log_json: settings.log_json.or(file.log_json).unwrap_or(false),
        })
    }

    /// Whether browsers reach the portal by TLS, so that cookies can be `Secure`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.base_url.starts_with("https://")
    }

    /// The vault under the keys of the file, which is made where it is missing. It follows the file: keys
    /// are changed under a server that runs.
    ///
    /// # Errors
    /// [`ConfigurationError::Secret`] and [`ConfigurationError::SecretShape`].
    pub fn vault(&self) -> Result<Vault, ConfigurationError> {
        // Looked at before it is read: what changes in between is read again.
        let read = KeyFile { path: self.secret_file.clone(), seen: Mutex::new(Stamp::of(&self.secret_file)) };
        let keys = self.keys()?;
        Ok(Vault::following(keys, Box::new(read)))
    }

    /// The keys of the file, which is made where it is missing.
    ///
    /// # Errors
    /// As for [`Self::vault`].
    pub fn keys(&self) -> Result<Keys, ConfigurationError> {
        let path = &self.secret_file;
        let failed = |error| ConfigurationError::Secret(path.clone(), error);
        if !path.exists() {
            make_folder(path)?;
            let mut secret = [0; 32];
            SystemRandom.fill(&mut secret);
            write_secret(path, &secret).map_err(failed)?;
        }
        read_keys(path)
    }

    /// Puts keys into the file, in one step: whoever reads it finds the keys before or these.
    ///
    /// # Errors
    /// [`ConfigurationError::Secret`]; the file is as it was then.
    pub fn keep_keys(&self, keys: &Keys) -> Result<(), ConfigurationError> {
        let path = &self.secret_file;
        let failed = |error| ConfigurationError::Secret(path.clone(), error);
        let mut next = path.clone().into_os_string();
        next.push(".next");
        let next = PathBuf::from(next);
        // Left by a crash: never read, and nothing was sealed under it.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut file = private_file(&next).map_err(failed)?;
        file.write_all(keys.text().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&next, path).map_err(failed)?;
        // The name is durable once its folder is.
        match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => fs::File::open(folder),
            None => fs::File::open("."),
        }
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
    }

    /// Connects to the database and makes the service; the SQLite folder is made where it is missing.
    ///
    /// # Errors
    /// A sentence for the person who starts the server.
    pub async fn service(&self) -> Result<Service, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(path) = self.sqlite_path() {
            make_folder(&path)?;
        }
        let database = Database::connect(&self.database_url).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Ok(Service {
            payments: self.payments(&database, &clock),
            database,
            clock,
            random: Arc::new(SystemRandom),
            vault: Arc::new(self.vault()?),
            sign_in_limits: Arc::default(),
            counts: Arc::default(),
            live: Live::default(),
            outside: crate::outside::from(self),
            base_url: self.base_url.as_str().into(),
        })
    }

    /// Ways of payment: test cards in a demo, and nowhere else, for they cost nothing.
    fn payments(&self, database: &Database, clock: &Arc<dyn Clock>) -> Payments {
        let card = TestCard::new(database.clone(), clock.clone());
        Payments {
            card: self.demo.then(|| Arc::new(card) as Arc<dyn CardProcessor>),
            notice_secret: self.payment_notice_secret.as_deref().map(Arc::from),
        }
    }

    /// The file of a SQLite database.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        let path = self.database_url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        (!path.starts_with(":memory:")).then(|| PathBuf::from(path))
    }
}

fn make_folder(file: &Path) -> Result<(), ConfigurationError> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| ConfigurationError::Folder(folder.to_owned(), error))
        }
        None => Ok(()),
    }
}

/// A new file that only its owner reads.
pub(crate) fn private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn write_secret(path: &Path, secret: &[u8; 32]) -> io::Result<()> {
    let mut file = private_file(path)?;
    for byte in secret {
        write!(file, "{byte:02x}")?;
    }
    writeln!(file)?;
    file.sync_all()
}

fn read_keys(path: &Path) -> Result<Keys, ConfigurationError> {
    let text =
        fs::read_to_string(path).map_err(|error| ConfigurationError::Secret(path.to_owned(), error))?;
    Keys::parse(&text).ok_or_else(|| ConfigurationError::SecretShape(path.to_owned()))
}

/// What tells a file from the one that was there before.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    bytes: u64,
    inode: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&file);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { changed: file.modified().ok(), bytes: file.len(), inode })
    }
}

/// The key file of a server that runs.
struct KeyFile {
    path: PathBuf,
    seen: Mutex<Option<Stamp>>,
}

impl KeySource for KeyFile {
    fn newer(&self) -> Option<Keys> {
        let stamp = Stamp::of(&self.path)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == Some(stamp) {
            return None;
        }
        match read_keys(&self.path) {
            Ok(keys) => {
                *seen = Some(stamp);
                tracing::info!(keys = ?keys, "the key file has changed and was read again");
                Some(keys)
            }
            Err(error) => {
                tracing::error!(cause = %error, "the key file has changed and can't be read; the keys read before stay");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Configuration, Settings};

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, "address = \"127.0.0.1:4000\"\nbase_url = \"https://a.example/\"\n")
            .expect("writes");
        let settings = Settings {
            config: Some(path),
            address: Some("127.0.0.1:5000".parse().expect("an address")),
            ..Settings::default()
        };
        let configuration = Configuration::resolve(settings).expect("resolves");
        assert_eq!(configuration.address.port(), 5000);
        assert_eq!(configuration.base_url, "https://a.example");
        assert!(configuration.is_secure());
        assert_eq!(configuration.database_url, "sqlite://data/benefits-center.db");
    }

    #[test]
    fn a_misspelt_setting_in_the_file_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, "adress = \"127.0.0.1:4000\"\n").expect("writes");
        let settings = Settings { config: Some(path), ..Settings::default() };
        assert!(Configuration::resolve(settings).expect_err("refuses").to_string().contains("adress"));
    }

    #[test]
    fn a_vault_follows_its_file() {
        use domain::Moment;
        use service::SystemRandom;
        let folder = tempfile::tempdir().expect("a folder");
        let settings =
            Settings { secret_file: Some(folder.path().join("secret.key")), ..Settings::default() };
        let configuration = Configuration::resolve(settings).expect("resolves");
        let running = configuration.vault().expect("made");
        let first = running.seal(&SystemRandom, "a", "secret").expect("seals");
        let mut keys = configuration.keys().expect("read");
        assert_eq!(keys.add([9; 32], Moment(0)), Some(2));
        configuration.keep_keys(&keys).expect("written");
        assert_eq!(configuration.keys().expect("read"), keys);
        let second = configuration.vault().expect("read").seal(&SystemRandom, "a", "secret").expect("seals");
        assert_eq!((first[0], second[0]), (1, 2));
        for sealed in [&first, &second] {
            assert_eq!(running.open("a", sealed).expect("opens"), "secret");
        }
        assert_eq!(running.seal(&SystemRandom, "a", "secret").expect("seals")[0], 2);
        // What can't be read, and what belongs to somebody else, changes nothing of a server that runs.
        for text in ["half a fi".to_owned(), "0b".repeat(32)] {
            std::fs::write(&configuration.secret_file, text).expect("writes");
            assert_eq!(running.seal(&SystemRandom, "a", "secret").expect("seals")[0], 2);
            assert_eq!(running.open("a", &first).expect("opens"), "secret");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            configuration.keep_keys(&keys).expect("written");
            let mode = std::fs::metadata(&configuration.secret_file).expect("a file").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{mode:o}");
        }
    }

    #[test]
    fn the_secret_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings =
            Settings { secret_file: Some(folder.path().join("deep/secret.key")), ..Settings::default() };
        let configuration = Configuration::resolve(settings).expect("resolves");
        let first = configuration.vault().expect("made").hash("a");
        assert_eq!(configuration.vault().expect("read").hash("a"), first);
        std::fs::write(&configuration.secret_file, "short").expect("writes");
        assert!(configuration.vault().is_err());
    }
}
