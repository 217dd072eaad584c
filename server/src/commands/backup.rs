//! `backup` and `restore`: a copy of the database in one file, and back into an empty place.
//!
//! SQLite is copied by itself, page by page, at one moment; PostgreSQL by its own programs, which know all of
//! its versions. The secret file isn't in a copy: whoever has both reads every product key.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use domain::moment::Zone;
use service::backup::{self, Examined};
use service::{Clock, Database, SystemClock, vault};

use super::{Trouble, postgres_programs};
use crate::configuration::{Configuration, private_file};

/// How a SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// How a dump of PostgreSQL begins.
const POSTGRES: &[u8] = b"PGDMP";

/// How the names of backups end.
const ENDING: &str = ".backup";

/// Where to write a copy.
#[derive(Args)]
pub struct BackupArguments {
    /// File to write, which must not be there yet [default: one with the time in its name in the folder for backups]
    #[arg(long)]
    to: Option<PathBuf>,
}

/// Where to read a copy.
#[derive(Args)]
pub struct RestoreArguments {
    /// File that `backup` has written
    #[arg(long)]
    from: PathBuf,
}

pub(super) async fn back_up(
    configuration: &Configuration,
    arguments: BackupArguments,
) -> Result<(), Trouble> {
    let to = match (arguments.to, &configuration.backup_dir) {
        (Some(to), _) => to,
        (None, Some(folder)) => {
            fs::create_dir_all(folder)?;
            let now = Zone::named("UTC").iso(SystemClock.now());
            let now: String =
                now.chars().take_while(|sign| *sign != '+').filter(|sign| sign.is_alphanumeric()).collect();
            folder.join(format!("benefits-center-{now}Z{ENDING}"))
        }
        (None, None) => return Err("say where to with --to, or set a folder for backups".into()),
    };
    if to.exists() {
        return Err(format!("{} is there already: nothing is written over", to.display()).into());
    }
    let part = beside(&to, ".part");
    let written = write(configuration, &part).await;
    let examined = match written {
        Ok(examined) => examined,
        Err(trouble) => {
            // What is half written is no copy.
            let _ = fs::remove_file(&part);
            return Err(trouble);
        }
    };
    if let Err(trouble) = put_in_place(&part, &to) {
        let _ = fs::remove_file(&part);
        return Err(trouble.into());
    }
    let bytes = fs::metadata(&to)?.len();
    println!("{} has the database as it was: {bytes} bytes, {}", to.display(), summary(&examined));
    println!("{}", needed(configuration, &examined));
    Ok(())
}

async fn write(configuration: &Configuration, part: &Path) -> Result<Examined, Trouble> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    // Only its owner reads it; the programs below write into what is there.
    private_file(part).map_err(|error| format!("{} can't be written: {error}", part.display()))?;
    let Some(path) = configuration.sqlite_path() else {
        postgres_programs::dump(&configuration.database_url, part).await?;
        let database = Database::connect(&configuration.database_url).await?;
        let applied = database.applied_migrations().await?;
        return Ok(Examined { applied, under: vault::under(&database).await?, ..Examined::default() });
    };
    if !path.exists() {
        return Err(format!("there is no database at {}", path.display()).into());
    }
    let database = Database::connect(&configuration.database_url).await?;
    backup::copy(&database, part).await?;
    database.close().await?;
    whole(part).await
}

/// What a copy has, where it is whole.
async fn whole(part: &Path) -> Result<Examined, Trouble> {
    let database = Database::look_at(part).await?;
    let examined = backup::examine(&database).await?;
    database.close().await?;
    if examined.faults.is_empty() {
        return Ok(examined);
    }
    Err(format!("the copy is not whole: {}", examined.faults.join("; ")).into())
}

pub(super) async fn restore(
    configuration: &Configuration,
    arguments: RestoreArguments,
) -> Result<ExitCode, Trouble> {
    let from = arguments.from;
    let mut beginning = [0; SQLITE.len()];
    let mut file =
        fs::File::open(&from).map_err(|error| format!("{} can't be read: {error}", from.display()))?;
    let read = file.read(&mut beginning)?;
    let sqlite = beginning[..read].starts_with(SQLITE);
    if !sqlite && !beginning[..read].starts_with(POSTGRES) {
        return Err(format!("{} is no backup", from.display()).into());
    }
    let examined = match configuration.sqlite_path() {
        Some(path) if sqlite => into_sqlite(&from, &path).await?,
        None if !sqlite => into_postgres(configuration, &from).await?,
        Some(_) => return Err("this is a backup of PostgreSQL, and the database address names SQLite".into()),
        None => return Err("this is a backup of SQLite, and the database address names PostgreSQL".into()),
    };
    println!("The database is restored: {}", summary(&examined));
    if !examined.faults.is_empty() {
        println!("BAD   it is not whole: {}", examined.faults.join("; "));
        return Ok(ExitCode::FAILURE);
    }
    println!("{}", needed(configuration, &examined));
    opens(configuration, &examined).await
}

