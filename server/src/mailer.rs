//! The ways out of the house: SMTP, or files where no server is set.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message as Mail, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncTransport, Tokio1Executor};
use reqwest::Url;
use service::outbox::{CALENDAR_FILE, Mailer, Message, Undelivered};

use crate::configuration::Configuration;

/// Says which language the mail is in.
#[derive(Clone)]
struct ContentLanguage(String);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// A message that SMTP servers and mail programs understand.
struct Letterhead {
    from: Mailbox,
    /// Right half of the Message-ID.
    host: String,
}

impl Letterhead {
    fn new(configuration: &Configuration) -> Result<Self, String> {
        let from: Mailbox = configuration
            .mail_from
            .parse()
            .map_err(|error| format!("the sender {} is no mail address: {error}", configuration.mail_from))?;
        let host = from.email.domain().to_owned();
        Ok(Self { from, host })
    }

    /// The message; whatever is wrong with it stays wrong.
    fn write(&self, message: &Message) -> Result<Mail, Undelivered> {
        self.composed(message).map_err(|words| Undelivered { words, for_good: true })
    }

    fn composed(&self, message: &Message) -> Result<Mail, String> {
        let to: Mailbox = message.recipient.parse().map_err(|error| format!("recipient: {error}"))?;
        let builder = Mail::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.subject.clone())
            // The same at every attempt: whoever gets it twice can tell.
            .message_id(Some(format!("<{}@{}>", message.id, self.host)))
            .header(ContentLanguage(message.language.tag().to_owned()));
        let mail = match &message.calendar {
            None => builder.header(ContentType::TEXT_PLAIN).body(message.body.clone()),
            Some(calendar) => {
                let kind = ContentType::parse("text/calendar; charset=utf-8; method=PUBLISH")
                    .map_err(|error| error.to_string())?;
                let day = Attachment::new(CALENDAR_FILE.to_owned()).body(calendar.clone(), kind);
                builder.multipart(
                    MultiPart::mixed().singlepart(SinglePart::plain(message.body.clone())).singlepart(day),
                )
            }
        };
        mail.map_err(|error| error.to_string())
    }
}

/// Sends by SMTP.
struct Smtp {
    letterhead: Letterhead,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    /// So long a mail may take.
    longest: Duration,
}

impl Mailer for Smtp {
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async move {
            let mail = self.letterhead.write(message)?;
            // The transport's own limit is that of the connection only.
            match tokio::time::timeout(self.longest, self.transport.send(mail)).await {
                Ok(answer) => answer.map(|_| ()).map_err(|error| refused(&error)),
                Err(_) => Err(format!("timed out after {} seconds", self.longest.as_secs()).into()),
            }
        })
    }
}

/// Enhanced status codes (RFC 3463) of refusals that are about the recipient or the mail itself.
const ABOUT_THE_MAIL: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.6."];

/// What the server said. A refusal is for good where it is about the recipient or the mail. Others with 5 in front
/// may be about the portal, such as its sender or its address on a list: that is mended, and the mail goes out.
fn refused(error: &lettre::transport::smtp::Error) -> Undelivered {
    let words = error.to_string();
    let about_the_mail = ABOUT_THE_MAIL.iter().any(|code| words.contains(code));
    Undelivered { words, for_good: error.is_permanent() && about_the_mail }
}

/// Writes `.eml` files, for trying the portal out and for tests.
struct Files {
    letterhead: Letterhead,
    folder: PathBuf,
}

impl Mailer for Files {
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), Undelivered>> + Send + 'a>> {
        Box::pin(async move {
            let mail = self.letterhead.write(message)?.formatted();
            let path = self.folder.join(format!("{}.eml", message.id));
            let part = self.folder.join(format!("{}.part", message.id));
            // Written whole or not at all: whoever reads the folder never sees half a mail.
            let write = move || {
                std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
                std::fs::write(&part, mail)?;
                std::fs::rename(&part, &path)
            };
            match tokio::task::spawn_blocking(write).await {
                Ok(result) => result.map_err(|error| error.to_string().into()),
                Err(error) => Err(error.to_string().into()),
            }
        })
    }
}

/// The way out that the configuration says.
///
/// # Errors
/// A sentence about the sender or the server's address.
pub fn from(configuration: &Configuration) -> Result<Arc<dyn Mailer>, String> {
    let letterhead = Letterhead::new(configuration)?;
    Ok(match &configuration.smtp_url {
        Some(url) => Arc::new(Smtp {
            letterhead,
            transport: transport(url, configuration)?,
            longest: longest(configuration),
        }),
        None => Arc::new(Files { letterhead, folder: configuration.mail_dir.clone() }),
    })
}

fn transport(url: &str, configuration: &Configuration) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(|error| format!("the SMTP address isn't understood: {error}"))?;
    if let Some(file) = &configuration.smtp_root_certificate {
        builder = builder.tls(tls(url, file)?);
    }
    Ok(builder.timeout(Some(longest(configuration))).build())
}

/// TLS as the address asks for it, believing the file's certificates beside the well-known ones.
fn tls(url: &str, file: &Path) -> Result<Tls, String> {
    let named = |error: &dyn std::fmt::Display| format!("the certificate {}: {error}", file.display());
    let pem = std::fs::read(file).map_err(|error| named(&error))?;
    let root = Certificate::from_pem(&pem).map_err(|error| named(&error))?;
    let url = Url::parse(url).map_err(|error| format!("the SMTP address isn't understood: {error}"))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let parameters = TlsParameters::builder(host)
        .add_root_certificate(root)
        .build_rustls()
        .map_err(|error| named(&error))?;
    let wanted = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    match (url.scheme(), wanted.as_deref()) {
        ("smtps", _) => Ok(Tls::Wrapper(parameters)),
        (_, Some("required")) => Ok(Tls::Required(parameters)),
        (_, Some(_)) => Ok(Tls::Opportunistic(parameters)),
        (_, None) => {
            Err("a certificate is set, but the SMTP address asks for no TLS: smtps:// or ?tls=required"
                .to_owned())
        }
    }
}

const fn longest(configuration: &Configuration) -> Duration {
    Duration::from_secs(configuration.smtp_seconds)
}

async fn tested(
    url: &str,
    configuration: &Configuration,
) -> Result<Result<bool, lettre::transport::smtp::Error>, String> {
    let transport = transport(url, configuration)?;
    tokio::time::timeout(longest(configuration), transport.test_connection())
        .await
        .map_err(|_| "the SMTP server doesn't answer in time".to_owned())
}

/// Whether mail can go out, in a sentence; asks the SMTP server where there is one.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn check(configuration: &Configuration) -> Result<String, String> {
    Letterhead::new(configuration)?;
    match &configuration.smtp_url {
        None => Ok(format!("no SMTP server is set; mail is written to {}", configuration.mail_dir.display())),
        Some(url) => match tested(url, configuration).await? {
            Ok(true) => Ok("the SMTP server answers".to_owned()),
            Ok(false) => Err("the SMTP server doesn't answer".to_owned()),
            Err(error) => Err(format!("the SMTP server doesn't answer: {error}")),
        },
    }
}
