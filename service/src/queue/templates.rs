//! Templates of mail: each kind in each language with sample data, and the programme's own wording, which
//! programme admins write.

use domain::mail_kind::MailKind;
use domain::mail_template::Wording;
use domain::moment::Zone;
use domain::operation::OperationId;
use domain::rights::OperatorAction;
use domain::view::mail_template::{MailPreview, TemplateItem, TemplateRow, TemplatesPage, TemplatesQuery};
use domain::{AuditAction, Day, ErrorCode, Language};
use locales::format;
use sea_orm::{FromQueryResult, Value};

use super::item::stamp;
use crate::audit::Event;
use crate::change::{Begun, Change, programme_chain};
use crate::live::Changed;
use crate::operation::Operation;
use crate::request::Request;
use crate::wording::{self, Wordings};
use crate::{Outcome, Service, rights, sql};

#[derive(FromQueryResult)]
struct Own {
    kind: String,
    language: String,
    row_version: i64,
    changed_at: i64,
    changed_by: String,
}

/// Every kind of mail, and the open one.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`] for operators who don't read mail.
pub async fn page(
    service: &Service,
    request: &Request,
    language: Language,
    query: &TemplatesQuery,
) -> Outcome<TemplatesPage> {
    let operator = request.operator()?;
    rights::check_operator(operator, OperatorAction::ReadMail)?;
    let reader = service.database.reader();
    let text = "select t.kind, t.language, t.row_version, t.changed_at, a.full_name as changed_by
        from mail_template t join account a on a.id = t.changed_by";
    let own = sql::all::<Own>(reader, text, []).await?;
    let wordings = Wordings::of(reader, MailKind::ALL.iter().map(|kind| kind.code())).await?;
    let rows = MailKind::ALL
        .iter()
        .map(|kind| TemplateRow {
            kind: *kind,
            subject: sample(service, *kind, language, &wordings.in_force(kind.code(), language)).subject,
            own: own
                .iter()
                .filter(|own| own.kind == kind.code())
                .filter_map(|own| Language::from_tag(&own.language))
                .collect(),
        })
        .filter(|row| !query.own || !row.own.is_empty())
        .collect();
    let item = query.kind.map(|kind| {
        let language = query.language.unwrap_or(language);
        let product = wording::of_product(kind.code(), language);
        let wording = wordings.in_force(kind.code(), language);
        let own = own.iter().find(|own| own.kind == kind.code() && own.language == language.tag());
        let names =
            |places: std::collections::BTreeSet<&str>| places.into_iter().map(str::to_owned).collect();
        Box::new(TemplateItem {
            kind,
            language,
            preview: sample(service, kind, language, &wording),
            version: own.map_or(0, |own| own.row_version),
            changed: own.map(|own| (stamp(&Zone::named("UTC"), own.changed_at), own.changed_by.clone())),
            subject_places: names(product.subject_places()),
            places: names(product.places()),
            needed: names(product.needed()),
            wording,
            product,
        })
    });
    Ok(TemplatesPage {
        rows,
        own: i64::try_from(own.len()).unwrap_or(i64::MAX),
        item,
        why_not: domain::rights::operator_may(&operator.roles, OperatorAction::ManagePolicies).err(),
    })
}

/// A wording as it was typed.
#[derive(Clone, Debug)]
pub struct TypedWording {
    /// The kind of mail.
    pub kind: MailKind,
    /// The language.
    pub language: Language,
    /// Subject.
    pub subject: String,
    /// Body.
    pub body: String,
    /// The version that the page showed; 0 for the product's wording.
    pub version: i64,
}

/// What would come of a wording; nothing is kept.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; what [`Wording::another`] refuses.
pub fn preview(service: &Service, request: &Request, typed: &TypedWording) -> Outcome<MailPreview> {
    rights::check_operator(request.operator()?, OperatorAction::ManagePolicies)?;
    let wording = parse(typed)?;
    Ok(sample(service, typed.kind, typed.language, &wording))
}

