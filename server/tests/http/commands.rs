//! The binary's commands, as somebody at a terminal runs them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rstest::rstest;
use tempfile::TempDir;

use crate::common::{Bare, Engine, bare};
use crate::smtp::Post;

/// Runs a command of the binary in a folder of its own, without the caller's environment.
fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    run_over(folder, None, arguments, input)
}

/// The same, over a database that isn't the folder's own.
fn run_over(folder: &Path, database: Option<&str>, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_benefits-center"));
    command.args(arguments).current_dir(folder).env_clear().env("BENEFITS_CENTER_LOG", "error");
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    // A command that reads nothing may have closed its end already.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What `doctor` says about one thing.
fn line(output: &Output, what: &str) -> String {
    let text = said(output);
    let found = text.lines().find(|line| line.contains(&format!("  {what}: ")));
    found.unwrap_or_else(|| panic!("no {what} in {text}")).to_owned()
}

/// Where an installation begins: a folder, and on PostgreSQL an empty database.
struct Place {
    folder: TempDir,
    database: Option<Bare>,
}

impl Place {
    async fn on(engine: Engine) -> Self {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(bare(engine).await),
        };
        Self { folder: TempDir::new().expect("a folder"), database }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        run_over(self.path(), self.database.as_ref().map(Bare::url), arguments, input)
    }
}

