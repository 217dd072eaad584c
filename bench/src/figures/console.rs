//! Every page of the console over a large programme, and how long it takes to build one.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use uuid::Uuid;

use crate::client::{Answer, Client, new_operation, open_session};
use crate::database::{Engine, Place, Stage};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::portal::{Portal, Program};
use crate::report::Section;
use crate::samples::median;
use crate::{Outcome, command, scene, wrk};

use super::say;

const HOW: &str = "`seed-demo --scale large` builds 2,000 companies, 200,000 people and 1,000,000 assignments. Once the \
    use of every company has been counted, every page of the console is asked for over one connection by wrk, by a \
    programme admin; the median of the medians of the rounds counts. Each assignment has its event, its mail and its \
    notice, as if the portal had been in use for a year. Memory is the resident set of the server; of commands, the \
    most that the process held. `backup` writes one file, `restore` reads it into an empty place and looks through all \
    of it; `keys import` takes 100,000 keys of one file over.";

const SECONDS: u64 = 1;
/// Half of the answers come within so many milliseconds.
const WITHIN: f64 = 150.0;
/// The programme is built within so many seconds.
const BUILT_WITHIN: f64 = 300.0;
/// Whoever may see every page.
const READER: &str = "rosalind.ekwueme@northlight.example";
/// Keys of one file.
const KEYS: u32 = 100_000;
/// Counting the use of every company may take so long.
const COUNTING_LIMIT: Duration = Duration::from_secs(1800);

/// Pages that have the same address in every database, with something that only they show.
const PAGES: [(&str, &str, &str); 25] = [
    ("/operator/queue", "Queue", "<tr role=\"row\" id=\""),
    ("/operator/queue?sort=-age", "Queue, oldest first", "<tr role=\"row\" id=\""),
    ("/operator/queue?state=processing", "Queue, one state", "<main"),
    ("/operator/queue?find=cloud", "Queue, search", "<main"),
    ("/operator/queue?company=Fernhollow", "Queue, incidents of a company", "<main"),
    ("/operator/outbox", "Outbox", "<main"),
    ("/operator/outbox?state=sent", "Outbox, what went out", "<main"),
    ("/operator/outbox?find=fernhollow", "Outbox, search", "<main"),
    ("/operator/templates", "Wording of mail", "<main"),
    ("/operator/templates?kind=seat_assigned", "The wording of a kind of mail", "save_template"),
    ("/operator/policies", "Policies", "<main"),
    ("/operator/operators", "Operators", "<main"),
    ("/operator/activity", "Activity", "<main"),
    ("/operator/activity?kind=programme", "Activity, one kind", "<main"),
    ("/operator/activity?kind=seats", "Activity, the kind with most events", "<tr role=\"row\" id=\""),
    ("/operator/activity?kind=programme&action=operator_added", "Activity, one action", "<main"),
    ("/operator/activity?find=fernhollow", "Activity, search", "<main"),
    ("/operator/insight", "Insight", "<svg"),
    ("/operator/insight?category=visual_studio&span=two_years", "Insight of a category", "<svg"),
    ("/operator/competencies", "Competencies", "<main"),
    ("/operator/catalogue", "Catalogue", "<main"),
    ("/operator/keys", "Key pools", "<main"),
    ("/operator/keys/windows_enterprise", "A key pool", "<main"),
    ("/operator/grants", "Individual grants", "<main"),
    ("/operator/grants?company=fern", "Individual grants, search for a company", "<main"),
];

/// Measures it.
///
/// # Errors
/// The programme isn't built, or a page isn't answered.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("console", "Console", HOW);
    for engine in plan.engines() {
        say(format!("{}: builds a large programme", engine.name()));
        let begin = Instant::now();
        let place = plan.source.create_large(engine).await?;
        let built = begin.elapsed().as_secs_f64();
        section.add(Figure::new("Building it", built, "s").on(engine.name()).at_most(BUILT_WITHIN));
        let stage = place.connect().await?;
        let cookie = open_session(&stage, READER).await?;
        stage.analyze().await?;
        section.note(size(&stage, engine).await?);
        counted(plan, &place, &stage, &mut section).await?;
        stage.analyze().await?;
        let portal = Portal::start(&plan.server, &place).await?;
        let reader = Client::new(&portal.address, &cookie)?;
        let draft = draft(&stage, &reader).await?;
        let mut pages: Vec<(String, &str, &str)> =
            PAGES.iter().map(|(path, title, shown)| ((*path).to_owned(), *title, *shown)).collect();
        pages.extend(of_rows(&stage).await?);
        pages.extend(of_draft(draft));
        stage.close().await?;
        let name = engine.name();
        pages.push((
            format!("/operator/organizations/{}/grants", scene::COMPANY),
            "Individual grants of a company",
            "<main",
        ));
        for (path, title, shown) in pages {
            if !reader.page(&path).await?.contains(shown) {
                return Err(format!("{path} shows no {shown}").into());
            }
            let url = format!("{}{path}", portal.address);
            let mut times = Vec::new();
            for _ in 0..plan.rounds() {
                times.push(wrk::ask(&url, &cookie, 1, plan.lasting(SECONDS)).await?.median);
            }
            let time = median(&times);
            say(format!("{name}, {title}: {time:.2} ms"));
            section.add(Figure::new(title, time, "ms").on(name).at_most(WITHIN));
        }
        section.add(Figure::new("Memory of the server after all of them", portal.memory()?, "MB").on(name));
        portal.stop().await?;
        looked_after(plan, &place, &mut section).await?;
        plan.source.remove(place).await?;
    }
    Ok(section)
}

