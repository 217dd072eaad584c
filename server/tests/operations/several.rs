//! Two servers on one PostgreSQL database: what one does the other's browsers hear, sessions, limits and jobs hold
//! over both, and one of them is killed under load without anything lost or done twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bench::checker::{self, Acknowledged};
use bench::client::{Answer, Client, assignment, new_operation, open_session, plain};
use bench::database::{Engine, Place, Stage};
use bench::portal::{Portal, Program, free_port};
use bench::scene;
use futures::{Stream, StreamExt};
use sea_orm::FromQueryResult;
use service::{sql, vault};
use tokio::process::Command;
use uuid::Uuid;

use super::super::{binary, command, said, source};

/// So long may it take until a browser hears of a change.
const SOON: Duration = Duration::from_secs(10);

async fn start(place: &Place, name: &str) -> Portal {
    let log = place.folder.join(format!("{name}.log"));
    Portal::start_with_log(&Program::free(binary()), place, &log).await.expect("started")
}

/// What a browser hears at a server.
async fn listen(portal: &Portal, cookie: &str) -> impl Stream<Item = String> + Unpin + use<> {
    let client = plain().build().expect("a client");
    let asked = client.get(format!("{}/live", portal.address)).header("cookie", cookie);
    let answer = asked.send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    Box::pin(futures::stream::unfold(answer, async |mut answer| {
        let piece = answer.chunk().await.ok().flatten()?;
        Some((String::from_utf8_lossy(&piece).into_owned(), answer))
    }))
}

/// Waits until a browser has heard one of these.
async fn heard(stream: &mut (impl Stream<Item = String> + Unpin), wanted: &[String]) -> String {
    let mut text = String::new();
    let until = async {
        while let Some(piece) = stream.next().await {
            text.push_str(&piece);
            if let Some(one) = wanted.iter().find(|one| text.contains(one.as_str())) {
                return one.clone();
            }
        }
        String::new()
    };
    let one = tokio::time::timeout(SOON, until).await.unwrap_or_default();
    assert!(!one.is_empty(), "heard {text:?}, not {wanted:?}");
    one
}

/// Waits until the server ends what a browser listens to.
async fn ended(stream: &mut (impl Stream<Item = String> + Unpin)) {
    let until = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(SOON, until).await.expect("the stream ends");
}

