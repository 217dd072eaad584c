//! What was measured, kept for machines in `figures.json` and told in `FIGURES.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::database::Engine;
use crate::figure::Figure;

/// What one name of the command measured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Section {
    /// The name, such as `page`.
    pub name: String,
    /// How it is headed.
    pub title: String,
    /// How it was measured, in a sentence or two.
    pub how: String,
    /// The commit that was measured.
    pub commit: String,
    /// The machine.
    pub machine: String,
    /// Whether it was a quick run, whose figures say little.
    pub quick: bool,
    /// The figures, in the order in which they are told.
    pub figures: Vec<Figure>,
    /// What else is to be said.
    pub notes: Vec<String>,
    /// Names of plots in the folder `figures`.
    pub plots: Vec<String>,
}

impl Section {
    /// A section without figures.
    #[must_use]
    pub fn new(name: &str, title: &str, how: &str) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), how: how.to_owned(), ..Self::default() }
    }

    /// Adds a figure.
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Adds a sentence.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }

    /// Figures whose promise isn't kept.
    pub fn missed(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| !figure.kept())
    }
}

/// The last figures of every name.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// A section for each name.
    pub sections: Vec<Section>,
}

impl Report {
    /// The report that is kept beside `FIGURES.md`; an empty one where there is none yet.
    ///
    /// # Errors
    /// It is there and can't be read.
    pub fn read(figures: &Path) -> Outcome<Self> {
        match std::fs::read_to_string(kept_beside(figures)) {
            Ok(text) => Ok(serde_json::from_str(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// The section of this name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Puts a section in the place of its predecessor; the order is that of `names`.
    pub fn replace(&mut self, section: Section, names: &[&str]) {
        self.sections.retain(|kept| kept.name != section.name);
        self.sections.push(section);
        self.sections.sort_by_key(|section| names.iter().position(|name| *name == section.name));
    }

    /// Writes both files.
    ///
    /// # Errors
    /// They can't be written.
    pub fn write(&self, figures: &Path) -> Outcome {
        if let Some(folder) = figures.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(kept_beside(figures), serde_json::to_string_pretty(self)? + "\n")?;
        std::fs::write(figures, self.told())?;
        Ok(())
    }

    /// The report as it is read.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = String::from(
            "# Figures\n\n`cargo xtask bench` measures and writes this file; `cargo xtask bench NAME` \
            measures one part anew and keeps the others. What a figure is compared with ran in the same \
            minutes on the same core.\n",
        );
        let machines: BTreeSet<&str> = self.sections.iter().map(|section| section.machine.as_str()).collect();
        for machine in machines {
            let _ = write!(text, "\nMachine: {machine}.\n");
        }
        for section in &self.sections {
            section.tell(&mut text);
        }
        text
    }
}

fn kept_beside(figures: &Path) -> std::path::PathBuf {
    figures.with_file_name("figures.json")
}

impl Section {
    fn tell(&self, text: &mut String) {
        let _ = write!(
            text,
            "\n## {}\n\n{}\n\n`bench {}`, commit {}",
            self.title, self.how, self.name, self.commit
        );
        text.push_str(if self.quick { "; **quick, figures say little**.\n" } else { ".\n" });
        let (of_databases, others): (Vec<&Figure>, Vec<&Figure>) =
            self.figures.iter().partition(|figure| figure.database.is_some());
        if !of_databases.is_empty() {
            text.push_str(
                "\n| figure | SQLite | PostgreSQL | target | kept? |\n| --- | ---: | ---: | --- | --- |\n",
            );
            let mut told: Vec<&str> = Vec::new();
            for figure in &of_databases {
                if told.contains(&figure.name.as_str()) {
                    continue;
                }
                told.push(&figure.name);
                let same: Vec<&Figure> =
                    of_databases.iter().filter(|other| other.name == figure.name).copied().collect();
                let on = |engine: Engine| {
                    let found = same.iter().find(|figure| figure.database.as_deref() == Some(engine.name()));
                    found.map_or_else(String::new, |figure| figure.told())
                };
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} |",
                    figure.name,
                    on(Engine::Sqlite),
                    on(Engine::Postgres),
                    targets(&same),
                    kept(&same)
                );
            }
        }
        if !others.is_empty() {
            text.push_str("\n| figure | value | target | kept? |\n| --- | ---: | --- | --- |\n");
            for figure in others {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} |",
                    figure.name,
                    figure.told(),
                    figure.target_told(),
                    kept(&[figure])
                );
            }
        }
        for plot in &self.plots {
            let _ = write!(text, "\n![{}](figures/{plot})\n", self.title);
        }
        for note in &self.notes {
            let _ = write!(text, "\n- {note}\n");
        }
    }
}

