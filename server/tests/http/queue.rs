//! What operators write stays where it belongs, on every page and in every answer.

use axum::http::StatusCode;
use rstest::rstest;

use crate::browser::{Answer, Portal, fields};
use crate::common::Engine;
use crate::html::tags;
use crate::scene::{AGENT, AUDITOR, GLOBAL_ADMIN, OTHER_ADMIN, PROGRAMME_ADMIN};

#[rstest]
#[tokio::test]
async fn the_queue_is_read_page_by_page_with_its_links(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.add_requests(120).await;
    let agent = portal.signed_in(AGENT).await;
    // What the links say is what the page shows, without a script.
    let link = |page: &str, way: &str| {
        tags(page)
            .into_iter()
            .find(|tag| tag.name == "a" && tag.get("rel") == Some(way))
            .and_then(|tag| tag.get("href").map(str::to_owned))
    };
    let rows = |page: &str| {
        let boxes = tags(page).into_iter().filter(|tag| tag.get("class") == Some("pick"));
        boxes.filter_map(|tag| tag.get("value").map(str::to_owned)).collect::<Vec<_>>()
    };
    let first = agent.get("/operator/queue?kind=advisory&sort=-organization").await;
    assert!(link(&first.body, "prev").is_none());
    let next = link(&first.body, "next").expect("a page after");
    assert!(next.starts_with("/operator/queue?kind=advisory&sort=-organization&after="), "{next}");
    let second = agent.get(&next).await;
    assert_eq!(second.status, StatusCode::OK);
    assert!(rows(&second.body).iter().all(|row| !rows(&first.body).contains(row)));
    let previous = link(&second.body, "prev").expect("a page before");
    assert!(previous.starts_with("/operator/queue?kind=advisory&sort=-organization&before="), "{previous}");
    assert_eq!(rows(&agent.get(&previous).await.body), rows(&first.body));
    for place in ["after", "before"] {
        let unknown = format!("/operator/queue?{place}={}", portal.stage.service.new_id());
        assert_eq!(agent.get(&unknown).await.status, StatusCode::NOT_FOUND, "{place}");
        for malformed in ["7", "%00", "", "x&page=900"] {
            let answer = agent.get(&format!("/operator/queue?{place}={malformed}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{place}={malformed}");
            assert!(link(&answer.body, "prev").is_none() && link(&answer.body, "next").is_some());
        }
    }
}

#[rstest]
#[tokio::test]
async fn what_is_ticked_goes_along_with_the_filters(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.add_requests(60).await;
    let agent = portal.signed_in(AGENT).await;
    let boxes = |page: &str| {
        let boxes = tags(page).into_iter().filter(|tag| tag.get("class") == Some("pick"));
        boxes
            .map(|tag| (tag.get("value").unwrap_or_default().to_owned(), tag.get("checked").is_some()))
            .collect::<Vec<_>>()
    };
    let hidden = |page: &str| {
        let inputs = tags(page)
            .into_iter()
            .filter(|tag| tag.get("type") == Some("hidden") && tag.get("name") == Some("requests"));
        inputs.filter_map(|tag| tag.get("value").map(str::to_owned)).collect::<Vec<_>>()
    };
    let path = "/operator/queue?kind=advisory";
    let page = agent.get(path).await;
    let listed = boxes(&page.body);
    assert!(listed.len() == 50 && listed.iter().all(|(_, ticked)| !ticked));
    // The fields of the filters belong to the form that the boxes belong to.
    let kind = tags(&page.body).into_iter().find(|tag| tag.get("name") == Some("filter-kind"));
    assert_eq!(kind.expect("a filter").get("form"), Some("work-requests"));
    let post = |page: &Answer, more: &[(&str, &str)]| {
        let mut form = page.form("work_requests", Some("")).fields;
        form.extend(fields(more));
        form
    };
    let (one, two) = (listed[0].0.clone(), listed[1].0.clone());
    let more = [
        ("requests", one.as_str()),
        ("requests", two.as_str()),
        ("filter-kind", "activation"),
        ("filter-target", "late"),
        ("filter-find", ""),
        ("decision", "filter"),
    ];
    let answer = agent.post(path, &post(&page, &more)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let filtered = answer.location().to_owned();
    assert!(filtered.starts_with("/operator/queue?kind=activation&target=late&ticked="), "{filtered}");
    let page = agent.get(&filtered).await;
    assert_eq!(hidden(&page.body), [one.clone(), two.clone()]);
    assert!(page.body.contains("2 requests more are ticked"));
    // Back where they are listed they are ticked.
    let answer =
        agent.post(&filtered, &post(&page, &[("filter-kind", "advisory"), ("decision", "filter")])).await;
    let again = agent.get(answer.location()).await;
    let ticked: Vec<_> = boxes(&again.body).into_iter().filter(|(_, ticked)| *ticked).collect();
    assert_eq!(ticked, [(one.clone(), true), (two.clone(), true)]);
    assert!(hidden(&again.body).is_empty() && !again.body.contains("more are ticked"));
    // What is worked on is ticked no longer.
    let answer = agent.post(&filtered, &post(&page, &[("decision", "take")])).await;
    assert_eq!(answer.location(), "/operator/queue?kind=activation&target=late");
    let mine = boxes(&agent.get("/operator/queue?kind=advisory&owner=me").await.body);
    for taken in [&one, &two] {
        let request = taken.split(':').next().unwrap_or_default();
        assert!(
            mine.iter().any(|(value, _)| value != taken && value.starts_with(request)),
            "{taken} in {mine:?}"
        );
    }
    // No more than can be worked on at once; nothing of it is lost.
    let page = agent.get("/operator/queue").await;
    let every: Vec<(&str, &str)> =
        listed[2..].iter().chain(&listed[..3]).map(|(value, _)| ("requests", value.as_str())).collect();
    let many = [&every[..], &[("decision", "filter")]].concat();
    let answer = agent.post("/operator/queue", &post(&page, &many)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("More are ticked than can be worked on at once."));
    let shown = boxes(&answer.body).into_iter().filter(|(_, ticked)| *ticked).count();
    assert!(shown + hidden(&answer.body).len() >= 48);
    // Whoever has no queue is led nowhere.
    let partner = portal.signed_in(GLOBAL_ADMIN).await;
    let form = fields(&[("form", "work_requests"), ("target", ""), ("decision", "filter")]);
    assert_eq!(partner.post("/requests", &form).await.status, StatusCode::FORBIDDEN);
}

#[rstest]
#[tokio::test]
async fn the_answer_to_work_on_several_requests_has_the_colour_of_what_came_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    portal.stage.add_requests(3).await;
    let agent = portal.signed_in(AGENT).await;
    let page = agent.get("/operator/queue?find=Wanted").await;
    let boxes: Vec<_> = tags(&page.body)
        .into_iter()
        .filter(|tag| tag.get("class") == Some("pick"))
        .filter_map(|tag| tag.get("value").map(str::to_owned))
        .collect();
    assert_eq!(boxes.len(), 3);
    let form = |chosen: &[&str]| {
        let operation = portal.stage.operation().to_string();
        let mut pairs = vec![("form", "work_requests"), ("target", ""), ("operation", operation.as_str())];
        pairs.push(("decision", "take"));
        pairs.extend(chosen.iter().map(|chosen| ("requests", *chosen)));
        fields(&pairs)
    };
    let (first, second, third) = (&boxes[0], &boxes[1], &boxes[2]);
    // Taken, a row has another version: what the page showed before is refused.
    for (chosen, class, role, extent) in [
        (vec![first.as_str()], "notice good", "status", "whole"),
        (vec![first.as_str(), second.as_str()], "notice wait", "alert", "part"),
        (vec![first.as_str(), second.as_str()], "notice stop", "alert", "nothing"),
    ] {
        let answer = agent.post("/operator/queue", &form(&chosen)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let page = agent.follow(answer).await;
        let notice = tags(&page.body)
            .into_iter()
            .skip_while(|tag| tag.get("class") != Some("flash"))
            .find(|tag| tag.get("class").is_some_and(|class| class.starts_with("notice")));
        let notice = notice.unwrap_or_else(|| panic!("no answer: {}", page.body));
        assert_eq!((notice.get("class"), notice.get("role")), (Some(class), Some(role)), "{chosen:?}");
        let told = agent.perform(&form(&chosen)).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        assert!(told.body.contains(r#""extent":"nothing""#), "the same again, after {extent}: {}", told.body);
    }
    let told = agent.perform(&form(&[third])).await;
    assert!(told.body.contains(r#""extent":"whole""#), "{}", told.body);
}

const QUIET: &str = "Quietly the third one this year";

#[rstest]
#[tokio::test]
async fn a_note_reaches_no_page_of_the_company_and_a_message_reaches_only_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let request = stage.service_request_of(GLOBAL_ADMIN).await.to_string();
    let agent = portal.signed_in(AGENT).await;
    let write = async |code: &str, field: &str, text: &str| {
        let operation = stage.operation().to_string();
        let form = fields(&[("form", code), ("target", &request), ("operation", &operation), (field, text)]);
        let answer = agent.post("/operator/queue", &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    };
    write("note_request", "note", QUIET).await;
    write("message_partner", "message", "Which <tenant> is it?").await;
    let own = agent.get(&format!("/operator/queue?open={request}")).await;
    assert!(own.body.contains(QUIET) && own.body.contains("Which &lt;tenant&gt; is it?"));
    let admin = portal.signed_in(GLOBAL_ADMIN).await;
    for path in [
        "/".to_owned(),
        "/requests".to_owned(),
        format!("/requests?open={request}"),
        "/notices".to_owned(),
        "/account/activity".to_owned(),
        "/benefits/technical".to_owned(),
        "/technical-request".to_owned(),
    ] {
        let page = admin.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("Quietly"), "{path} shows a note");
    }
    let open = admin.get(&format!("/requests?open={request}")).await;
    assert!(open.body.contains("Which &lt;tenant&gt; is it?"), "{}", open.body);
    let elsewhere = portal.signed_in(OTHER_ADMIN).await;
    let theirs = elsewhere.get(&format!("/requests?open={request}")).await;
    assert_eq!(theirs.status, StatusCode::OK);
    assert!(!theirs.body.contains("tenant&gt;") && !theirs.body.contains("Quietly"));
}

#[rstest]
#[tokio::test]
async fn what_else_waits_stands_below_the_queue_with_links_to_where_it_is_done(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let admin = portal.signed_in(PROGRAMME_ADMIN).await;
    let auditor = portal.signed_in(AUDITOR).await;
    let agent = portal.signed_in(AGENT).await;
    let is_there = |page: &str| {
        let tags = tags(page);
        let section = tags.iter().any(|tag| tag.get("id") == Some("also-waiting"));
        let way = tags.iter().any(|tag| tag.get("href") == Some("#also-waiting"));
        assert_eq!(section, way, "the way down leads somewhere");
        section
    };
    let path = "/operator/queue";
    assert!(!is_there(&admin.get(path).await.body), "nothing waits");

    let (mail, waiting) = (stage.service.new_id(), stage.service.new_id());
    let (failed, held) = (stage.literal(mail), stage.literal(waiting));
    stage
        .sql(&format!(
            "update key_pool set low_since = 1 where product_id = (select id from product
                where code = 'windows_enterprise');
            insert into mail (id, kind, recipient, recipient_key, language, subject, subject_key, body, state,
                attempts, next_attempt_at, created_at)
            values ({failed}, 'invitation', 'one@new.example', 'one@new.example', 'zh-Hans', 'A <b>subject</b>',
                'a <b>subject</b>', 'Body', 'failed', 12, 1, 1),
                ({held}, 'invitation', 'two@new.example', 'two@new.example', 'en', 'Held', 'held', 'Body',
                'waiting', 0, 1, 1);
            insert into bouncing_address (address_key, mail_id, reason, since)
            values ('two@new.example', {held}, 'No such mailbox', 1);"
        ))
        .await;
    let done = [
        "/operator/keys/windows_enterprise".to_owned(),
        format!("/operator/outbox?open={mail}#{mail}"),
        "/operator/outbox?state=waiting&recipient=two%40new.example".to_owned(),
        "/operator/outbox?state=failed".to_owned(),
        "/operator/outbox?state=waiting".to_owned(),
    ];
    for browser in [&admin, &auditor] {
        let page = browser.get(path).await;
        assert!(is_there(&page.body));
        let tags = tags(&page.body);
        for href in &done {
            assert!(tags.iter().any(|tag| tag.get("href") == Some(href.as_str())), "{href}");
            let address = href.split('#').next().unwrap_or_default();
            assert_eq!(browser.get(address).await.status, StatusCode::OK, "{href}");
        }
        let subject =
            tags.iter().find(|tag| tag.get("href") == Some(done[1].as_str())).expect("the failed mail");
        assert_eq!(subject.get("lang"), Some("zh-Hans"));
        assert!(!page.body.contains("A <b>subject"), "a subject is text");
    }
    let shown = agent.get(path).await;
    assert!(!is_there(&shown.body), "an agent reads the requests alone");
    assert!(!shown.body.contains("one@new.example") && !shown.body.contains("two@new.example"));

    stage
        .sql(&format!(
            "update key_pool set low_since = null;
            update mail set state = 'sent', sent_at = 1 where id in ({failed}, {held});"
        ))
        .await;
    assert!(!is_there(&admin.get(path).await.body), "all of it is done");
}
