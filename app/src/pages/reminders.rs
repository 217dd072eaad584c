//! When a company is reminded of its benefits: set on the page of the membership.

use domain::Field;
use domain::reminder::{LEAD_DAYS_MAX, LeadTimes, ReminderTimes};
use domain::view::benefits::WhyNot;
use leptos::prelude::*;
use locales::format;

use crate::components::{DisabledButton, SubmitButton, TextField, Why, WhyKind};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::words;

/// The section **Reminders**.
#[component]
pub fn Reminders(
    /// What holds now.
    times: ReminderTimes,
    /// Why the reader can't change it.
    why_not: WhyNot,
) -> impl IntoView {
    let texts = texts();
    let form = Form::new("set_reminders", "");
    let language = texts.language();
    let unit = texts.reminders_help(format::number(language, i64::from(LEAD_DAYS_MAX)));
    let pair = move |fields: [Field; 2], times: LeadTimes| {
        fields
            .into_iter()
            .zip([times.first, times.second])
            .map(|(field, days)| {
                let days = days.map(|days| days.to_string()).unwrap_or_default();
                view! {
                    <TextField
                        id=form.id(field)
                        name=field.code()
                        label=texts.find_field(field.code()).unwrap_or_default()
                        value=form.value(field, days)
                        error=form.field_error(field)
                        inputmode="numeric"
                        maxlength=3_u32
                        optional=true
                    />
                }
            })
            .collect_view()
    };
    let foot = match why_not {
        None => view! { <SubmitButton label=texts.common_save() busy=form.pending/> }.into_any(),
        Some(error) => view! {
            <DisabledButton label=texts.common_save() describedby="no-reminders"/>
            <Why id="no-reminders" kind=WhyKind::Right text=words::refusal(texts, &error)/>
        }
        .into_any(),
    };
    view! {
        <section class="sheet narrow" aria-labelledby="reminders-title">
            <div class="sheet-head">
                <h2 id="reminders-title">{texts.reminders_title()}</h2>
                <span class="muted small"><a href="/account">{texts.reminders_own()}</a></span>
            </div>
            <div class="in">
                <PostForm form=form class="stack loose">
                    <input type="hidden" name="version" value=times.version()/>
                    <p>{texts.reminders_lead()}</p>
                    <fieldset class="group field full">
                        <legend>{texts.reminders_ending()}</legend>
                        <p class="small muted">{texts.reminders_ending_text()}</p>
                        <div class="form">{pair([Field::EndingFirst, Field::EndingSecond], times.ending)}</div>
                    </fieldset>
                    <fieldset class="group field full">
                        <legend>{texts.reminders_unused()}</legend>
                        <p class="small muted">{texts.reminders_unused_text()}</p>
                        <div class="form">{pair([Field::UnusedFirst, Field::UnusedSecond], times.unused)}</div>
                    </fieldset>
                    <p class="small muted">{unit}</p>
                    <div class="form-foot">{foot}</div>
                </PostForm>
            </div>
        </section>
    }
}
