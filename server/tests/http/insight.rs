//! Insight over HTTP: drawings with their tables, one click without scripts, and the figures as files.

use std::process::Stdio;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HOST};
use axum::http::{Request, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use service::insight::count::count_due;
use service::spreadsheet;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::browser::{Browser, Portal, SITE};
use crate::common::{BEGINNING, Engine};
use crate::html::decode;
use crate::scene::{AUDITOR, CHINESE_EMPLOYEE, COMPANY, GLOBAL_ADMIN, OTHER_ADMIN, PROGRAMME_ADMIN};

/// The rows of a file, the head first.
fn table(body: &str) -> Vec<Vec<String>> {
    let text = body.strip_prefix('\u{feff}').expect("the mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

/// Reads a workbook without anything of the library that wrote it: each sheet with its name and its cells.
const READER: &str = "
import io, json, sys, zipfile
from xml.etree import ElementTree
book = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
main = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
link = '{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id'
def part(name):
    return ElementTree.fromstring(book.read('xl/' + name))
texts = [''.join(one.itertext()) for one in part('sharedStrings.xml')]
places = {one.get('Id'): one.get('Target') for one in part('_rels/workbook.xml.rels')}
def value(cell):
    written = cell.findtext(main + 'v', '')
    if cell.get('t') == 's':
        return texts[int(written)]
    if written == '':
        return ''
    number = float(written)
    return int(number) if number.is_integer() else number
sheets = []
for sheet in part('workbook.xml').iter(main + 'sheet'):
    rows = []
    for row in part(places[sheet.get(link)]).iter(main + 'row'):
        # A cell without anything in it isn't written.
        cells = {ord(cell.get('r')[0]) - ord('A'): value(cell) for cell in row.iter(main + 'c')}
        width = len(rows[0]) if rows else len(cells)
        rows.append([cells.get(column, '') for column in range(width)])
    sheets.append([sheet.get('name'), rows])
json.dump(sheets, sys.stdout)
";

/// A sheet of a workbook: its name, and its cells with the head first.
type Read = (String, Vec<Vec<Value>>);

/// The sheets of a workbook that somebody takes away.
async fn workbook(browser: &Browser<'_>, portal: &Portal, path: &str) -> Vec<Read> {
    let request = Request::get(path)
        .header(HOST, SITE)
        .header(ACCEPT_LANGUAGE, browser.accepts)
        .header(COOKIE, browser.cookie_header())
        .body(Body::empty())
        .expect("a request");
    let answer = portal.open_stream(request).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let file = to_bytes(answer.into_body(), 16 * 1024 * 1024).await.expect("a file");
    let mut python = Command::new("python3");
    python.args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.spawn().expect("python3 runs");
    let mut input = python.stdin.take().expect("its input");
    input.write_all(&file).await.expect("it reads");
    drop(input);
    let output = python.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("sheets")
}

/// A sheet has this name and what the lines have, numbers as numbers.
fn is_like_the_lines((name, rows): &Read, expected: &str, lines: &[Vec<String>]) {
    assert_eq!(name, expected);
    assert_eq!(rows.len(), lines.len(), "{name}");
    for (row, line) in rows.iter().zip(lines) {
        assert_eq!(row.len(), line.len(), "{name}: {row:?}");
        for (cell, written) in row.iter().zip(line) {
            let same = match (cell.as_f64(), written.parse::<f64>()) {
                (Some(cell), Ok(written)) => (cell - written).abs() < 0.001,
                _ => cell.as_str() == Some(spreadsheet::typed(written)),
            };
            assert!(same, "{name}: {cell} is {written} in the lines");
        }
    }
}

/// The one row of a sheet whose first cells begin like these.
fn row_of<'s>((name, rows): &'s Read, beginnings: &[&str]) -> &'s [Value] {
    let fits = |row: &&Vec<Value>| {
        let mut cells = row.iter().zip(beginnings);
        cells.all(|(cell, beginning)| cell.as_str().is_some_and(|cell| cell.starts_with(beginning)))
    };
    let found: Vec<_> = rows.iter().skip(1).filter(fits).collect();
    assert_eq!(found.len(), 1, "{beginnings:?} in {name}: {rows:?}");
    found[0]
}

async fn counted(engine: Engine) -> Portal {
    let portal = Portal::open(engine).await;
    count_due(&portal.stage.service).await.expect("counted");
    portal
}

#[rstest]
#[tokio::test]
async fn every_drawing_has_its_words_and_its_table(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = counted(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let auditor = portal.signed_in(AUDITOR).await;
    for (browser, path) in [
        (&admin, "/insight?category=visual_studio"),
        (&admin, "/insight?category=technical&span=half"),
        (&auditor, "/operator/insight?category=visual_studio&span=two_years"),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let drawings = page.body.matches("<figure class=\"figures\">").count();
        assert!(drawings > 0, "{path}");
        assert_eq!(page.body.matches("class=\"chart\"").count(), drawings, "{path}");
        assert!(page.body.matches("role=\"img\"").count() >= drawings, "{path}");
        assert!(page.body.matches("<desc ").count() >= drawings, "{path}");
        assert!(page.body.matches("<table").count() > drawings, "{path}");
        assert!(page.body.contains("Nov 2026"), "{path}");
        assert!(!page.body.contains("style="), "{path}");
    }
    let odd = admin.get("/insight?category=nothing&span=99&benefits_after=x&seats_after=-1.7").await;
    assert_eq!(odd.status, StatusCode::OK);
}

#[rstest]
#[tokio::test]
async fn every_id_stands_once_on_a_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let portal = counted(engine).await;
    let stage = &portal.stage;
    stage
        .sql(&format!(
            "update service_request set state = 'completed', open = false, decided_at = {} where kind = 'advisory'",
            BEGINNING.0
        ))
        .await;
    count_due(&stage.service).await.expect("counted");
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let auditor = portal.signed_in(AUDITOR).await;
    for (browser, path, needed) in
        [(&admin, "/insight", "use-title"), (&auditor, "/operator/insight", "times-chart-title")]
    {
        let page = browser.get(path).await;
        let mut ids: Vec<&str> =
            page.body.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(ids.contains(&needed), "{path}: {ids:?}");
        ids.sort_unstable();
        let twice: Vec<_> = ids.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{path}: {twice:?}");
    }
}

#[rstest]
#[tokio::test]
async fn one_click_reminds_and_takes_back_without_scripts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = counted(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let before = BEGINNING.plus_days(-30).0;
    stage
        .sql(&format!(
            "update seat set assigned_at = {before}, locked_until = null where released_at is null"
        ))
        .await;
    let page = admin.get("/insight").await;
    let form = page.form("remind_holder", None);
    let seat = form.get("target").expect("a seat").to_owned();
    let answer = admin.submit("/insight", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = admin.follow(answer).await;
    assert!(decode(&page.body).contains("Each is told."), "{}", page.body);
    assert!(page.find_form("remind_holder", Some(&seat)).is_none(), "not again within the week");
    let answer = admin.submit("/insight", &page.form("release_seat", Some(&seat))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(admin.follow(answer).await.find_form("release_seat", Some(&seat)).is_none(), "taken back");
    let answer = admin.submit("/insight", &page.form("remind_administrators", None)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[rstest]
#[tokio::test]
async fn one_click_of_an_operator_reminds_a_company_without_scripts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const PATH: &str = "/operator/insight";
    let portal = counted(engine).await;
    let operator = portal.signed_in(PROGRAMME_ADMIN).await;
    let form = operator.get(PATH).await.form("remind_company", None);
    let grant = form.get("target").expect("a grant").to_owned();
    let auditor = portal.signed_in(AUDITOR).await;
    let page = auditor.get(PATH).await;
    assert!(page.body.contains("id=\"unused-title\""), "the list is the auditor's, too");
    assert!(page.find_form("remind_company", None).is_none(), "the button isn't");
    let of_today = |body: &str| body.matches("datetime=\"2026-11-20\"").count();
    let before = of_today(&page.body);
    assert_eq!(auditor.submit(PATH, &form).await.status, StatusCode::FORBIDDEN);
    let noted = "select count(*) as number from idle_reminder";
    assert_eq!(portal.stage.count(noted).await, 0);

    let answer = operator.submit(PATH, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = operator.follow(answer).await;
    let body = decode(&page.body);
    assert!(body.contains("Each is told.") && body.contains("Again from "), "{body}");
    assert!(page.find_form("remind_company", Some(&grant)).is_none(), "not again within the week");
    assert!(page.find_form("remind_company", None).is_some(), "another one can be");
    assert_eq!(of_today(&auditor.get(PATH).await.body), before + 1, "the auditor reads when it was");
    // From a page that was opened before.
    let again = form.with("operation", &portal.stage.operation().to_string());
    let answer = operator.submit(PATH, &again).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(decode(&answer.body).contains("A reminder went out a few days ago."), "{}", answer.body);
    assert_eq!(portal.stage.count(noted).await, 1);
}

#[rstest]
#[tokio::test]
async fn the_figures_are_taken_away_as_lines_and_as_a_workbook(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = counted(engine).await;
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let file = admin.get("/insight.csv?span=half").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.body);
    assert_eq!(file.header(CONTENT_DISPOSITION), "attachment; filename=\"insight.csv\"");
    assert_eq!(file.header(CACHE_CONTROL), "no-store");
    let rows = table(&file.body);
    assert_eq!(rows[0][..5], ["Month", "Category", "Benefit name", "Counted in", "Granted"]);
    assert!(rows.len() > 5 && rows.iter().skip(1).all(|row| row[0].starts_with("2026-")), "{rows:?}");
    assert!(rows.iter().any(|row| row[2] == "All benefits"), "{rows:?}");
    let other = table(&portal.signed_in(OTHER_ADMIN).await.get("/insight.csv?span=half").await.body);
    assert_ne!(rows, other, "another company has its own");
    let book = admin.get("/insight.xlsx").await;
    assert_eq!(book.status, StatusCode::OK);
    assert_eq!(
        book.header(CONTENT_TYPE),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    let auditor = portal.signed_in(AUDITOR).await;
    for (path, head) in [
        ("/operator/insight.csv", "Category"),
        ("/operator/insight.csv?part=times", "Kind"),
        ("/operator/insight.csv?part=money", "Currency"),
    ] {
        let rows = table(&auditor.get(path).await.body);
        assert_eq!(rows[0][..2], ["Month", head], "{path}");
    }
    portal.stage.sql("update key_pool set low_since = 1").await;
    let low = table(&auditor.get("/operator/insight.csv?part=low").await.body);
    assert!(low.len() > 1 && low[0][..2] == ["Product", "Free"], "{low:?}");
    let unused = table(&auditor.get("/operator/insight.csv?part=unused").await.body);
    assert!(unused.len() > 1 && unused[0][..2] == ["Organization", "Benefit name"], "{unused:?}");
    assert_eq!(auditor.get("/operator/insight.xlsx?span=two_years").await.status, StatusCode::OK);
    let recorded = "select count(*) as number from audit_event where action = 'insight_exported'";
    assert_eq!(portal.stage.count(recorded).await, 9);
    let employee = portal.signed_in(CHINESE_EMPLOYEE).await;
    assert_eq!(employee.status_of("/insight.xlsx").await, StatusCode::FORBIDDEN);
    assert_eq!(portal.stage.count(recorded).await, 9);
}

#[rstest]
#[tokio::test]
async fn a_workbook_has_the_figures_of_the_lines_as_numbers(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    // Tuesday morning until Friday morning, and nothing else that was completed.
    let (asked, decided) = (BEGINNING.plus_days(-3).0, BEGINNING.0);
    stage.sql("update service_request set decided_at = null").await;
    stage
        .sql(&format!(
            "update service_request set state = 'completed', open = false, requested_at = {asked},
            target_at = {asked}, decided_at = {decided} where kind = 'advisory'"
        ))
        .await;
    stage.sql("update key_pool set low_since = 1, threshold = 4321").await;
    let bill = "insert into invoice (id, number, organization_id, order_id, kind, amount_minor, currency, buyer, issued_at)
        select $1, 990001, o.organization_id, o.id, 'invoice', 475005, 'USD', 'A buyer', $2 from orders o
        where not exists (select 1 from invoice i where i.order_id = o.id) order by o.id limit 1";
    assert_eq!(stage.run(bill, [stage.service.new_id().into(), decided.into()]).await, 1);
    count_due(&stage.service).await.expect("counted");

    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    let sheets = workbook(&admin, &portal, "/insight.xlsx?span=half").await;
    assert_eq!(sheets.len(), 1);
    is_like_the_lines(&sheets[0], "Usage", &table(&admin.get("/insight.csv?span=half").await.body));
    let organization = stage.literal(stage.organization(COMPANY).await.0);
    let held = format!(
        "select count(*) as number from seat s join benefit_grant g on g.id = s.grant_id
        where g.organization_id = {organization} and g.category = 'visual_studio' and s.released_at is null"
    );
    let row = row_of(&sheets[0], &["2026-11", "Visual Studio", "All benefits"]);
    assert_eq!(row[5].as_i64(), Some(stage.count(&held).await), "in use: {row:?}");
    assert!(row[4..].iter().all(Value::is_number), "{row:?}");

    let auditor = portal.signed_in(AUDITOR).await;
    let sheets = workbook(&auditor, &portal, "/operator/insight.xlsx").await;
    let parts = [
        ("Usage", ""),
        ("Time to complete", "?part=times"),
        ("Revenue and refunds", "?part=money"),
        ("Low pools", "?part=low"),
        ("Unused benefits", "?part=unused"),
    ];
    assert_eq!(sheets.len(), parts.len());
    for (sheet, (name, part)) in sheets.iter().zip(parts) {
        let lines = table(&auditor.get(&format!("/operator/insight.csv{part}")).await.body);
        assert!(lines.len() > 1, "{name} has rows");
        is_like_the_lines(sheet, name, &lines);
    }
    let completed =
        stage.count("select count(*) as number from service_request where kind = 'advisory'").await;
    let row = row_of(&sheets[1], &["2026-11"]);
    assert_eq!(row[2].as_i64(), Some(completed));
    // Three times 24 hours in minutes, none of them in time.
    assert_eq!(row[3..], [json!(4320), json!(4320), json!(0)]);
    let row = row_of(&sheets[2], &["2026-11", "USD"]);
    assert_eq!(row[2..], [json!(4750.05), json!(0)], "dollars, not cents");
    let free = "select count(*) as number from product_key f join key_pool k on k.id = f.key_pool_id
        join product p on p.id = k.product_id where p.code = 'windows_enterprise' and f.state = 'free'";
    let row = row_of(&sheets[3], &["Windows Enterprise"]);
    assert_eq!((row[1].as_i64(), row[2].as_i64()), (Some(stage.count(free).await), Some(4321)));
}
