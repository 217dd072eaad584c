//! Downloads: each existing version, language and operating system has its own (rule 8).

use domain::benefit::may_use;
use domain::catalogue::{language_key, system_key};
use domain::ids::GrantId;
use domain::rights::Action;
use domain::view::software::size;
use domain::{AuditAction, ErrorCode};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set};
use uuid::Uuid;

use super::reveal::bound_key;
use crate::audit::Event;
use crate::benefits::grants::{self, Grant};
use crate::benefits::products;
use crate::change::Change;
use crate::entity::download;
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

/// A package, handed out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HandedOut {
    /// At this address of the programme, which begins with `https://`.
    At(String),
    /// The sample programme's stand-in.
    StandIn(DownloadFile),
}

/// That packages without an address are there only in the sample programme, of `product_download`.
pub(super) const THERE: &str = "listed and (url is not null or exists (select 1 from programme where demo))";

#[derive(FromQueryResult)]
struct Package {
    id: Uuid,
    version: String,
    language: String,
    operating_system: String,
    file_name: String,
    bytes: i64,
    url: Option<String>,
}

/// Hands out a package of a grant and records it, once for each call.
///
/// `download` is the id that stands in the link. In the sample programme a package without an address
/// is a small text that says what it stands for.
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
) -> Outcome<HandedOut> {
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
    let handed_out = if let Some(address) = &package.url {
        HandedOut::At(address.clone())
    } else {
        let language = person.language;
        let texts = products::texts(&change.transaction, grant.product).await?;
        HandedOut::StandIn(stand_in(locales::texts(language), &texts.of(language)?.name, &package))
    };
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
    change.commit(package.file_name).await?;
    Ok(handed_out)
}

async fn find(connection: &impl ConnectionTrait, grant: &Grant, download: Uuid) -> Outcome<Package> {
    let text = format!(
        "select id, version, language, operating_system, file_name, bytes, url from product_download
        where id = $1 and product_id = $2 and {THERE}"
    );
    let package = sql::one::<Package>(connection, &text, [download.into(), grant.product.0.into()]).await?;
    package.ok_or_else(|| ErrorCode::NoSuchDownload.into())
}

fn stand_in(texts: locales::Texts, product: &str, package: &Package) -> DownloadFile {
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
    // A text isn't passed off as a disk image.
    DownloadFile { file_name: format!("{}.txt", package.file_name), content }
}

/// A package's language in words; its code where the catalogue has one without words.
fn language_name(texts: locales::Texts, code: &str) -> String {
    texts.find_package(&language_key(code)).unwrap_or(code).to_owned()
}

/// A package's operating system in words; its code where the catalogue has one without words.
fn system_name(texts: locales::Texts, code: &str) -> String {
    texts.find_package(&system_key(code)).unwrap_or(code).to_owned()
}

#[cfg(test)]
mod tests {
    use domain::Language;
    use domain::catalogue::{OPERATING_SYSTEMS, PACKAGE_LANGUAGES};

    use super::*;

    #[test]
    fn each_language_and_system_that_a_package_can_have_has_words() {
        for language in Language::ALL {
            let texts = locales::texts(language);
            let keys = PACKAGE_LANGUAGES.iter().map(|tag| language_key(tag));
            for key in keys.chain(OPERATING_SYSTEMS.iter().map(|code| system_key(code))) {
                assert!(texts.find_package(&key).is_some(), "{key} in {}", language.tag());
            }
        }
    }
}
