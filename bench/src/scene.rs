//! What the sample programme lacks for measuring: people, grants, rows by the hundred.

use uuid::Uuid;

use crate::Outcome;
use crate::database::Stage;

/// The company that is measured.
pub const COMPANY: &str = "fernhollow.example";
/// Its Global admin.
pub const ADMIN: &str = "maren.tolvik@fernhollow.example";
/// An operator who works the queue.
pub const OPERATOR: &str = "marisa.talvinen@northlight.example";
/// The password of everybody in the sample programme.
pub const PASSWORD: &str = service::sample_programme::DEMO_PASSWORD;
/// The page that is asked for.
pub const PAGE: &str = "/benefits/visual-studio";
/// A grant that takes seats.
pub const VISUAL_STUDIO: &str = "visual_studio_enterprise";
/// A grant that is activated.
pub const TECHNICAL: &str = "technical_presales_deployment";

/// Copies of the company's grant of a product, each with a pool of its own.
///
/// # Errors
/// The database's, or the company has no such grant.
pub async fn grants(stage: &Stage, product: &str, count: usize, quantity: i64) -> Outcome<Vec<Uuid>> {
    let model = format!(
        "select g.id from benefit_grant g join product p on p.id = g.product_id
            join organization o on o.id = g.organization_id
        where o.domain = '{COMPANY}' and p.code = '{product}' and g.source = 'gold_core'
            and g.activation_state = 'available'"
    );
    let model = stage.literal(stage.id(&model).await?);
    let made: Vec<(Uuid, Uuid)> = (0..count).map(|_| (Uuid::now_v7(), Uuid::now_v7())).collect();
    for part in made.chunks(500) {
        let mut text = String::new();
        for (grant, pool) in part {
            let (grant, pool) = (stage.literal(*grant), stage.literal(*pool));
            text.push_str(&format!(
                "insert into pool (id, organization_id, quantity, plan_quantity)
                    select {pool}, organization_id, {quantity}, {quantity} from benefit_grant where id = {model};
                insert into benefit_grant (id, organization_id, product_id, category, pool_id, source, area,
                    state, activation_state, granted_at, activate_by, holding_ends_at, expires_at,
                    catalogue_version)
                select {grant}, organization_id, product_id, category, {pool}, source, area, state,
                    activation_state, granted_at, activate_by, holding_ends_at, expires_at, catalogue_version
                from benefit_grant where id = {model};\n"
            ));
        }
        stage.run(&text).await?;
    }
    Ok(made.into_iter().map(|(grant, _)| grant).collect())
}

/// Fills the company's Visual Studio page up to so many rows.
///
/// # Errors
/// The database's, or it has more already.
pub async fn visual_studio_rows(stage: &Stage, rows: usize) -> Outcome {
    let text = format!(
        "select count(*) as number from benefit_grant g join organization o on o.id = g.organization_id
        where o.domain = '{COMPANY}' and g.category = 'visual_studio'"
    );
    let there = usize::try_from(stage.number(&text).await?)?;
    let missing = rows.checked_sub(there).ok_or("the page has more rows already")?;
    grants(stage, VISUAL_STUDIO, missing, 100).await?;
    Ok(())
}

/// More people of the company, employees all of them; they can't sign in.
///
/// # Errors
/// The database's.
pub async fn people(stage: &Stage, count: u64) -> Outcome<Vec<Uuid>> {
    let (new_id, numbers) = (stage.new_id(), stage.numbers(count));
    stage
        .run(&format!(
            "insert into account (id, email, email_key, full_name, name_key, language, status, created_at)
                select {new_id}, 'bench.' || n || '@{COMPANY}', 'bench.' || n || '@{COMPANY}', 'Bench ' || n,
                    'bench ' || n, 'en', 'active', 1750000000000 from {numbers} numbers;
            insert into person (id, organization_id, account_id, sort_name, status, created_at)
                select {new_id}, o.id, a.id, a.name_key, 'active', a.created_at
                from account a join organization o on o.domain = '{COMPANY}'
                where a.email_key like 'bench.%@{COMPANY}';
            insert into person_role (person_id, organization_id, role)
                select p.id, p.organization_id, 'employee' from person p join account a on a.id = p.account_id
                where a.email_key like 'bench.%@{COMPANY}';"
        ))
        .await?;
    let text = format!(
        "select p.id from person p join account a on a.id = p.account_id
        where a.email_key like 'bench.%@{COMPANY}' order by a.created_at, a.email_key"
    );
    stage.ids(&text).await
}

/// The address of one of [`people`].
#[must_use]
pub fn email(number: u64) -> String {
    format!("bench.{number}@{COMPANY}")
}
