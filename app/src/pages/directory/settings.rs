//! The settings of a company's own directories.

use domain::view::directory::{DirectoryPage, DomainRow, Offer, Provider};
use domain::{Field, Role};
use leptos::prelude::*;
use leptos_meta::Title;
use locales::format;

use crate::components::{
    ButtonTone, Choice, ChoiceGroup, Confirm, CopyButton, DisabledButton, SelectField, SubmitButton,
    TextArea, TextField, Tick, Why, WhyKind,
};
use crate::forms::{Form, PostForm};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::directory::directory_page;
use crate::words;

/// The settings; whoever may not change them learns who could.
#[component]
pub fn Settings() -> impl IntoView {
    load(|| (), |()| directory_page(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<DirectoryPage>) -> impl IntoView {
    let texts = texts();
    let title = texts.navigation_directory();
    view! {
        <Title text=texts.common_page_title(title)/>
        <main class="page" id="main">
            <div>
                <nav aria-label=texts.common_breadcrumb()>
                    <ol class="crumbs">
                        <li><a href="/account">{texts.navigation_account_settings()}</a></li>
                        <li aria-current="page">{title}</li>
                    </ol>
                </nav>
                <div class="head"><div><h1>{title}</h1><p>{texts.directory_lead()}</p></div></div>
            </div>
            {move || {
                let page = page.get();
                match page.why_not.clone() {
                    Some(error) => view! {
                        <section class="sheet narrow">
                            <div class="in stack">
                                <div><DisabledButton label=texts.directory_add() describedby="no-directory"/></div>
                                <Why id="no-directory" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                            </div>
                        </section>
                    }
                        .into_any(),
                    None => view! { <Sheets page=page/> }.into_any(),
                }
            }}
        </main>
    }
}

#[component]
fn Sheets(page: DirectoryPage) -> impl IntoView {
    let texts = texts();
    let DirectoryPage { redirect_uri, sign_out_uri, providers, domains, required, offers, .. } = page;
    let names: Vec<Choice> =
        providers.iter().map(|provider| Choice::new(provider.id.to_string(), &provider.name)).collect();
    let none = providers.is_empty();
    view! {
        {(!offers.is_empty()).then(|| view! { <Offers offers=offers/> })}
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.directory_providers()}</h2></div>
            <div class="in stack">
                {none.then(|| view! { <p>{texts.directory_none()}</p> })}
                {providers.into_iter().map(|provider| view! { <Directory provider=provider/> }).collect_view()}
                <Fields provider=None/>
            </div>
        </section>
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.directory_at_directory_title()}</h2></div>
            <div class="in stack">
                <p>{texts.directory_at_directory_lead()}</p>
                <dl class="facts">
                    <Copied name=texts.directory_redirect_uri() text=redirect_uri/>
                    <Copied name=texts.directory_sign_out_uri() text=sign_out_uri/>
                </dl>
            </div>
        </section>
        <Domains domains=domains directories=names/>
        <Required required=required none=none/>
    }
}

#[component]
fn Copied(#[prop(into)] name: String, text: String) -> impl IntoView {
    view! {
        <dt>{name.clone()}</dt>
        <dd><code>{text.clone()}</code> <CopyButton text=text name=name compact=true/></dd>
    }
}

#[component]
fn Directory(provider: Provider) -> impl IntoView {
    let texts = texts();
    let (id, name) = (provider.id, provider.name.clone());
    let state = if provider.enabled { texts.directory_in_use() } else { texts.directory_not_in_use() };
    let test = Form::new("test_directory", id);
    let remove = Form::new("remove_directory", id);
    let done = Signal::derive(move || remove.done.with(Option::is_some));
    view! {
        <div class="stack" id=format!("directory-{id}")>
            <h3>{name.clone()}</h3>
            <p class="small muted">{provider.issuer.clone()} " · " {state}</p>
            <PostForm form=test class="stack">
                <div class="row">
                    <SubmitButton
                        label=texts.directory_test()
                        tone=ButtonTone::Secondary
                        busy=test.pending
                        describedby=format!("test-{id}")
                    />
                </div>
                <p class="small muted" id=format!("test-{id}")>{texts.directory_test_lead()}</p>
            </PostForm>
            <Fields provider=Some(provider)/>
            <Confirm
                id=format!("remove-{id}")
                label=texts.directory_remove()
                described=texts.directory_remove_named(&name)
                question=texts.directory_remove_question(&name)
                tone=ButtonTone::Danger
                done=done
                open=remove.refused()
                form=move || {
                    view! {
                        <PostForm form=remove>
                            <SubmitButton
                                label=texts.directory_remove()
                                tone=ButtonTone::DangerPrimary
                                busy=remove.pending
                            />
                        </PostForm>
                    }
                }
            >
                <p>{texts.directory_remove_text(&name)}</p>
            </Confirm>
        </div>
    }
}

