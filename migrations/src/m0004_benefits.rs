//! Grants, pools, seats, keys, activations and what hangs on them.
//!
//! The triggers keep rule 12: a seat is inserted only while its pool has one left and its grant is in
//! force (looked at under the pool's lock, so that a withdrawal at the same moment counts), the count
//! of used seats follows the rows, and a seat is never deleted.

crate::dialect::schema_migration!("m0004_benefits", up);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await?;
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await
}

const SCHEMA: &str = "
create table pool (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    quantity bigint check (quantity >= 0),
    used bigint not null default 0 check (used >= 0)
);
create table benefit_grant (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    product_id {uuid} not null references product (id),
    category text not null,
    pool_id {uuid} not null references pool (id),
    source text not null,
    area text,
    holding_id {uuid} references holding (id),
    order_line_id {uuid} references order_line (id),
    state text not null check (state in ('granted', 'withdrawn', 'ended')),
    activation_state text not null default 'available'
        check (activation_state in
            ('available', 'requested', 'processing', 'active', 'expired', 'refused', 'withdrawn')),
    granted_at bigint not null,
    activate_by bigint,
    holding_ends_at bigint,
    expires_at bigint,
    catalogue_version bigint not null,
    row_version bigint not null default 1
);
create index benefit_grant_by_category on benefit_grant (organization_id, category);
create index benefit_grant_due on benefit_grant (coalesce(expires_at, holding_ends_at + 2592000000))
    where state = 'granted';
create index benefit_grant_by_line on benefit_grant (order_line_id);
create index benefit_grant_by_pool on benefit_grant (pool_id);
create unique index benefit_grant_once
    on benefit_grant (order_line_id, product_id, source, coalesce(area, ''));
create table seat (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    pool_id {uuid} not null references pool (id),
    person_id {uuid} not null references person (id),
    alternate_email text,
    assigned_at bigint not null,
    assigned_by {uuid} not null references person (id),
    locked_until bigint,
    released_at bigint,
    released_by {uuid} references account (id),
    release_reason text,
    row_version bigint not null default 1,
    check ((released_at is null) = (release_reason is null))
);
create unique index seat_one_active on seat (grant_id, person_id) where released_at is null;
create index seat_active_by_person on seat (person_id) where released_at is null;
create index seat_by_grant on seat (grant_id, released_at, assigned_at);
create index seat_active_by_pool on seat (pool_id) where released_at is null;
create table seat_request (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    person_id {uuid} not null references person (id),
    note text not null,
    state text not null check (state in ('requested', 'granted', 'refused')),
    requested_at bigint not null,
    decided_at bigint,
    decided_by {uuid} references person (id),
    reason text,
    check ((state = 'requested') = (decided_at is null))
);
create unique index seat_request_one_open on seat_request (grant_id, person_id) where state = 'requested';
create index seat_request_by_organization on seat_request (organization_id, state, requested_at);
create index seat_request_by_person on seat_request (person_id, requested_at);
create table balance_entry (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    kind text not null check (kind in ('hour', 'incident', 'activation', 'monthly_credit')),
    amount bigint not null check (amount <> 0),
    reason text not null,
    recorded_by {uuid} not null references account (id),
    recorded_at bigint not null
);
create index balance_entry_by_grant on balance_entry (grant_id, recorded_at);
create table key_pool (
    id {uuid} primary key not null,
    product_id {uuid} not null unique references product (id)
);
create table product_key (
    id {uuid} primary key not null,
    key_pool_id {uuid} not null references key_pool (id),
    ciphertext {bytes} not null,
    key_hash {bytes} not null unique,
    state text not null check (state in ('free', 'held', 'spent', 'withdrawn', 'replaced')),
    organization_id {uuid} references organization (id),
    grant_id {uuid} references benefit_grant (id),
    seat_id {uuid} references seat (id),
    drawn_at bigint,
    revealed_at bigint,
    revealed_by {uuid} references person (id),
    row_version bigint not null default 1,
    check ((state = 'free') = (grant_id is null))
);
create index product_key_free on product_key (key_pool_id, id) where state = 'free';
create unique index product_key_once_a_grant
    on product_key (grant_id) where seat_id is null and state in ('held', 'spent');
