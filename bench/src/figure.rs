//! A figure, and whether it is what was promised.

use serde::{Deserialize, Serialize};

/// Which side of the target is the good one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Side {
    /// At least so much.
    AtLeast,
    /// At most so much.
    AtMost,
}

/// What was promised.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Which side is good.
    pub side: Side,
    /// The bound itself, in the figure's unit.
    pub bound: f64,
}

/// One figure with its unit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What it is of, such as `Page, 25 connections, p99`.
    pub name: String,
    /// The database, where it matters.
    pub database: Option<String>,
    /// The figure.
    pub value: f64,
    /// Its unit; empty for a ratio or a count.
    pub unit: String,
    /// What was promised, if anything was.
    pub target: Option<Target>,
}

impl Figure {
    /// A figure that nothing was promised of.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { name: name.into(), database: None, value, unit: unit.to_owned(), target: None }
    }

    /// The same figure, of this database.
    #[must_use]
    pub fn on(mut self, database: impl Into<String>) -> Self {
        self.database = Some(database.into());
        self
    }

    /// The same figure, promised to be at least so much.
    #[must_use]
    pub fn at_least(mut self, bound: f64) -> Self {
        self.target = Some(Target { side: Side::AtLeast, bound });
        self
    }

    /// The same figure, promised to be at most so much.
    #[must_use]
    pub fn at_most(mut self, bound: f64) -> Self {
        self.target = Some(Target { side: Side::AtMost, bound });
        self
    }

    /// Whether the promise is kept; a figure that isn't a number keeps none.
    #[must_use]
    pub fn kept(&self) -> bool {
        self.target.is_none_or(|target| match target.side {
            Side::AtLeast => self.value >= target.bound,
            Side::AtMost => self.value <= target.bound,
        })
    }

    /// The figure as it is read.
    #[must_use]
    pub fn told(&self) -> String {
        with_unit(&number(self.value), &self.unit)
    }

    /// The target as it is read; empty where there is none.
    #[must_use]
    pub fn target_told(&self) -> String {
        self.target.map_or_else(String::new, |target| {
            let side = match target.side {
                Side::AtLeast => "at least",
                Side::AtMost => "at most",
            };
            format!("{side} {}", with_unit(&number(target.bound), &self.unit))
        })
    }
}

fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// Three significant digits, thousands apart.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "none".to_owned();
    }
    let size = value.abs();
    let places = if size == 0.0 || size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.places$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let digits = whole.trim_start_matches('-');
    let mut apart = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    let sign = if whole.starts_with('-') { "-" } else { "" };
    rest.map_or_else(|| format!("{sign}{apart}"), |rest| format!("{sign}{apart}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(0.12345), "0.123");
        assert_eq!(number(12.345), "12.3");
        assert_eq!(number(-1234.0), "-1,234");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(f64::NAN), "none");
    }

    #[test]
    fn a_promise_is_kept_at_its_bound_and_never_by_what_is_no_number() {
        let figure = |value| Figure::new("ratio", value, "").at_least(0.5);
        assert!(figure(0.5).kept());
        assert!(!figure(0.49).kept());
        assert!(!figure(f64::NAN).kept());
        assert!(Figure::new("p99", 100.0, "ms").at_most(100.0).kept());
        assert_eq!(Figure::new("p99", 9.0, "ms").at_most(100.0).target_told(), "at most 100 ms");
    }
}
