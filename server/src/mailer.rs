//! The ways out of the house: SMTP, or files where no server is set.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message as Mail, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Tokio1Executor};
use service::outbox::{Mailer, Message};

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

    fn write(&self, message: &Message) -> Result<Mail, String> {
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
                let day = Attachment::new("membership.ics".to_owned()).body(calendar.clone(), kind);
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
}

impl Mailer for Smtp {
    fn send<'a>(
        &'a self,
        message: &'a Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async move {
            let mail = self.letterhead.write(message)?;
            self.transport.send(mail).await.map(|_| ()).map_err(|error| error.to_string())
        })
    }
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
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
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
                Ok(result) => result.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
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
        Some(url) => Arc::new(Smtp { letterhead, transport: transport(url)? }),
        None => Arc::new(Files { letterhead, folder: configuration.mail_dir.clone() }),
    })
}

fn transport(url: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(|error| format!("the SMTP address isn't understood: {error}"))?;
    Ok(builder.timeout(Some(Duration::from_secs(20))).build())
}

/// Whether mail can go out, in a sentence; asks the SMTP server where there is one.
///
/// # Errors
/// A sentence about what is wrong.
pub async fn check(configuration: &Configuration) -> Result<String, String> {
    Letterhead::new(configuration)?;
    match &configuration.smtp_url {
        None => Ok(format!("no SMTP server is set; mail is written to {}", configuration.mail_dir.display())),
        Some(url) => match transport(url)?.test_connection().await {
            Ok(true) => Ok("the SMTP server answers".to_owned()),
            Ok(false) => Err("the SMTP server doesn't answer".to_owned()),
            Err(error) => Err(format!("the SMTP server doesn't answer: {error}")),
        },
    }
}
