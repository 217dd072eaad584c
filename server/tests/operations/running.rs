//! A server that is asked to stop ends what was begun, and nothing new.

use std::time::{Duration, Instant};

use bench::client::{Client, assignment, new_operation, open_session, plain};
use bench::database::Engine;
use bench::portal::{Portal, free_port};
use bench::scene;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::super::{binary, source};

async fn stops(engine: Engine) {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(engine, folder.path());
    let place = source.create(engine).await.expect("a database");
    let stage = place.connect().await.expect("connected");
    let session = open_session(&stage, scene::ADMIN).await.expect("a session");
    let grant = scene::grants(&stage, scene::VISUAL_STUDIO, 1, 10).await.expect("grants")[0];
    let person = scene::people(&stage, 1).await.expect("people")[0];
    let metrics = format!("127.0.0.1:{}", free_port().expect("a port"));
    let mut command = Command::new(binary());
    let address = format!("127.0.0.1:{}", free_port().expect("a port"));
    command.arg("serve").current_dir(&place.folder).envs(place.environment());
    command.env("BENEFITS_CENTER_ADDRESS", &address).env("BENEFITS_CENTER_METRICS_ADDRESS", &metrics);
    command.env("BENEFITS_CENTER_LOG", "info").env("BENEFITS_CENTER_LOG_JSON", "1");
    let log = place.folder.join("server.log");
    let portal = Portal::wait(command, &log, address.clone(), "/readyz").await.expect("started");
    let client = Client::new(&portal.address, &session).expect("a client");
    client.page("/").await.expect("a page");
    let read = async |path: &str| {
        let answer = plain().build().expect("a client").get(format!("http://{metrics}{path}")).send().await;
        answer.expect("an answer").text().await.expect("text")
    };
    assert_eq!(read("/readyz").await, "ready");
    let text = read("/metrics").await;
    assert!(text.contains("benefits_center_job_runs_total{job=\"outbox_deliver_due\"}"), "{text}");
    assert!(text.contains("http_requests_total{route=\"/\",method=\"GET\",status=\"2xx\"} 1"), "{text}");

    let ready = async || {
        let mut command = Command::new(binary());
        command.arg("ready").env_clear().env("BENEFITS_CENTER_ADDRESS", &address);
        command.output().await.expect("the binary runs").status.success()
    };
    assert!(ready().await);

    // A form that is still being sent, and a page that listens.
    let fields = assignment(grant, person, &new_operation());
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let fields = fields.join("&");
    let body = serde_json::json!({ "form": fields }).to_string();
    let (first, rest) = body.split_at(10);
    let mut slow = TcpStream::connect(&address).await.expect("connected");
    let head = format!(
        "POST /api/perform HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {session}\r\n\
        content-type: application/json\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    let live =
        plain().build().expect("a client").get(format!("http://{address}/live")).header("cookie", &session);
    let mut live = live.send().await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(500)).await;

    let asked = Instant::now();
    let pid = portal.pid().expect("it runs").to_string();
    Command::new("kill").args(["-TERM", &pid]).status().await.expect("asked");
    // The stream ends at once, nobody new is let in, and the form that was begun is carried out.
    let ended =
        tokio::time::timeout(Duration::from_secs(5), async { while let Ok(Some(_)) = live.chunk().await {} });
    ended.await.expect("the stream ends");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(&address).await.is_err(), "nobody new is let in");
    slow.write_all(rest.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(5), slow.read_to_string(&mut answer)).await;
    read.expect("in time").expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    portal.stop().await.expect("it ends by itself");
    assert!(!ready().await, "nobody answers any more");
    let seats = format!("select count(*) as number from seat where grant_id = {}", stage.literal(grant));
    assert_eq!(stage.number(&seats).await.expect("counted"), 1);
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
    let log = std::fs::read_to_string(log).expect("the log");
    assert!(!log.contains("\"ERROR\"") && !log.contains("requests that take longer"), "{log}");
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_served_is_served_to_the_end_on_sqlite() {
    stops(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_served_is_served_to_the_end_on_postgres() {
    stops(Engine::Postgres).await;
}