/// Seats of Visual Studio Enterprise that the core of Gold gives: every company that has them is looked at.
const LESS: &str = "quantity:visual_studio_enterprise:gold_core";

/// A draft that gives less of something to every company that has it.
async fn draft(stage: &Stage, reader: &Client) -> Outcome<Uuid> {
    let field = |name: &'static str, value: &str| (name, value.to_owned());
    let done = |answer: Answer| match answer {
        Answer::Done(_) => Ok(()),
        other => Err(format!("the draft: {other:?}")),
    };
    let begin = [
        field("form", "begin_catalogue_draft"),
        field("target", ""),
        ("operation", new_operation()),
        field("title", "Less"),
    ];
    done(reader.send(&begin, None).await)?;
    let draft = stage.id("select id from catalogue_draft where title = 'Less'").await?;
    let change = [
        field("form", "save_catalogue_quantities"),
        ("target", format!("{draft}:visual_studio")),
        ("operation", new_operation()),
        field("version", "1"),
        field("category", "visual_studio"),
        field(LESS, "1"),
    ];
    done(reader.send(&change, None).await)?;
    Ok(draft)
}

/// The pages of a draft.
fn of_draft(draft: Uuid) -> Vec<(String, &'static str, &'static str)> {
    let path = format!("/operator/catalogue/{draft}");
    vec![
        (
            path.clone(),
            "A draft of the catalogue, with what it does to every company",
            "save_catalogue_quantities",
        ),
        (format!("{path}/product?code=windows_enterprise"), "A product of a draft", "save_catalogue_product"),
        (format!("{path}/tiers/gold"), "Names of a tier of a draft", "name_catalogue_tier"),
        (format!("{path}/offer?code=gold"), "An offer of a draft", "save_catalogue_offer"),
        (format!("{path}/area?code=devops"), "A competency area of a draft", "name_catalogue_area"),
        (format!("{path}/programme"), "Programme and policies of a draft", "save_catalogue_programme"),
    ]
}

/// Pages about rows of this database: an open row, and lists far behind their first page.
async fn of_rows(stage: &Stage) -> Outcome<Vec<(String, &'static str, &'static str)>> {
    let open = stage.id("select id from service_request where open order by target_at, id limit 1").await?;
    let late =
        "select id from service_request where open order by target_at desc, number desc limit 1 offset 30";
    let behind = stage.id(late).await?;
    let batch = "select b.id from key_batch b join key_pool k on k.id = b.key_pool_id
        join product p on p.id = k.product_id where p.code = 'windows_enterprise' order by b.id limit 1";
    let key = "select f.id from product_key f join key_pool k on k.id = f.key_pool_id
        join product p on p.id = k.product_id where p.code = 'windows_enterprise' order by f.id limit 1";
    let (batch, key) = (stage.id(batch).await?, stage.id(key).await?);
    let mut pages = vec![
        (format!("/operator/queue?open={open}"), "An item of the queue", "<tr role=\"row\" id=\""),
        (format!("/operator/queue?after={behind}"), "Queue, the last page", "<tr role=\"row\" id=\""),
        (format!("/operator/keys/windows_enterprise?open={batch}"), "A batch of keys", "<main"),
        (format!("/operator/keys/windows_enterprise?key={key}"), "A key", "<main"),
    ];
    let row = "<tr role=\"row\" id=\"";
    let deep = "select id from mail order by created_at desc, id desc limit 1 offset 500000";
    let mail = stage.id(deep).await?;
    pages.push((format!("/operator/outbox?open={mail}"), "A mail of the outbox", row));
    pages.push((format!("/operator/outbox?after={mail}"), "Outbox, behind half a million", row));
    let event =
        "select organization_id as id from audit_event order by at desc, organization_id desc, sequence desc
        limit 1 offset 500000";
    let organization = stage.id(event).await?;
    let sequence = stage.number(&event.replace("organization_id as id", "sequence as number")).await?;
    let path = format!("/operator/activity?after={organization}.{sequence}");
    pages.push((path, "Activity, behind half a million", "<tr role=\"row\" id=\""));
    let product = stage.id("select id from product where code = 'visual_studio_enterprise'").await?;
    pages.push((
        format!("/operator/activity?product={product}"),
        "Activity of a product",
        "<tr role=\"row\" id=\"",
    ));
    Ok(pages)
}

