//! The databases that are measured: made by the product itself, filled by statements of our own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, FromQueryResult};
use service::{Database, sql};
use tokio::process::Command;
use uuid::Uuid;

use crate::Outcome;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// A file, kept with `synchronous=FULL`.
    Sqlite,
    /// The server that was named.
    Postgres,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name as it is read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A PostgreSQL server that may be stopped and started.
#[derive(Clone, Debug)]
pub struct PostgresServer {
    /// Address of a database in which databases may be created.
    pub url: String,
    /// Its data folder.
    pub data: PathBuf,
    /// Program and arguments that start it.
    pub command: Vec<String>,
}

/// Where databases come from: the sample programme, loaded once for each engine.
pub struct Source {
    binary: PathBuf,
    folder: PathBuf,
    postgres: Option<PostgresServer>,
    /// Names on the PostgreSQL server begin with it.
    prefix: String,
}

/// What belongs to a database: its secret, and on SQLite the database itself.
const FILES: [&str; 3] = ["secret.key", "benefits-center.db", "benefits-center.db-wal"];

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Source {
    /// Databases of this binary, kept in this folder.
    #[must_use]
    pub fn new(binary: &Path, folder: &Path, postgres: Option<PostgresServer>) -> Self {
        let prefix = format!("bench_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { binary: binary.to_owned(), folder: folder.to_owned(), postgres, prefix }
    }

    /// Both, or only SQLite where no PostgreSQL server was named.
    #[must_use]
    pub fn engines(&self) -> Vec<Engine> {
        Engine::ALL
            .into_iter()
            .filter(|engine| *engine == Engine::Sqlite || self.postgres.is_some())
            .collect()
    }

    /// The PostgreSQL server.
    ///
    /// # Errors
    /// None was named.
    pub fn postgres(&self) -> Outcome<&PostgresServer> {
        self.postgres.as_ref().ok_or_else(|| "no PostgreSQL server was named".into())
    }

    /// A new database with the sample programme, in a folder of its own.
    ///
    /// # Errors
    /// It can't be made.
    pub async fn create(&self, engine: Engine) -> Outcome<Place> {
        let folder = self.folder.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
        self.create_in(engine, &folder).await
    }

    /// A new database with the sample programme, in this folder.
    ///
    /// # Errors
    /// It can't be made.
    pub async fn create_in(&self, engine: Engine, folder: &Path) -> Outcome<Place> {
        let template = self.template(engine).await?;
        std::fs::create_dir_all(folder)?;
        for name in FILES {
            let from = template.folder.join(name);
            if from.exists() {
                std::fs::copy(&from, folder.join(name))?;
            }
        }
        let url = match engine {
            Engine::Sqlite => sqlite_url(folder),
            Engine::Postgres => {
                let name = format!("{}_{}", self.prefix, NUMBER.fetch_add(1, Ordering::Relaxed));
                self.administer(&format!("create database {name} template {}", self.template_name())).await?;
                self.url_of(&name)?
            }
        };
        Ok(Place { engine, folder: folder.to_owned(), url })
    }

    /// A new database with a large programme, in a folder of its own.
    ///
    /// # Errors
    /// It can't be made.
    pub async fn create_large(&self, engine: Engine) -> Outcome<Place> {
        let place = self.create_empty(engine).await?;
        self.seed(&place, &["--scale", "large"]).await?;
        Ok(place)
    }

    /// A database with nothing in it.
    ///
    /// # Errors
    /// It can't be made.
    pub async fn create_empty(&self, engine: Engine) -> Outcome<Place> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.join(number.to_string());
        std::fs::create_dir_all(&folder)?;
        let url = match engine {
            Engine::Sqlite => sqlite_url(&folder),
            Engine::Postgres => {
                let name = format!("{}_{number}", self.prefix);
                self.administer(&format!("create database {name}")).await?;
                self.url_of(&name)?
            }
        };
        Ok(Place { engine, folder, url })
    }

    /// Removes a database.
    ///
    /// # Errors
    /// Somebody still uses it.
    pub async fn remove(&self, place: Place) -> Outcome {
        if place.engine == Engine::Postgres
            && let Some(name) = place.url.split('?').next().and_then(|url| url.rsplit('/').next())
        {
            self.administer(&format!("drop database if exists {name} with (force)")).await?;
        }
        std::fs::remove_dir_all(&place.folder)?;
        Ok(())
    }

    /// Removes what [`Source::create`] copies from.
    ///
    /// # Errors
    /// The database's.
    pub async fn finish(&self) -> Outcome {
        if self.postgres.is_some() {
            let text = format!("drop database if exists {} with (force)", self.template_name());
            self.administer(&text).await?;
        }
        Ok(())
    }

    fn template_name(&self) -> String {
        format!("{}_template", self.prefix)
    }

    async fn template(&self, engine: Engine) -> Outcome<Place> {
        let folder = self.folder.join(format!("template-{engine:?}"));
        let url = match engine {
            Engine::Sqlite => sqlite_url(&folder),
            Engine::Postgres => self.url_of(&self.template_name())?,
        };
        let place = Place { engine, folder, url };
        if place.folder.exists() {
            return Ok(place);
        }
        std::fs::create_dir_all(&place.folder)?;
        if engine == Engine::Postgres {
            self.administer(&format!("create database {}", self.template_name())).await?;
        }
        self.seed(&place, &[]).await?;
        Ok(place)
    }

    /// Loads the sample programme.
    async fn seed(&self, place: &Place, scale: &[&str]) -> Outcome {
        let made = Command::new(&self.binary)
            .arg("seed-demo")
            .args(scale)
            .current_dir(&place.folder)
            .envs(place.environment())
            .stdin(Stdio::null())
            .output()
            .await?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(
                format!("the sample programme was not loaded into {}: {said}", place.engine.name()).into()
            );
        }
        Ok(())
    }

    fn url_of(&self, name: &str) -> Outcome<String> {
        let url = &self.postgres()?.url;
        let (url, options) = url.split_once('?').map_or((url.as_str(), None), |(url, o)| (url, Some(o)));
        let (server, _) = url.rsplit_once('/').ok_or("the PostgreSQL address names no database")?;
        Ok(options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}")))
    }

    async fn administer(&self, text: &str) -> Outcome {
        let database = Database::connect(&self.postgres()?.url).await?;
        database.reader().execute_unprepared(text).await?;
        database.reader().clone().close().await?;
        Ok(())
    }
}