#[test]
fn help_says_every_command_and_setting() {
    let folder = TempDir::new().expect("a folder");
    let output = run(folder.path(), &["--help"], "");
    assert!(output.status.success());
    let text = said(&output);
    for word in [
        "serve",
        "migrate",
        "seed-demo",
        "create-admin",
        "import-members",
        "doctor",
        "ready",
        "backup",
        "restore",
        "audit",
        "catalogue",
        "keys",
        "--database-url",
        "DATABASE_URL",
        "--address",
        "--base-url",
        "--secret-file",
        "--demo",
        "--smtp-url",
        "--mail-dir",
        "--mail-from",
        "--trust-proxy",
        "--metrics-address",
        "--backup-dir",
        "--log-json",
        "--config",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    for command in [
        "serve",
        "migrate",
        "seed-demo",
        "create-admin",
        "import-members",
        "doctor",
        "ready",
        "backup",
        "restore",
        "audit",
        "catalogue",
        "keys",
    ] {
        let output = run(folder.path(), &[command, "--help"], "");
        assert!(output.status.success() && said(&output).contains("Usage:"), "{command}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "asking changes nothing");
}

#[rstest]
#[tokio::test]
async fn an_installation_begins_with_migrate_seed_and_an_admin(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let place = Place::on(engine).await;
    let here = place.path();
    let before = place.run(&["doctor"], "");
    let lines = said(&before);
    let lines_of = [
        "configuration:",
        "database:",
        "keys:",
        "mail:",
        "cookies:",
        "clock:",
        "disk:",
        "backup:",
        "metrics:",
        "servers:",
        "amounts:",
    ];
    for what in lines_of {
        assert_eq!(lines.lines().filter(|line| line.contains(what)).count(), 1, "{what} in {lines}");
    }
    assert!(lines.contains("migrations wait"), "{lines}");

    let first = place.run(&["migrate"], "");
    assert!(first.status.success(), "{}", complained(&first));
    assert!(!said(&first).starts_with("0 "), "{}", said(&first));
    assert_eq!(here.join("data/benefits-center.db").exists(), matches!(engine, Engine::Sqlite));
    let again = place.run(&["migrate"], "");
    assert!(again.status.success() && said(&again).starts_with("0 "), "{}", said(&again));

    let unknown = place.run(&["seed-demo", "--scale", "huge"], "");
    assert!(!unknown.status.success() && complained(&unknown).contains("large"), "{}", complained(&unknown));
    let seeded = place.run(&["seed-demo"], "");
    assert!(seeded.status.success(), "{}", complained(&seeded));
    assert!(said(&seeded).contains("4 companies"), "{}", said(&seeded));
    let again = place.run(&["seed-demo"], "");
    assert!(again.status.success() && said(&again).contains("nothing was changed"), "{}", said(&again));
    let larger = place.run(&["seed-demo", "--scale", "large"], "");
    assert!(larger.status.success() && said(&larger).contains("nothing was changed"), "{}", said(&larger));

    let admin = ["create-admin", "--email", "first.admin@portal.example", "--name", "First Admin"];
    let short = place.run(&admin, "short\n");
    assert!(!short.status.success());
    assert!(complained(&short).starts_with("benefits-center: "), "{}", complained(&short));
    let made = place.run(&admin, "a quiet lamp over the harbour\n");
    assert!(made.status.success(), "{}", complained(&made));
    // Whoever owns the installation may have lost the way in; a partner's people stay partners.
    let again = place.run(&admin, "another lamp, another harbour\n");
    assert!(again.status.success(), "{}", complained(&again));
    let partner = ["create-admin", "--email", "maren.tolvik@fernhollow.example", "--name", "Maren Tolvik"];
    let refused = place.run(&partner, "a quiet lamp over the harbour\n");
    assert!(!refused.status.success());
    for output in [&made, &again, &refused] {
        assert!(!complained(output).contains("lamp") && !said(output).contains("lamp"));
    }

    let after = place.run(&["doctor"], "");
    assert!(after.status.success(), "{}", said(&after));
    let amounts = "ok    amounts: none is of an earlier version in a currency without hundredths";
    assert_eq!(line(&after, "amounts"), amounts);
    assert!(said(&after).contains("up to date") && said(&after).contains("__Host-"), "{}", said(&after));
    let secure = place.run(&["doctor", "--base-url", "https://portal.example"], "");
    assert!(said(&secure).contains("ok    cookies: Secure"), "{}", said(&secure));
}

#[tokio::test]
async fn the_audit_trail_is_followed_and_its_first_broken_link_is_named() {
    use sea_orm::{ConnectionTrait, Database};
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    assert!(run(here, &["migrate"], "").status.success());
    assert!(run(here, &["seed-demo"], "").status.success());
    let whole = run(here, &["audit", "verify"], "");
    let lines = said(&whole);
    assert!(whole.status.success(), "{lines}{}", complained(&whole));
    assert!(lines.contains("ok    Fernhollow") && lines.ends_with(" 0 broken\n"), "{lines}");

    let anchored = run(here, &["audit", "anchor", "--file", "anchors.txt"], "");
    assert!(anchored.status.success(), "{}", complained(&anchored));
    let kept = std::fs::read_to_string(here.join("anchors.txt")).expect("a file");
    assert_eq!(kept, said(&anchored));
    assert_eq!(kept.lines().count(), lines.lines().count() - 1, "a line a chain: {kept}");
    let again = run(here, &["audit", "anchor", "--file", "anchors.txt"], "");
    assert!(again.status.success(), "{}", complained(&again));
    let check = ["audit", "verify", "--anchors", "anchors.txt"];
    let fits = run(here, &check, "");
    assert!(fits.status.success() && said(&fits).ends_with("0 chains adrift\n"), "{}", said(&fits));
    for (text, words) in [("", "no anchors"), ("# note\n00 1\n", "line 2: not an anchor")] {
        std::fs::write(here.join("wrong.txt"), text).expect("a file");
        let wrong = run(here, &["audit", "verify", "--anchors", "wrong.txt"], "");
        assert!(!wrong.status.success() && complained(&wrong).contains(words), "{}", complained(&wrong));
    }

    let url = format!("sqlite://{}", here.join("data/benefits-center.db").display());
    let database = Database::connect(url).await.expect("the database");
    let changed = "drop trigger audit_event_stays; drop trigger audit_event_is_kept;
        delete from audit_event where organization_id = (select id from organization where domain = 'chenghu.example');
        delete from audit_head where organization_id = (select id from organization where domain = 'chenghu.example')";
    database.execute_unprepared(changed).await.expect("a change");
    let unseen = run(here, &["audit", "verify"], "");
    assert!(unseen.status.success(), "a chain that is gone leaves no trace: {}", said(&unseen));
    let adrift = run(here, &check, "");
    let lines = said(&adrift);
    let bad: Vec<&str> = lines.lines().filter(|line| line.starts_with("BAD")).collect();
    assert!(!adrift.status.success() && bad.len() == 1 && bad[0].contains("anchors.txt"), "{lines}");
    assert!(bad[0].contains("澄湖"), "{lines}");
    let changed = "
        update audit_event set actor_id = null, actor_kind = 'nobody' where sequence = 1 and organization_id =
            (select id from organization where domain = 'fernhollow.example')";
    database.execute_unprepared(changed).await.expect("a change");
    database.close().await.expect("closed");
    let broken = run(here, &["audit", "verify"], "");
    let lines = said(&broken);
    assert!(!broken.status.success(), "{lines}");
    let bad: Vec<&str> = lines.lines().filter(|line| line.starts_with("BAD")).collect();
    assert!(bad.len() == 1 && bad[0].contains("Fernhollow") && bad[0].contains("event 1 "), "{lines}");
}

#[test]
fn keys_are_rotated_and_old_ones_forgotten() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    assert!(run(here, &["migrate"], "").status.success());
    assert!(run(here, &["seed-demo"], "").status.success());
    let keys =
        || said(&run(here, &["doctor"], "")).lines().find(|line| line.contains("keys:")).map(str::to_owned);
    let before = keys().expect("a line");
    assert!(
        before.contains("secrets under key 1, which seals") && !before.contains(" 0 secrets"),
        "{before}"
    );
    let file = here.join("data/secret.key");
    let first = std::fs::read_to_string(&file).expect("a file");

    let rotate = ["keys", "rotate"];
    let forget = ["keys", "rotate", "--forget-old"];
    let none = run(here, &forget, "");
    assert!(none.status.success() && said(&none).contains("There is no old key."), "{}", said(&none));
    let rotated = run(here, &rotate, "");
    assert!(rotated.status.success(), "{}", complained(&rotated));
    assert!(said(&rotated).contains("Key 2 is made"), "{}", said(&rotated));
    let after = keys().expect("a line");
    assert!(
        after.contains("0 secrets under key 1;") && after.contains("under key 2, which seals"),
        "{after}"
    );
    // Neither output nor trail has a secret.
    let text = std::fs::read_to_string(&file).expect("a file");
    for secret in text.split_whitespace().filter(|word| word.len() == 64) {
        assert!(!said(&rotated).contains(secret) && !after.contains(secret));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }

    // A server may still be busy under the old key.
    let early = run(here, &forget, "");
    assert!(!early.status.success() && complained(&early).contains("more seconds"), "{}", complained(&early));
    let aged: String = text
        .lines()
        .map(|line| match line.strip_prefix("key ") {
            Some(key) => format!("key {} 0\n", key.rsplit_once(' ').expect("a moment").0),
            None => format!("{line}\n"),
        })
        .collect();
    std::fs::write(&file, &aged).expect("a file");
    let forgotten = run(here, &forget, "");
    assert!(forgotten.status.success(), "{}", complained(&forgotten));
    assert!(said(&forgotten).contains("Forgotten: key 1."), "{}", said(&forgotten));
    let last = std::fs::read_to_string(&file).expect("a file");
    assert!(!last.contains(first.trim()), "the first secret is gone");
    let line = keys().expect("a line");
    assert!(line.starts_with("ok") && !line.contains("key 1"), "{line}");
    assert!(run(here, &["audit", "verify"], "").status.success());

    // Two at once would lose one of two new keys.
    let lock = std::fs::File::create(here.join("data/secret.key.lock")).expect("a file");
    lock.lock().expect("locked");
    let second = run(here, &rotate, "");
    assert!(!second.status.success() && complained(&second).contains("already"), "{}", complained(&second));
    lock.unlock().expect("unlocked");
    // Another installation's key seals nothing here.
    std::fs::write(&file, &first).expect("a file");
    let missing = run(here, &rotate, "");
    assert!(
        !missing.status.success() && complained(&missing).contains("under key 2"),
        "{}",
        complained(&missing)
    );
    assert!(keys().expect("a line").starts_with("BAD"));
    let wrong: String = last
        .lines()
        .map(|line| match line.strip_prefix("key 2 ") {
            Some(rest) => format!("key 2 {}{}\n", "0".repeat(8), &rest[8..]),
            None => format!("{line}\n"),
        })
        .collect();
    std::fs::write(&file, wrong).expect("a file");
    let refused = run(here, &rotate, "");
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(complained(&refused).contains("doesn't open what is sealed"), "{}", complained(&refused));
    std::fs::write(&file, &last).expect("a file");
    let again = run(here, &rotate, "");
    assert!(again.status.success() && said(&again).contains("Key 3 is made"), "{}", complained(&again));
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    std::fs::write(here.join("wrong.toml"), "adress = \"127.0.0.1:1\"\n").expect("a file");
    std::fs::write(here.join("wrong.key"), "not a secret\n").expect("a file");
    for (arguments, words) in [
        (vec!["migrate", "--config", "nowhere.toml"], "nowhere.toml can't be read"),
        (vec!["migrate", "--config", "wrong.toml"], "wrong.toml isn't understood"),
        (vec!["migrate", "--secret-file", "wrong.key"], "64 hexadecimal digits"),
    ] {
        let output = run(here, &arguments, "");
        assert!(!output.status.success(), "{arguments:?}");
        let text = complained(&output);
        assert!(text.starts_with("benefits-center: ") && text.contains(words), "{arguments:?}: {text}");
        assert!(!text.contains("panicked"), "{text}");
    }
    let output = run(here, &["doctor", "--demo", "--address", "0.0.0.0:3000"], "");
    assert!(!output.status.success() && said(&output).contains("BAD   configuration:"), "{}", said(&output));
}

#[cfg(unix)]
#[test]
fn the_secret_is_made_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a folder");
    assert!(run(folder.path(), &["migrate"], "").status.success());
    let path = folder.path().join("data/secret.key");
    let secret = std::fs::read_to_string(&path).expect("a secret");
    assert!(secret.trim().len() == 64 && secret.trim().bytes().all(|byte| byte.is_ascii_hexdigit()));
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("opened");
    let output = run(folder.path(), &["doctor"], "");
    assert!(!output.status.success() && said(&output).contains("BAD   keys:"), "{}", said(&output));
}

/// Records of two companies, one of them with a fault.
const RECORDS: &str = "record,domain,company,account_email,contact_name,contact_email,tier,began,benefit,used\n\
    company,osprey.example,Osprey,office@osprey.example,Ida Vane,ida.vane@osprey.example,,,,\n\
    membership,osprey.example,,,,,network,2026-03-01,,\n\
    membership,osprey.example,,,,,action_pack,2026-03-01,,\n\
    grant,osprey.example,,,,,action_pack,,office_365_e3,4\n\
    company,heron.example,Heron,office@heron.example,Per Heron,per@heron.example,,,,\n\
    membership,heron.example,,,,,platinum,2026-03-01,,\n";

#[test]
fn records_of_the_older_portal_are_imported() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    let import = |arguments: &[&str]| {
        let mut line = vec!["import-members"];
        line.extend(arguments);
        run(here, &line, "")
    };
    // The template has heads and nothing to import, and never replaces a file.
    for (name, language) in [("empty.csv", "zh-Hant"), ("empty.xlsx", "en")] {
        let template = import(&[name, "--template", "--language", language]);
        assert!(template.status.success(), "{}", complained(&template));
        let again = import(&[name, "--template"]);
        assert!(!again.status.success() && complained(&again).contains("there already"));
    }
    let text = std::fs::read_to_string(here.join("empty.csv")).expect("a file");
    assert!(text.starts_with("\u{FEFF}記錄,公司網域,") && text.lines().count() == 1, "{text}");

    std::fs::write(here.join("members.csv"), RECORDS).expect("a file");
    let early = import(&["members.csv"]);
    assert!(!early.status.success() && complained(&early).contains("no programme"), "{}", complained(&early));
    assert!(run(here, &["seed-demo"], "").status.success());
    for name in ["empty.csv", "empty.xlsx"] {
        let nothing = import(&[name]);
        assert!(
            !nothing.status.success() && complained(&nothing).contains("no rows"),
            "{}",
            complained(&nothing)
        );
    }
    let absent = import(&["absent.csv"]);
    assert!(!absent.status.success() && complained(&absent).contains("absent.csv can't be read"));

    let faulty = import(&["members.csv"]);
    let told = said(&faulty);
    assert!(!faulty.status.success());
    assert!(told.contains("line 7: Tier is not a tier of the programme."), "{told}");
    assert!(told.contains("line 6: The company has no usable row for its network membership."), "{told}");
    assert!(told.contains("rows 6, faulty 2\nNothing was written."), "{told}");
    let chinese = said(&import(&["members.csv", "--language", "zh-Hans"]));
    assert!(chinese.contains("line 7: 级别不是计划的级别。"), "{chinese}");

    let some = import(&["members.csv", "--valid-rows"]);
    assert!(some.status.success(), "{}", complained(&some));
    let counts = "added 4, updated 0, unchanged 0, view-only 0, faulty 2, invited 0";
    assert!(said(&some).contains(counts), "{}", said(&some));
    assert!(complained(&some).contains("4 of 4 rows written"), "{}", complained(&some));
    assert!(!complained(&some).contains('\r'), "no line that changes where nobody looks on");
    let again = import(&["members.csv", "--valid-rows", "--invite"]);
    let counts = "added 0, updated 0, unchanged 4, view-only 0, faulty 2, invited 1";
    assert!(said(&again).contains(counts), "{}", said(&again));

    let place =
        import(&["--sign-in-link", "https://older.example/", "--technical-contact", "help@older.example"]);
    assert!(place.status.success(), "{}", complained(&place));
    let wrong = import(&["--sign-in-link", "http://older.example/"]);
    assert!(!wrong.status.success() && !complained(&wrong).is_empty());
    assert!(!import(&[]).status.success(), "something has to be asked for");
    assert!(run(here, &["audit", "verify"], "").status.success());
}

