//! Forms about the operators of the programme.

use domain::view::form::Done;
use domain::{Error, ErrorCode, Field, OperatorRole};
use service::Outcome;
use service::operators::add::{self, AddOperator};
use service::operators::remove::{self, RemoveOperator};
use service::operators::roles::{self, SetOperatorRoles};
use service::operators::second_factor::{self, TakeOffOperator};

use super::submission::{Performed, Reader, Submission, said};

/// Where the list stands.
const LIST: &str = "/operator/operators";

fn roles_of(form: &Submission) -> Result<Vec<OperatorRole>, Error> {
    form.all(Field::Roles)
        .map(|code| {
            OperatorRole::from_code(code).ok_or_else(|| Error::field(Field::Roles, ErrorCode::UnknownChoice))
        })
        .collect()
}

pub(super) async fn add(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = AddOperator {
        email: form.field(Field::Email).to_owned(),
        name: form.field(Field::Name).to_owned(),
        language: form.field(Field::Language).to_owned(),
        roles: roles_of(form)?,
    };
    let added = add::add(reader.service, reader.request, form.operation()?, input).await?;
    let message = reader.texts().operators_done_added(&added.email, &added.name);
    let go = format!("{LIST}?open={}#{}", added.account, added.account);
    Ok(Done { message, go: Some(go), ..Done::default() }.into())
}

pub(super) async fn invite_again(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let name =
        add::invite_again(reader.service, reader.request, form.operation()?, form.id("target")?).await?;
    Ok(said(reader.texts().operators_done_invited(name)))
}

pub(super) async fn set_roles(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input =
        SetOperatorRoles { account: form.id("target")?, version: form.version()?, roles: roles_of(form)? };
    let name = roles::set(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().operators_done_roles(name)))
}

pub(super) async fn remove(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = RemoveOperator { account: form.id("target")?, version: form.version()? };
    let name = remove::remove(reader.service, reader.request, form.operation()?, input).await?;
    let message = reader.texts().operators_done_removed(name);
    Ok(Done { message, go: Some(LIST.to_owned()), ..Done::default() }.into())
}

pub(super) async fn take_off_factor(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = TakeOffOperator { account: form.id("target")?, version: form.version()? };
    let name = second_factor::take_off(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().operators_done_taken_off(name)))
}