/// One target where both databases have the same, else that of each.
fn targets(figures: &[&Figure]) -> String {
    let mut told: Vec<String> = figures.iter().map(|figure| figure.target_told()).collect();
    told.dedup();
    told.join("; ")
}

fn kept(figures: &[&Figure]) -> &'static str {
    if figures.iter().all(|figure| figure.target.is_none()) {
        ""
    } else if figures.iter().all(|figure| figure.kept()) {
        "yes"
    } else {
        "**no**"
    }
}

/// Figures that grew by more than this part of what they were, told as sentences.
#[must_use]
pub fn grown(before: &Section, now: &Section, part: f64) -> Vec<String> {
    now.figures
        .iter()
        .filter_map(|figure| {
            let kept = before.figures.iter().find(|kept| {
                kept.name == figure.name && kept.database == figure.database && kept.unit == figure.unit
            })?;
            let bound = kept.value * (1.0 + part);
            (figure.value > bound).then(|| {
                format!(
                    "{}: {} after {}, more than {} % more",
                    figure.name,
                    figure.told(),
                    kept.told(),
                    part * 100.0
                )
            })
        })
        .collect()
}

/// The machine in a line: processor, cores, memory, kernel.
#[must_use]
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor =
        field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    // Pinned to one core, a process sees that one only.
    let cores = read("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count().max(cores);
    let kilobytes: u64 = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|total| total.trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{processor}, {cores} cores, {} GB memory, Linux {}",
        kilobytes.div_ceil(1024 * 1024),
        kernel.trim()
    )
}

/// The commit of the checkout that holds `folder`, and whether anything was changed since.
#[must_use]
pub fn commit(folder: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    // The figures themselves are no change of what is measured.
    let changes = git(&["status", "--porcelain", "--", ":/", ":!/docs"]);
    if changes.is_some_and(|changes| changes.is_empty()) { commit } else { format!("{commit} with changes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(value: f64) -> Section {
        let mut section = Section::new("page", "Page", "Asked by wrk.");
        section.machine = "a machine".to_owned();
        section.commit = "abc".to_owned();
        section.add(Figure::new("Ratio", value, "").at_least(0.5).on("SQLite"));
        section.add(Figure::new("Ratio", 0.7, "").at_least(0.5).on("PostgreSQL"));
        section.add(Figure::new("Binary", 20.0, "MB"));
        section.note("Said.");
        section.plots.push("page.svg".to_owned());
        section
    }

    #[test]
    fn both_databases_stand_in_one_line_and_a_missed_target_is_said() {
        let report = Report { sections: vec![section(0.4)] };
        let text = report.told();
        assert!(text.contains("| Ratio | 0.400 | 0.700 | at least 0.500 | **no** |"), "{text}");
        assert!(text.contains("| Binary | 20.0 MB |  |  |"), "{text}");
        assert!(text.contains("![Page](figures/page.svg)"));
        assert!(text.contains("- Said."));
        assert!(text.contains("Machine: a machine."));
        assert!(!text.contains("quick"));
        assert_eq!(report.sections[0].missed().count(), 1);
        let kept = Report { sections: vec![section(0.5)] };
        assert!(kept.told().contains("| yes |"));
        let quick = Report { sections: vec![Section { quick: true, ..section(0.5) }] };
        assert!(quick.told().contains("quick, figures say little"));
    }

    #[test]
    fn a_part_is_measured_anew_and_the_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let figures = folder.path().join("docs/FIGURES.md");
        assert_eq!(Report::read(&figures).expect("none yet"), Report::default());
        let mut report = Report::default();
        report.replace(Section::new("growth", "Growth", ""), &["page", "growth"]);
        report.replace(section(0.4), &["page", "growth"]);
        report.write(&figures).expect("writes");
        let mut again = Report::read(&figures).expect("reads");
        assert_eq!(again, report);
        again.replace(section(0.9), &["page", "growth"]);
        let names: Vec<&str> = again.sections.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["page", "growth"]);
        assert!((again.sections[0].figures[0].value - 0.9).abs() < f64::EPSILON);
    }

    #[test]
    fn what_grew_by_more_than_the_part_is_named() {
        let of = |value| {
            let mut section = Section::new("bytes", "Bytes", "");
            section.add(Figure::new("/a", value, "KB"));
            section
        };
        assert!(grown(&of(100.0), &of(102.0), 0.02).is_empty());
        assert_eq!(grown(&of(100.0), &of(102.1), 0.02).len(), 1);
        assert!(grown(&Section::default(), &of(1.0), 0.02).is_empty());
    }
}