async fn stage_of(place: &Place) -> Stage {
    place.connect().await.expect("connected")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_one_server_reaches_browsers_at_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(Engine::Postgres, folder.path());
    let place = source.create(Engine::Postgres).await.expect("a database");
    let stage = stage_of(&place).await;
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, 3, 10).await.expect("grants");
    let person = scene::people(&stage, 1).await.expect("people")[0];
    let session = open_session(&stage, scene::ADMIN).await.expect("a session");
    let stranger = open_session(&stage, "piet.zanderling@kestrelash.example").await.expect("a session");
    let (one, other) = (start(&place, "one").await, start(&place, "other").await);
    let doctor = command(&place, &["doctor"]).await;
    assert!(said(&doctor).contains("ok    servers: 2 run on this database;"), "{}", said(&doctor));
    let mut browser = listen(&other, &session).await;
    let mut elsewhere = listen(&other, &stranger).await;
    let client = Client::new(&one.address, &session).expect("a client");
    let give = async |grant: Uuid| {
        let answer = client.send(&assignment(grant, person, &new_operation()), None).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
        format!("data: grant {grant}")
    };
    let first = give(grants[0]).await;
    heard(&mut browser, &[first]).await;

    // The connection on which it hears breaks: what may have been missed ends what browsers listen to; they connect
    // again, and hear again.
    let cut = "select count(*) filter (where pg_terminate_backend(pid)) as number from pg_stat_activity
        where datname = current_database() and query ilike 'listen%'";
    let listening = stage.number(cut).await.expect("cut");
    assert_eq!(listening, 2, "each server listens on a connection of its own");
    ended(&mut browser).await;
    ended(&mut elsewhere).await;
    let mut browser = listen(&other, &session).await;
    let mut elsewhere = listen(&other, &stranger).await;
    let second = give(grants[1]).await;
    heard(&mut browser, &[second]).await;

    // A server that is started anew is heard like the one before.
    one.kill().await.expect("killed");
    let one = start(&place, "one").await;
    let client = client.at(&one.address).expect("a client");
    let third = client.send(&assignment(grants[2], person, &new_operation()), None).await;
    assert!(matches!(third, Answer::Done(_)), "{third:?}");
    heard(&mut browser, &[format!("data: grant {}", grants[2])]).await;

    // Somebody of another company heard nothing of it all.
    let mut told = String::new();
    while let Ok(Some(piece)) = tokio::time::timeout(Duration::from_millis(300), elsewhere.next()).await {
        told.push_str(&piece);
    }
    assert!(!told.contains("grant") && !told.contains("organization"), "{told}");
    drop((browser, elsewhere));
    one.stop().await.expect("stopped");
    other.stop().await.expect("stopped");
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_to_sign_in_are_counted_over_both_servers() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(Engine::Postgres, folder.path());
    let place = source.create(Engine::Postgres).await.expect("a database");
    let (one, other) = (start(&place, "one").await, start(&place, "other").await);
    let client = plain().build().expect("a client");
    let form = format!("form=sign_in&email={}&password=wrong+every+time", scene::ADMIN.replace('@', "%40"));
    let mut answers = Vec::new();
    for at in 0..10 {
        let address = &[&one, &other][at % 2].address;
        let asked = client.post(format!("{address}/sign-in")).header("origin", address);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded").body(form.clone());
        answers.push(asked.send().await.expect("an answer").status().as_u16());
    }
    assert!(answers[..8].iter().all(|status| *status != 429 && (400..500).contains(status)), "{answers:?}");
    assert_eq!(answers[8..], [429, 429], "the ninth waits at either server: {answers:?}");

    // Who has signed in at one is signed in at the other.
    let stage = stage_of(&place).await;
    let session = open_session(&stage, scene::OPERATOR).await.expect("a session");
    for portal in [&one, &other] {
        let client = Client::new(&portal.address, &session).expect("a client");
        assert!(client.page("/operator/queue").await.is_ok());
    }
    one.stop().await.expect("stopped");
    other.stop().await.expect("stopped");
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

/// A server that says much in its log, which lies in the place's folder.
async fn start_talkative(place: &Place, name: &str) -> Portal {
    let mut command = Command::new(binary());
    let address = format!("127.0.0.1:{}", free_port().expect("a port"));
    command.arg("serve").current_dir(&place.folder).envs(place.environment());
    command.env("BENEFITS_CENTER_ADDRESS", &address).env("BENEFITS_CENTER_LOG_JSON", "1");
    command.env("BENEFITS_CENTER_LOG", "info,server=debug,service=debug,sqlx=warn,sea_orm_migration=warn");
    Portal::wait(command, &place.folder.join(name), address, "/sign-in").await.expect("started")
}

/// What a browser that isn't led on gets for a form; the cookie is empty before it has one.
async fn posted(portal: &Portal, path: &str, cookie: &str, fields: &str) -> reqwest::Response {
    let client = plain().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let asked = client.post(format!("{}{path}", portal.address)).header("origin", &portal.address);
    let asked = if cookie.is_empty() { asked } else { asked.header("cookie", cookie) };
    let asked = asked.header("content-type", "application/x-www-form-urlencoded");
    asked.body(fields.to_owned()).send().await.expect("an answer")
}

