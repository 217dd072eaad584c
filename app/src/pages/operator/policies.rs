//! The programme's policies: where its documents differ by edition, a value decides.

use domain::Field;
use domain::view::operator::PoliciesPage;
use domain::view::requests::RequestKind;
use leptos::prelude::*;
use leptos_meta::Title;

use super::policy_words;
use super::queue::kind_text;
use crate::components::{ChoiceGroup, DisabledButton, SubmitButton, TextField, Why, WhyKind};
use crate::forms::{Form, PostForm, Posted};
use crate::i18n::texts;
use crate::load::load;
use crate::server_fns::operator::policies;
use crate::words;

/// The policies.
#[component]
pub fn Policies() -> impl IntoView {
    load(|| (), |()| policies(), |page| view! { <Page page=page/> })
}

#[component]
fn Page(page: Signal<PoliciesPage>) -> impl IntoView {
    let texts = texts();
    let version = Memo::new(move |_| page.with(|page| page.version));
    view! {
        <Title text=texts.common_page_title(texts.navigation_policies())/>
        <main class="page" id="main">
            <div class="head">
                <div><h1>{texts.navigation_policies()}</h1><p>{texts.operator_policies_lead()}</p></div>
            </div>
            <section class="sheet narrow">
                <div class="in">
                    {move || {
                        version.track();
                        view! { <Fields page=page.get_untracked()/> }
                    }}
                </div>
            </section>
        </main>
    }
}

#[component]
fn Fields(page: PoliciesPage) -> impl IntoView {
    let texts = texts();
    let form = Form::new("save_policies", "");
    let PoliciesPage { policies, version, why_not } = page;
    // After a refused post without JavaScript the page has what was chosen, not what is in force.
    let posted =
        use_context::<Posted>().filter(|posted| posted.form == "save_policies" && posted.result.is_err());
    let value = move |name: &str, otherwise: String| {
        let typed = posted.as_ref().and_then(|posted| posted.values.iter().find(|(of, _)| of == name));
        typed.map_or(otherwise, |(_, typed)| typed.clone())
    };
    let assign_roles = value("assign_roles", policies.assign_roles.code().to_owned());
    let lock_days = value("reassign_lock_days", policies.reassign_lock_days.to_string());
    let double_holding = value("double_holding", policies.double_holding.code().to_owned());
    let edition = value("support_edition", policies.support_edition.code().to_owned());
    let reveal_counts =
        value("reveal_counts_as_activation", policies.reveal_counts_as_activation.to_string());
    let who_publishes = value("catalogue_publication", policies.catalogue_publication.code().to_owned());
    let audit_retention = value("audit_retention", policies.audit_retention.code().to_owned());
    let label = move |policy: &str| policy_words::label(texts, policy);
    let choices = move |policy: &str| policy_words::choices(texts, policy);
    let targets: Vec<_> = RequestKind::ALL
        .iter()
        .map(|kind| {
            let name = format!("target_days_{}", kind.code());
            let typed = value(&name, policies.target_days.of(*kind).to_string());
            let of_this = name.clone();
            let fault = Signal::derive(move || {
                form.error.with(|error| {
                    let error =
                        error.as_ref().filter(|error| error.detail.as_deref() == Some(of_this.as_str()))?;
                    error.of(Field::TargetDays).map(|fault| words::field(texts, fault))
                })
            });
            view! {
                <TextField
                    id=format!("policy-{name}")
                    name=name
                    label=kind_text(*kind)
                    value=typed
                    error=fault
                    inputmode="numeric"
                    required=true
                />
            }
        })
        .collect();
    view! {
        <PostForm form=form class="stack loose">
            <input type="hidden" name="version" value=version.to_string()/>
            <ChoiceGroup
                id="policy-assign"
                name="assign_roles"
                label=label("assign_roles")
                choices=choices("assign_roles")
                selected=vec![assign_roles]
            />
            <TextField
                id=form.id(Field::Policy)
                name="reassign_lock_days"
                label=label("reassign_lock_days")
                value=lock_days
                help=texts.operator_policy_lock_help()
                error=form.field_error(Field::Policy)
                inputmode="numeric"
                required=true
            />
            <ChoiceGroup
                id="policy-double"
                name="double_holding"
                label=label("double_holding")
                choices=choices("double_holding")
                selected=vec![double_holding]
            />
            <ChoiceGroup
                id="policy-edition"
                name="support_edition"
                label=label("support_edition")
                choices=choices("support_edition")
                selected=vec![edition]
            />
            <ChoiceGroup
                id="policy-reveal"
                name="reveal_counts_as_activation"
                label=label("reveal_counts_as_activation")
                choices=choices("reveal_counts_as_activation")
                selected=vec![reveal_counts]
                help=texts.operator_policy_reveal_help()
            />
            <ChoiceGroup
                id="policy-audit"
                name="audit_retention"
                label=label("audit_retention")
                choices=choices("audit_retention")
                selected=vec![audit_retention]
                help=texts.operator_policy_audit_help()
            />
            <ChoiceGroup
                id="policy-publication"
                name="catalogue_publication"
                label=label("catalogue_publication")
                choices=choices("catalogue_publication")
                selected=vec![who_publishes]
            />
            <fieldset class="stack" id=form.id(Field::TargetDays)>
                <legend>{texts.queue_policy_target()}</legend>
                <p class="muted small">{texts.queue_policy_target_help()}</p>
                {targets}
            </fieldset>
            <div class="form-foot">
                {match why_not {
                    None => view! { <SubmitButton label=texts.common_save() busy=form.pending/> }.into_any(),
                    Some(error) => view! {
                        <DisabledButton label=texts.common_save() describedby="no-policies"/>
                        <Why id="no-policies" kind=WhyKind::Right text=words::refusal(texts, &error)/>
                    }
                        .into_any(),
                }}
            </div>
        </PostForm>
    }
}