/// The fields of a directory, or of a new one.
#[component]
fn Fields(provider: Option<Provider>) -> impl IntoView {
    let texts = texts();
    let is_new = provider.is_none();
    let form = Form::new("save_directory", provider.as_ref().map(|p| p.id.to_string()).unwrap_or_default());
    let provider = provider.unwrap_or_else(|| Provider {
        id: domain::ids::DirectoryId(Default::default()),
        version: 0,
        name: String::new(),
        issuer: String::new(),
        client_id: String::new(),
        has_secret: false,
        scopes: "openid profile email".to_owned(),
        enabled: true,
        just_in_time: false,
        authoritative: false,
        signs_out: false,
        default_roles: vec![Role::Employee],
        role_claim: String::new(),
        values: Vec::new(),
    });
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    let refused = form.refused();
    // After a refused post the boxes stand as they were posted: one that wasn't ticked wasn't sent.
    let ticked = move |name: &str, kept: bool| if refused { form.kept_named(name).is_some() } else { kept };
    let roles = if refused {
        form.kept_all(Field::Roles)
    } else {
        provider.default_roles.iter().map(|role| role.code().to_owned()).collect()
    };
    let role_name = move |role: Role| texts.find_role(role.code()).unwrap_or(role.code());
    let role_choices: Vec<Choice> = Role::ALL
        .iter()
        .filter(|role| **role != Role::GlobalAdmin)
        .map(|role| Choice::new(role.code(), role_name(*role)))
        .collect();
    let secret_help =
        if provider.has_secret { texts.directory_secret_kept() } else { texts.directory_secret_help() };
    let tick = move |name: &'static str, text: &'static str, kept: bool| {
        let id = format!("{}-{name}", form.id(Field::Directory));
        view! { <Tick id=id name=name label=text checked=ticked(name, kept)/> }
    };
    let areas = Role::ALL
        .iter()
        .enumerate()
        .map(|(at, role)| {
            let name = format!("{}_{}", Field::RoleValues.code(), role.code());
            let own = provider.values.iter().find(|(of, _)| of == role);
            let own = own.map(|(_, values)| values.join("\n")).unwrap_or_default();
            // The summary of faults links to the first.
            let id = form.id(Field::RoleValues);
            let id = if at == 0 { id } else { format!("{id}-{at}") };
            let value = form.kept_named(&name).unwrap_or(own);
            view! {
                <TextArea
                    id=id
                    name=name
                    label=texts.directory_values_of(role_name(*role))
                    value=value
                    error=form.field_error(Field::RoleValues)
                    optional=true
                />
            }
        })
        .collect_view();
    let version = provider.version.to_string();
    let summary = if is_new { texts.directory_add() } else { texts.common_details() };
    let described = (!is_new).then(|| provider.name.clone());
    view! {
        <details class="disclose" open=refused>
        <summary class="button" aria-label=described.map(|name| format!("{summary}: {name}"))>{summary}</summary>
        <PostForm form=form class="stack loose">
            <input type="hidden" name="version" value=version/>
            <TextField
                id=form.id(Field::DirectoryName)
                name=Field::DirectoryName.code()
                label=label(Field::DirectoryName)
                value=form.value(Field::DirectoryName, provider.name)
                help=texts.directory_name_help()
                error=form.field_error(Field::DirectoryName)
                autocomplete="off"
                maxlength=80_u32
                required=true
            />
            <TextField
                id=form.id(Field::Issuer)
                name=Field::Issuer.code()
                label=label(Field::Issuer)
                value=form.value(Field::Issuer, provider.issuer)
                help=texts.directory_issuer_help()
                error=form.field_error(Field::Issuer)
                autocomplete="off"
                inputmode="url"
                required=true
            />
            <TextField
                id=form.id(Field::ClientId)
                name=Field::ClientId.code()
                label=label(Field::ClientId)
                value=form.value(Field::ClientId, provider.client_id)
                error=form.field_error(Field::ClientId)
                autocomplete="off"
                required=true
            />
            // Write-only: what is kept is never shown, nor what was typed.
            <TextField
                id=form.id(Field::ClientSecret)
                name=Field::ClientSecret.code()
                label=label(Field::ClientSecret)
                help=secret_help
                error=form.field_error(Field::ClientSecret)
                kind="password"
                autocomplete="new-password"
                optional=true
            />
            {provider.has_secret.then(|| tick("remove_secret", texts.directory_secret_remove(), false))}
            <TextField
                id=form.id(Field::Scopes)
                name=Field::Scopes.code()
                label=label(Field::Scopes)
                value=form.value(Field::Scopes, provider.scopes)
                help=texts.directory_scopes_help()
                error=form.field_error(Field::Scopes)
                autocomplete="off"
            />
            {tick("enabled", texts.directory_enabled(), provider.enabled)}
            {tick("authoritative", texts.directory_authoritative(), provider.authoritative)}
            {tick("signs_out", texts.directory_signs_out(), provider.signs_out)}
            {tick("just_in_time", texts.directory_just_in_time(), provider.just_in_time)}
            <ChoiceGroup
                id=form.id(Field::Roles)
                name=Field::Roles.code()
                label=texts.directory_default_roles()
                choices=role_choices
                selected=roles
                several=true
                help=texts.directory_default_roles_help()
                error=form.field_error(Field::Roles)
            />
            <div class="stack">
                <h3>{texts.directory_mapping()}</h3>
                <p class="small muted">{texts.directory_mapping_lead()}</p>
            </div>
            <TextField
                id=form.id(Field::RoleClaim)
                name=Field::RoleClaim.code()
                label=label(Field::RoleClaim)
                value=form.value(Field::RoleClaim, provider.role_claim)
                help=texts.directory_claim_help()
                error=form.field_error(Field::RoleClaim)
                autocomplete="off"
                optional=true
            />
            {areas}
            <div class="form-foot">
                <SubmitButton
                    label=if is_new { texts.directory_add() } else { texts.common_save() }
                    busy=form.pending
                />
            </div>
        </PostForm>
        </details>
    }
}

