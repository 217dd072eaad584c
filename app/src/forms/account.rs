//! Forms about one's own account and session.

use domain::ids::NoticeId;
use domain::view::form::Done;
use domain::{ErrorCode, Field, Language};
use leptos::prelude::use_context;
use service::accounts::language;
use service::accounts::password::{self, ChangePassword};
use service::accounts::reset::{self, Reset};
use service::accounts::sign_in::{self, Entry, SignIn};
use service::accounts::two_steps::{self, SecondStep};
use service::{Actor, Outcome, sessions};

use super::submission::{Cookies, Performed, Reader, Submission, said};
use crate::server_fns::context::Browser;
use crate::words;

pub(super) fn browser() -> Browser {
    use_context::<Browser>().unwrap_or_default()
}

pub(super) async fn sign_in(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let browser = browser();
    let input = SignIn {
        email: form.field(Field::Email).to_owned(),
        password: form.field(Field::Password).to_owned(),
        agent: browser.agent,
        earlier: browser.session_token,
    };
    let then = local_path(form.text("then"));
    let (go, cookies) = match sign_in::sign_in(reader.service, reader.request, input).await? {
        Entry::Session(token) => (then, Cookies::SignedIn(token)),
        Entry::SecondFactor(token) => {
            (format!("/sign-in/second-factor?then={}", words::encode(&then)), Cookies::SecondFactor(token))
        }
    };
    Ok(Performed { done: Done { go: Some(go), ..Done::default() }, cookies })
}

pub(super) async fn second_factor(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let browser = browser();
    let input = SecondStep {
        token: browser.step_token.unwrap_or_default(),
        code: form.field(Field::Code).to_owned(),
        agent: browser.agent,
    };
    let token = two_steps::second_step(reader.service, reader.request, input).await?;
    Ok(Performed {
        done: Done { go: Some(local_path(form.text("then"))), ..Done::default() },
        cookies: Cookies::SignedIn(token),
    })
}

pub(super) async fn forgot_password(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    reset::ask(reader.service, reader.request, form.field(Field::Email)).await?;
    Ok(Done { go: Some("/forgotten-password?sent=".to_owned()), ..Done::default() }.into())
}

pub(super) async fn reset_password(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = Reset {
        token: form.target().to_owned(),
        password: form.field(Field::NewPassword).to_owned(),
        repeat: form.field(Field::RepeatPassword).to_owned(),
    };
    reset::reset(reader.service, reader.request, input).await?;
    Ok(Done { go: Some("/sign-in?reset=".to_owned()), ..Done::default() }.into())
}

pub(super) async fn sign_out(reader: &Reader<'_>, _form: &Submission) -> Outcome<Performed> {
    let there = super::directory::sign_out_there(reader).await?;
    if let Some(token) = browser().session_token {
        sessions::end(reader.service, reader.request, &token).await?;
    }
    Ok(Performed {
        done: Done { go: Some("/sign-in".to_owned()), ..Done::default() },
        cookies: there.map_or(Cookies::SignedOut, Cookies::SignedOutThere),
    })
}

pub(super) async fn choose_language(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let language = Language::from_tag(form.field(Field::Language)).ok_or(ErrorCode::UnknownChoice)?;
    if !matches!(reader.request.actor, Actor::Nobody) {
        language::choose_language(reader.service, reader.request, language).await?;
    }
    Ok(Performed { done: Done::default(), cookies: Cookies::Language(language) })
}

pub(super) async fn switch_organization(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let token = browser().session_token.ok_or(ErrorCode::SignInNeeded)?;
    let organization = form.id("target")?;
    sessions::switch_organization(reader.service, reader.request, &token, organization).await?;
    Ok(Done { go: Some("/".to_owned()), ..Done::default() }.into())
}

pub(super) async fn change_password(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let input = ChangePassword {
        current: form.field(Field::CurrentPassword).to_owned(),
        new: form.field(Field::NewPassword).to_owned(),
        repeat: form.field(Field::RepeatPassword).to_owned(),
        session_token: browser().session_token.ok_or(ErrorCode::SignInNeeded)?,
    };
    password::change_password(reader.service, reader.request, input).await?;
    Ok(said(reader.texts().account_done_password()))
}

pub(super) async fn mark_notice_read(reader: &Reader<'_>, form: &Submission) -> Outcome<Performed> {
    let notice: NoticeId = form.id("target")?;
    service::dashboard::notices::mark_one_read(reader.service, reader.request, notice).await?;
    Ok(said(reader.texts().notices_done_one_read()))
}

pub(super) async fn mark_notices_read(reader: &Reader<'_>, _form: &Submission) -> Outcome<Performed> {
    service::dashboard::notices::mark_read(reader.service, reader.request).await?;
    Ok(said(reader.texts().notices_done_read()))
}

/// A path of this portal; anything else leads to the dashboard.
pub(crate) fn local_path(path: &str) -> String {
    let fits = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 2000
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'"');
    if fits { path.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn signing_in_never_leads_away() {
        for path in ["/benefits/software?open=1", "/", "/requests#a"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "evil",
            "/a b",
            "/\u{202e}",
            "/a\r\nb",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
    }
}
