//! What mail says: previews of every kind, and the programme's own wording.

#![allow(clippy::expect_used, clippy::panic)]

mod common;

use common::{Engine, Stage, stage};
use domain::mail_kind::MailKind;
use domain::view::mail_template::{TemplateItem, TemplatesPage, TemplatesQuery};
use domain::{ErrorCode, Field, Language, Role};
use rstest::rstest;
use service::people::add::{AddUser, add_user};
use service::queue::templates::{self, TypedWording};
use service::{Failure, Request};

const MAREN: &str = "maren.tolvik@fernhollow.example";
const AGENT: &str = "marisa.talvinen@northlight.example";
const PROGRAMME_ADMIN: &str = "rosalind.ekwueme@northlight.example";
const AUDITOR: &str = "bartholomew.okonreed@northlight.example";
const GUEST: &str = "ulla.brennmark@kestrelash.example";

async fn look(stage: &Stage, who: &Request, language: Language, kind: MailKind) -> TemplatesPage {
    let query = TemplatesQuery { kind: Some(kind), language: Some(language), own: false };
    templates::page(&stage.service, who, Language::English, &query).await.expect("a page")
}

async fn open(stage: &Stage, who: &Request, language: Language, kind: MailKind) -> TemplateItem {
    *look(stage, who, language, kind).await.item.expect("is open")
}

fn typed(subject: &str, body: &str, version: i64) -> TypedWording {
    TypedWording {
        kind: MailKind::PersonAdded,
        language: Language::English,
        subject: subject.to_owned(),
        body: body.to_owned(),
        version,
    }
}

async fn save(stage: &Stage, who: &Request, typed: TypedWording) -> Result<(), Failure> {
    templates::save(&stage.service, who, stage.operation(), typed).await
}

/// Somebody of another company is added, and gets a mail and a notice; gives subject, body and title.
async fn added(stage: &Stage) -> (String, String, String) {
    let maren = stage.person(MAREN).await;
    let input = AddUser {
        email: GUEST.to_owned(),
        name: "Ulla {link} Brennmark".to_owned(),
        roles: vec![Role::Employee],
        language: "en".to_owned(),
    };
    add_user(&stage.service, &maren, stage.operation(), input).await.expect("added");
    let mail = stage.mails(GUEST).await.into_iter().find(|mail| mail.kind == "person_added").expect("a mail");
    #[derive(sea_orm::FromQueryResult)]
    struct Title {
        title: String,
    }
    let text = "select title from notice where account_id = $1 order by created_at desc, id desc";
    let account = mail.account_id.expect("an account");
    let title = service::sql::one::<Title>(stage.service.database.reader(), text, [account.into()]).await;
    (mail.subject, mail.body, title.expect("reads").expect("a notice").title)
}