/// What looking after it takes: its size, a backup, reading that back, and a delivery of keys.
async fn looked_after(plan: &Plan, place: &Place, section: &mut Section) -> Outcome {
    let name = place.engine.name();
    let stage = place.connect().await?;
    let size = match place.engine {
        Engine::Sqlite => {
            "select page_count * page_size as number from pragma_page_count(), pragma_page_size()"
        }
        Engine::Postgres => "select pg_database_size(current_database()) as number",
    };
    let size = megabytes(stage.number(size).await?);
    stage.close().await?;
    say(format!("{name}: {size:.0} MB"));
    section.add(Figure::new("Size of the database", size, "MB").on(name));
    let program = Program::free(&plan.server.binary);
    let file = place.folder.join("programme.backup");
    let path = file.display().to_string();
    let backup = command::run(&program, place, &["backup", "--to", &path]).await?;
    let written = megabytes(i64::try_from(std::fs::metadata(&file)?.len())?);
    let empty = plan.source.create_empty(place.engine).await?;
    std::fs::copy(place.folder.join("secret.key"), empty.folder.join("secret.key"))?;
    let restore = command::run(&program, &empty, &["restore", "--from", &path]).await?;
    plan.source.remove(empty).await?;
    std::fs::remove_file(&file)?;
    std::fs::write(place.folder.join("keys.csv"), key_file())?;
    let import = [
        "keys",
        "import",
        "keys.csv",
        "--product",
        "windows_enterprise",
        "--source",
        "A vendor",
        "--batch",
        "Large",
    ];
    let import = command::run(&program, place, &import).await?;
    say(format!("{name}: backup {backup:?} {written:.0} MB, restore {restore:?}, keys {import:?}"));
    for (what, taken) in [("Backup", backup), ("Restore", restore), ("Import of 100,000 keys", import)] {
        section.add(Figure::new(format!("{what}: time"), taken.seconds, "s").on(name));
        section.add(Figure::new(format!("{what}: memory"), taken.megabytes, "MB").on(name));
    }
    section.add(Figure::new("Backup: size", written, "MB").on(name));
    Ok(())
}

fn key_file() -> String {
    (0..KEYS).map(|number| format!("BENCH-AAAAA-BBBBB-CCCCC-{number:05}\n")).collect()
}

/// Millions of bytes.
fn megabytes(bytes: i64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// Lets a server count the use of every company, as one does after its first start.
async fn counted(plan: &Plan, place: &Place, stage: &Stage, section: &mut Section) -> Outcome {
    let portal = Portal::start(&Program::free(&plan.server.binary), place).await?;
    let begin = Instant::now();
    let text = "select count(*) as number from organization o where o.portal_state = 'member'
        and not exists (select 1 from usage_count c where c.organization_id = o.id)";
    loop {
        let left = stage.number(text).await?;
        if left == 0 {
            break;
        }
        if begin.elapsed() > COUNTING_LIMIT {
            portal.stop().await?;
            return Err(format!("the use of {left} companies was not counted in time").into());
        }
        sleep(Duration::from_secs(1)).await;
    }
    let name = place.engine.name();
    section
        .add(Figure::new("Memory of the server, most while counting", portal.most_memory()?, "MB").on(name));
    portal.stop().await?;
    section
        .add(Figure::new("Counting the use of every company", begin.elapsed().as_secs_f64(), "s").on(name));
    Ok(())
}

async fn size(stage: &Stage, engine: Engine) -> Outcome<String> {
    let companies = stage.number("select count(*) as number from organization").await?;
    let people = stage.number("select count(*) as number from person").await?;
    let seats = stage.number("select count(*) as number from seat").await?;
    Ok(format!("{}: {companies} companies, {people} people, {seats} assignments.", engine.name()))
}