fn sqlite_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("benefits-center.db").display())
}

/// A database and the folder of what belongs to it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which of the two.
    pub engine: Engine,
    /// Secret, mail, log; on SQLite the database.
    pub folder: PathBuf,
    /// Its address.
    pub url: String,
}

impl Place {
    /// The environment in which the product uses it.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        vec![
            ("DATABASE_URL", self.url.clone()),
            ("BENEFITS_CENTER_SECRET_FILE", path("secret.key")),
            ("BENEFITS_CENTER_MAIL_DIR", path("mail")),
            ("BENEFITS_CENTER_DEMO", "1".to_owned()),
        ]
    }

    /// A connection of our own, for filling and checking.
    ///
    /// # Errors
    /// The database is away.
    pub async fn connect(&self) -> Outcome<Stage> {
        Ok(Stage { engine: self.engine, database: Database::connect(&self.url).await? })
    }
}

/// What is filled and checked from outside.
pub struct Stage {
    /// Which of the two.
    pub engine: Engine,
    /// The connection.
    pub database: Database,
}

#[derive(FromQueryResult)]
struct Id {
    id: Uuid,
}

impl Stage {
    /// Runs statements, separated by a semicolon and the end of the line.
    ///
    /// # Errors
    /// The database's.
    pub async fn run(&self, text: &str) -> Outcome {
        let transaction = self.database.begin().await?;
        for statement in text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            transaction.execute_unprepared(statement).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The ids that a query gives.
    ///
    /// # Errors
    /// The database's.
    pub async fn ids(&self, text: &str) -> Outcome<Vec<Uuid>> {
        let rows = sql::all::<Id>(self.database.reader(), text, []).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// The one id that a query gives.
    ///
    /// # Errors
    /// The database's, or there is none.
    pub async fn id(&self, text: &str) -> Outcome<Uuid> {
        self.ids(text).await?.into_iter().next().ok_or_else(|| format!("no row: {text}").into())
    }

    /// Lets the connection go: a database that somebody is connected to can't be copied.
    ///
    /// # Errors
    /// The database's.
    pub async fn close(self) -> Outcome {
        self.database.reader().clone().close().await?;
        Ok(())
    }

    /// The one number, named `number`, that a query gives.
    ///
    /// # Errors
    /// The database's.
    pub async fn number(&self, text: &str) -> Outcome<i64> {
        Ok(sql::number(self.database.reader(), text, []).await?)
    }

    /// An id as it stands in a statement.
    #[must_use]
    pub fn literal(&self, id: Uuid) -> String {
        match self.engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'::uuid"),
        }
    }

    /// An expression that is a new id for each row.
    #[must_use]
    pub const fn new_id(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => "randomblob(16)",
            Engine::Postgres => "gen_random_uuid()",
        }
    }

    /// A table of the numbers from 1, in its column `n`.
    #[must_use]
    pub fn numbers(&self, last: u64) -> String {
        match self.engine {
            Engine::Sqlite => format!(
                "(with recursive counted(n) as (select 1 union all select n + 1 from counted where n < {last})
                    select n from counted)"
            ),
            Engine::Postgres => format!("(select n from generate_series(1, {last}) as counted(n))"),
        }
    }

    /// Lets the database look at what it has, as it does by itself after a while.
    ///
    /// # Errors
    /// The database's.
    pub async fn analyze(&self) -> Outcome {
        let texts: &[&str] = match self.engine {
            Engine::Sqlite => &["analyze", "pragma wal_checkpoint(truncate)"],
            Engine::Postgres => &["vacuum analyze", "checkpoint"],
        };
        for text in texts {
            self.database.reader().execute_unprepared(text).await?;
        }
        Ok(())
    }
}
