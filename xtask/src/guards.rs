//! `cargo xtask guards`: takes the guard of each rule away, one at a time in a copy, and sees its tests
//! fail. A rule whose tests pass without its guard isn't tested.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::failure::{Failure, Outcome, While};
use crate::postgres::Postgres;
use crate::process;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(30 * 60);
/// What the copy needs to build `domain` and `service`.
const COPIED: &[&str] = &[
    ".cargo",
    "Cargo.toml",
    "Cargo.lock",
    "app",
    "bench",
    "clippy.toml",
    "documents",
    "domain",
    "frontend",
    "locales",
    "migrations",
    "server",
    "service",
    "style",
    "xtask",
];

/// The guard of a rule.
struct Guard {
    /// Number in the design.
    rule: &'static str,
    /// Where it stands.
    file: &'static str,
    /// Its text.
    text: &'static str,
    /// What stands there without it.
    without: &'static str,
    /// Package and arguments of the tests that have to fail.
    tests: &'static [&'static str],
}

const DOMAIN: &[&str] = &["domain", "--lib"];

/// One guard a rule, more where it has several parts.
const GUARDS: &[Guard] = &[
    Guard {
        rule: "1",
        file: "domain/src/rights.rs",
        text: "if needed.iter().any(|role| roles.has(*role)) {",
        without: "if !needed.is_empty() {",
        tests: DOMAIN,
    },
    Guard {
        rule: "2",
        file: "domain/src/rights.rs",
        text: "AssignRoles::GlobalAdmin => GLOBAL_ADMIN,",
        without: "AssignRoles::GlobalAdmin => BENEFIT_ADMINS,",
        tests: DOMAIN,
    },
    Guard {
        rule: "3",
        file: "domain/src/rights.rs",
        text: "if loses && other_active_global_admins == 0 {",
        without: "if loses && other_active_global_admins == u64::MAX {",
        tests: DOMAIN,
    },
    Guard {
        rule: "4",
        file: "service/src/people/roles.rs",
        text: "if !after.has(Role::AdminAgent) {",
        without: "if false {",
        tests: &["service", "--test", "people", "--", "rule_04"],
    },
    Guard {
        rule: "5",
        file: "service/src/requests/global_admin.rs",
        text: "if !admins.is_empty() {",
        without: "if false {",
        tests: &["service", "--test", "requests", "--", "rule_5"],
    },
    Guard {
        rule: "6",
        file: "domain/src/rights.rs",
        text: "Err(Error { roles: needed, ..Error::new(ErrorCode::RoleNeeded) })",
        without: "Err(Error::new(ErrorCode::RoleNeeded))",
        tests: DOMAIN,
    },
    Guard {
        rule: "7",
        file: "service/src/benefits/grants.rs",
        text: "where g.id = $1 and g.organization_id = $2",
        without: "where g.id = $1 and (g.organization_id = $2 or g.organization_id <> $2)",
        tests: &["service", "--test", "seats", "--", "rule_7"],
    },
    Guard {
        rule: "8",
        file: "domain/src/rights.rs",
        text: "if holds_seat { Ok(()) }",
        without: "if holds_seat || roles.has(Role::Employee) { Ok(()) }",
        tests: DOMAIN,
    },
    Guard {
        rule: "9",
        file: "domain/src/cloud.rs",
        text: "if i64::from(key_seats) > limit {",
        without: "if i64::from(key_seats) > i64::MAX - limit {",
        tests: DOMAIN,
    },
    Guard {
        rule: "10",
        file: "domain/src/seat.rs",
        text: "if lock.is_some_and(|until| now < until) {",
        without: "if lock.is_some_and(|until| now < until && now > until) {",
        tests: DOMAIN,
    },
    Guard {
        rule: "11",
        file: "domain/src/seat.rs",
        text: "if !facts.person_belongs {",
        without: "if false {",
        tests: DOMAIN,
    },
    Guard {
        rule: "12",
        file: "domain/src/seat.rs",
        text: "if facts.holds_this_grant {",
        without: "if false {",
        tests: DOMAIN,
    },
    Guard {
        rule: "12",
        file: "migrations/src/m0004_benefits.rs",
        text: "where id = new.pool_id and quantity is not null and used >= quantity;",
        without: "where id = new.pool_id and quantity is not null and used > quantity + 1000;",
        tests: &["service", "--test", "seats", "--", "rule_12_the_database", "Sqlite"],
    },
    Guard {
        rule: "13",
        file: "domain/src/benefit.rs",
        text: "Complete | Expire => by != By::Partner,",
        without: "Complete | Expire => true,",
        tests: DOMAIN,
    },
    Guard {
        rule: "14",
        file: "domain/src/support.rs",
        text: "SupportKind::BreakFixSignature => &[Tier::Silver, Tier::Gold],",
        without: "SupportKind::BreakFixSignature => &[Tier::ActionPack, Tier::Silver, Tier::Gold],",
        tests: DOMAIN,
    },
    Guard {
        rule: "15",
        file: "domain/src/support.rs",
        text: "Some(left) if amount > left =>",
        without: "Some(left) if amount > left && amount < 0 =>",
        tests: DOMAIN,
    },
    Guard {
        rule: "16",
        file: "service/src/activations/request.rs",
        text: "&& !has_contact(&change.transaction, person.organization).await?",
        without: "&& false",
        tests: &["service", "--test", "marketing", "--", "rule_16_nothing"],
    },
    Guard {
        rule: "16",
        file: "service/src/activations/on_clock.rs",
        text: "a.reminded_at is null and ",
        without: "",
        tests: &["service", "--test", "marketing", "--", "rule_16_it_is_usable"],
    },
    Guard {
        rule: "17",
        file: "domain/src/contact.rs",
        text: "} else if key == company.key() {",
        without: "} else if false {",
        tests: DOMAIN,
    },
    Guard {
        rule: "18",
        file: "domain/src/benefit.rs",
        text: "if facts.without_network {",
        without: "if false {",
        tests: DOMAIN,
    },
    Guard {
        rule: "18",
        file: "service/src/purchases/list.rs",
        text: "if self.needed {",
        without: "if false {",
        tests: &["service", "--test", "purchases", "--", "rule_18_without_the_network"],
    },
    Guard {
        rule: "19",
        file: "domain/src/enrolment.rs",
        text: "Self::Contact if answers.signed_up && answers.own_address => Ok(Self::Review),",
        without: "Self::Contact if answers.signed_up => Ok(Self::Review),",
        tests: DOMAIN,
    },
    Guard {
        rule: "20",
        file: "domain/src/refund.rs",
        text: "facts.activated > 0 || facts.downloaded > 0 || revealed;",
        without: "facts.activated > 0 || facts.downloaded > 0;",
        tests: DOMAIN,
    },
    Guard {
        rule: "21",
        file: "domain/src/benefit.rs",
        text: "if facts.holding_ends_at.is_some_and(|end| now > end) {",
        without: "if facts.holding_ends_at.is_some_and(|end| now > end && now < end) {",
        tests: DOMAIN,
    },
    Guard {
        rule: "21",
        file: "service/src/assignments/release.rs",
        text: "end(change, held, grant, reason, texts).await?;",
        without: "let _ = (&change, held, grant, reason, texts);",
        tests: &["service", "--test", "benefits", "--", "rule_21"],
    },
    Guard {
        rule: "21",
        file: "domain/src/membership.rs",
        text: "if today < before {",
        without: "if false {",
        tests: DOMAIN,
    },
    Guard {
        rule: "21",
        file: "service/src/membership/on_clock.rs",
        text: "> holding.last_use() {",
        without: ">= holding.last_use() {",
        tests: &["service", "--test", "membership", "--", "rule_21"],
    },
    Guard {
        rule: "18",
        file: "domain/src/entitlement.rs",
        text: "if fits && !granted.iter().any(again) {",
        without: "if fits {",
        tests: DOMAIN,
    },
    Guard {
        rule: "21",
        file: "domain/src/renewal.rs",
        text: "let in_time = first_day(facts.anniversary) <= facts.today && ",
        without: "let in_time = ",
        tests: DOMAIN,
    },
    Guard {
        rule: "21",
        file: "service/src/membership/carry.rs",
        text: "where released_at is null and grant_id in (select from_id from pair)\",",
        without: "where released_at is null and false\",",
        tests: &["service", "--test", "renewal", "--", "rule_21"],
    },
    Guard {
        rule: "3",
        file: "domain/src/departure.rs",
        text: "check_role_change(facts.actor, facts.roles, &Roles::default())?;",
        without: "let _ = facts.actor;",
        tests: DOMAIN,
    },
    Guard {
        rule: "3",
        file: "service/src/operators.rs",
        text: "keeps_programme_admin(others, &before, after)?;",
        without: "keeps_programme_admin(others + 1, &before, after)?;",
        tests: &["service", "--test", "operators", "--", "rule_03"],
    },
    Guard {
        rule: "12",
        file: "service/src/individual_grants.rs",
        text: "if beyond == 0 || accepted.is_some_and(",
        without: "if beyond >= 0 || accepted.is_some_and(",
        tests: &["service", "--test", "individual_grants", "--", "rule_12"],
    },
    Guard {
        rule: "22",
        file: "service/src/assignments/release.rs",
        text: "if grant.facts.read_only {",
        without: "if false {",
        tests: &["service", "--test", "benefits", "--", "rule_22"],
    },
    Guard {
        rule: "22",
        file: "domain/src/benefit.rs",
        text: "if facts.read_only {\n        return Err(ErrorCode::ReadOnly.into());",
        without: "if false {\n        return Err(ErrorCode::ReadOnly.into());",
        tests: DOMAIN,
    },
];