async fn into_sqlite(from: &Path, path: &Path) -> Result<Examined, Trouble> {
    for there in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        if there.exists() {
            return Err(format!(
                "{} is there already: a backup is restored into an empty place only; stop the server and \
                move what is there away",
                there.display()
            )
            .into());
        }
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let part = beside(path, ".part");
    if fs::canonicalize(&part).ok().is_some_and(|part| fs::canonicalize(from).is_ok_and(|from| from == part))
    {
        return Err(format!(
            "{} has the name that the copy gets until it is whole: rename it first",
            from.display()
        )
        .into());
    }
    let copied = async {
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut copy = private_file(&part)?;
        io::copy(&mut fs::File::open(from)?, &mut copy)?;
        whole(&part).await
    };
    match copied.await {
        Ok(examined) => {
            put_in_place(&part, path)?;
            Ok(examined)
        }
        Err(trouble) => {
            let _ = fs::remove_file(&part);
            Err(trouble)
        }
    }
}

async fn into_postgres(configuration: &Configuration, from: &Path) -> Result<Examined, Trouble> {
    let database = Database::connect(&configuration.database_url).await?;
    if !database.is_empty().await? {
        return Err("the database has tables already: a backup is restored into an empty one only".into());
    }
    postgres_programs::restore(&configuration.database_url, from).await?;
    Ok(backup::examine(&database).await?)
}

/// The name with an ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// Gives a file its name once all of it is on the disk; what has the name already stays.
fn put_in_place(part: &Path, path: &Path) -> io::Result<()> {
    fs::File::open(part)?.sync_all()?;
    // Unlike a rename this fails where somebody made the file meanwhile.
    match fs::hard_link(part, path) {
        Ok(()) => fs::remove_file(part)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Some shares and mounts know no second name for a file.
        Err(_) if path.exists() => return Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(part, path)?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn summary(examined: &Examined) -> String {
    let version = examined.applied.last().map_or("nothing", String::as_str);
    if examined.chains == 0 {
        return format!("schema {version}");
    }
    format!(
        "schema {version}, {} events in {} chains of the audit trail, none broken",
        examined.events, examined.chains
    )
}

/// Which keys a copy needs: they aren't in it.
fn needed(configuration: &Configuration, examined: &Examined) -> String {
    let path = configuration.secret_file.display();
    if examined.under.is_empty() {
        return format!(
            "Nothing in it is sealed. The secret file {path} is not part of it: keep a copy of that elsewhere."
        );
    }
    let keys: Vec<String> =
        examined.under.iter().map(|(number, secrets)| format!("key {number} ({secrets} secrets)")).collect();
    format!(
        "The secret file {path} is not part of it and has to be kept elsewhere: it needs {}.",
        keys.join(", ")
    )
}

/// Whether the secret file is here and opens what was restored. It isn't made: a new one would open nothing.
async fn opens(configuration: &Configuration, examined: &Examined) -> Result<ExitCode, Trouble> {
    let path = configuration.secret_file.display();
    if !configuration.secret_file.exists() {
        println!(
            "note  there is no secret file: put it to {path} before the server starts, or it makes a new one"
        );
        return Ok(ExitCode::SUCCESS);
    }
    let known: Vec<u8> = configuration.keys()?.numbers().collect();
    if let Some(missing) = examined.under.keys().find(|number| !known.contains(number)) {
        println!("BAD   the secret file {path} has no key {missing}");
        return Ok(ExitCode::FAILURE);
    }
    let service = configuration.service().await?;
    if !service.database.is_current().await? {
        println!(
            "note  the schema is older than the program; `benefits-center migrate` brings it up to date"
        );
        return Ok(ExitCode::SUCCESS);
    }
    match vault::check(&service).await {
        Ok(()) => {
            println!("ok    the secret file {path} opens what is sealed");
            Ok(ExitCode::SUCCESS)
        }
        Err(_) => {
            println!(
                "BAD   the secret file {path} is another installation's: it doesn't open what is sealed"
            );
            Ok(ExitCode::FAILURE)
        }
    }
}

/// When the latest backup in the folder was written.
pub(super) fn latest(folder: &Path) -> io::Result<Option<SystemTime>> {
    let mut latest = None;
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.file_name().to_string_lossy().ends_with(ENDING) {
            latest = latest.max(Some(file.metadata()?.modified()?));
        }
    }
    Ok(latest)
}
