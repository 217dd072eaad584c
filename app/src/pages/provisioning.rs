//! Provisioning: tokens of programs that keep the company's people, what the company chose, groups.

use domain::departure::SeatFate;
use domain::view::form::Shown;
use domain::view::provisioning::{GROUP_ROLES, GroupRow, LIFETIMES, ProvisioningPage, TokenRow, TokenState};
use domain::{Field, Role};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::{Texts, format};

use crate::components::{
    ButtonTone, Choice, ChoiceGroup, Column, CopyButton, KeyOutput, Ledger, Notice, SelectField, Status,
    StatusKind, SubmitButton, TextField, Tone, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::provisioning::provisioning;
use crate::words;

/// Provisioning.
#[component]
pub fn Provisioning() -> impl IntoView {
    load(|| (), |()| provisioning(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<ProvisioningPage>) -> impl IntoView {
    let texts = texts();
    let why_not = Memo::new(move |_| page.with(|page| page.why_not.clone()));
    let content = move || match why_not.get() {
        Some(error) => {
            let text = words::refusal(texts, &error);
            view! {
                <section class="sheet narrow">
                    <div class="in"><Why kind=WhyKind::Right text=text/></div>
                </section>
            }
            .into_any()
        }
        None => view! { <Content page=page/> }.into_any(),
    };
    view! {
        <Title text=texts.common_page_title(texts.provisioning_title())/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li aria-current="page">{texts.provisioning_title()}</li>
                    </ol>
                </nav>
                <div class="head">
                    <div><h1>{texts.provisioning_title()}</h1><p>{texts.provisioning_lead()}</p></div>
                </div>
            </div>
            {content}
        </main>
    }
}

#[component]
fn Content(page: Signal<ProvisioningPage>) -> impl IntoView {
    let texts = texts();
    let tokens = Memo::new(move |_| page.with(|page| page.tokens.clone()));
    let groups = Memo::new(move |_| page.with(|page| page.groups.clone()));
    let version = Memo::new(move |_| page.with(|page| page.version));
    let endpoint = page.with_untracked(|page| page.endpoint.clone());
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.provisioning_endpoint()}</h2></div>
            <div class="in stack">
                <p>{texts.provisioning_endpoint_text()}</p>
                <div class="key">
                    <output aria-label=texts.provisioning_endpoint()>{endpoint.clone()}</output>
                    <CopyButton text=endpoint name=texts.provisioning_endpoint()/>
                </div>
            </div>
        </section>
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.provisioning_make()}</h2></div>
            <div class="in"><Make/></div>
        </section>
        {move || tokens.with(|tokens| token_table(texts, tokens))}
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.provisioning_choices()}</h2></div>
            <div class="in">
                {move || {
                    version.track();
                    view! { <Choices page=page.get_untracked()/> }
                }}
            </div>
        </section>
        {move || groups.with(|groups| group_table(texts, groups))}
    }
}

#[component]
fn Make() -> impl IntoView {
    let texts = texts();
    let form = Form::new("make_provisioning_token", "");
    let shown = form.shown();
    let lifetimes = LIFETIMES
        .iter()
        .map(|days| Choice::new(days.to_string(), texts.provisioning_days(*days)))
        .collect::<Vec<_>>();
    view! {
        <PostForm form=form class="stack">
            <TextField
                id=form.id(Field::Name)
                name=Field::Name.code()
                label=texts.provisioning_name()
                value=form.value(Field::Name, "")
                help=texts.provisioning_name_help()
                error=form.field_error(Field::Name)
                required=true
            />
            <SelectField
                id=form.id(Field::Expires)
                name=Field::Expires.code()
                label=texts.provisioning_lifetime()
                choices=lifetimes
                selected=form.value(Field::Expires, "")
                empty=texts.provisioning_until_revoked()
                error=form.field_error(Field::Expires)
            />
            <div class="form-foot">
                <SubmitButton label=texts.provisioning_make() busy=form.pending/>
            </div>
            {move || match shown.get() {
                Some(Shown::Token { token }) => view! {
                    <Notice tone=Tone::Info>
                        <p>{texts.provisioning_shown_once()}</p>
                        <KeyOutput key=token name=texts.provisioning_token()/>
                    </Notice>
                }
                    .into_any(),
                _ => ().into_any(),
            }}
        </PostForm>
    }
}

fn token_table(texts: Texts, tokens: &[TokenRow]) -> Option<impl IntoView + use<>> {
    let rows: Vec<_> = tokens.iter().map(|token| token_row(texts, token)).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.provisioning_tokens()}</h2></div>
                <Ledger
                    caption=texts.provisioning_tokens()
                    columns=vec![
                        Column::new(texts.common_name()),
                        Column::new(texts.common_status()),
                        Column::new(texts.provisioning_made()),
                        Column::new(texts.provisioning_last_used()),
                        Column::new(texts.common_actions()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
    })
}

