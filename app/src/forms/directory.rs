//! Forms about a company's own directory.

use domain::ids::{DirectoryId, MailDomainId};
use domain::view::form::Done;
use domain::{Error, ErrorCode, Field, Role};
use leptos::prelude::use_context;
use service::Outcome;
use service::directories::domains::{self, AddMailDomain};
use service::directories::identities::{self, Decide};
use service::directories::settings::{self, SCOPES, SaveDirectory, Secret};
use service::directories::sign_in::{self, Begin, Begun};

use super::account::local_path;
use super::submission::{Cookies, Performed, Reader, Submission, said};

/// The page on which one of several directories is chosen.
const CHOICE: &str = "/sign-in/directory";

pub(super) async fn sign_in(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let email = form.field(Field::Email).to_owned();
    let then = local_path(form.text("then"));
    let directory = match form.field(Field::Directory) {
        "" => None,
        id => Some(id.parse::<DirectoryId>()?),
    };
    let input = Begin { email: email.clone(), directory, then: then.clone() };
    Ok(match sign_in::begin(reader.service, reader.request, input).await? {
        Begun::Away { address, browser } => {
            Performed { done: Done::default(), cookies: Cookies::AtDirectory { address, browser } }
        }
        Begun::Choose => {
            let query = serde_html_form::to_string([("email", email), ("then", then)]).unwrap_or_default();
            Done { go: Some(format!("{CHOICE}?{query}")), ..Done::default() }.into()
        }
    })
}

fn roles_of(form: &Submission) -> Result<Vec<Role>, Error> {
    form.all(Field::Roles)
        .map(|code| Role::from_code(code).ok_or_else(|| Error::field(Field::Roles, ErrorCode::UnknownChoice)))
        .collect()
}

pub(super) async fn save(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let directory = match form.target() {
        "" => None,
        _ => Some((form.id("target")?, form.version()?)),
    };
    let ticked = |name: &str| form.text(name) == "true";
    let secret = form.field(Field::ClientSecret).trim();
    let client_secret = match (secret, ticked("remove_secret")) {
        ("", true) => Secret::Remove,
        ("", false) => Secret::Keep,
        (secret, _) => Secret::New(secret.to_owned()),
    };
    let scopes = match form.field(Field::Scopes).trim() {
        "" => SCOPES,
        scopes => scopes,
    };
    let values = Role::ALL
        .iter()
        .map(|role| (*role, form.text(&format!("{}_{}", Field::RoleValues.code(), role.code())).to_owned()))
        .collect();
    let input = SaveDirectory {
        directory,
        name: form.field(Field::DirectoryName).to_owned(),
        issuer: form.field(Field::Issuer).to_owned(),
        client_id: form.field(Field::ClientId).to_owned(),
        client_secret,
        scopes: scopes.to_owned(),
        enabled: ticked("enabled"),
        just_in_time: ticked("just_in_time"),
        authoritative: ticked("authoritative"),
        signs_out: ticked("signs_out"),
        default_roles: roles_of(form)?,
        role_claim: form.field(Field::RoleClaim).to_owned(),
        values,
    };
    let name = settings::save(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().directory_done_saved(name)))
}

pub(super) async fn remove(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let id: DirectoryId = form.id("target")?;
    let name = settings::remove(reader.service, reader.request, form.operation()?, id).await?;
    Ok(said(reader.texts().directory_done_removed(name)))
}

pub(super) async fn test(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let id: DirectoryId = form.id("target")?;
    let tried = settings::try_out(reader.service, reader.request, form.operation()?, id).await?;
    let texts = reader.texts();
    Ok(said(if tried.signs_out {
        texts.directory_done_tested(tried.keys, tried.name)
    } else {
        texts.directory_done_tested_no_sign_out(tried.keys, tried.name)
    }))
}

pub(super) async fn require(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let required = match form.text("required") {
        "true" => true,
        "false" => false,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let required = settings::require(reader.service, reader.request, form.operation()?, required).await?;
    let texts = reader.texts();
    Ok(said(if required { texts.directory_done_required() } else { texts.directory_done_not_required() }))
}

pub(super) async fn add_domain(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let directory = match form.field(Field::Directory) {
        "" => None,
        _ => Some(form.id(Field::Directory.code())?),
    };
    let input = AddMailDomain { domain: form.field(Field::MailDomain).to_owned(), directory };
    let record = domains::add(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().directory_done_domain(record)))
}

pub(super) async fn verify_domain(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let id: MailDomainId = form.id("target")?;
    let domain = domains::verify(reader.service, reader.request, form.operation()?, id).await?;
    Ok(said(reader.texts().directory_done_verified(domain)))
}

pub(super) async fn remove_domain(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let id: MailDomainId = form.id("target")?;
    let domain = domains::remove(reader.service, reader.request, form.operation()?, id).await?;
    Ok(said(reader.texts().directory_done_removed(domain)))
}

pub(super) async fn decide(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let accepted = match form.text("decision") {
        "accepted" => true,
        "dismissed" => false,
        _ => return Err(ErrorCode::UnknownChoice.into()),
    };
    let input = Decide { identity: form.id("target")?, accepted };
    let name = identities::decide(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().directory_done_decided(name)))
}

/// Where the browser signs out of the directory that opened its session, if that wants it.
pub(super) async fn sign_out_there(reader: &Reader<'_>) -> Outcome<Option<String>> {
    let browser = use_context::<crate::server_fns::context::Browser>().unwrap_or_default();
    match browser.session_token {
        Some(token) => sign_in::sign_out_address(reader.service, reader.request, &token).await,
        None => Ok(None),
    }
}
