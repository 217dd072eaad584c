//! Mail by SMTP, to a server that speaks as much of it as a mailer needs.

use std::sync::{Arc, Mutex};

use rstest::rstest;
use server::configuration::Configuration;
use server::mailer;
use service::outbox::deliver_due;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::browser::{Portal, configuration};
use crate::common::Engine;
use crate::outbox::{assigned, delivered};
use crate::scene::CHINESE_EMPLOYEE;

/// What came in, envelope and data.
#[derive(Clone, Default, Debug)]
struct Received {
    from: String,
    to: Vec<String>,
    data: String,
}

/// A server on a port of its own; `refusing` recipients are turned away.
struct Post {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Post {
    async fn open(refusing: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), refusing));
            }
        });
        Self { address, received }
    }

    fn configuration(&self) -> Configuration {
        let smtp_url = Some(format!("smtp://{}", self.address));
        Configuration { smtp_url, ..configuration("http://benefits.example") }
    }
}

async fn serve(stream: TcpStream, kept: Arc<Mutex<Vec<Received>>>, refusing: bool) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut mail = Received::default();
    writer.write_all(b"220 post.example ready\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let upper = line.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") {
            "250-post.example\r\n250 8BITMIME\r\n"
        } else if upper.starts_with("MAIL FROM:") {
            mail = Received { from: line[10..].to_owned(), ..Received::default() };
            "250 ok\r\n"
        } else if upper.starts_with("RCPT TO:") && refusing {
            "550 no such mailbox\r\n"
        } else if upper.starts_with("RCPT TO:") {
            mail.to.push(line[8..].to_owned());
            "250 ok\r\n"
        } else if upper == "DATA" {
            writer.write_all(b"354 go on\r\n").await.ok()?;
            while let Some(line) = lines.next_line().await.ok()? {
                if line == "." {
                    break;
                }
                mail.data.push_str(&line);
                mail.data.push('\n');
            }
            kept.lock().expect("not poisoned").push(mail.clone());
            "250 taken\r\n"
        } else if upper == "QUIT" {
            writer.write_all(b"221 bye\r\n").await.ok()?;
            return Some(());
        } else {
            "250 ok\r\n"
        };
        writer.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}

#[rstest]
#[tokio::test]
async fn a_mail_goes_out_by_smtp_once_in_its_readers_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let quiet = delivered(&portal).await;
    let post = Post::open(false).await;
    let mailer = mailer::from(&post.configuration()).expect("understood");
    assert!(mailer::check(&post.configuration()).await.is_ok());
    assigned(&portal).await;
    assert_eq!(deliver_due(&portal.stage.service, &*mailer).await.expect("delivers"), 1);
    assert_eq!(deliver_due(&portal.stage.service, &*mailer).await.expect("rests"), 0);
    let received = post.received.lock().expect("not poisoned").clone();
    assert_eq!(received.len(), 1, "{received:?} beside {}", quiet.len());
    let mail = &received[0];
    assert!(mail.from.contains("no-reply@benefits.example"), "{}", mail.from);
    assert_eq!(mail.to.len(), 1);
    assert!(mail.to[0].contains(CHINESE_EMPLOYEE), "{:?}", mail.to);
    assert!(mail.data.contains("Content-Language: zh-Hans"), "{}", mail.data);
    let kept = portal.stage.mails(CHINESE_EMPLOYEE).await.pop().expect("a mail");
    assert!(mail.data.contains(&format!("Message-ID: <{}@benefits.example>", kept.id)), "{}", mail.data);
    assert_eq!(kept.state, "sent");
}

#[rstest]
#[tokio::test]
async fn what_the_smtp_server_refuses_is_kept_with_its_words(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    delivered(&portal).await;
    let post = Post::open(true).await;
    let mailer = mailer::from(&post.configuration()).expect("understood");
    assigned(&portal).await;
    assert_eq!(deliver_due(&portal.stage.service, &*mailer).await.expect("tries"), 0);
    let kept = portal.stage.mails(CHINESE_EMPLOYEE).await.pop().expect("a mail");
    assert_eq!((kept.state.as_str(), kept.attempts), ("waiting", 1));
    assert!(kept.last_error.is_some_and(|error| error.contains("no such mailbox")));
    // Nobody answers at all.
    let gone = Configuration {
        smtp_url: Some("smtp://127.0.0.1:1".to_owned()),
        ..configuration("http://benefits.example")
    };
    assert!(mailer::check(&gone).await.is_err());
    portal.stage.clock.move_days(1);
    let mailer = mailer::from(&gone).expect("understood");
    assert_eq!(deliver_due(&portal.stage.service, &*mailer).await.expect("tries"), 0);
    let kept = portal.stage.mails(CHINESE_EMPLOYEE).await.pop().expect("a mail");
    assert_eq!((kept.state.as_str(), kept.attempts), ("waiting", 2));
}
