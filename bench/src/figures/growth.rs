//! The same pages over a small database and over a large one.

use crate::client::{Client, open_session};
use crate::database::{Engine, Place, Stage};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::plot::{Curve, Plot};
use crate::portal::Portal;
use crate::report::Section;
use crate::samples::median;
use crate::{Outcome, scene, wrk};

use super::say;

const HOW: &str = "A company with 200 people and 1,000 seats, alone and beside 1,998 others with 50 people and 500 seats \
    each (1,000,000 assignments; 100 and 1,000 open requests). Server time is that of one connection by wrk, in turns \
    between the servers; the median of the rounds counts.";

const SECONDS: u64 = 5;
/// Beside so many companies there are 1,000,000 assignments.
const COMPANIES: u64 = 1998;
/// A size in between, for the plot.
const SOME: u64 = 100;
const PEOPLE: i64 = 200;
const GRANTS: usize = 5;
const OPEN: u64 = 100;

/// Pages, who reads them, and how many rows they have at least.
const PAGES: [(&str, &str, &str, usize); 4] = [
    (scene::PAGE, "Visual Studio page", scene::ADMIN, 50),
    ("/account/users", "User list", scene::ADMIN, 50),
    ("/operator/queue", "Operators' queue", scene::OPERATOR, 50),
    // Its seats are all idle, of which a page has 25.
    ("/insight", "Insight", scene::ADMIN, 25),
];

/// A database of one size, with its server.
struct Sized {
    seats: i64,
    place: Place,
    portal: Portal,
    cookies: Vec<String>,
}

/// Measures it.
///
/// # Errors
/// A page isn't answered.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("growth", "Growth", HOW);
    let mut curves = Vec::new();
    for engine in plan.engines() {
        let mut all = Vec::new();
        let sizes =
            if plan.quick { vec![0, COMPANIES / crate::plan::QUICK] } else { vec![0, SOME, COMPANIES] };
        for companies in sizes {
            say(format!("{}: fills a database with {companies} other companies", engine.name()));
            all.push(sized(plan, engine, companies).await?);
        }
        for (at, (path, title, _, rows)) in PAGES.iter().enumerate() {
            let mut found: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
            for size in &all {
                shows_rows(size, at, path, *rows).await?;
            }
            for _ in 0..plan.rounds() {
                for (size, times) in all.iter().zip(&mut found) {
                    let url = format!("{}{path}", size.portal.address);
                    let load = wrk::ask(&url, &size.cookies[at], 1, plan.lasting(SECONDS)).await?;
                    times.push(1000.0 / load.per_second);
                }
            }
            let times: Vec<f64> = found.iter().map(|times| median(times)).collect();
            let (Some(small), Some(large)) = (times.first(), times.last()) else { continue };
            say(format!("{}, {title}: {small:.2} ms, {large:.2} ms", engine.name()));
            section.add(Figure::new(format!("{title}, small"), *small, "ms").on(engine.name()));
            section.add(Figure::new(format!("{title}, large"), *large, "ms").on(engine.name()));
            let ratio = Figure::new(format!("{title}, large to small"), large / small, "");
            section.add(ratio.on(engine.name()).at_most(1.3));
            let points = all.iter().zip(&times).map(|(size, time)| (size.seats as f64, *time)).collect();
            curves.push(Curve { name: format!("{title}, {}", engine.name()), points });
        }
        let seats: Vec<String> = all.iter().map(|size| size.seats.to_string()).collect();
        section.note(format!("{}: {} assignments.", engine.name(), seats.join(", ")));
        for size in all {
            size.portal.stop().await?;
            plan.source.remove(size.place).await?;
        }
    }
    let title = "Server time over the size of the database";
    let plot = Plot { title, across: "assignments", up: "ms", curves };
    plot.write(&plan.plots.join("growth.svg"))?;
    section.plots.push("growth.svg".to_owned());
    Ok(section)
}

/// How many people the company has that is looked at.
pub(super) fn own_people() -> String {
    format!(
        "select count(*) as number from person p join organization o on o.id = p.organization_id
        where o.domain = '{}'",
        scene::COMPANY
    )
}

async fn shows_rows(size: &Sized, at: usize, path: &str, least: usize) -> Outcome {
    let page = Client::new(&size.portal.address, &size.cookies[at])?.page(path).await?;
    let rows = page.matches("<tr role=\"row\" id=\"").count();
    if rows < least {
        return Err(format!("{path} shows {rows} rows").into());
    }
    Ok(())
}

async fn sized(plan: &Plan, engine: Engine, companies: u64) -> Outcome<Sized> {
    let place = plan.source.create(engine).await?;
    let stage = place.connect().await?;
    if engine == Engine::Sqlite {
        // Of this connection only: the server has its own.
        stage.run("pragma cache_size = -1000000").await?;
    }
    own(&stage).await?;
    if companies > 0 {
        others(&stage, companies).await?;
    }
    requests(&stage, OPEN + 900 * companies / COMPANIES, 10 * companies).await?;
    let mut cookies = Vec::new();
    for (_, _, reader, _) in PAGES {
        cookies.push(open_session(&stage, reader).await?);
    }
    stage.analyze().await?;
    let seats = stage.number("select count(*) as number from seat").await?;
    stage.close().await?;
    let portal = Portal::start(&plan.server, &place).await?;
    Ok(Sized { seats, place, portal, cookies })
}

