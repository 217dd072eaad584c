//! An open row of the outbox: the mail as its reader gets it, what became of it, and what to do about it.

use domain::view::benefits::WhyNot;
use domain::view::operator::{MailAttempt, MailItem, OutboxQuery};
use leptos::prelude::*;

use super::item::when;
use super::outbox::write;
use crate::components::{ButtonTone, DisabledButton, Notice, SubmitButton, Tone, Why, WhyKind};
use crate::forms::{Form, PostForm, ReasonField};
use crate::i18n::texts;
use crate::words;

/// What an open row shows. The forms stay while only the attempts change, so that what is typed stays.
#[component]
pub(super) fn Item(item: Signal<MailItem>, why_not: Signal<WhyNot>) -> impl IntoView {
    let texts = texts();
    let possible =
        Memo::new(move |_| item.with(|item| (item.can_bounce, item.can_repeat, item.address.is_some())));
    view! {
        <div class="split">
            <div class="stack loose">{move || mail(&item.get())}</div>
            <div class="stack loose">
                {move || attempts(&item.get())}
                {move || {
                    possible.track();
                    match why_not.get() {
                        None => forms(&item.get_untracked()),
                        Some(error) => view! {
                            <div><DisabledButton label=texts.operator_send_again() describedby="no-mail"/></div>
                            <Why id="no-mail" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                        }
                            .into_any(),
                    }
                }}
            </div>
        </div>
    }
}

fn mail(item: &MailItem) -> impl IntoView + use<> {
    let texts = texts();
    let row = &item.row;
    let to_recipient = write(&OutboxQuery { recipient: row.recipient.clone(), ..OutboxQuery::default() });
    let company = row.organization.clone().zip(item.company).map(|(name, company)| {
        let href = write(&OutboxQuery { company: Some(company), ..OutboxQuery::default() });
        view! {
            <dt>{texts.outbox_about()}</dt>
            <dd>{name.clone()} " "<a href=href>{texts.outbox_others_about(name)}</a></dd>
        }
    });
    let attached = (!item.attachments.is_empty()).then(|| {
        view! {
            <dt>{texts.outbox_attached()}</dt>
            <dd>{item.attachments.join(", ")}</dd>
        }
    });
    let hidden = item.text.len() > 1;
    let last = item.text.len().saturating_sub(1);
    let text = item.text.clone().into_iter().enumerate().map(move |(at, part)| {
        view! { {part} {(at < last).then(|| view! { <b>{texts.outbox_link_hidden()}</b> })} }
    });
    let kind = texts.find_mail_kind(&row.kind).unwrap_or(&row.kind).to_owned();
    view! {
        <dl class="facts">
            <dt>{texts.outbox_to()}</dt>
            <dd>{row.recipient.clone()} " "<a href=to_recipient>{texts.outbox_others_to()}</a></dd>
            {company}
            <dt>{texts.outbox_kind()}</dt>
            <dd>{kind}</dd>
            <dt>{texts.outbox_mail_language()}</dt>
            <dd lang=row.language.tag()>{row.language.own_name()}</dd>
            <dt>{texts.outbox_written()}</dt>
            <dd>{texts.outbox_utc(when(row.written))}</dd>
            {row.sent.map(|sent| view! { <dt>{texts.outbox_sent()}</dt> <dd>{texts.outbox_utc(when(sent))}</dd> })}
            {attached}
        </dl>
        <section class="stack" aria-label=texts.outbox_text()>
            <h2 class="h3" lang=row.language.tag()>{row.subject.clone()}</h2>
            <blockquote lang=row.language.tag()>{text.collect_view()}</blockquote>
            {hidden.then(|| view! { <p class="muted">{texts.outbox_link_hidden_why()}</p> })}
        </section>
    }
}

fn attempts(item: &MailItem) -> impl IntoView + use<> {
    let texts = texts();
    let line = |attempt: &MailAttempt| {
        let began = when(attempt.began);
        let text = match &attempt.error {
            Some(error) => texts.outbox_attempt_failed(error, began),
            None if attempt.ended => texts.outbox_attempt_taken(began),
            None => texts.outbox_attempt_open(began),
        };
        view! { <li>{text}</li> }
    };
    let list = match item.attempts.as_slice() {
        [] => view! { <p class="muted">{texts.outbox_attempts_none()}</p> }.into_any(),
        attempts => view! { <ol>{attempts.iter().map(line).collect_view()}</ol> }.into_any(),
    };
    let bounced = item.bounced.clone().map(|(at, reason)| {
        view! { <p>{texts.outbox_bounced_on(reason, when(at))}</p> }
    });
    view! {
        <section class="stack" aria-label=texts.outbox_attempts()>
            <h2 class="h3">{texts.outbox_attempts()}</h2>
            {list}
            {item
                .next
                .map(|next| {
                    view! {
                        <dl class="facts">
                            <dt>{texts.outbox_next()}</dt>
                            <dd>{texts.outbox_utc(when(next))}</dd>
                        </dl>
                    }
                })}
            {bounced}
        </section>
    }
}

fn forms(item: &MailItem) -> AnyView {
    let texts = texts();
    let id = item.row.id;
    let address = item.address.clone().map(|(since, reason)| {
        let form = Form::new("clear_address", id);
        view! {
            <Notice tone=Tone::Wait>
                <b>{texts.outbox_address_held()}</b>
                <p>{texts.outbox_address_held_text(reason, when(since))}</p>
                <PostForm form=form class="row">
                    <SubmitButton label=texts.outbox_clear() tone=ButtonTone::Secondary busy=form.pending/>
                </PostForm>
            </Notice>
        }
    });
    let again = (item.can_repeat && item.address.is_none()).then(|| {
        let form = Form::new("send_again", id);
        let named = texts.operator_send_again_named(&item.row.recipient, &item.row.subject);
        view! {
            <PostForm form=form class="row">
                <SubmitButton
                    label=texts.operator_send_again()
                    tone=ButtonTone::Secondary
                    busy=form.pending
                    described=named
                />
            </PostForm>
        }
    });
    let gone = (item.bounced.is_some() && !item.can_repeat)
        .then(|| view! { <p class="muted">{texts.outbox_link_gone()}</p> });
    let mark = item.can_bounce.then(|| {
        let form = Form::new("mark_bounced", id);
        let help = texts.outbox_mark_help(&item.row.recipient);
        view! {
            <PostForm form=form class="stack">
                <h2 class="h3">{texts.outbox_mark_title()}</h2>
                <ReasonField form=form help=help/>
                <div class="row">
                    <SubmitButton label=texts.outbox_mark() tone=ButtonTone::Secondary busy=form.pending/>
                </div>
            </PostForm>
        }
    });
    view! {
        {address}
        {again}
        {gone}
        {mark}
    }
    .into_any()
}