#[rstest]
#[tokio::test]
async fn the_catalogue_is_a_file_that_is_compared_and_taken_over(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const BY: &str = "rosalind.ekwueme@northlight.example";
    let place = Place::on(engine).await;
    let here = place.path();
    let seeded = place.run(&["seed-demo"], "");
    assert!(seeded.status.success(), "{}", complained(&seeded));
    let file = here.join("catalogue.toml");
    let export = |arguments: &[&str]| place.run(&[&["catalogue", "export"], arguments].concat(), "");
    assert!(export(&["catalogue.toml"]).status.success());
    assert!(!export(&["catalogue.toml"]).status.success(), "not over a file that is there");
    let text = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(said(&export(&[])), text);

    let diff = || place.run(&["catalogue", "diff", "catalogue.toml"], "");
    let same = diff();
    assert!(same.status.success() && said(&same).contains("0 differences"), "{}", said(&same));
    let changed = text.replacen("en = \"Windows Enterprise\"", "en = \"Windows Enterprise 2030\"", 1);
    assert_ne!(changed, text);
    std::fs::write(&file, &changed).expect("written");
    let other = diff();
    assert_eq!(other.status.code(), Some(1));
    let told = said(&other);
    assert!(told.contains("~ product windows_enterprise"), "{told}");
    assert!(told.contains("name.en: Windows Enterprise -> Windows Enterprise 2030"), "{told}");

    let import =
        |arguments: &[&str]| place.run(&[&["catalogue", "import", "catalogue.toml"], arguments].concat(), "");
    let nobody = import(&["--by", "maren.tolvik@fernhollow.example"]);
    assert!(!nobody.status.success() && complained(&nobody).contains("no operator has the address"));
    let agent = import(&["--by", "marisa.talvinen@northlight.example"]);
    assert!(complained(&agent).contains("may not draft the catalogue"), "{}", complained(&agent));
    let published = import(&["--by", BY, "--publish"]);
    assert!(
        said(&published).contains("Version 2 is in force."),
        "{}{}",
        said(&published),
        complained(&published)
    );
    assert_eq!(said(&export(&[])), changed);

    // A fault is told with its place, and nothing is published.
    std::fs::write(&file, changed.replacen("tier = \"gold\"", "tier = \"silver\"", 1)).expect("written");
    let faulty = import(&["--by", BY, "--publish"]);
    assert!(!faulty.status.success() && said(&faulty).contains("fault one_offer_a_tier: offer, tier silver"));
    std::fs::write(&file, changed.replacen("[[product]]", "[[products]]", 1)).expect("written");
    let unreadable = diff();
    assert!(complained(&unreadable).contains("catalogue.toml, line "), "{}", complained(&unreadable));
    assert_eq!(said(&export(&[])), changed);
}

