//! Steps of a command: what each does, how long it took, and a table at the end.

use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};

struct Done {
    name: String,
    took: Duration,
    failure: Option<String>,
}

/// The steps taken so far.
#[derive(Default)]
pub struct Steps {
    done: Vec<Done>,
}

impl Steps {
    /// Takes a step: prints its name, then how long it took or why it failed.
    pub fn take<T>(&mut self, name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        println!("==> {name}");
        let start = Instant::now();
        let outcome = work();
        let took = start.elapsed();
        match &outcome {
            Ok(_) => println!("    {name}: done in {}", shown(took)),
            Err(failure) => println!("    {name}: failed after {}: {failure}", shown(took)),
        }
        self.done.push(Done {
            name: name.to_owned(),
            took,
            failure: outcome.as_ref().err().map(Failure::to_string),
        });
        outcome
    }

    /// Names a step that can't be taken, so that the table shows why.
    pub fn refuse(&mut self, name: &str, why: &str) {
        println!("==> {name}\n    {name}: failed: {why}");
        self.done.push(Done { name: name.to_owned(), took: Duration::ZERO, failure: Some(why.to_owned()) });
    }

    /// How many steps failed.
    pub fn failed(&self) -> usize {
        self.done.iter().filter(|done| done.failure.is_some()).count()
    }

    /// Prints one line per step with its result and duration.
    pub fn print_table(&self) {
        let width = self.done.iter().map(|done| done.name.chars().count()).max().unwrap_or(0);
        println!();
        for Done { name, took, failure } in &self.done {
            let result = if failure.is_some() { "failed" } else { "ok" };
            println!("{name:width$}  {result:6}  {:>9}", shown(*took));
        }
        for Done { name, failure, .. } in &self.done {
            if let Some(failure) = failure {
                println!("\n{name}: {failure}");
            }
        }
        println!();
    }
}

fn shown(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = took.as_secs();
    format!("{} min {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_to_read() {
        assert_eq!(shown(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn a_failed_step_is_counted_and_later_ones_still_run() {
        let mut steps = Steps::default();
        assert!(steps.take("first", || Err::<(), _>(Failure::new("no"))).is_err());
        assert!(steps.take("second", || Ok(7)).is_ok_and(|value| value == 7));
        steps.refuse("third", "the first one failed");
        assert_eq!(steps.failed(), 2);
    }
}
