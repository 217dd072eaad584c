//! What the program is shipped in: units of systemd and an image. Both run it as somebody without rights, ask it for
//! what it knows, and let it write where its data is and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::{CommandFactory, Parser};
use server::commands::CommandLine;

use super::super::{binary, said};

/// Where the program is installed: each service and each image finds it there.
const PROGRAMS: &str = "/usr/local/bin";
/// The setting of the address that the portal listens on.
const ADDRESS: &str = "BENEFITS_CENTER_ADDRESS";
/// That of the metrics' own.
const METRICS_ADDRESS: &str = "BENEFITS_CENTER_METRICS_ADDRESS";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The binary's name, as it is built.
fn program() -> String {
    binary().file_name().expect("a name").to_string_lossy().into_owned()
}

/// Why the program doesn't understand a command line, its own name first.
fn misunderstood<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    CommandLine::try_parse_from(words).err().map(|error| error.to_string())
}

/// What is wrong with settings: the program knows each, and what it writes is in the one folder.
fn faults_of_settings<'a>(settings: impl Iterator<Item = (&'a str, &'a str)>, writable: &str) -> Vec<String> {
    let command = CommandLine::command();
    let known: BTreeSet<&str> =
        command.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let mut faults = Vec::new();
    for (name, value) in settings {
        if !known.contains(name) {
            faults.push(format!("the program has no setting {name}"));
        }
        let is_path = name.ends_with("_FILE") || name.ends_with("_DIR");
        let path = value.strip_prefix("sqlite://").or(is_path.then_some(value));
        if path.is_some_and(|path| !path.starts_with(&format!("{writable}/"))) {
            faults.push(format!("{name} is {value}, outside {writable}"));
        }
    }
    faults
}

/// The settings of a unit's section, in their order.
fn section<'t>(text: &'t str, wanted: &str) -> Vec<(&'t str, &'t str)> {
    let mut section = "";
    let mut settings = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((name, value)) = line.split_once('=')
            && section == wanted
        {
            settings.push((name.trim(), value.trim()));
        }
    }
    settings
}

/// The values of a name.
fn values<'t>(settings: &[(&'t str, &'t str)], name: &str) -> Vec<&'t str> {
    settings.iter().filter(|setting| setting.0 == name).map(|setting| setting.1).collect()
}

/// What is wrong with a service.
fn faults_of_service(text: &str) -> Vec<String> {
    let settings = section(text, "Service");
    let all = |name: &str| values(&settings, name);
    let mut faults = Vec::new();
    for (name, value) in [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
    ] {
        if all(name) != [value] {
            faults.push(format!("{name} is {:?}, not {value:?}", all(name)));
        }
    }
    let is_person = |user: &str| user != "root" && user.starts_with(|first: char| first.is_ascii_lowercase());
    if !matches!(all("User")[..], [user] if is_person(user)) {
        faults.push(format!("it runs as {:?}", all("User")));
    }
    for name in ["Group", "SupplementaryGroups", "ReadWritePaths", "BindPaths", "RootDirectory"] {
        if !all(name).is_empty() {
            faults.push(format!("{name} is {:?}", all(name)));
        }
    }
    let state = all("StateDirectory").first().map(|name| format!("/var/lib/{name}")).unwrap_or_default();
    if all("StateDirectory").len() != 1 || all("WorkingDirectory") != [state.as_str()] {
        faults.push(format!("it works in {:?}, its data is in {state:?}", all("WorkingDirectory")));
    }
    let environment = all("Environment");
    let named = environment.iter().map(|setting| setting.split_once('=').unwrap_or((*setting, "")));
    faults.extend(faults_of_settings(named, &state));
    let started = all("ExecStart");
    let [line] = started[..] else {
        faults.push(format!("it starts {started:?}"));
        return faults;
    };
    // A sign before the path, such as `+`, would give it back its rights.
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let (installed, name) = (format!("{PROGRAMS}/{}", program()), program());
    match words.first_mut() {
        Some(first) if *first == installed => *first = &name,
        _ => faults.push(format!("it starts {line}, not {installed}")),
    }
    faults.extend(misunderstood(words));
    faults
}

/// The units, by their names.
fn units() -> BTreeMap<String, String> {
    let folder = fs::read_dir(root().join("packaging")).expect("the folder");
    let names = folder.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    names.map(|name| (name.clone(), read(&format!("packaging/{name}")))).collect()
}