#[test]
fn doctor_sees_that_backups_are_made_and_how_old_they_are() {
    let folder = TempDir::new().expect("a folder");
    let here = folder.path();
    assert!(run(here, &["migrate"], "").status.success());
    let backups = here.join("backups");
    std::fs::create_dir(&backups).expect("a folder");
    let doctor = || run(here, &["doctor", "--backup-dir", "backups"], "");
    let line = |output: &Output| {
        let text = said(output);
        text.lines().find(|line| line.contains("backup:")).expect("a line").to_owned()
    };
    let none = doctor();
    assert!(!none.status.success() && line(&none).starts_with("BAD"), "{}", said(&none));
    let nowhere = run(here, &["backup"], "");
    assert!(!nowhere.status.success() && complained(&nowhere).contains("--to"), "{}", complained(&nowhere));
    let made = run(here, &["backup", "--backup-dir", "backups"], "");
    assert!(made.status.success(), "{}", complained(&made));
    let fresh = doctor();
    assert!(fresh.status.success() && line(&fresh).starts_with("ok"), "{}", said(&fresh));
    let files: Vec<_> = std::fs::read_dir(&backups).expect("the folder").flatten().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let name = files[0].file_name().to_string_lossy().into_owned();
    assert!(name.starts_with("benefits-center-20") && name.ends_with("Z.backup"), "{name}");
    let file = std::fs::File::options().append(true).open(files[0].path()).expect("the backup");
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(28 * 3600);
    file.set_modified(yesterday).expect("set");
    let old = doctor();
    assert!(!old.status.success() && line(&old).contains("28 hours"), "{}", said(&old));
}