#[tokio::test]
async fn every_kind_of_mail_is_shown_whole_in_every_language() {
    let stage = stage(Engine::Sqlite).await;
    let auditor = stage.operator(AUDITOR).await;
    for language in Language::ALL {
        for kind in MailKind::ALL {
            let item = open(&stage, &auditor, language, *kind).await;
            let about = format!("{kind:?} in {}: {:?}", language.tag(), item.preview);
            assert!(!item.preview.subject.is_empty() && item.preview.text.len() > 40, "{about}");
            let left = format!("{}{}", item.preview.subject, item.preview.text);
            assert!(!left.contains(['{', '}']), "{about}");
            assert!(!item.preview.subject.contains('\n'), "{about}");
            for place in &item.places {
                // What is empty in a sample would look like a mail without it.
                let body = format!("{{{place}}}");
                assert!(item.wording.subject.contains(&body) || item.wording.body.contains(&body), "{about}");
            }
            let same = item.product.another(&item.product.subject, &item.product.body);
            assert!(same.is_ok(), "the product's own wording keeps the rules: {same:?}, {about}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn the_programmes_own_wording_goes_out_until_it_is_taken_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    let before = open(&stage, &admin, Language::English, MailKind::PersonAdded).await;
    assert_eq!((before.version, &before.wording), (0, &before.product));

    // Looked at, nothing is kept.
    let wanted = typed("Welcome to {organization}, {person}", "Dear {person},\n\n{by} let you in: {link}", 0);
    let seen = templates::preview(&stage.service, &admin, &wanted).expect("a preview");
    assert!(seen.subject.starts_with("Welcome to Fernhollow"), "{seen:?}");
    assert!(seen.text.contains("Dear Priyanka Oduya,\n\nMaren Tolvik let you in: http"), "{seen:?}");
    assert_eq!(open(&stage, &admin, Language::English, MailKind::PersonAdded).await.version, 0);

    save(&stage, &admin, wanted.clone()).await.expect("saved");
    let stale = save(&stage, &admin, wanted).await.expect_err("it has a version now");
    assert!(stale.is(ErrorCode::Stale));
    let page = look(&stage, &admin, Language::English, MailKind::PersonAdded).await;
    assert_eq!(page.own, 1);
    let item = page.item.expect("is open");
    assert_eq!(item.preview, seen, "what is in force is what was looked at");
    assert!(item.changed.is_some());
    let own = page.rows.iter().filter(|row| !row.own.is_empty()).collect::<Vec<_>>();
    assert_eq!(
        (own.len(), own[0].kind, own[0].own.as_slice()),
        (1, MailKind::PersonAdded, &[Language::English][..])
    );
    // Another language keeps the product's.
    let chinese = open(&stage, &admin, Language::SimplifiedChinese, MailKind::PersonAdded).await;
    assert_eq!(chinese.wording, chinese.product);

    // Mail and notice have it; a value is never read for places.
    let text = "update account set language = 'en', full_name = 'Ulla {by} Brennmark' where email_key = $1";
    stage.run(text, [GUEST.into()]).await;
    let (subject, body, title) = added(&stage).await;
    assert_eq!(subject, "Welcome to Fernhollow Systems, Ulla {by} Brennmark");
    assert_eq!(title, subject);
    assert!(body.starts_with("Dear Ulla {by} Brennmark,\n\nMaren Tolvik let you in: http"), "{body}");
    assert!(body.trim_end().ends_with("benefits."), "what stands under every mail: {body}");

    // A later version, then back to the product's wording.
    stage.clock.move_seconds(1);
    save(&stage, &admin, typed("Hello", "{link}", item.version)).await.expect("saved");
    let later = open(&stage, &admin, Language::English, MailKind::PersonAdded).await;
    assert!(later.version > item.version);
    let reset = |version| {
        let (stage, admin) = (&stage, &admin);
        async move {
            let (kind, language) = (MailKind::PersonAdded, Language::English);
            templates::reset(&stage.service, admin, stage.operation(), kind, language, version).await
        }
    };
    assert!(reset(item.version).await.expect_err("an older one").is(ErrorCode::Stale));
    reset(later.version).await.expect("reset");
    let after = open(&stage, &admin, Language::English, MailKind::PersonAdded).await;
    assert_eq!((after.version, after.wording), (0, after.product));
    assert!(reset(0).await.expect_err("nothing to reset").is(ErrorCode::Stale));
    assert!(stage.audit_intact().await);
}

#[rstest]
#[tokio::test]
async fn a_wording_that_leaves_out_what_a_mail_is_for_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let stage = stage(engine).await;
    let admin = stage.operator(PROGRAMME_ADMIN).await;
    for (subject, body, field, code) in [
        ("Hello", "No link", Field::MailBody, ErrorCode::PlaceMissing),
        ("Hello", "{link} {product}", Field::MailBody, ErrorCode::UnknownPlace),
        ("Hello {link}", "{link}", Field::MailSubject, ErrorCode::UnknownPlace),
        ("", "{link}", Field::MailSubject, ErrorCode::Required),
    ] {
        let looked = templates::preview(&stage.service, &admin, &typed(subject, body, 0));
        let saved = save(&stage, &admin, typed(subject, body, 0)).await;
        for refused in [looked.expect_err("refused"), saved.expect_err("refused")] {
            assert_eq!(refused.told().of(field).map(|fault| fault.code), Some(code), "{subject} {body}");
        }
    }
    assert_eq!(stage.count("select count(*) as number from mail_template").await, 0);
    // Whoever reads mail reads templates; only programme admins write them.
    let auditor = stage.operator(AUDITOR).await;
    assert!(look(&stage, &auditor, Language::English, MailKind::PersonAdded).await.why_not.is_some());
    assert!(
        save(&stage, &auditor, typed("Hello", "{link}", 0))
            .await
            .expect_err("a role")
            .is(ErrorCode::RoleNeeded)
    );
    let looked = templates::preview(&stage.service, &auditor, &typed("Hello", "{link}", 0));
    assert!(looked.expect_err("a role").is(ErrorCode::RoleNeeded));
    let agent = stage.operator(AGENT).await;
    let page = templates::page(&stage.service, &agent, Language::English, &TemplatesQuery::default()).await;
    assert!(page.expect_err("reads no mail").is(ErrorCode::RoleNeeded));
}
