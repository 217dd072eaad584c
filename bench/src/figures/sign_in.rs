//! Signing in: as fast as the hash allows, and others don't wait for a flood of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use sea_orm::FromQueryResult;
use service::sql;

use crate::database::Place;
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::Portal;
use crate::report::Section;
use crate::samples::median;
use crate::{Outcome, scene, wrk};

use super::{page, say};

const HOW: &str = "4 clients sign in again and again, each time from another address, in turn with a loop that \
    verifies the same password and does nothing else on the same core. Then the Visual Studio page over 4 \
    connections while 8 clients send sign-ins without pause, from one address and from many.";

const SIGNERS: usize = 4;
const FLOODERS: usize = 8;
const CONNECTIONS: u32 = 4;
const SECONDS: u64 = 8;

/// Measures it.
///
/// # Errors
/// Somebody with the right password can't sign in, or the page isn't answered.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("sign-in", "Sign-in", HOW);
    for engine in plan.engines() {
        let place = plan.source.create(engine).await?;
        let cookie = page::fill(&place).await?;
        let hash = password_hash(&place).await?;
        let portal = Portal::start(&plan.server, &place).await?;
        let mut found: [Vec<f64>; 5] = Default::default();
        let mut surplus: BTreeMap<&'static str, BTreeMap<u16, u64>> = BTreeMap::new();
        for _ in 0..plan.rounds() {
            let lasting = plan.lasting(SECONDS);
            let signing = Flood::begin(&portal.address, SIGNERS, From::Many)?;
            tokio::time::sleep(lasting).await;
            let (answers, seconds) = signing.end().await?;
            only_successes(&answers)?;
            found[0].push(total(&answers) as f64 / seconds);
            found[1].push(bare(plan, &hash, lasting).await?);

            let url = format!("{}{}", portal.address, scene::PAGE);
            found[2].push(wrk::ask(&url, &cookie, CONNECTIONS, lasting).await?.p99);
            for (at, from, name) in [(3, From::One, "one address"), (4, From::Many, "many addresses")] {
                let flood = Flood::begin(&portal.address, FLOODERS, from)?;
                let load = wrk::ask(&url, &cookie, CONNECTIONS, lasting).await;
                let (answers, _) = flood.end().await?;
                found[at].push(load?.p99);
                let sum = surplus.entry(name).or_default();
                for (status, count) in answers {
                    *sum.entry(status).or_default() += count;
                }
            }
        }
        portal.stop().await?;
        plan.source.remove(place).await?;
        let [rate, bare, quiet, one, many] = found.map(|values| median(&values));
        say(format!(
            "{}: {rate:.1}/s, bare {bare:.1}/s; p99 quiet {quiet:.1} ms, flood {one:.1} and {many:.1} ms",
            engine.name()
        ));
        let on = |name: &str, value: f64, unit: &str| Figure::new(name, value, unit).on(engine.name());
        section.add(on("Sign-ins", rate, "/s"));
        section.add(on("The bare hash", bare, "/s"));
        section.add(on("Ratio", rate / bare, "").at_least(0.9));
        section.add(on("Page, p99, quiet", quiet, "ms"));
        section.add(on("Page, p99, flood from one address", one, "ms"));
        section.add(on("Ratio to quiet, flood from one address", one / quiet, "").at_most(2.0));
        section.add(on("Page, p99, flood from many addresses", many, "ms"));
        section.add(on("Ratio to quiet, flood from many addresses", many / quiet, "").at_most(2.0));
        for (name, answers) in surplus {
            let told: Vec<String> =
                answers.iter().map(|(status, count)| format!("{count} × {status}")).collect();
            section.note(format!("{}, flood from {name}: {}.", engine.name(), told.join(", ")));
        }
    }
    Ok(section)
}

async fn password_hash(place: &Place) -> Outcome<String> {
    #[derive(FromQueryResult)]
    struct Row {
        password_hash: String,
    }
    let stage = place.connect().await?;
    let text = "select password_hash from account where email_key = $1";
    let row = sql::one::<Row>(stage.database.reader(), text, [scene::ADMIN.into()]).await?;
    stage.close().await?;
    Ok(row.ok_or("no such account")?.password_hash)
}

async fn bare(plan: &Plan, hash: &str, lasting: Duration) -> Outcome<f64> {
    let seconds = lasting.as_secs().to_string();
    let output = plan
        .yardstick()
        .command()
        .args(["argon", "--hash", hash, "--password", scene::PASSWORD, "--seconds", &seconds])
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("the bare hash: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn total(answers: &BTreeMap<u16, u64>) -> u64 {
    answers.values().sum()
}

fn only_successes(answers: &BTreeMap<u16, u64>) -> Outcome {
    if total(answers) == 0 || answers.keys().any(|status| *status != StatusCode::SEE_OTHER.as_u16()) {
        return Err(format!("sign-ins were answered with {answers:?}").into());
    }
    Ok(())
}

/// Where sign-ins seem to come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    One,
    Many,
}

/// Clients that sign in without pause.
struct Flood {
    over: Arc<AtomicBool>,
    begun: Instant,
    clients: Vec<tokio::task::JoinHandle<Result<BTreeMap<u16, u64>, String>>>,
}

/// No two sign-ins from many addresses come from the same one.
static ADDRESS: AtomicU64 = AtomicU64::new(1);

impl Flood {
    fn begin(base: &str, clients: usize, from: From) -> Outcome<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let http = crate::client::plain().redirect(reqwest::redirect::Policy::none()).build()?;
        let spawn = || {
            let (http, base, over) = (http.clone(), base.to_owned(), over.clone());
            tokio::spawn(async move {
                let mut answers: BTreeMap<u16, u64> = BTreeMap::new();
                while !over.load(Ordering::Relaxed) {
                    let status = sign_in(&http, &base, from).await.map_err(|error| error.to_string())?;
                    *answers.entry(status.as_u16()).or_default() += 1;
                }
                Ok(answers)
            })
        };
        Ok(Self { clients: (0..clients).map(|_| spawn()).collect(), over, begun: Instant::now() })
    }

    /// The answers by their status, and how long it lasted in seconds.
    async fn end(self) -> Outcome<(BTreeMap<u16, u64>, f64)> {
        self.over.store(true, Ordering::Relaxed);
        let mut answers: BTreeMap<u16, u64> = BTreeMap::new();
        for client in self.clients {
            for (status, count) in client.await?? {
                *answers.entry(status).or_default() += count;
            }
        }
        Ok((answers, self.begun.elapsed().as_secs_f64()))
    }
}

async fn sign_in(http: &reqwest::Client, base: &str, from: From) -> reqwest::Result<StatusCode> {
    let address = match from {
        From::One => "10.255.255.255".to_owned(),
        From::Many => {
            let number = ADDRESS.fetch_add(1, Ordering::Relaxed);
            format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
        }
    };
    let email = scene::ADMIN.replace('@', "%40");
    let form = format!("form=sign_in&email={email}&password={}", scene::PASSWORD);
    let answer = http
        .post(format!("{base}/sign-in"))
        .header(ORIGIN, base)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-forwarded-for", address)
        .body(form)
        .send()
        .await?;
    let status = answer.status();
    answer.bytes().await?;
    Ok(status)
}