#[component]
fn Domains(domains: Vec<DomainRow>, directories: Vec<Choice>) -> impl IntoView {
    let texts = texts();
    let form = Form::new("add_mail_domain", "");
    let label = move |field: Field| texts.find_field(field.code()).unwrap_or_default();
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.directory_domains()}</h2></div>
            <div class="in stack">
                <p>{texts.directory_domains_lead()}</p>
                {domains.into_iter().map(|domain| view! { <Domain domain=domain/> }).collect_view()}
                <PostForm form=form class="stack" label=texts.directory_domain_add()>
                    <TextField
                        id=form.id(Field::MailDomain)
                        name=Field::MailDomain.code()
                        label=label(Field::MailDomain)
                        value=form.value(Field::MailDomain, "")
                        error=form.field_error(Field::MailDomain)
                        autocomplete="off"
                        maxlength=253_u32
                        required=true
                    />
                    <SelectField
                        id=form.id(Field::Directory)
                        name=Field::Directory.code()
                        label=texts.directory_domain_directory()
                        choices=directories
                        selected=form.value(Field::Directory, "")
                        empty=texts.directory_domain_any()
                    />
                    <div class="form-foot">
                        <SubmitButton
                            label=texts.directory_domain_add()
                            tone=ButtonTone::Secondary
                            busy=form.pending
                        />
                    </div>
                </PostForm>
            </div>
        </section>
    }
}

