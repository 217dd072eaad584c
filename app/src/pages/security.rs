//! How one signs in, and where one is signed in: password, second factor, sessions.

use domain::Field;
use domain::password::PASSWORD_MIN;
use domain::second_factor::in_groups;
use domain::view::form::{Shown, Square};
use domain::view::operator::Stamp;
use domain::view::security::{OwnSession, SecondFactor, Security as Data};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::format;

use crate::components::{
    ButtonTone, Column, CopyButton, KeyOutput, Ledger, PasswordField, Status, StatusKind, SubmitButton,
    TextField,
};
use crate::forms::{Form, NewPassword, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::account::security;

/// Password, second factor, sessions.
#[component]
pub fn Security() -> impl IntoView {
    load(|| (), |()| security(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<Data>) -> impl IntoView {
    let texts = texts();
    view! {
        <Title text=texts.common_page_title(texts.security_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li aria-current="page">{texts.security_title()}</li>
                    </ol>
                </nav>
                <div class="head"><div><h1>{texts.security_title()}</h1><p>{texts.security_lead()}</p></div></div>
            </div>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.account_password()}</h2></div>
                <div class="in"><Password/></div>
            </section>
            <section class="sheet narrow">
                <div class="sheet-head"><h2>{texts.security_second_factor()}</h2></div>
                <div class="in stack loose"><Factor page=page/></div>
            </section>
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.security_sessions()}</h2></div>
                <Sessions page=page/>
            </section>
        </main>
    }
}

fn label(field: Field) -> &'static str {
    texts().find_field(field.code()).unwrap_or_default()
}

#[component]
fn Password() -> impl IntoView {
    let texts = texts();
    let form = Form::new("change_password", "");
    let help = texts.account_password_help(format::number(texts.language(), PASSWORD_MIN as i64));
    view! {
        <PostForm form=form class="stack">
            <CurrentPassword form=form/>
            <NewPassword form=form help=help/>
            <div class="form-foot">
                <SubmitButton label=texts.account_password() busy=form.pending/>
                <p class="small muted">{texts.account_password_note()}</p>
            </div>
        </PostForm>
    }
}

#[component]
fn CurrentPassword(form: Form) -> impl IntoView {
    view! {
        <PasswordField
            id=form.id(Field::CurrentPassword)
            name=Field::CurrentPassword.code()
            label=label(Field::CurrentPassword)
            error=form.field_error(Field::CurrentPassword)
        />
    }
}

#[component]
fn CodeField(form: Form, help: &'static str) -> impl IntoView {
    view! {
        <TextField
            id=form.id(Field::Code)
            name=Field::Code.code()
            label=label(Field::Code)
            help=help
            error=form.field_error(Field::Code)
            autocomplete="one-time-code"
            maxlength=40_u32
            required=true
        />
    }
}

/// Which of its faces the second factor shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Face {
    Off,
    Begun,
    On,
}

/// The forms of the second factor: they outlive its faces, because what one of them shows once stands on
/// the next face.
#[derive(Clone, Copy)]
struct Forms {
    begin: Form,
    confirm: Form,
    renew: Form,
    turn_off: Form,
}

#[component]
fn Factor(page: Signal<Data>) -> impl IntoView {
    let forms = Forms {
        begin: Form::new("begin_second_factor", ""),
        confirm: Form::new("confirm_second_factor", ""),
        renew: Form::new("renew_recovery_codes", ""),
        turn_off: Form::new("turn_off_second_factor", ""),
    };
    let face = Memo::new(move |_| {
        page.with(|page| match page.second_factor {
            SecondFactor::Off => Face::Off,
            SecondFactor::Begun => Face::Begun,
            SecondFactor::On { .. } => Face::On,
        })
    });
    move || match face.get() {
        Face::Off => view! { <Off forms=forms/> }.into_any(),
        Face::Begun => view! { <Begun forms=forms/> }.into_any(),
        Face::On => view! { <On page=page forms=forms/> }.into_any(),
    }
}

#[component]
fn Off(forms: Forms) -> impl IntoView {
    let texts = texts();
    view! {
        <p>{texts.security_off_lead()}</p>
        <PostForm form=forms.begin class="stack">
            <CurrentPassword form=forms.begin/>
            <div class="row"><SubmitButton label=texts.security_begin() busy=forms.begin.pending/></div>
        </PostForm>
    }
}

#[component]
fn Begun(forms: Forms) -> impl IntoView {
    let texts = texts();
    let shown = forms.begin.shown();
    let key = move || match shown.get() {
        Some(Shown::SecondFactor { secret, square }) => view! {
            <div class="stack">
                <p>{texts.security_scan()}</p>
                <Drawing square=square/>
                <p class="small muted">{texts.security_key()}</p>
                <KeyOutput key=in_groups(&secret, ' ') name=texts.security_key()/>
            </div>
        }
        .into_any(),
        _ => view! { <p>{texts.security_key_shown_before()}</p> }.into_any(),
    };
    view! {
        {key}
        <PostForm form=forms.confirm class="stack">
            <p>{texts.security_confirm_lead()}</p>
            <CodeField form=forms.confirm help=texts.security_app_code_help()/>
            <div class="row"><SubmitButton label=texts.security_confirm() busy=forms.confirm.pending/></div>
        </PostForm>
        <PostForm form=forms.begin class="stack" label=texts.security_start_over()>
            <h3 class="h3">{texts.security_start_over()}</h3>
            <CurrentPassword form=forms.begin/>
            <div class="row">
                <SubmitButton
                    label=texts.security_start_over()
                    tone=ButtonTone::Secondary
                    busy=forms.begin.pending
                />
            </div>
        </PostForm>
    }
}