/// The company that is looked at, the same in every size.
async fn own(stage: &Stage) -> Outcome {
    let missing = PEOPLE - stage.number(&own_people()).await?;
    scene::people(stage, u64::try_from(missing)?).await?;
    let grants = scene::grants(stage, scene::VISUAL_STUDIO, GRANTS, PEOPLE).await?;
    let grants: Vec<String> = grants.into_iter().map(|grant| stage.literal(grant)).collect();
    let text = format!(
        "insert into seat (id, organization_id, grant_id, pool_id, person_id, assigned_at, assigned_by)
            select {}, p.organization_id, g.id, g.pool_id, p.id, 1750000000000, p.id
            from benefit_grant g join person p on p.organization_id = g.organization_id
            where g.id in ({})",
        stage.new_id(),
        grants.join(", ")
    );
    stage.run(&text).await?;
    scene::visual_studio_rows(stage, 50).await
}

/// The other companies: 50 people, 10 grants, everybody with a seat of each.
async fn others(stage: &Stage, companies: u64) -> Outcome {
    let new_id = stage.new_id();
    let (companies, fifty, ten) = (stage.numbers(companies), stage.numbers(50), stage.numbers(10));
    let (domain, pause, go_on) = match stage.engine {
        Engine::Sqlite => ("substr(a.email_key, instr(a.email_key, '@') + 1)", "", ""),
        Engine::Postgres => (
            "split_part(a.email_key, '@', 2)",
            // A million calls of the trigger; `used` is set below instead.
            "alter table seat disable trigger seat_takes_one;",
            "update pool set used = 50
                where organization_id in (select id from organization where domain like 'company%.example');
            alter table seat enable trigger seat_takes_one;",
        ),
    };
    let theirs = "o.domain like 'company%.example'";
    stage
        .run(&format!(
            "insert into organization (id, name, name_key, domain, account_email, time_zone, language, tier, setup_finished,
                    created_at)
                select {new_id}, 'Company ' || n, 'company ' || n, 'company' || n || '.example', 'office@company' || n || '.example',
                    'Europe/Oslo', 'en', 'gold', true, 1750000000000 from {companies} numbers;
            insert into account (id, email, email_key, full_name, name_key, language, status, created_at)
                select {new_id}, 'p' || n || '@' || o.domain, 'p' || n || '@' || o.domain, 'Person ' || n,
                    'person ' || n, 'en', 'active', 1750000000000
                from organization o cross join {fifty} numbers where {theirs};
            insert into person (id, organization_id, account_id, sort_name, status, created_at)
                select {new_id}, o.id, a.id, a.name_key, 'active', a.created_at
                from account a join organization o on o.domain = {domain} where {theirs};
            insert into person_role (person_id, organization_id, role)
                select p.id, p.organization_id, 'employee' from person p join organization o on o.id = p.organization_id where {theirs};
            insert into pool (id, organization_id, quantity, plan_quantity)
                select {new_id}, o.id, 50, 50 from organization o cross join {ten} numbers where {theirs};
            insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, state, granted_at,
                    activate_by, holding_ends_at, expires_at, catalogue_version)
                select {new_id}, po.organization_id, p.id, p.category, po.id, 'gold_core', 'granted', 1750000000000,
                    1950000000000, 1950000000000, 1950000000000, 1
                from (select b.id, b.organization_id, row_number() over (partition by b.organization_id order by b.id) as n
                    from pool b join organization o on o.id = b.organization_id where {theirs}) po
                join (select id, category, row_number() over (order by code) as n from product) p on p.n = po.n;
            {pause}
            insert into seat (id, organization_id, grant_id, pool_id, person_id, assigned_at, assigned_by)
                select {new_id}, p.organization_id, g.id, g.pool_id, p.id, 1750000000000, p.id
                from organization o join benefit_grant g on g.organization_id = o.id
                join person p on p.organization_id = o.id where {theirs};
            {go_on}"
        ))
        .await
}

/// Requests of other companies, some of them open.
async fn requests(stage: &Stage, open: u64, decided: u64) -> Outcome {
    let others = format!(
        "from person p join organization o on o.id = p.organization_id
        where o.domain <> '{}'",
        scene::COMPANY
    );
    let count = stage.number(&format!("select count(*) as number {others}")).await?;
    let last = open + decided;
    let now = service::Clock::now(&service::SystemClock).0;
    stage
        .run(&format!(
            "insert into service_request (id, number, organization_id, kind, state, open, title, title_key, details, requested_by,
                    requested_at, target_at, decided_at)
                select {new_id}, 1000000 + n.n, w.organization_id, 'advisory',
                    case when n.n <= {open} then 'requested' else 'completed' end, n.n <= {open}, 'Request ' || n.n, 'request ' || n.n, '{{}}',
                    w.id, {now} - 1000 * n.n, {now} + 60000 * n.n, case when n.n <= {open} then null else {now} end
                from {numbers} n
                join (select p.id, p.organization_id, row_number() over (order by p.id) as at {others}) w
                    on w.at = (n.n - 1) % {count} + 1",
            new_id = stage.new_id(),
            numbers = stage.numbers(last)
        ))
        .await
}
