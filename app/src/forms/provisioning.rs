//! Forms about provisioning.

use domain::departure::SeatFate;
use domain::view::form::{Done, Shown};
use domain::{Error, ErrorCode, Field, Role};
use service::Outcome;
use service::provisioning::groups::{self, MapGroup};
use service::provisioning::settings::{self, SaveProvisioning};
use service::provisioning::tokens::{self, MakeToken};

use super::people::roles_of;
use super::submission::{Performed, Reader, Submission, said};

pub(super) async fn make_token(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let days = match form.field(Field::Expires) {
        "" => None,
        days => Some(days.parse().map_err(|_| Error::field(Field::Expires, ErrorCode::UnknownChoice))?),
    };
    let input = MakeToken { name: form.field(Field::Name).to_owned(), days };
    let token = tokens::make(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    // The same post again has no token any more: it is kept nowhere.
    let message =
        if token.is_some() { texts.provisioning_done_made() } else { texts.provisioning_made_before() };
    let shown = token.map(|token| Shown::Token { token });
    Ok(Done { message: message.to_owned(), shown, ..Done::default() }.into())
}

pub(super) async fn revoke_token(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let name = tokens::revoke(reader.service, reader.request, form.operation()?, form.id("target")?).await?;
    Ok(said(reader.texts().provisioning_done_revoked(name)))
}

pub(super) async fn save(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let seats = SeatFate::from_code(form.field(Field::Seats))
        .ok_or_else(|| Error::field(Field::Seats, ErrorCode::UnknownChoice))?;
    let input = SaveProvisioning { version: form.version()?, seats, roles: roles_of(form)? };
    settings::save(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().provisioning_done_saved()))
}

pub(super) async fn map_group(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let role = match form.field(Field::Roles) {
        "" => None,
        code => {
            let unknown = || Error::field(Field::Roles, ErrorCode::UnknownChoice);
            Some(Role::from_code(code).ok_or_else(unknown)?)
        }
    };
    let input = MapGroup { group: form.id("target")?, version: form.version()?, role };
    let name = groups::map(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().provisioning_done_mapped(name)))
}