#[rstest]
#[tokio::test]
async fn doctor_says_who_reaches_the_metrics_and_whose_secret_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let place = Place::on(engine).await;
    let here = place.path();
    assert!(place.run(&["seed-demo"], "").status.success());
    let metrics = |address: &str| said(&place.run(&["doctor", "--metrics-address", address], ""));
    assert!(metrics("127.0.0.1:9300").contains("ok    metrics:"));
    assert!(metrics("0.0.0.0:9300").contains("note  metrics:"));
    let well = place.run(&["doctor"], "");
    assert!(well.status.success() && said(&well).contains("ok    clock:"), "{}", said(&well));
    std::fs::write(here.join("data/secret.key"), "00".repeat(32)).expect("another secret");
    let other = place.run(&["doctor"], "");
    assert!(!other.status.success() && said(&other).contains("another installation"), "{}", said(&other));
}

#[rstest]
#[tokio::test]
async fn doctor_says_how_mail_cookies_disk_and_servers_are(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let place = Place::on(engine).await;
    let sqlite = matches!(engine, Engine::Sqlite);
    assert!(place.run(&["migrate"], "").status.success());
    let doctor = |arguments: &[&str]| place.run(&[&["doctor"], arguments].concat(), "");
    let first = doctor(&[]);
    assert!(first.status.success(), "{}", said(&first));
    assert_eq!(line(&first, "mail"), "note  mail: no SMTP server is set; mail is written to data/mail");
    assert!(line(&first, "cookies").starts_with("note  cookies: without TLS"), "{}", said(&first));
    let alone = if sqlite {
        "ok    servers: SQLite is for one server"
    } else {
        "ok    servers: 0 run on this database;"
    };
    assert!(line(&first, "servers").starts_with(alone), "{}", said(&first));
    // How much is free is the machine's; what that means isn't.
    let disk = line(&first, "disk");
    let (sign, text) = disk.split_once("disk: ").expect("a line");
    let (free, folder) = text.split_once(" MB are free for ").expect("a number and a folder");
    let meant = match free.parse::<u64>().expect("a number") {
        ..100 => "BAD",
        100..1024 => "note",
        1024.. => "ok",
    };
    assert_eq!(sign.trim(), meant, "{disk}");
    assert!(folder.starts_with("data"), "{disk}");

    let secure = doctor(&["--base-url", "https://portal.example"]);
    assert_eq!(line(&secure, "cookies"), "ok    cookies: Secure, with the __Host- prefix");
    let post = Post::plain();
    let answers = doctor(&["--smtp-url", post.url().as_str()]);
    assert!(answers.status.success(), "{}", said(&answers));
    assert_eq!(line(&answers, "mail"), "ok    mail: the SMTP server answers");
    if !sqlite {
        let nothing = "ok    disk: nothing is kept here but what the program is started from";
        assert_eq!(line(&answers, "disk"), nothing);
    }
    let certificate = ["--smtp-url", "smtps://127.0.0.1:1", "--smtp-root-certificate", "none.pem"];
    for (arguments, words) in [
        (&["--smtp-url", "smtp://127.0.0.1:1"][..], "the SMTP server doesn't answer"),
        (&["--smtp-url", "a pigeon"][..], "the SMTP address isn't understood"),
        (&certificate[..], "none.pem"),
        (&["--mail-from", "nobody"][..], "the sender nobody is no mail address"),
    ] {
        let output = doctor(arguments);
        let mail = line(&output, "mail");
        assert!(!output.status.success() && mail.starts_with("BAD   ") && mail.contains(words), "{mail}");
    }
    #[cfg(target_os = "linux")]
    {
        // Nothing can be kept there.
        let full = doctor(&["--backup-dir", "/proc"]);
        assert!(!full.status.success());
        assert_eq!(line(&full, "disk"), "BAD   disk: 0 MB are free for /proc");
    }

    // Where there is no database, everything else is looked at all the same.
    std::fs::write(place.path().join("file"), "").expect("a file");
    let without = doctor(&["--database-url", "sqlite://file/portal.db"]);
    assert!(!without.status.success());
    assert!(line(&without, "database").starts_with("BAD   "), "{}", said(&without));
    assert_eq!(line(&without, "servers"), "note  servers: there is no database to look in");
    assert!(line(&without, "clock").starts_with("note  "), "{}", said(&without));
    assert!(line(&without, "disk").contains(" MB are free for "), "{}", said(&without));
}