#[test]
fn services_start_the_program_as_a_user_without_rights() {
    let units = units();
    let ends_in = |ending: &'static str| units.iter().filter(move |(name, _)| name.ends_with(ending));
    for (name, text) in ends_in(".service") {
        assert_eq!(faults_of_service(text), Vec::<String>::new(), "{name}");
        let timer = units.get(&name.replace(".service", ".timer"));
        let installed = section(timer.unwrap_or(text), "Install");
        let wanted_by = if timer.is_some() { "timers.target" } else { "multi-user.target" };
        assert_eq!(values(&installed, "WantedBy"), [wanted_by], "{name} is started with the machine");
    }
    for (name, text) in ends_in(".timer") {
        assert!(units.contains_key(&name.replace(".timer", ".service")), "{name} starts nothing");
        assert_eq!(values(&section(text, "Timer"), "OnCalendar").len(), 1, "{name}");
    }
    assert_eq!((ends_in(".service").count(), ends_in(".timer").count()), (2, 1), "{:?}", units.keys());
}

#[test]
fn a_service_with_rights_or_with_an_unknown_command_is_noticed() {
    let text = read("packaging/benefits-center.service");
    for (from, to) in [
        ("DynamicUser=yes", "DynamicUser=no"),
        ("DynamicUser=yes\n", ""),
        ("User=benefits-center", "User=root"),
        ("User=benefits-center", "User=0"),
        ("User=benefits-center", "User=benefits-center\nSupplementaryGroups=shadow"),
        ("ProtectSystem=strict", "ProtectSystem=full"),
        ("ProtectSystem=strict", "ProtectSystem=strict\nReadWritePaths=/var"),
        ("CapabilityBoundingSet=\n", "CapabilityBoundingSet=CAP_SYS_ADMIN\n"),
        ("StateDirectory=benefits-center", "StateDirectory=elsewhere"),
        ("WorkingDirectory=/var/lib/benefits-center", "WorkingDirectory=/"),
        ("SECRET_FILE=/var/lib/benefits-center/", "SECRET_FILE=/etc/"),
        ("sqlite:///var/lib/benefits-center/", "sqlite:///srv/"),
        ("BENEFITS_CENTER_LOG_JSON", "BENEFITS_CENTER_LOG_YAML"),
        ("benefits-center serve", "benefits-center server"),
        ("benefits-center serve", "benefits-center serve --port 80"),
        ("ExecStart=", "ExecStart=+"),
        ("ExecStart=/usr/local", "ExecStart=/opt"),
    ] {
        assert!(text.contains(from), "there is no {from}");
        assert_ne!(faults_of_service(&text.replacen(from, to, 1)), Vec::<String>::new(), "{from}: {to}");
    }
}

/// What systemd's own program says in a folder; none where there is no such program.
fn systemd(folder: &Path, arguments: &[&str], unit: &str) -> Option<Output> {
    let mut command = Command::new("systemd-analyze");
    match command.args(arguments).arg(folder.join(unit)).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("systemd-analyze: {error}"),
    }
}

#[test]
fn systemd_itself_accepts_the_units() {
    const VERIFY: &[&str] = &["verify", "--man=no", "--recursive-errors=no"];
    /// In tenths of what `docs/OPERATIONS.md` names; a later version may rate some more.
    const SECURITY: &[&str] = &["security", "--offline=true", "--no-pager", "--threshold=20"];
    let folder = tempfile::tempdir().expect("a folder");
    let place = binary().display().to_string();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a unit");
    let accepts = |arguments: &[&str], unit: &str| {
        systemd(folder.path(), arguments, unit).is_some_and(|output| output.status.success())
    };
    put("smallest.service", &format!("[Service]\nExecStart={place} ready\n"));
    // Without systemd, with an early one or in a container that it can't work in, the tests above have to do.
    let verifies = accepts(VERIFY, "smallest.service");
    let rates = accepts(&["security", "--offline=true", "--no-pager"], "smallest.service");
    let units = units();
    for (name, text) in &units {
        put(name, &text.replace(&format!("{PROGRAMS}/{}", program()), &place));
    }
    for name in units.keys() {
        if verifies {
            let output = systemd(folder.path(), VERIFY, name).expect("it is there");
            assert!(output.status.success(), "{name}: {}", said(&output));
        }
        if rates && name.ends_with(".service") {
            let output = systemd(folder.path(), SECURITY, name).expect("it is there");
            assert!(output.status.success(), "{name}: {}", said(&output));
        }
    }
    let broken = units["benefits-center.service"].replace("DynamicUser=", "DynamicUsers=");
    put("broken.service", &broken.replace(&format!("{PROGRAMS}/{}", program()), &place));
    assert!(!accepts(VERIFY, "broken.service"), "what it doesn't know is noticed");
    assert!(!accepts(SECURITY, "smallest.service"), "what isn't protected is noticed");
}

