//! What enrolment and purchases of the programme need: points, agreements, bank details, areas, competencies
//! attained.

use domain::{Language, Moment};
use sea_orm::ConnectionTrait;

use super::files::Files;
use crate::{Outcome, sql};

/// Writes it, after companies and offers are there.
///
/// # Errors
/// [`crate::Failure::Database`].
pub(super) async fn write(connection: &impl ConnectionTrait, files: &Files, now: Moment) -> Outcome<()> {
    for language in Language::ALL {
        let tag = || language.tag().into();
        for (position, point) in (1_i64..).zip(&files.purchases.point) {
            let text =
                "insert into programme_point (position, language, title, text) values ($1, $2, $3, $4)";
            let (title, body) = (point.title.of(language), point.text.of(language));
            sql::run(connection, text, [position.into(), tag(), title.into(), body.into()]).await?;
        }
        for (table, agreements) in [
            ("purchase_agreement", &files.purchases.agreement),
            ("membership_agreement", &files.enrolment.agreement),
        ] {
            for agreement in agreements {
                let text = format!(
                    "insert into {table} (version, language, text, in_force_at) values ($1, $2, $3, $4)"
                );
                let body = agreement.text.of(language).join("\n\n");
                let since = now.plus_days(-agreement.days_ago).0;
                let values = [agreement.version.into(), tag(), body.into(), since.into()];
                sql::run(connection, &text, values).await?;
            }
        }
        let text = "update programme_text set bank_details = $2 where language = $1";
        let details = files.purchases.bank_details.of(language).join("\n");
        sql::run(connection, text, [tag(), details.into()]).await?;
        for offer in &files.offers {
            let text = "update offer_text set description = $3
                where language = $1 and offer_id = (select id from offer where code = $2)";
            let description = offer.description.of(language);
            sql::run(connection, text, [tag(), offer.code.as_str().into(), description.into()]).await?;
        }
    }
    for area in &files.areas {
        let text = "insert into competency_area (code) values ($1) on conflict (code) do nothing";
        sql::run(connection, text, [area.code.as_str().into()]).await?;
        for language in Language::ALL {
            let text = "insert into competency_area_text (area, language, name) values ($1, $2, $3)
                on conflict (area, language) do nothing";
            let name = area.name.of(language);
            let values = [area.code.as_str().into(), language.tag().into(), name.into()];
            sql::run(connection, text, values).await?;
        }
    }
    // What is held was attained; the file has what was attained and isn't held yet.
    let recorder = "(select r.account_id from operator_role r where r.role = 'programme_admin'
        order by r.account_id limit 1)";
    let text = format!(
        "insert into attained_area (organization_id, tier, area, recorded_by, recorded_at)
        select id, $2, $3, {recorder}, $4 from organization where domain = $1
        on conflict (organization_id, tier, area) do nothing"
    );
    for attained in &files.purchases.attained {
        let values = [
            attained.domain.as_str().into(),
            attained.tier.as_str().into(),
            attained.area.as_str().into(),
            now.0.into(),
        ];
        sql::run(connection, &text, values).await?;
    }
    for company in &files.companies {
        for holding in company.holding.iter().filter(|holding| !holding.areas.is_empty()) {
            for area in &holding.areas {
                let values = [
                    company.domain.as_str().into(),
                    holding.offer.as_str().into(),
                    area.as_str().into(),
                    now.0.into(),
                ];
                sql::run(connection, &text, values).await?;
            }
        }
    }
    Ok(())
}