/// Takes away one guard after the other, all or those of some rules; fails where a rule's tests don't
/// notice.
pub fn run(workspace: &Workspace, rules: &[String]) -> Outcome {
    let copy = workspace.target.join("guards").join("checkout");
    let _ = fs::remove_dir_all(&copy);
    for name in COPIED {
        copy_all(&workspace.root.join(name), &copy.join(name))?;
    }
    let postgres = Postgres::start(workspace)?;
    let (mut taken, mut unnoticed) = (0, Vec::new());
    println!("as it is: the tests pass");
    for tests in [DOMAIN, &["service", "--tests"]] {
        if !passes(workspace, &copy, tests, &postgres)? {
            return Err(Failure::new(format!("the tests of `{}` fail with every guard in place", tests[0])));
        }
    }
    for guard in GUARDS.iter().filter(|guard| rules.is_empty() || rules.iter().any(|rule| rule == guard.rule))
    {
        taken += 1;
        let path = copy.join(guard.file);
        let source = fs::read_to_string(&path).could_not(|| format!("read {}", guard.file))?;
        if source.matches(guard.text).count() == 0 {
            return Err(Failure::new(format!("the guard of rule {} is not in {}", guard.rule, guard.file)));
        }
        let write = |text: &str| fs::write(&path, text).could_not(|| format!("write {}", guard.file));
        write(&source.replacen(guard.text, guard.without, 1))?;
        let noticed = !passes(workspace, &copy, guard.tests, &postgres)?;
        write(&source)?;
        println!(
            "rule {:>2} without its guard: {}",
            guard.rule,
            if noticed { "tests fail" } else { "NOT NOTICED" }
        );
        if !noticed {
            unnoticed.push(guard.rule);
        }
    }
    println!("guards: {taken} taken away, {} noticed", taken - unnoticed.len());
    if unnoticed.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!("no test notices that the guard is gone: rules {}", unnoticed.join(", "))))
    }
}