/// Puts the programme's own wording in force.
///
/// # Errors
/// As [`preview`]; [`ErrorCode::Stale`] where somebody else has changed it meanwhile.
pub async fn save(
    service: &Service,
    request: &Request,
    operation: OperationId,
    typed: TypedWording,
) -> Outcome<()> {
    rights::check_operator(request.operator()?, OperatorAction::ManagePolicies)?;
    let operation = Operation::new(operation, "save_template", &typed);
    let wording = parse(&typed)?;
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let TypedWording { kind, language, version, .. } = typed;
    let before = Wordings::of(&change.transaction, [kind.code()]).await?.in_force(kind.code(), language);
    let values: [Value; 7] = [
        kind.code().into(),
        language.tag().into(),
        wording.subject.clone().into(),
        wording.body.into(),
        change.now.0.into(),
        request.account()?.0.into(),
        version.into(),
    ];
    // A version is the moment of its change, so that no later one is taken for it.
    let text = if version == 0 {
        "insert into mail_template (kind, language, subject, body, row_version, changed_at, changed_by)
        select $1, $2, $3, $4, $5, $5, $6 where $7 = 0 on conflict (kind, language) do nothing"
    } else {
        "update mail_template set subject = $3, body = $4, changed_at = $5, changed_by = $6,
            row_version = case when row_version < $5 then $5 else row_version + 1 end
        where kind = $1 and language = $2 and row_version = $7"
    };
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::Stale.into());
    }
    let event =
        Event::new(programme_chain(), AuditAction::WordingChanged, "mail_template", name(kind, language));
    change.record(event.before(before.subject).after(wording.subject));
    change.tell(Changed::Queue);
    change.commit(()).await
}

/// Goes back to the product's wording.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::Stale`] where somebody else has changed it meanwhile.
pub async fn reset(
    service: &Service,
    request: &Request,
    operation: OperationId,
    kind: MailKind,
    language: Language,
    version: i64,
) -> Outcome<()> {
    rights::check_operator(request.operator()?, OperatorAction::ManagePolicies)?;
    let operation = Operation::new(operation, "reset_template", &(kind, language, version));
    let mut change = match Change::begin(service, request, operation).await? {
        Begun::Before(outcome) => return Ok(outcome),
        Begun::New(change) => change,
    };
    let before = Wordings::of(&change.transaction, [kind.code()]).await?.in_force(kind.code(), language);
    let text = "delete from mail_template where kind = $1 and language = $2 and row_version = $3";
    let values = [kind.code().into(), language.tag().into(), version.into()];
    if sql::run(&change.transaction, text, values).await? == 0 {
        return Err(ErrorCode::Stale.into());
    }
    let after = wording::of_product(kind.code(), language);
    let event =
        Event::new(programme_chain(), AuditAction::WordingReset, "mail_template", name(kind, language));
    change.record(event.before(before.subject).after(after.subject));
    change.tell(Changed::Queue);
    change.commit(()).await
}

fn name(kind: MailKind, language: Language) -> String {
    format!("{}/{}", kind.code(), language.tag())
}

fn parse(typed: &TypedWording) -> Outcome<Wording> {
    Ok(wording::of_product(typed.kind.code(), typed.language).another(&typed.subject, &typed.body)?)
}

/// A mail of the kind with sample data.
fn sample(service: &Service, kind: MailKind, language: Language, wording: &Wording) -> MailPreview {
    let product = wording::of_product(kind.code(), language);
    let values: Vec<(&str, String)> = product
        .places()
        .into_iter()
        .filter(|place| *place != "link")
        .map(|place| (place, sample_value(language, place)))
        .collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let link = format!("{}/", service.base_url);
    MailPreview {
        subject: wording::subject(wording, &values),
        text: wording::text(wording, language, &values, Some(&link)),
    }
}

/// What stands at a place of a sample.
fn sample_value(language: Language, place: &str) -> String {
    let date = |text: &str| Day::parse(text).map(|day| format::date(language, day)).unwrap_or_default();
    match place {
        "begins" => date("2027-04-01"),
        "anniversary" | "day" | "expires" | "target" => date("2027-03-31"),
        "last_use" => date("2027-04-30"),
        "ends" => date("2028-03-31"),
        "amount" => format::money(language, 475_000, "USD"),
        "number" | "order" => "10428".to_owned(),
        "days" => "7".to_owned(),
        "minutes" => "60".to_owned(),
        "hours" => "8".to_owned(),
        "left" | "threshold" => "12".to_owned(),
        "seats" | "quantity" => "25".to_owned(),
        "former" => "3".to_owned(),
        "portal" => "https://portal.vendor.example".to_owned(),
        "domain" => "fernhollow.example".to_owned(),
        _ => locales::texts(language).find("mail_sample", place).unwrap_or_default().to_owned(),
    }
}
