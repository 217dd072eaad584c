//! Enrolment: links that found a company, legal profiles, the agreement, the primary contact's answers; and
//! the address of whoever bought on an invoice, as it was then.

crate::dialect::schema_migration!("m0018_enrolment", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::widen_check(
        manager,
        "organization",
        "portal_state",
        (
            "check (portal_state in ('member', 'not_invited', 'invited', 'expired'))",
            "check (portal_state in ('member', 'not_invited', 'invited', 'expired', 'enrolling'))",
        ),
    )
    .await?;
    crate::dialect::widen_check(
        manager,
        "service_request",
        "kind",
        (
            "check (kind in ('activation', 'advisory', 'cancellation', 'global_admin', 'payment'))",
            "check (kind in ('activation', 'advisory', 'cancellation', 'global_admin', 'payment', 'enrolment'))",
        ),
    )
    .await?;
    crate::dialect::run(manager, SCHEMA).await
}

const SCHEMA: &str = "
alter table invoice add column buyer_address text not null default '';
alter table invoice add column buyer_country text;
create table enrolment_link (
    token_hash {bytes} primary key not null,
    email text not null,
    full_name text not null,
    domain text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint,
    organization_id {uuid} references organization (id)
);
create index enrolment_link_by_expiry on enrolment_link (expires_at);
create table enrolment (
    organization_id {uuid} primary key not null references organization (id),
    state text not null check (state in ('profile', 'agreement', 'contact', 'disputed', 'review', 'changes',
        'accepted', 'rejected')),
    begun_at bigint not null,
    begun_by {uuid} not null references person (id),
    agreement_version bigint,
    accepted_at bigint,
    accepted_by {uuid} references person (id),
    accepted_name text,
    contact_token_hash {bytes} unique,
    contact_asked_at bigint,
    contact_answered_at bigint,
    signed_up boolean,
    own_address boolean,
    decided_at bigint,
    reason text,
    row_version bigint not null default 1,
    check (state in ('profile', 'agreement', 'disputed', 'changes')
        or (agreement_version is not null and accepted_at is not null and accepted_by is not null
            and accepted_name is not null)),
    check (state not in ('review', 'accepted') or (signed_up and own_address))
);
create table legal_profile (
    organization_id {uuid} primary key not null references organization (id),
    name text not null,
    street text not null,
    street_more text,
    city text not null,
    region text,
    postal_code text,
    country text not null,
    registration_number text,
    time_zone text not null,
    contact_name text not null,
    contact_email text not null,
    contact_phone text not null,
    contact_language text not null check (contact_language in ('en', 'zh-Hans', 'zh-Hant')),
    saved_at bigint not null,
    saved_by {uuid} not null references person (id),
    row_version bigint not null default 1
);
create table membership_agreement (
    version bigint not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    text text not null,
    in_force_at bigint not null,
    primary key (version, language)
);
create unique index service_request_one_enrolment on service_request (organization_id)
    where kind = 'enrolment' and open;
";
