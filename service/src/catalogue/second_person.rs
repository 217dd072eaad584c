//! Where a second person publishes: those who can are told of a draft that somebody began to change.

use domain::Language;
use domain::catalogue::Publication;
use domain::ids::{AccountId, CatalogueDraftId};
use domain::rights::{OperatorAction, operator_roles_for};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::change::Change;
use crate::outbox::Letter;
use crate::{Failure, Outcome, policies, sql};

/// Tells everybody who may publish, but for whoever changed it, the first time that a draft is changed where it needs
/// one of them. Where nobody could be told it is tried again with the next change.
///
/// # Errors
/// [`Failure::Database`].
pub(super) async fn tell(
    change: &mut Change<'_>,
    draft: CatalogueDraftId,
    title: &str,
    by: Uuid,
) -> Outcome<()> {
    #[derive(FromQueryResult)]
    struct Reader {
        id: Uuid,
        email: String,
        full_name: String,
        language: String,
        by_name: String,
    }
    let told = "select count(*) as number from catalogue_draft where id = $1 and told_at is not null";
    if policies::in_force(&change.transaction).await?.catalogue_publication != Publication::SecondPerson
        || sql::number(&change.transaction, told, [draft.0.into()]).await? > 0
    {
        return Ok(());
    }
    let roles: Vec<Value> = operator_roles_for(OperatorAction::PublishCatalogue)
        .into_iter()
        .map(|role| role.code().into())
        .collect();
    let places: Vec<String> = (2..roles.len() + 2).map(|place| format!("${place}")).collect();
    let text = format!(
        "select a.id, a.email, a.full_name, a.language, b.full_name as by_name
        from account a join account b on b.id = $1
        where a.status = 'active' and a.id <> b.id
            and not exists (select 1 from catalogue_editor e
                where e.catalogue_draft_id = ${} and e.account_id = a.id)
            and a.id in (select r.account_id from operator_role r where r.role in ({}))
        order by a.id",
        roles.len() + 2,
        places.join(", ")
    );
    let values = std::iter::once(Value::from(by)).chain(roles).chain([draft.0.into()]);
    let readers = sql::all::<Reader>(&change.transaction, &text, values).await?;
    if readers.is_empty() {
        return Ok(());
    }
    let text = "update catalogue_draft set told_at = $2 where id = $1";
    sql::run(&change.transaction, text, [draft.0.into(), change.now.0.into()]).await?;
    for reader in readers {
        let language = Language::from_tag(&reader.language)
            .ok_or_else(|| Failure::broken("account", "language", reader.id))?;
        change.post(Letter {
            organization: None,
            account: Some(AccountId(reader.id)),
            recipient: reader.email,
            language,
            kind: "catalogue_draft_waits",
            values: vec![("person", reader.full_name), ("by", reader.by_name), ("title", title.to_owned())],
            path: format!("/operator/catalogue/{draft}"),
            secret: None,
            dates: Vec::new(),
        });
    }
    Ok(())
}