fn token_row(texts: Texts, token: &TokenRow) -> impl IntoView + use<> {
    let language = texts.language();
    let (kind, text) = match (token.state, token.expires) {
        (TokenState::Active, Some(day)) => {
            (StatusKind::Active, texts.provisioning_valid_until(format::date(language, day)))
        }
        (TokenState::Active, None) => (StatusKind::Active, texts.provisioning_valid().to_owned()),
        (TokenState::Expired, _) => (StatusKind::Ended, texts.provisioning_expired().to_owned()),
        (TokenState::Revoked, _) => (StatusKind::Ended, texts.provisioning_revoked().to_owned()),
    };
    let used = token.last_used.map_or_else(
        || texts.provisioning_never().to_owned(),
        |stamp| format::date_time(language, stamp.day, stamp.time),
    );
    let made = texts.provisioning_made_by(format::date(language, token.made), &token.made_by);
    let revoke = (token.state != TokenState::Revoked).then(|| {
        let form = Form::new("revoke_provisioning_token", token.id);
        let label = texts.provisioning_revoke(&token.name);
        view! {
            <PostForm form=form>
                <SubmitButton label=label tone=ButtonTone::Secondary busy=form.pending/>
            </PostForm>
        }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{token.name.clone()}</th>
            <td role="cell" data-label=texts.common_status()><Status kind=kind text=text/></td>
            <td role="cell" data-label=texts.provisioning_made()>{made}</td>
            <td role="cell" data-label=texts.provisioning_last_used()>{used}</td>
            <td role="cell" data-label=texts.common_actions()>{revoke}</td>
        </tr>
    }
}

fn role_name(texts: Texts, role: Role) -> &'static str {
    texts.find_role(role.code()).unwrap_or(role.code())
}

#[component]
fn Choices(page: ProvisioningPage) -> impl IntoView {
    let texts = texts();
    let form = Form::new("save_provisioning", "");
    let kept = form.kept_all(Field::Roles);
    let roles =
        if form.refused() { kept } else { page.roles.iter().map(|role| role.code().to_owned()).collect() };
    let seats = if page.keep_seats { SeatFate::Keep } else { SeatFate::Release };
    let choices: Vec<Choice> =
        GROUP_ROLES.iter().map(|role| Choice::new(role.code(), role_name(texts, *role))).collect();
    view! {
        <PostForm form=form class="stack">
            <input type="hidden" name="version" value=page.version.to_string()/>
            <ChoiceGroup
                id=form.id(Field::Seats)
                name=Field::Seats.code()
                label=texts.provisioning_seats()
                choices=vec![
                    Choice::new(SeatFate::Release.code(), texts.provisioning_seats_release()),
                    Choice::new(SeatFate::Keep.code(), texts.provisioning_seats_keep()),
                ]
                selected=vec![form.value(Field::Seats, seats.code())]
                error=form.field_error(Field::Seats)
            />
            <ChoiceGroup
                id=form.id(Field::Roles)
                name=Field::Roles.code()
                label=texts.provisioning_roles()
                choices=choices
                selected=roles
                several=true
                help=texts.provisioning_roles_help()
                error=form.field_error(Field::Roles)
            />
            <div class="form-foot"><SubmitButton label=texts.common_save() busy=form.pending/></div>
        </PostForm>
    }
}

fn group_table(texts: Texts, groups: &[GroupRow]) -> Option<impl IntoView + use<>> {
    let rows: Vec<_> = groups.iter().map(|group| group_row(texts, group)).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="sheet">
                <div class="sheet-head"><h2>{texts.provisioning_groups()}</h2></div>
                <div class="in"><p>{texts.provisioning_groups_text()}</p></div>
                <Ledger
                    caption=texts.provisioning_groups()
                    columns=vec![
                        Column::new(texts.common_name()),
                        Column::new(texts.provisioning_members()),
                        Column::new(texts.provisioning_gives()),
                    ]
                >
                    {rows}
                </Ledger>
            </section>
        }
    })
}

fn group_row(texts: Texts, group: &GroupRow) -> impl IntoView + use<> {
    let form = Form::new("map_provisioned_group", group.id);
    let choices: Vec<Choice> =
        GROUP_ROLES.iter().map(|role| Choice::new(role.code(), role_name(texts, *role))).collect();
    let selected = form.value(Field::Roles, group.role.map(Role::code).unwrap_or_default());
    let members = format::number(texts.language(), group.members);
    let (name, version) = (group.name.clone(), group.version.to_string());
    let label = texts.provisioning_role_of(&group.name);
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{name}</th>
            <td role="cell" data-label=texts.provisioning_members()>{members}</td>
            <td role="cell" data-label=texts.provisioning_gives()>
                <PostForm form=form class="row">
                    <input type="hidden" name="version" value=version/>
                    <SelectField
                        id=form.id(Field::Roles)
                        name=Field::Roles.code()
                        label=label
                        choices=choices
                        selected=selected
                        empty=texts.provisioning_no_role()
                        error=form.field_error(Field::Roles)
                    />
                    <SubmitButton label=texts.common_save() tone=ButtonTone::Secondary busy=form.pending/>
                </PostForm>
            </td>
        </tr>
    }
}
