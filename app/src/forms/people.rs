//! Forms about people and invitations.

use domain::departure::{Departure, SeatFate};
use domain::enrolment::Step;
use domain::ids::PeopleImportId;
use domain::view::form::Done;
use domain::{Error, ErrorCode, Field, Role};
use leptos::prelude::use_context;
use service::Outcome;
use service::accounts::invitation::{self, Accept};
use service::people::add::{self, AddUser};
use service::people::departure::{self, Depart, DepartSeat, Resume};
use service::people::import;
use service::people::roles::{self, OwnAgent, SetRoles};
use service::people::second_factor::{self, TakeOff};

use super::account::local_path;
use super::submission::{Cookies, Performed, Reader, Submission, said};
use crate::server_fns::context::Browser;

pub(super) fn roles_of(form: &Submission) -> Result<Vec<Role>, Error> {
    form.all(Field::Roles)
        .map(|code| Role::from_code(code).ok_or_else(|| Error::field(Field::Roles, ErrorCode::UnknownChoice)))
        .collect()
}

pub(super) async fn add_user(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = AddUser {
        email: form.field(Field::Email).to_owned(),
        name: form.field(Field::Name).to_owned(),
        roles: roles_of(form)?,
        language: form.field(Field::Language).to_owned(),
    };
    let added = add::add_user(reader.service, reader.request, form.operation()?, input).await?;
    let go = back(form.text("then"), &added.person.to_string());
    let message = reader.texts().people_done_added(&added.email, &added.name);
    Ok(Done { message, go: Some(go), ..Done::default() }.into())
}

/// Where to go on with the new person chosen: where the reader came from, or the list.
fn back(then: &str, person: &str) -> String {
    if then.is_empty() {
        return "/account/users".to_owned();
    }
    let path = local_path(then);
    let (path, fragment) = match path.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (path.as_str(), String::new()),
    };
    let separator = if path.contains('?') { '&' } else { '?' };
    format!("{path}{separator}chosen={person}{fragment}")
}

pub(super) async fn set_roles(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = SetRoles { person: form.id("target")?, version: form.version()?, roles: roles_of(form)? };
    let name = roles::set_roles(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().people_done_roles(name)))
}

pub(super) async fn update_own_agent(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let admin_agent = roles_of(form)?.contains(&Role::AdminAgent);
    roles::update_own_agent(reader.service, reader.request, form.operation()?, OwnAgent { admin_agent })
        .await?;
    Ok(said(reader.texts().people_done_setup()))
}

pub(super) async fn invite_again(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let name =
        add::invite_again(reader.service, reader.request, form.operation()?, form.id("target")?).await?;
    Ok(said(reader.texts().people_done_invited(name)))
}

pub(super) async fn save_import(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let import: PeopleImportId = form.id("target")?;
    let saved = import::save(reader.service, reader.request, form.operation()?, import).await?;
    let texts = reader.texts();
    let message = if saved.faulty == 0 {
        texts.people_import_done(saved.added)
    } else {
        let left = locales::format::number(reader.language, saved.faulty);
        format!("{} {}", texts.people_import_done(saved.added), texts.people_import_left(left))
    };
    let go = if saved.faulty == 0 {
        "/account/users".to_owned()
    } else {
        format!("/account/users/import?import={import}")
    };
    Ok(Done { message, go: Some(go), ..Done::default() }.into())
}

pub(super) async fn depart_person(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let departure = Departure::from_code(form.text("departure")).ok_or(ErrorCode::UnknownChoice)?;
    let seats = form.all(Field::Seats).map(|id| seat(form, id)).collect::<Result<Vec<_>, Error>>()?;
    let input = Depart { person: form.id("target")?, version: form.version()?, departure, seats };
    let name = departure::depart(reader.service, reader.request, form.operation()?, input).await?;
    let texts = reader.texts();
    let message = match departure {
        Departure::Suspend => texts.departure_done_suspended(name),
        Departure::Remove => texts.departure_done_removed(name),
    };
    Ok(Done { message, go: Some("/account/users".to_owned()), ..Done::default() }.into())
}

/// What was chosen for a seat; its fields carry its id.
fn seat(form: &Submission, id: &str) -> Result<DepartSeat, Error> {
    let named = |part: &str| form.text(&format!("{part}-{id}"));
    let fate = SeatFate::from_code(named("fate")).ok_or(ErrorCode::UnknownChoice)?;
    let to = Some(named("to")).filter(|to| fate == SeatFate::HandOver && !to.is_empty());
    Ok(DepartSeat {
        seat: id.parse()?,
        version: named("version").parse().map_err(|_| Error::new(ErrorCode::Stale))?,
        fate,
        to: to.map(str::parse).transpose()?,
    })
}

pub(super) async fn resume_person(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Resume { person: form.id("target")?, version: form.version()? };
    let name = departure::resume(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().departure_done_resumed(name)))
}

pub(super) async fn take_off_second_factor(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = TakeOff { person: form.id("target")?, version: form.version()? };
    let name = second_factor::take_off(reader.service, reader.request, form.operation()?, input).await?;
    Ok(said(reader.texts().departure_done_taken_off(name)))
}

pub(super) async fn accept_invitation(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Accept {
        token: form.target().to_owned(),
        password: form.field(Field::NewPassword).to_owned(),
        repeat: form.field(Field::RepeatPassword).to_owned(),
        agent: use_context::<Browser>().unwrap_or_default().agent,
    };
    let accepted = invitation::accept(reader.service, reader.request, input).await?;
    let go = if accepted.enrols { Step::Welcome.path() } else { "/" };
    Ok(Performed {
        done: Done { go: Some(go.to_owned()), ..Done::default() },
        cookies: Cookies::SignedIn(accepted.token),
    })
}

#[cfg(test)]
mod tests {
    use super::back;

    #[test]
    fn rule_11_adding_a_user_leads_back_with_the_person_chosen() {
        assert_eq!(back("", "p"), "/account/users");
        assert_eq!(back("/benefits/cloud?open=g", "p"), "/benefits/cloud?open=g&chosen=p");
        assert_eq!(back("/benefits/cloud?open=g#g", "p"), "/benefits/cloud?open=g&chosen=p#g");
        assert_eq!(back("/benefits/cloud", "p"), "/benefits/cloud?chosen=p");
        assert_eq!(back("https://evil.example", "p"), "/?chosen=p");
    }
}