/// Whether the tests pass; what doesn't compile is a fault of the list, not a noticed guard.
fn passes(workspace: &Workspace, copy: &Path, tests: &[&str], postgres: &Postgres) -> Outcome<bool> {
    let cargo = |more: &[&str]| {
        let mut command = workspace.cargo();
        command
            .current_dir(copy)
            .env("CARGO_TARGET_DIR", workspace.target.join("guards").join("target"))
            .env("RUSTFLAGS", "-A warnings")
            .env("TEST_POSTGRES_URL", postgres.url())
            .args(["test", "--quiet", "--package"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let built: Vec<&str> =
        tests.iter().copied().take_while(|word| *word != "--").chain(["--no-run"]).collect();
    if !ends_well(&mut cargo(&built))? {
        return Err(Failure::new(format!("`{}` doesn't compile without a guard", tests.join(" "))));
    }
    ends_well(&mut cargo(tests))
}

fn ends_well(command: &mut Command) -> Outcome<bool> {
    process::succeeds(command, LIMIT)
}

fn copy_all(from: &Path, to: &Path) -> Outcome {
    let attempt = || format!("copy {}", from.display());
    if from.is_dir() {
        fs::create_dir_all(to).could_not(attempt)?;
        for entry in fs::read_dir(from).could_not(attempt)? {
            let entry = entry.could_not(attempt)?;
            copy_all(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).could_not(attempt)?;
    }
    fs::copy(from, to).could_not(attempt).map(|_| ())
}