#[component]
fn Domain(domain: DomainRow) -> impl IntoView {
    let texts = texts();
    let DomainRow { id, domain, verified, record, directory } = domain;
    let state = match (id, verified) {
        (None, _) => Some(texts.directory_domain_own().to_owned()),
        (_, Some(day)) => Some(texts.directory_domain_since(format::date(texts.language(), day))),
        _ => None,
    };
    let leads = directory.map(|name| texts.directory_domain_leads_to(name));
    let waiting = record.is_some();
    view! {
        <div class="stack">
            <h3>{domain.clone()}</h3>
            {state.map(|text| view! { <p class="small muted">{text}</p> })}
            {leads.map(|text| view! { <p class="small muted">{text}</p> })}
            {record
                .map(|record| {
                    view! {
                        <p>{texts.directory_domain_record()}</p>
                        <dl class="facts"><Copied name=texts.directory_domain_record_name() text=record/></dl>
                    }
                })}
            {id
                .map(|id| {
                    let verify = Form::new("verify_mail_domain", id);
                    let remove = Form::new("remove_mail_domain", id);
                    let done = Signal::derive(move || remove.done.with(Option::is_some));
                    let described = texts.directory_domain_verify_named(&domain);
                    view! {
                        {waiting
                            .then(|| {
                                view! {
                                    <PostForm form=verify class="row">
                                        <SubmitButton
                                            label=texts.directory_domain_verify()
                                            described=described
                                            tone=ButtonTone::Secondary
                                            busy=verify.pending
                                        />
                                    </PostForm>
                                }
                            })}
                        <Confirm
                            id=format!("remove-{id}")
                            label=texts.directory_remove()
                            described=texts.directory_remove_named(&domain)
                            question=texts.directory_remove_question(&domain)
                            done=done
                            open=remove.refused()
                            form=move || {
                                view! {
                                    <PostForm form=remove>
                                        <SubmitButton
                                            label=texts.directory_remove()
                                            tone=ButtonTone::DangerPrimary
                                            busy=remove.pending
                                        />
                                    </PostForm>
                                }
                            }
                        >
                            <p>{texts.directory_domain_remove_text()}</p>
                        </Confirm>
                    }
                })}
        </div>
    }
}

#[component]
fn Required(required: bool, none: bool) -> impl IntoView {
    let texts = texts();
    let form = Form::new("require_directory", "");
    let (text, button, value) = if required {
        (texts.directory_required_text(), texts.directory_require_not(), "false")
    } else {
        (texts.directory_optional_text(), texts.directory_require(), "true")
    };
    let missing = domain::Error::new(domain::ErrorCode::DirectoryMissing);
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.directory_required_title()}</h2></div>
            <div class="in stack">
                <p>{text}</p>
                {if none {
                    view! {
                        <div><DisabledButton label=button describedby="no-requirement"/></div>
                        <Why id="no-requirement" kind=WhyKind::State text=words::refusal(texts, &missing)/>
                    }
                        .into_any()
                } else {
                    view! {
                        <PostForm form=form class="row">
                            <input type="hidden" name="required" value=value/>
                            <SubmitButton label=button tone=ButtonTone::Secondary busy=form.pending/>
                        </PostForm>
                    }
                        .into_any()
                }}
            </div>
        </section>
    }
}

#[component]
fn Offers(offers: Vec<Offer>) -> impl IntoView {
    let texts = texts();
    let offers = offers
        .into_iter()
        .map(|Offer { id, name, email, directory, address }| {
            let form = Form::new("decide_identity", id);
            let (text, accept) = match address {
                Some(address) => {
                    (texts.directory_offer_address(address, directory, name), texts.directory_offer_take())
                }
                None => (texts.directory_offer_entry(directory, name), texts.directory_offer_link()),
            };
            view! {
                <PostForm form=form class="stack">
                    <p>{text} <small class="muted">" " {email}</small></p>
                    <div class="row">
                        <SubmitButton label=accept name="decision" value="accepted" busy=form.pending/>
                        <SubmitButton
                            label=texts.directory_offer_dismiss()
                            tone=ButtonTone::Quiet
                            name="decision"
                            value="dismissed"
                        />
                    </div>
                </PostForm>
            }
        })
        .collect_view();
    view! {
        <section class="sheet narrow">
            <div class="sheet-head"><h2>{texts.directory_offers()}</h2></div>
            <div class="in stack"><p>{texts.directory_offers_lead()}</p> {offers}</div>
        </section>
    }
}
