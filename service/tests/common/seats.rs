//! What tests about seats ask the stage.

use domain::ids::{GrantId, PersonId, SeatId, SeatRequestId};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};
use service::entity::benefit_grant;
use service::sql;
use uuid::Uuid;

use super::Stage;

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct Text {
    text: Option<String>,
}

#[derive(FromQueryResult)]
struct SeatRow {
    id: Uuid,
    row_version: i64,
}

impl Stage {
    /// An id as a literal of the database at hand.
    pub fn literal(&self, id: Uuid) -> String {
        match self.service.database.backend() {
            DbBackend::Postgres => format!("'{id}'"),
            _ => format!("x'{}'", id.simple()),
        }
    }

    /// Runs a change that has no use case.
    pub async fn sql(&self, text: &str) {
        self.try_sql(text).await.expect("runs");
    }

    /// From now on the database refuses every change of the rows of a table with this id in a column, as where
    /// something is broken.
    pub async fn refuse_changes(&self, table: &str, column: &str, id: Uuid) {
        let id = self.literal(id);
        if self.service.database.is_postgres() {
            let text =
                format!("alter table {table} add constraint refused check ({column} <> {id}) not valid");
            self.sql(&text).await;
            return;
        }
        for change in ["insert", "update"] {
            let text = format!(
                "create trigger refused_{change} before {change} on {table} when new.{column} = {id} begin
                    select raise(abort, 'refused');
                end"
            );
            self.sql(&text).await;
        }
    }

    /// Runs a change that the database may refuse.
    pub async fn try_sql(&self, text: &str) -> Result<(), String> {
        let transaction = self.service.database.begin().await.expect("begins");
        transaction.execute_unprepared(text).await.map_err(|error| error.to_string())?;
        transaction.commit().await.map_err(|error| error.to_string())
    }

    /// Active people of a company without an active seat of the grant.
    pub async fn people_without_seat(&self, company_domain: &str, grant: GrantId) -> Vec<PersonId> {
        let text =
            "select p.id from person p join organization o on o.id = p.organization_id and o.domain = $1
            where p.status = 'active' and not exists (select 1 from seat s
                where s.person_id = p.id and s.grant_id = $2 and s.released_at is null)
            order by p.sort_name, p.id";
        let values = [company_domain.into(), grant.0.into()];
        let rows = sql::all::<Id>(self.service.database.reader(), text, values).await.expect("reads");
        rows.into_iter().map(|row| row.id.into()).collect()
    }

    /// Adds active employees to a company.
    pub async fn add_people(&self, company_domain: &str, count: usize) {
        let organization = self.organization(company_domain).await;
        let mut text = String::new();
        for number in 0..count {
            let (account, person) = (self.service.new_id(), self.service.new_id());
            let (account, person) = (self.literal(account), self.literal(person));
            let organization = self.literal(organization.0);
            text.push_str(&format!(
                "insert into account (id, email, email_key, full_name, name_key, language, status, created_at)
                    values ({account}, 'extra{number}@{company_domain}', 'extra{number}@{company_domain}',
                    'Extra {number}', 'extra {number}', 'en', 'active', 1);
                insert into person (id, organization_id, account_id, sort_name, status, created_at)
                    values ({person}, {organization}, {account}, 'extra {number}', 'active', 1);
                insert into person_role (person_id, organization_id, role)
                    values ({person}, {organization}, 'employee');"
            ));
        }
        self.sql(&text).await;
    }

    async fn text(&self, text: &str, person: PersonId) -> String {
        let row =
            sql::one::<Text>(self.service.database.reader(), text, [person.0.into()]).await.expect("reads");
        row.and_then(|row| row.text).expect("is there")
    }

    /// A person's address.
    pub async fn email_of(&self, person: PersonId) -> String {
        self.text(
            "select a.email as text from person p join account a on a.id = p.account_id where p.id = $1",
            person,
        )
        .await
    }

    /// A person's name.
    pub async fn name_of(&self, person: PersonId) -> String {
        self.text(
            "select a.full_name as text from person p join account a on a.id = p.account_id where p.id = $1",
            person,
        )
        .await
    }

    /// A person's language.
    pub async fn language_of(&self, person: PersonId) -> String {
        self.text(
            "select a.language as text from person p join account a on a.id = p.account_id where p.id = $1",
            person,
        )
        .await
    }

    /// A person's active seat of a grant, with its version.
    pub async fn active_seat(&self, grant: GrantId, person: PersonId) -> (SeatId, i64) {
        let text =
            "select id, row_version from seat where grant_id = $1 and person_id = $2 and released_at is null";
        let row =
            sql::one::<SeatRow>(self.service.database.reader(), text, [grant.0.into(), person.0.into()])
                .await
                .expect("reads")
                .expect("has a seat");
        (row.id.into(), row.row_version)
    }

    /// A person's request for a seat that waits.
    pub async fn open_seat_request(&self, grant: GrantId, person: PersonId) -> Option<SeatRequestId> {
        let text =
            "select id from seat_request where grant_id = $1 and person_id = $2 and state = 'requested'";
        sql::one::<Id>(self.service.database.reader(), text, [grant.0.into(), person.0.into()])
            .await
            .expect("reads")
            .map(|row| row.id.into())
    }

    /// A grant as it stands in its row.
    pub async fn grant_row(&self, grant: GrantId) -> benefit_grant::Model {
        let text = "select * from benefit_grant where id = $1";
        sql::one::<benefit_grant::Model>(self.service.database.reader(), text, [grant.0.into()])
            .await
            .expect("reads")
            .expect("is there")
    }

    /// A product's instructions in a language, a step each.
    pub async fn instructions(&self, product_code: &str, language: &str) -> Vec<String> {
        let text = "select t.instructions as text from product_text t join product p on p.id = t.product_id
            where p.code = $1 and t.language = $2";
        let row =
            sql::one::<Text>(self.service.database.reader(), text, [product_code.into(), language.into()])
                .await
                .expect("reads");
        row.and_then(|row| row.text).expect("is there").lines().map(str::to_owned).collect()
    }
}
