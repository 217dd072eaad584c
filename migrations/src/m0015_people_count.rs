//! How many people a company has stands with the company, so that a list of ten thousand says its length as
//! fast as one of a hundred. Triggers keep it, whatever the path to a person's row.

crate::dialect::schema_migration!("m0015_people_count", up, in one transaction);

async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    crate::dialect::run(manager, SCHEMA).await?;
    crate::dialect::run_own(manager, SQLITE, POSTGRES).await
}

const SCHEMA: &str = "
alter table organization add column people bigint not null default 0;
update organization set people = (select count(*) from person p
    where p.organization_id = organization.id and p.status <> 'left');
";

const SQLITE: &[&str] = &[
    "create trigger person_comes after insert on person when new.status <> 'left' begin
        update organization set people = people + 1 where id = new.organization_id;
    end",
    "create trigger person_changes after update of status on person
        when (new.status = 'left') <> (old.status = 'left') begin
        update organization set people = people + case when new.status = 'left' then -1 else 1 end
            where id = new.organization_id;
    end",
    "create trigger person_goes after delete on person when old.status <> 'left' begin
        update organization set people = people - 1 where id = old.organization_id;
    end",
];

// By statement: many people of one company change its row once.
const POSTGRES: &[&str] = &[
    "create function people_come() returns trigger language plpgsql as $$
    begin
        update organization o set people = o.people + c.number
        from (select organization_id, count(*) as number from added where status <> 'left'
            group by organization_id) c
        where o.id = c.organization_id;
        return null;
    end $$",
    "create trigger person_comes after insert on person referencing new table as added
        for each statement execute function people_come()",
    "create function people_change() returns trigger language plpgsql as $$
    begin
        update organization o set people = o.people + c.number
        from (select organization_id, sum(number) as number from (
                select organization_id, count(*) as number from added where status <> 'left'
                    group by organization_id
                union all
                select organization_id, -count(*) from removed where status <> 'left'
                    group by organization_id) both_ways
            group by organization_id having sum(number) <> 0) c
        where o.id = c.organization_id;
        return null;
    end $$",
    "create trigger person_changes after update on person
        referencing old table as removed new table as added
        for each statement execute function people_change()",
    "create function people_go() returns trigger language plpgsql as $$
    begin
        update organization o set people = o.people - c.number
        from (select organization_id, count(*) as number from removed where status <> 'left'
            group by organization_id) c
        where o.id = c.organization_id;
        return null;
    end $$",
    "create trigger person_goes after delete on person referencing old table as removed
        for each statement execute function people_go()",
];
