//! Downloads: each existing version, language and operating system has its own (rule 8).

use domain::benefit::may_use;
use domain::ids::GrantId;
use domain::rights::Action;
use domain::view::software::size;
use domain::{AuditAction, ErrorCode};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use uuid::Uuid;

use super::reveal::bound_key;
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products;
use crate::change::Change;
use crate::entity::{download, product_download};
use crate::live::Changed;
use crate::request::Request;
use crate::{Outcome, Service, policies, rights, sql};

/// A file, as the browser gets it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DownloadFile {
    /// Its name.
    pub file_name: String,
    /// Plain text in UTF-8: the sample programme's stand-in for a package of gigabytes.
    pub content: String,
}

/// Hands out a package of a grant and records it, once for each call.
///
/// `download` is the id that stands in the link. In the sample programme the package is a small
/// text that says what it stands for.
///
/// # Errors
/// [`ErrorCode::RoleNeeded`]; [`ErrorCode::NotFound`] for a grant of somebody else;
/// [`ErrorCode::NoSuchDownload`] for what the product doesn't have; [`ErrorCode::WrongState`]
/// before the key is revealed; those of [`may_use`].
pub async fn open_download(
    service: &Service,
    request: &Request,
    grant: GrantId,
    download: Uuid,
) -> Outcome<DownloadFile> {
    let person = request.person()?;
    let reader = service.database.reader();
    let policies = policies::in_force(reader).await?;
    rights::check(reader, person, Action::GetKeys, &policies).await?;
    let mut change = Change::begin_unasked(service, request).await?;
    grants::hold(&change, grant).await?;
    let grant = grants::find(&change.transaction, person.organization, grant).await?;
    may_use(&grant.facts, change.now)?;
    let package = find(&change.transaction, &grant, download).await?;
    // The key comes first: it says what it costs (rule 20), and a download costs the same.
    if grant.kind.has_key() && bound_key(&change.transaction, grant.id, None).await?.is_none() {
        return Err(ErrorCode::WrongState.into());
    }
    let language = person.language;
    let texts = products::texts(&change.transaction, grant.product).await?;
    let file = stand_in(locales::texts(language), &texts.of(language)?.name, &package);
    let row = download::ActiveModel {
        id: Set(service.new_id()),
        organization_id: Set(grant.organization.0),
        grant_id: Set(grant.id.0),
        product_download_id: Set(package.id),
        person_id: Set(person.id.0),
        downloaded_at: Set(change.now.0),
    };
    download::Entity::insert(row).exec_without_returning(&change.transaction).await?;
    change.record(
        Event::new(grant.organization, AuditAction::PackageDownloaded, "product_download", package.id)
            .grant(grant.id)
            .after(format!("grant {}", grant.id)),
    );
    change.tell(Changed::Grant(grant.organization, grant.id));
    change.commit(file_name(&package)).await?;
    Ok(file)
}

async fn find(
    connection: &impl ConnectionTrait,
    grant: &Grant,
    download: Uuid,
) -> Outcome<product_download::Model> {
    let text = "select * from product_download where id = $1 and product_id = $2 and listed";
    let package =
        sql::one::<product_download::Model>(connection, text, [download.into(), grant.product.0.into()])
            .await?;
    package.ok_or_else(|| ErrorCode::NoSuchDownload.into())
}

/// A text isn't passed off as a disk image.
fn file_name(package: &product_download::Model) -> String {
    format!("{}.txt", package.file_name)
}

fn stand_in(texts: locales::Texts, product: &str, package: &product_download::Model) -> DownloadFile {
    let line = |name: &str, value: &str| format!("{name}: {value}\n");
    let language = language_name(texts, &package.language);
    let system = system_name(texts, &package.operating_system);
    let mut content = format!("{}\n{}\n\n", texts.software_sample_file(), texts.software_sample_file_note());
    content.push_str(&line(texts.common_benefit_name(), product));
    content.push_str(&line(texts.software_version(), &package.version));
    content.push_str(&line(texts.field_language(), &language));
    content.push_str(&line(texts.field_operating_system(), &system));
    content.push_str(&line(texts.software_file(), &package.file_name));
    content.push_str(&line(texts.software_size(), &size(package.bytes)));
    DownloadFile { file_name: file_name(package), content }
}

/// A package's language in words; its code where the catalogue has one without words.
fn language_name(texts: locales::Texts, code: &str) -> String {
    let key = format!("language_{}", code.to_ascii_lowercase().replace('-', "_"));
    texts.find_package(&key).unwrap_or(code).to_owned()
}

/// A package's operating system in words; its code where the catalogue has one without words.
fn system_name(texts: locales::Texts, code: &str) -> String {
    texts.find_package(&format!("system_{code}")).unwrap_or(code).to_owned()
}