create unique index product_key_once_a_seat on product_key (seat_id) where state in ('held', 'spent');
create table subscription (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    product_id {uuid} not null references product (id),
    seats bigint not null check (seats > 0),
    ends_on text not null,
    opened_at bigint not null,
    row_version bigint not null default 1
);
create index subscription_by_organization on subscription (organization_id, product_id);
create table redemption (
    product_key_id {uuid} primary key not null references product_key (id),
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    subscription_id {uuid} not null references subscription (id),
    used_for text not null check (used_for in ('new_subscription', 'more_seats', 'later_end')),
    seats bigint not null check (seats > 0),
    redeemed_by {uuid} not null references person (id),
    redeemed_at bigint not null
);
create table download (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    product_download_id {uuid} not null references product_download (id),
    person_id {uuid} not null references person (id),
    downloaded_at bigint not null
);
create index download_by_grant on download (grant_id);
create table activation (
    id {uuid} primary key not null,
    organization_id {uuid} not null references organization (id),
    grant_id {uuid} not null references benefit_grant (id),
    person_id {uuid} references person (id),
    alternate_email text,
    state text not null
        check (state in ('requested', 'processing', 'active', 'expired', 'refused', 'withdrawn')),
    requested_by {uuid} not null references person (id),
    requested_at bigint not null,
    target_at bigint not null,
    completed_at bigint,
    completed_by {uuid} references account (id),
    access_id {bytes},
    contract_id {bytes},
    starts_at bigint,
    expires_at bigint,
    reminded_at bigint,
    reason text,
    row_version bigint not null default 1
);
create unique index activation_one_running on activation (grant_id)
    where person_id is null and state in ('requested', 'processing', 'active');
create unique index activation_one_running_a_person on activation (grant_id, person_id)
    where person_id is not null and state in ('requested', 'processing', 'active');
create index activation_by_grant on activation (grant_id, requested_at);
create index activation_due on activation (expires_at) where state = 'active';
create table marketing_contact (
    organization_id {uuid} primary key not null references organization (id),
    person_id {uuid} not null references person (id),
    alternate_email text not null,
    phone text not null,
    language text not null check (language in ('en', 'zh-Hans', 'zh-Hant')),
    updated_at bigint not null,
    row_version bigint not null default 1
);
";

const SQLITE: &[&str] = &[
    "create trigger seat_takes_one before insert on seat when new.released_at is null begin
        select raise(abort, 'pool_full') from pool
            where id = new.pool_id and quantity is not null and used >= quantity;
        select raise(abort, 'grant_is_over') from benefit_grant
            where id = new.grant_id and state <> 'granted';
        update pool set used = used + 1 where id = new.pool_id;
    end",
    "create trigger seat_gives_back after update of released_at on seat
        when old.released_at is null and new.released_at is not null begin
        update pool set used = used - 1 where id = new.pool_id;
    end",
    "create trigger seat_stays_released before update of released_at on seat
        when old.released_at is not null and new.released_at is not old.released_at begin
        select raise(abort, 'seat_stays_released');
    end",
    "create trigger seat_stays before delete on seat begin
        select raise(abort, 'seat_is_kept');
    end",
];

const POSTGRES: &[&str] = &[
    "create function seat_takes_one() returns trigger language plpgsql as $$
    begin
        if new.released_at is null then
            update pool set used = used + 1
                where id = new.pool_id and (quantity is null or used < quantity);
            if not found then
                raise exception 'pool_full';
            end if;
            perform 1 from benefit_grant where id = new.grant_id and state <> 'granted';
            if found then
                raise exception 'grant_is_over';
            end if;
        end if;
        return new;
    end $$",
    "create trigger seat_takes_one before insert on seat
        for each row execute function seat_takes_one()",
    "create function seat_gives_back() returns trigger language plpgsql as $$
    begin
        if old.released_at is null and new.released_at is not null then
            update pool set used = used - 1 where id = new.pool_id;
        elsif old.released_at is not null and new.released_at is distinct from old.released_at then
            raise exception 'seat_stays_released';
        end if;
        return new;
    end $$",
    "create trigger seat_gives_back before update of released_at on seat
        for each row execute function seat_gives_back()",
    "create function seat_is_kept() returns trigger language plpgsql as $$
    begin
        raise exception 'seat_is_kept';
    end $$",
    "create trigger seat_is_kept before delete on seat
        for each row execute function seat_is_kept()",
];