/// The session that an answer sets, as a browser sends it.
fn session_of(answer: &reqwest::Response) -> String {
    let lines = answer.headers().get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.filter_map(|line| line.split(';').next());
    pairs.find(|pair| pair.starts_with("session=")).expect("a session").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_at_one_server_goes_on_at_the_other_and_signs_out_of_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(Engine::Postgres, folder.path());
    let place = source.create(Engine::Postgres).await.expect("a database");
    let stage = stage_of(&place).await;
    let grant = scene::grants(&stage, scene::VISUAL_STUDIO, 1, 10).await.expect("grants")[0];
    let person = scene::people(&stage, 1).await.expect("people")[0];
    let (one, other) = (start_talkative(&place, "one.log").await, start_talkative(&place, "other.log").await);

    let sessions = format!(
        "select count(*) as number from session s join account a on a.id = s.account_id where a.email_key = '{}'",
        scene::ADMIN
    );
    let before = stage.number(&sessions).await.expect("counted");
    let form =
        format!("form=sign_in&email={}&password={}", scene::ADMIN.replace('@', "%40"), scene::PASSWORD);
    let answer = posted(&one, "/sign-in", "", &form).await;
    assert_eq!(answer.status().as_u16(), 303);
    let session = session_of(&answer);
    let here = Client::new(&one.address, &session).expect("a client");
    let there = here.at(&other.address).expect("a client");
    for client in [&here, &there] {
        assert!(client.page(scene::PAGE).await.is_ok());
    }
    let given = there.send(&assignment(grant, person, &new_operation()), None).await;
    assert!(matches!(given, Answer::Done(_)), "{given:?}");

    // Out at the other: there at once, and at the first, without anybody telling it.
    let answer = posted(&other, "/", &session, "form=sign_out").await;
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(session_of(&answer), "session=", "the browser forgets it");
    for client in [&here, &there] {
        assert_eq!(client.status(scene::PAGE).await.expect("an answer").as_u16(), 303, "to sign in");
        let refused = client.send(&assignment(grant, person, &new_operation()), None).await;
        assert!(matches!(&refused, Answer::Refused(status, _) if status.as_u16() == 401), "{refused:?}");
    }
    assert_eq!(stage.number(&sessions).await.expect("counted"), before);

    // Both lose the connection on which they listen, and open another one.
    let listening = "from pg_stat_activity where datname = current_database() and query ilike 'listen%'";
    let cut = format!("select count(*) filter (where pg_terminate_backend(pid)) as number {listening}");
    assert_eq!(stage.number(&cut).await.expect("cut"), 2);
    let again = format!("select count(*) as number {listening}");
    for _ in 0..100 {
        if stage.number(&again).await.expect("counted") == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stage.number(&again).await.expect("counted"), 2, "they listen again");
    one.stop().await.expect("stopped");
    other.stop().await.expect("stopped");

    let token = session.trim_start_matches("session=");
    assert_eq!(token.len(), 64);
    let address = url::Url::parse(&place.url).expect("an address");
    let mut secrets = vec![token.to_owned(), scene::PASSWORD.to_owned()];
    // A short one stands in a log by chance, without the marks around it.
    secrets.extend(address.password().map(|password| format!(":{password}@")));
    secrets.extend(address.password().filter(|password| password.len() >= 8).map(str::to_owned));
    // What a command says of an address where no database is.
    let mut nowhere = address;
    nowhere.set_path("/no_such_database");
    let doctor = command(&Place { url: nowhere.to_string(), ..place.clone() }, &["doctor"]).await;
    let mut told = vec![("doctor", said(&doctor))];
    for name in ["one.log", "other.log"] {
        let log = std::fs::read_to_string(place.folder.join(name)).expect("the log");
        assert!(log.contains("\"answered\""), "{name} says much: {log}");
        told.push((name, log));
    }
    for (name, text) in told {
        assert!(!text.is_empty(), "{name} says something");
        let found = secrets.iter().position(|secret| text.contains(secret.as_str()));
        assert_eq!(found, None, "a secret is in what {name} says");
    }
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

/// A token of the company that is measured, for a program.
async fn token(stage: &Stage, number: u128) -> String {
    let id = Uuid::from_u128(number);
    let token = format!("bcp_{}", id.simple());
    let text =
        "insert into provisioning_token (id, organization_id, name, token_hash, created_at, created_by)
        select $1, o.id, 'Directory', $2, 1, p.id from organization o
        join person p on p.organization_id = o.id where o.domain = $3 order by p.id limit 1";
    let values = [id.into(), vault::hash_token(&token).into(), scene::COMPANY.into()];
    let transaction = stage.database.begin().await.expect("a transaction");
    assert_eq!(sql::run(&transaction, text, values).await.expect("a token"), 1);
    transaction.commit().await.expect("committed");
    token
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_program_are_counted_over_both_servers() {
    /// Says how long it takes until all calls of programs have come back.
    async fn leave(stage: &Stage, milliseconds: i64) {
        let text = format!(
            "update attempt set used_until = (extract(epoch from clock_timestamp()) * 1000)::bigint + {milliseconds}
            where kind = 'program'"
        );
        stage.run(&text).await.expect("run");
    }
    const CALLS: u8 = 40;
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(Engine::Postgres, folder.path());
    let place = source.create(Engine::Postgres).await.expect("a database");
    let stage = stage_of(&place).await;
    let tokens = [token(&stage, 1).await, token(&stage, 2).await];
    let [calling, quiet] = tokens.each_ref().map(String::as_str);
    let (one, other) = (start(&place, "one").await, start(&place, "other").await);
    let client = plain().build().expect("a client");
    let call = async |portal: &Portal, token: &str| {
        let asked = client.get(format!("{}/scim/v2/ServiceProviderConfig", portal.address));
        asked.bearer_auth(token).send().await.expect("an answer")
    };
    assert_eq!(call(&one, calling).await.status().as_u16(), 200);

    // None of these comes back while they are counted.
    leave(&stage, 9_000).await;
    let counted = "select used_until as number from attempt where kind = 'program'";
    let before = stage.number(counted).await.expect("counted");
    for at in 0..CALLS {
        let portal = if at % 2 == 0 { &one } else { &other };
        assert_eq!(call(portal, calling).await.status().as_u16(), 200);
    }
    let used = stage.number(counted).await.expect("counted") - before;
    assert_eq!(used, i64::from(CALLS) * 10, "each is counted once, at whichever server");

    leave(&stage, 60_000).await;
    for portal in [&one, &other] {
        let answer = call(portal, calling).await;
        assert_eq!(answer.status().as_u16(), 429);
        let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
        let wait = wait.and_then(|wait| wait.parse::<u64>().ok()).expect("seconds");
        assert!((30..=51).contains(&wait), "{wait} seconds until some have come back");
        assert_eq!(call(portal, quiet).await.status().as_u16(), 200, "another program goes on");
    }
    leave(&stage, 0).await;
    for portal in [&one, &other] {
        assert_eq!(call(portal, calling).await.status().as_u16(), 200);
    }
    one.stop().await.expect("stopped");
    other.stop().await.expect("stopped");
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}

/// What is still to be asked for, and what came of it.
#[derive(Default)]
struct Work {
    wishes: Vec<(Uuid, Uuid)>,
    given: Vec<(Uuid, Uuid)>,
    operations: BTreeSet<String>,
    unknown: usize,
    wrong: Vec<String>,
}

/// Asks at one server, and at the other once that is gone; some wishes are sent to both at once.
async fn ask(mut here: Client, there: Client, work: Arc<Mutex<Work>>) {
    for turn in 0.. {
        let Some((grant, person)) = work.lock().expect("not poisoned").wishes.pop() else { return };
        let operation = new_operation();
        let fields = assignment(grant, person, &operation);
        let (mut answer, second) = if turn % 3 == 0 {
            let (one, other) = tokio::join!(here.send(&fields, None), there.send(&fields, None));
            (one, Some(other))
        } else {
            (here.send(&fields, None).await, None)
        };
        if let Answer::Unknown(_) = answer {
            // The balancer leads to the server that is left; the same form is sent once more.
            work.lock().expect("not poisoned").unknown += 1;
            here = there.clone();
            answer = here.send(&fields, None).await;
        }
        let mut work = work.lock().expect("not poisoned");
        match (&answer, &second) {
            (Answer::Done(one), Some(Answer::Done(other))) if one != other => {
                work.wrong.push(format!("{operation}: {one}, then {other}"));
            }
            (Answer::Done(_), None | Some(Answer::Done(_) | Answer::Unknown(_))) => {
                work.given.push((grant, person));
                work.operations.insert(operation);
            }
            _ => work.wrong.push(format!("{operation}: {answer:?}, {second:?}")),
        }
    }
}

#[derive(FromQueryResult)]
struct Operation {
    id: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_when_one_of_two_servers_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = source(Engine::Postgres, folder.path());
    let place = source.create(Engine::Postgres).await.expect("a database");
    let stage = stage_of(&place).await;
    let grants = scene::grants(&stage, scene::VISUAL_STUDIO, 6, 1000).await.expect("grants");
    let people = scene::people(&stage, 100).await.expect("people");
    let session = open_session(&stage, scene::ADMIN).await.expect("a session");
    // For the jobs of both servers: forty people have forgotten their passwords.
    let forgotten = format!(
        "insert into password_reset_request (id, email_key, created_at, address, request_id)
            select {}, '{}', 1, '127.0.0.1', 'r' || n from {} numbers",
        stage.new_id(),
        scene::ADMIN,
        stage.numbers(40)
    );
    stage.run("update mail set state = 'sent' where state = 'waiting'").await.expect("run");
    let mails_before = stage.number("select count(*) as number from mail").await.expect("counted");
    // Both start at the same moment: neither trips over the other.
    let (one, other) = tokio::join!(start(&place, "one"), start(&place, "other"));
    stage.run(&forgotten).await.expect("run");

    let mut wishes = Vec::new();
    for grant in &grants {
        wishes.extend(people.iter().map(|person| (*grant, *person)));
    }
    let all = wishes.len();
    let work = Arc::new(Mutex::new(Work { wishes, ..Work::default() }));
    let mut clients = Vec::new();
    for at in 0..6 {
        let mut both = [&one, &other].map(|portal| Client::new(&portal.address, &session).expect("a client"));
        if at % 2 == 1 {
            both.reverse();
        }
        let [here, there] = both;
        // Those at the server that stays don't ask the one that is killed.
        let there = if at % 2 == 1 { here.clone() } else { there };
        clients.push(tokio::spawn(ask(here, there, work.clone())));
    }
    while work.lock().expect("not poisoned").wishes.len() > all * 2 / 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    one.kill().await.expect("killed");
    for client in clients {
        client.await.expect("it ends");
    }
    // The one that is left does all the jobs.
    let due = "select count(*) as number from password_reset_request";
    for _ in 0..100 {
        let waits = "select count(*) as number from mail where state = 'waiting' and attempts = 0";
        if stage.number(due).await.expect("counted") == 0 && stage.number(waits).await.expect("counted") == 0
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    let work = std::mem::take(&mut *work.lock().expect("not poisoned"));
    assert_eq!(work.wrong, Vec::<String>::new());
    assert_eq!(work.given.len(), all, "{} outcomes were unknown", work.unknown);
    assert!(work.unknown > 0, "nobody waited for an answer when the server was killed");
    let found = checker::read(&stage, &grants).await.expect("read");
    let acknowledged = Acknowledged { assigned: work.given, released: Vec::new() };
    assert_eq!(checker::violations(&acknowledged, &found), Vec::<String>::new());
    let operations = sql::all::<Operation>(stage.database.reader(), "select id from operation", []).await;
    let operations: Vec<String> = operations.expect("read").into_iter().map(|row| row.id).collect();
    let lost: Vec<_> = work.operations.iter().filter(|one| !operations.contains(one)).collect();
    assert_eq!(lost, Vec::<&String>::new());

    // Each seat was told of once, each forgotten password once, and no mail was taken up twice.
    let count = async |text: &str| stage.number(text).await.expect("counted");
    let told = "select count(*) as number from mail where kind = 'seat_assigned'";
    assert_eq!(
        count(&format!("{told} and recipient like 'bench.%'")).await,
        i64::try_from(all).expect("few")
    );
    assert_eq!(count("select count(*) as number from mail where kind = 'password_reset'").await, 40);
    assert_eq!(count("select count(*) as number from mail where attempts > 1").await, 0);
    assert_eq!(count("select count(*) as number from mail where state = 'failed'").await, 0);
    let left = count("select count(*) as number from mail where state = 'waiting'").await;
    assert!((0..=20).contains(&left), "{left} mails wait: the killed server had taken 20 at most");
    let files = std::fs::read_dir(place.folder.join("mail")).expect("the mail").flatten();
    let files = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "eml")).count();
    let written = count("select count(*) as number from mail").await - mails_before;
    let delivered = written - left;
    let files = i64::try_from(files).expect("few");
    // What was delivered is a file each; of what the killed server had taken some may be files as well.
    assert!((delivered..=written).contains(&files), "{files} files, {delivered} of {written} delivered");
    other.stop().await.expect("stopped");
    stage.close().await.expect("closed");
    source.remove(place).await.expect("removed");
    source.finish().await.expect("removed");
}