/// An instruction of a Dockerfile with what follows it.
type Instruction = (String, String);

/// The instructions of a Dockerfile.
fn instructions(text: &str) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut whole = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(part) = line.strip_suffix('\\') {
            whole.push_str(part);
            continue;
        }
        whole.push_str(line);
        let (word, rest) = whole.split_once(' ').unwrap_or((whole.as_str(), ""));
        found.push((word.to_owned(), rest.trim().to_owned()));
        whole.clear();
    }
    found
}

/// What follows an instruction, each time that it is there.
fn following<'i>(instructions: &'i [Instruction], wanted: &str) -> Vec<&'i str> {
    instructions.iter().filter(|(word, _)| word == wanted).map(|(_, rest)| rest.as_str()).collect()
}

/// The words of a list, as an image without a shell needs it.
fn words(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// What the first stage leaves for the image: where it is, and what it was before, if it is a file.
fn left_by_build(build: &[Instruction], faults: &mut Vec<String>) -> BTreeMap<String, Option<String>> {
    let mut left = BTreeMap::new();
    let mut builds = false;
    for command in following(build, "RUN").iter().flat_map(|line| line.split("&&")) {
        let words: Vec<&str> = command.split_whitespace().collect();
        match &words[..] {
            ["cargo", "xtask", "build"] => builds = true,
            ["install", "-d", .., folder] => {
                left.insert((*folder).to_owned(), None);
            }
            ["install", "-D", from, to] => {
                left.insert((*to).to_owned(), Some((*from).to_owned()));
            }
            _ => faults.push(format!("it runs {command}")),
        }
    }
    if !builds {
        faults.push("it doesn't build the release".to_owned());
    }
    left
}

/// What is wrong with a Dockerfile.
fn faults_of_image(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let all = instructions(text);
    let last = all.iter().rposition(|(word, _)| word == "FROM").unwrap_or_default();
    let (build, image) = all.split_at(last);
    let stage = build.first().and_then(|(_, from)| from.rsplit_once(" AS ")).map_or("", |(_, name)| name);
    let left = left_by_build(build, &mut faults);

    let users = following(image, "USER");
    let is_number = |part: &str| part.parse::<u32>().is_ok_and(|number| number > 0);
    if !matches!(users[..], [user] if user.split(':').all(is_number)) {
        faults.push(format!("it runs as {users:?}"));
    }
    let volumes = following(image, "VOLUME");
    let volume = volumes.first().copied().unwrap_or_default();
    let mut installed = false;
    for copy in following(image, "COPY") {
        let (flags, names): (Vec<&str>, Vec<&str>) =
            copy.split_whitespace().partition(|word| word.starts_with("--"));
        let [from, to] = names[..] else {
            faults.push(format!("it copies {copy}"));
            continue;
        };
        if !flags.contains(&format!("--from={stage}").as_str()) {
            faults.push(format!("{from} is not from the build"));
        }
        match left.get(from) {
            Some(Some(file)) => {
                installed |= to == format!("{PROGRAMS}/{}", program());
                if *file != format!("target/release/{}", program()) {
                    faults.push(format!("{file} is none of what the release is made of"));
                }
            }
            Some(None) if to == volume => {
                let owner = flags.iter().find_map(|flag| flag.strip_prefix("--chown="));
                if owner.is_none() || owner != users.first().copied() {
                    faults.push(format!("{to} belongs to {owner:?}"));
                }
            }
            _ => faults.push(format!("the build leaves no {from} for {to}")),
        }
    }
    if !installed {
        faults.push(format!("{} isn't where it is looked for", program()));
    }
    if !matches!(following(image, "STOPSIGNAL")[..], [] | ["SIGTERM"]) {
        faults.push("the program doesn't hear that it is to stop".to_owned());
    }
    faults.extend(faults_of_start(image, volume));
    faults
}

/// What is wrong with how an image starts the program, and with what is set.
fn faults_of_start(image: &[Instruction], volume: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let environment = following(image, "ENV").join(" ");
    let settings: Vec<_> =
        environment.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, ""))).collect();
    faults.extend(faults_of_settings(settings.iter().copied(), volume));
    let mut listening = BTreeSet::new();
    for name in [ADDRESS, METRICS_ADDRESS] {
        for value in values(&settings, name) {
            match value.parse::<SocketAddr>() {
                // Nobody reaches another address of a container.
                Ok(address) if address.ip().is_unspecified() => {
                    listening.insert(address.port());
                }
                _ => faults.push(format!("{name} is {value}")),
            }
        }
    }
    let exposed: BTreeSet<u16> = following(image, "EXPOSE")
        .iter()
        .flat_map(|ports| ports.split_whitespace())
        .filter_map(|port| port.trim_end_matches("/tcp").parse().ok())
        .collect();
    if exposed.is_empty() || exposed != listening {
        faults.push(format!("{exposed:?} are open, it listens at {listening:?}"));
    }
    let start: Vec<String> =
        following(image, "ENTRYPOINT").into_iter().chain(following(image, "CMD")).flat_map(words).collect();
    let looked_after = following(image, "HEALTHCHECK");
    let looked_after =
        looked_after.first().and_then(|line| line.split_once("CMD ")).map_or("", |parts| parts.1);
    for line in [start, words(looked_after)] {
        if line.first() != Some(&program()) || line.len() < 2 {
            faults.push(format!("{line:?} is none of its commands"));
        }
        faults.extend(misunderstood(line.iter().map(String::as_str)));
    }
    faults
}