/// A QR code: black on white in either theme, or apps can't read it.
#[component]
fn Drawing(square: Square) -> impl IntoView {
    // Four modules of white around it belong to the code.
    let side = square.side + 8;
    view! {
        <svg
            width="232"
            height="232"
            viewBox=format!("-4 -4 {side} {side}")
            shape-rendering="crispEdges"
            role="img"
            aria-label=texts().security_square()
        >
            <rect x="-4" y="-4" width=side height=side fill="#fff"></rect>
            <path d=square.path fill="#000"></path>
        </svg>
    }
}

#[component]
fn On(page: Signal<Data>, forms: Forms) -> impl IntoView {
    let texts = texts();
    let facts = Memo::new(move |_| {
        page.with(|page| match page.second_factor {
            SecondFactor::On { since, codes_left } => Some((when(since), codes_left)),
            _ => None,
        })
    });
    let facts = move || {
        facts.get().map(|(since, left)| {
            view! {
                <p>{texts.security_on_since(since)}</p>
                <p>{texts.security_codes_left(left)}</p>
            }
        })
    };
    // Those made last: without JavaScript at most one of the two forms has some.
    let codes = move || {
        [forms.renew.shown().get(), forms.confirm.shown().get()].into_iter().flatten().find_map(|shown| {
            match shown {
                Shown::RecoveryCodes(codes) => Some(view! { <Codes codes=codes/> }),
                _ => None,
            }
        })
    };
    view! {
        {facts}
        {codes}
        <PostForm form=forms.renew class="stack" label=texts.security_renew_title()>
            <h3 class="h3">{texts.security_renew_title()}</h3>
            <p>{texts.security_renew_lead()}</p>
            <CurrentPassword form=forms.renew/>
            <div class="row">
                <SubmitButton label=texts.security_renew() tone=ButtonTone::Secondary busy=forms.renew.pending/>
            </div>
        </PostForm>
        <PostForm form=forms.turn_off class="stack" label=texts.security_turn_off_title()>
            <h3 class="h3">{texts.security_turn_off_title()}</h3>
            <p>{texts.security_turn_off_lead()}</p>
            <CurrentPassword form=forms.turn_off/>
            <CodeField form=forms.turn_off help=texts.security_code_help()/>
            <div class="row">
                <SubmitButton label=texts.security_turn_off() tone=ButtonTone::Danger busy=forms.turn_off.pending/>
            </div>
        </PostForm>
    }
}

#[component]
fn Codes(codes: Vec<String>) -> impl IntoView {
    let texts = texts();
    let all = codes.join("\n");
    view! {
        <section class="stack" aria-label=texts.security_codes_title()>
            <h3 class="h3">{texts.security_codes_title()}</h3>
            <p>{texts.security_codes_lead()}</p>
            <ul class="codes">{codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}</ul>
            <div class="row"><CopyButton text=all name=texts.security_codes_all()/></div>
        </section>
    }
}

fn when(stamp: Stamp) -> String {
    format::date_time(texts().language(), stamp.day, stamp.time)
}

#[component]
fn Sessions(page: Signal<Data>) -> impl IntoView {
    let texts = texts();
    let others = Form::new("end_other_sessions", "");
    let more = Memo::new(move |_| page.with(|page| page.sessions.iter().any(|session| !session.here)));
    let columns = vec![
        Column::new(texts.security_browser()),
        Column::new(texts.security_begun()),
        Column::new(texts.security_seen()),
        Column::new(texts.security_address()),
        Column::silent(texts.common_actions()),
    ];
    let keys = move || {
        let key = |session: &OwnSession| (session.id, session.seen.day, session.seen.time);
        page.with(|page| page.sessions.iter().map(key).collect::<Vec<_>>())
    };
    let zone = page.with_untracked(|page| page.time_zone.clone());
    view! {
        <div class="in"><p>{texts.security_sessions_lead(zone)}</p></div>
        <Ledger caption=texts.security_sessions() columns=columns>
            <For each=keys key=|key| *key let:key>
                {page
                    .with_untracked(|page| page.sessions.iter().find(|session| session.id == key.0).cloned())
                    .map(|session| view! { <Session session=session/> })}
            </For>
        </Ledger>
        <Show when=move || more.get()>
            <div class="in">
                <PostForm form=others>
                    <SubmitButton label=texts.security_end_others() tone=ButtonTone::Danger busy=others.pending/>
                </PostForm>
            </div>
        </Show>
    }
}

#[component]
fn Session(session: OwnSession) -> impl IntoView {
    let texts = texts();
    let form = Form::new("end_session", session.id);
    let browser = match (session.browser, session.system) {
        (Some(browser), Some(system)) => texts.security_agent(browser, system),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => texts.security_unknown_browser().to_owned(),
    };
    let seen = when(session.seen);
    let named = texts.security_end_named(&browser, &seen);
    let end = if session.here {
        view! { <Status kind=StatusKind::Active text=texts.security_here()/> }.into_any()
    } else {
        view! {
            <PostForm form=form>
                <SubmitButton
                    label=texts.security_end()
                    tone=ButtonTone::Secondary
                    busy=form.pending
                    described=named
                />
            </PostForm>
        }
        .into_any()
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{browser}</th>
            <td role="cell" data-label=texts.security_begun()>{when(session.begun)}</td>
            <td role="cell" data-label=texts.security_seen()>{seen}</td>
            <td role="cell" data-label=texts.security_address()>{session.address}</td>
            <td role="cell" class="end act">{end}</td>
        </tr>
    }
}
