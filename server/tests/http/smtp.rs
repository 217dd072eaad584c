//! Mail by SMTP, to the server `smtp-server`, which the tests start and which misbehaves when it is told to.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rstest::rstest;
use sea_orm::FromQueryResult;
use serde::Deserialize;
use serde_json::json;
use server::configuration::Configuration;
use server::metrics::Metrics;
use server::{mailer, worker};
use service::assignments::assign::{AssignSeats, assign};
use service::entity::mail;
use service::outbox::{Mailer, deliver_due};
use service::sql;
use tempfile::TempDir;
use uuid::Uuid;

use crate::browser::{Portal, configuration};
use crate::common::Engine;
use crate::outbox::{assigned, delivered};
use crate::scene::{CHINESE_EMPLOYEE, COMPANY, GLOBAL_ADMIN};

/// What came in: envelope, data, and how it was met.
#[derive(Clone, Deserialize, Debug)]
struct Received {
    from: String,
    to: Vec<String>,
    id: String,
    encrypted: bool,
    user: String,
    manner: String,
    data: String,
}

/// A certificate for `localhost` by an authority of the tests' own.
struct Authority {
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let mut root = CertificateParams::new(Vec::new()).expect("parameters");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = root.self_signed(&key).expect("a certificate");
        let issuer = Issuer::new(root, key);
        let own = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        let leaf = leaf.signed_by(&own, &issuer).expect("a certificate");
        for (name, text) in
            [("root.pem", certificate.pem()), ("leaf.pem", leaf.pem()), ("key.pem", own.serialize_pem())]
        {
            std::fs::write(folder.path().join(name), text).expect("writes");
        }
        Self { folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The mail server; it ends with the test.
pub struct Post {
    child: Child,
    orders: ChildStdin,
    said: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl Post {
    fn open(options: &serde_json::Value) -> Self {
        // Asked when the test runs: built tests may come from another checkout of the same sources.
        let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
        let folder = own.join("../end2end");
        assert!(
            folder.join("node_modules/smtp-server").exists(),
            "These tests need the packages of end2end: `cargo xtask test` installs them, or `npm ci` there."
        );
        let mut child = Command::new("node")
            .current_dir(&folder)
            .args(["support/smtp.mjs", &options.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let ready = lines.next().expect("the server says that it is ready").expect("a line");
        let port = ready.strip_prefix("ready ").and_then(|port| port.parse().ok()).expect("a port");
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().expect("not poisoned").push(line);
            }
        });
        let orders = child.stdin.take().expect("its input");
        Self { child, orders, said, port }
    }

    /// One without TLS.
    pub fn plain() -> Self {
        Self::open(&json!({ "tls": "none" }))
    }

    fn with_tls(tls: &str, authority: &Authority) -> Self {
        Self::open(&json!({
            "tls": tls,
            "certificate": authority.file("leaf.pem"),
            "key": authority.file("key.pem"),
            "user": "portal",
            "password": "a heron & a weir",
        }))
    }

    /// How it meets mails from now on.
    async fn meets(&mut self, manner: &str) {
        let answer = format!("now {manner}");
        let answers = |said: &[String]| said.iter().filter(|line| **line == answer).count();
        let before = answers(&self.said.lock().expect("not poisoned"));
        writeln!(self.orders, "{manner}").expect("it listens");
        self.until(|said| answers(said) > before).await;
    }

    /// Waits until what it said is enough.
    async fn until(&self, enough: impl Fn(&[String]) -> bool) {
        for _ in 0..400 {
            if enough(&self.said.lock().expect("not poisoned")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the mail server said {:?}", self.said.lock());
    }

    /// Every mail whose data it has.
    async fn received(&mut self) -> Vec<Received> {
        // What it says comes in its order: nothing is left behind once it has answered this.
        self.meets("take").await;
        let said = self.said.lock().expect("not poisoned").clone();
        let mails = said.iter().filter(|line| line.starts_with('{'));
        mails.map(|line| serde_json::from_str(line).expect("a mail")).collect()
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    fn configuration(&self) -> Configuration {
        self.at(&self.url(), None)
    }

    fn at(&self, url: &str, root: Option<&Path>) -> Configuration {
        Configuration {
            smtp_url: Some(url.replace("PORT", &self.port.to_string())),
            smtp_root_certificate: root.map(Path::to_owned),
            ..configuration("http://benefits.example")
        }
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mailer(configuration: &Configuration) -> Arc<dyn Mailer> {
    mailer::from(configuration).expect("understood")
}

async fn deliver(portal: &Portal, mailer: &dyn Mailer) -> usize {
    deliver_due(&portal.stage.service, mailer).await.expect("the database answers")
}

/// The mail of the test as the outbox has it.
async fn kept(portal: &Portal) -> mail::Model {
    portal.stage.mails(CHINESE_EMPLOYEE).await.pop().expect("a mail")
}

#[rstest]
#[tokio::test]
async fn a_mail_goes_out_by_smtp_once_in_its_readers_language(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    delivered(&portal).await;
    let mut post = Post::plain();
    let mailer = mailer(&post.configuration());
    assert!(mailer::check(&post.configuration()).await.is_ok());
    assigned(&portal).await;
    assert_eq!(deliver(&portal, &*mailer).await, 1);
    assert_eq!(deliver(&portal, &*mailer).await, 0);
    let received = post.received().await;
    assert_eq!(received.len(), 1, "{received:?}");
    let mail = &received[0];
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("no-reply@benefits.example", &[CHINESE_EMPLOYEE.to_owned()][..])
    );
    assert!(mail.data.contains("Content-Language: zh-Hans"), "{}", mail.data);
    let kept = kept(&portal).await;
    assert_eq!(mail.id, format!("<{}@benefits.example>", kept.id));
    assert_eq!(kept.state, "sent");
}

#[rstest]
#[case::starttls("starttls", "smtp://portal:a%20heron%20%26%20a%20weir@localhost:PORT?tls=required")]
#[case::implicit("implicit", "smtps://portal:a%20heron%20%26%20a%20weir@localhost:PORT")]
#[tokio::test]
async fn mail_goes_out_encrypted_and_signed_in_to_a_server_that_is_known(
    #[case] tls: &str,
    #[case] url: &str,
) {
    let portal = Portal::open(Engine::Sqlite).await;
    delivered(&portal).await;
    let authority = Authority::new();
    let root = authority.file("root.pem");
    let mut post = Post::with_tls(tls, &authority);
    assigned(&portal).await;

    // A certificate of an authority that nobody named isn't believed, and nothing is said to its server.
    let unknown = post.at(url, None);
    assert!(mailer::check(&unknown).await.is_err());
    assert_eq!(deliver(&portal, &*mailer(&unknown)).await, 0);
    // Neither is that authority's for another name.
    portal.stage.clock.move_days(1);
    let other = post.at(&url.replace("localhost", "127.0.0.1"), Some(&root));
    assert_eq!(deliver(&portal, &*mailer(&other)).await, 0);
    // A wrong password is the portal's fault: the mail waits for the right one.
    portal.stage.clock.move_days(1);
    let wrong = post.at(&url.replace("heron", "crane"), Some(&root));
    assert_eq!(deliver(&portal, &*mailer(&wrong)).await, 0);
    let waits = kept(&portal).await;
    assert_eq!((waits.state.as_str(), waits.attempts), ("waiting", 3));
    assert!(waits.last_error.as_deref().is_some_and(|error| error.contains("535")), "{waits:?}");
    assert!(post.received().await.is_empty());

    portal.stage.clock.move_days(1);
    let right = post.at(url, Some(&root));
    assert!(mailer::check(&right).await.is_ok());
    let taken = deliver(&portal, &*mailer(&right)).await;
    assert_eq!(taken, 1, "{:?}", kept(&portal).await);
    let received = post.received().await;
    assert_eq!(received.len(), 1, "{received:?}");
    assert!(received[0].encrypted);
    assert_eq!(received[0].user, "portal");
    assert_eq!(kept(&portal).await.state, "sent");
}

#[tokio::test]
async fn where_tls_is_required_nothing_leaves_without_it() {
    let portal = Portal::open(Engine::Sqlite).await;
    delivered(&portal).await;
    let mut post = Post::plain();
    assigned(&portal).await;
    for url in ["smtp://localhost:PORT?tls=required", "smtps://localhost:PORT"] {
        assert_eq!(deliver(&portal, &*mailer(&post.at(url, None))).await, 0, "{url}");
        portal.stage.clock.move_days(1);
    }
    assert!(post.received().await.is_empty());
    assert_eq!(kept(&portal).await.state, "waiting");
    let authority = Authority::new();
    let pointless = post.at("smtp://localhost:PORT", Some(&authority.file("root.pem")));
    assert!(mailer::from(&pointless).is_err_and(|error| error.contains("asks for no TLS")));
    let missing = post.at("smtps://localhost:PORT", Some(&authority.file("none.pem")));
    assert!(mailer::from(&missing).is_err_and(|error| error.contains("none.pem")));
}

#[rstest]
#[case::later("later", "450", 1)]
#[case::slow("slow", "timed out", 1)]
#[case::cut("cut", "", 2)]
#[tokio::test]
async fn what_was_not_acknowledged_goes_out_again_under_the_same_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] manner: &str,
    #[case] words: &str,
    #[case] times: usize,
) {
    let portal = Portal::open(engine).await;
    delivered(&portal).await;
    let mut post = Post::plain();
    // Nobody waits for long where nothing comes.
    let smtp_seconds = if manner == "slow" { 1 } else { 20 };
    let mailer = mailer(&Configuration { smtp_seconds, ..post.configuration() });
    post.meets(manner).await;
    let id = assigned(&portal).await;
    assert_eq!(deliver(&portal, &*mailer).await, 0);
    let waits = kept(&portal).await;
    assert_eq!((waits.state.as_str(), waits.attempts), ("waiting", 1));
    assert!(waits.last_error.as_deref().is_some_and(|error| error.contains(words)), "{waits:?}");
    // Not before its time.
    post.meets("take").await;
    assert_eq!(deliver(&portal, &*mailer).await, 0);
    portal.stage.clock.move_seconds(61);
    assert_eq!(deliver(&portal, &*mailer).await, 1);
    portal.stage.clock.move_days(30);
    assert_eq!(deliver(&portal, &*mailer).await, 0);
    let received = post.received().await;
    // Whoever cut the line has the mail already: SMTP can't say so, but the Message-ID does.
    assert_eq!(received.len(), times, "{received:?}");
    assert!(received.iter().all(|mail| mail.id == format!("<{id}@benefits.example>")), "{received:?}");
    let taken = kept(&portal).await;
    assert_eq!((taken.state.as_str(), taken.attempts, taken.last_error), ("sent", 2, None));
}

#[rstest]
#[tokio::test]
async fn what_the_smtp_server_refuses_is_kept_with_its_words(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    delivered(&portal).await;
    // Nobody answers at all.
    let mut post = Post::plain();
    let gone = Configuration {
        smtp_url: Some("smtp://127.0.0.1:1".to_owned()),
        ..configuration("http://benefits.example")
    };
    assert!(mailer::check(&gone).await.is_err());
    assigned(&portal).await;
    assert_eq!(deliver(&portal, &*mailer(&gone)).await, 0);
    let waits = kept(&portal).await;
    assert_eq!((waits.state.as_str(), waits.attempts), ("waiting", 1));
    // Refused for good: no second attempt, however long one waits.
    post.meets("never").await;
    let mailer = mailer(&post.configuration());
    portal.stage.clock.move_days(1);
    assert_eq!(deliver(&portal, &*mailer).await, 0);
    let failed = kept(&portal).await;
    assert_eq!((failed.state.as_str(), failed.attempts), ("failed", 2));
    assert!(failed.last_error.is_some_and(|error| error.contains("no such mailbox")));
    post.meets("take").await;
    portal.stage.clock.move_days(30);
    assert_eq!(deliver(&portal, &*mailer).await, 0);
    assert!(post.received().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_server_that_ends_between_sending_and_noting_sends_again_under_the_same_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    delivered(&portal).await;
    let mut post = Post::plain();
    let mailer = mailer(&post.configuration());
    post.meets("hold").await;
    let id = assigned(&portal).await;
    // The mail is out, its answer isn't in: whoever waits for it is gone from here on.
    tokio::select! {
        _ = deliver(&portal, &*mailer) => panic!("the answer is held back"),
        () = post.until(|said| said.iter().any(|line| line.starts_with('{'))) => {}
    }
    assert_eq!(kept(&portal).await.state, "waiting");
    post.meets("take").await;
    portal.stage.clock.move_seconds(61);
    assert_eq!(deliver(&portal, &*mailer).await, 0, "it could still be under way");
    portal.stage.clock.move_seconds(15 * 60);
    assert_eq!(deliver(&portal, &*mailer).await, 1);
    let received = post.received().await;
    let manners: Vec<&str> = received.iter().map(|mail| mail.manner.as_str()).collect();
    assert_eq!(manners, ["hold", "take"]);
    assert!(received.iter().all(|mail| mail.id == format!("<{id}@benefits.example>")), "{received:?}");
    assert_eq!(kept(&portal).await.state, "sent");
}

/// Assigns a seat to so many people in one go, each of whom is told by mail.
async fn many_assigned(portal: &Portal, count: usize) {
    let stage = &portal.stage;
    let grant = stage.grant_in_area(COMPANY, "visual_studio_enterprise", "cloud_platform").await;
    let text = "update pool set quantity = null where id = (select pool_id from benefit_grant where id = $1)";
    stage.run(text, [grant.0.into()]).await;
    stage.add_people(COMPANY, count).await;
    let mut people = Vec::with_capacity(count);
    for person in stage.people_without_seat(COMPANY, grant).await {
        if stage.email_of(person).await.starts_with("extra") {
            people.push(person);
        }
    }
    let admin = stage.person(GLOBAL_ADMIN).await;
    let input = AssignSeats { grant, people, shortage: None, alternate_email: None };
    let result = assign(&stage.service, &admin, stage.operation(), input).await.expect("assigned");
    assert_eq!(result.assigned.len(), count);
}

/// Waits until there is no mail like that.
async fn until_none(portal: &Portal, like: &str) {
    let text = format!("select count(*) as number from mail where {like}");
    for _ in 0..600 {
        if portal.stage.count(&text).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("there still is mail where {like}");
}

#[rstest]
#[tokio::test]
async fn mails_that_found_the_smtp_server_down_arrive_once_each_when_it_is_up(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    #[derive(FromQueryResult)]
    struct Sent {
        id: Uuid,
    }
    /// More than are taken up at once.
    const MAILS: usize = 45;
    let portal = Portal::open(engine).await;
    delivered(&portal).await;
    let service = portal.stage.service.clone();
    let before = service.now().0;
    portal.stage.clock.move_seconds(1);
    many_assigned(&portal, MAILS).await;
    let of_them = format!("kind = 'seat_assigned' and created_at > {before}");
    let count = async |like: &str| {
        let text = format!("select count(*) as number from mail where {of_them} and {like}");
        usize::try_from(portal.stage.count(&text).await).expect("a number")
    };
    assert_eq!(count("state = 'waiting'").await, MAILS);

    // As servers run: where several share a database, their workers take from one outbox.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.expect("a free port").port();
    let configuration = Configuration {
        smtp_url: Some(format!("smtp://127.0.0.1:{port}")),
        ..configuration("http://benefits.example")
    };
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let servers = if matches!(engine, Engine::Postgres) { 2 } else { 1 };
    let mut workers = Vec::new();
    for _ in 0..servers {
        let metrics = Arc::new(Metrics::new(service.counts.clone()));
        let running = worker::run(service.clone(), mailer(&configuration), metrics, stopping.clone());
        workers.push(tokio::spawn(running));
    }
    until_none(&portal, &format!("{of_them} and last_error is null")).await;
    assert_eq!(count("state = 'waiting' and attempts = 1").await, MAILS);

    let mut post = Post::open(&json!({ "tls": "none", "port": port }));
    portal.stage.clock.move_seconds(61);
    until_none(&portal, &format!("{of_them} and state = 'waiting'")).await;
    // There is nothing to be tried again, however often they look.
    portal.stage.clock.move_seconds(3600);
    tokio::time::sleep(Duration::from_secs(3)).await;
    stop.send(true).expect("listened to");
    for worker in workers {
        worker.await.expect("it ends");
    }
    assert_eq!(count("state = 'sent' and attempts = 2 and last_error is null").await, MAILS);

    let received = post.received().await;
    let recipients = received.iter().flat_map(|mail| &mail.to).filter(|to| to.starts_with("extra"));
    let mut recipients: Vec<&String> = recipients.collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!(recipients.len(), MAILS, "each of them has it");
    // What the clock had to tell meanwhile went the same way.
    let text = "select id from mail where state = 'sent' and sent_at > $1";
    let sent = sql::all::<Sent>(service.database.reader(), text, [before.into()]).await.expect("mail");
    let mut expected: Vec<String> =
        sent.into_iter().map(|mail| format!("<{}@benefits.example>", mail.id)).collect();
    let mut found: Vec<String> = received.into_iter().map(|mail| mail.id).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "each is there once");
}