#[test]
fn the_image_runs_what_the_release_is_made_of_as_a_user_without_rights() {
    let text = read("Dockerfile");
    assert_eq!(faults_of_image(&text), Vec::<String>::new());

    // It is built with a compiler that the workspace can be built with, from all of it.
    let workspace: toml::Value = toml::from_str(&read("Cargo.toml")).expect("the workspace");
    let needed = workspace["workspace"]["package"]["rust-version"].as_str().expect("a version").to_owned();
    let version = |text: &str| -> Vec<u32> { text.split('.').filter_map(|part| part.parse().ok()).collect() };
    let from = instructions(&text).swap_remove(0).1;
    let used = from.split_once("/rust:").and_then(|(_, tag)| tag.split('-').next()).expect("a version");
    assert!(version(used) >= version(&needed), "{used}, not {needed}");
    let ignored = read(".dockerignore");
    let members = workspace["workspace"]["members"].as_array().expect("members");
    for needed in members.iter().filter_map(toml::Value::as_str).chain(["Cargo.toml", "Cargo.lock", "style"])
    {
        assert!(ignored.lines().all(|line| line.trim_matches('/') != needed), "{needed} isn't sent");
    }
}

#[test]
fn an_image_with_rights_or_with_something_else_is_noticed() {
    let text = read("Dockerfile");
    for (from, to) in [
        ("USER 65532:65532\n", ""),
        ("USER 65532:65532", "USER root"),
        ("USER 65532:65532", "USER 0:0"),
        ("USER 65532:65532", "USER nonroot"),
        ("--chown=65532:65532", "--chown=0:0"),
        ("COPY --from=build /installed/benefits-center", "COPY target/release/benefits-center"),
        ("COPY --from=build /installed/benefits-center", "COPY --from=build /source"),
        ("install -D target/release/benefits-center", "install -D target/debug/benefits-center"),
        ("install -D target/release/benefits-center", "install -D target/release/server"),
        ("cargo xtask build", "cargo build --release"),
        ("/usr/local/bin/benefits-center", "/usr/local/bin/portal"),
        ("EXPOSE 3000", "EXPOSE 8080"),
        ("EXPOSE 3000", "EXPOSE 3000 9300"),
        ("=0.0.0.0:3000", "=127.0.0.1:3000"),
        ("BENEFITS_CENTER_LOG_JSON=1", "BENEFITS_CENTER_LOG_YAML=1"),
        ("SECRET_FILE=/data/", "SECRET_FILE=/etc/"),
        ("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGQUIT"),
        ("ENTRYPOINT [\"benefits-center\"]", "ENTRYPOINT benefits-center"),
        ("CMD [\"serve\"]", "CMD [\"server\"]"),
        ("CMD [\"serve\"]", "CMD [\"serve\", \"--port\", \"80\"]"),
        ("CMD [\"benefits-center\", \"ready\"]", "CMD [\"curl\", \"localhost\"]"),
    ] {
        assert!(text.contains(from), "there is no {from}");
        assert_ne!(faults_of_image(&text.replacen(from, to, 1)), Vec::<String>::new(), "{from}: {to}");
    }
}
