//! Those who lost a seat with a change of level, as a file: what stands in it, and that it is the company's own.

use axum::http::StatusCode;
use rstest::rstest;
use service::purchases::card::{self, PayByCard};
use service::purchases::place::WantedOrder;
use service::purchases::tier_change::{self, ChangeTier};
use service::sql;

use crate::browser::Portal;
use crate::common::Engine;
use crate::scene::OTHER_ADMIN;

const ADMIN: &str = "yanchu.gu@chenghu.example";

#[rstest]
#[tokio::test]
async fn rule_21_former_holders_come_as_a_file_of_the_company(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let portal = Portal::open(engine).await;
    let stage = &portal.stage;
    let text = "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
        select o.id, 'gold', c.code, (select account_id from operator_role limit 1), 1
        from organization o cross join competency_area c where o.domain = 'chenghu.example'
        on conflict (organization_id, tier, area) do nothing";
    stage.run(text, []).await;
    let text = "delete from entitlement where source = 'gold_core'
        and product_id = (select id from product where code = 'azure_credit')";
    stage.run(text, []).await;
    let buyer = stage.person(ADMIN).await;
    let text = "select h.id from holding h join offer f on f.id = h.offer_id and f.code = 'silver'
        join organization o on o.id = h.organization_id where o.domain = 'chenghu.example'";
    let holding = stage.id(text, []).await.into();
    let input = ChangeTier { holding, agreement: 1, accepted: true };
    let number = tier_change::change(&stage.service, &buyer, stage.operation(), input).await.expect("placed");
    let path = format!("/orders/{number}/former-holders.csv");
    let admin = portal.signed_in(ADMIN).await;
    let early = admin.get(&path).await;
    assert_eq!(early.status, StatusCode::OK);
    assert_eq!(early.body.lines().count(), 1, "only the head before it is paid: {}", early.body);
    let order = WantedOrder { number, version: 1 };
    let input = PayByCard { order, card: "pays".to_owned() };
    card::pay(&stage.service, &buyer, stage.operation(), input).await.expect("paid");
    let file = admin.get(&path).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"former-holders.csv\"");
    assert_eq!(file.body.lines().count(), 2, "{}", file.body);
    assert!(file.body.contains(ADMIN), "{}", file.body);
    let recorded = "select count(*) as number from audit_event where action = 'people_exported'";
    let recorded = sql::number(stage.service.database.reader(), recorded, []).await.expect("a number");
    assert_eq!(recorded, 2);
    let other = portal.signed_in(OTHER_ADMIN).await;
    let (foreign, missing) = (other.get(&path).await, other.get("/orders/99999/former-holders.csv").await);
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!((foreign.status, &foreign.body), (missing.status, &missing.body));
}
