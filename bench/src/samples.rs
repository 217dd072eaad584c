//! Durations, and what is told of them.

use std::time::Duration;

/// Durations of one kind of request, in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<u64>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, duration: Duration) {
        self.0.push(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds all of another.
    pub fn append(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration, in milliseconds, that so large a part of them doesn't exceed; 0 of none.
    #[must_use]
    pub fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let at = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1).min(last);
        sorted.get(at).map_or(0.0, |micros| *micros as f64 / 1000.0)
    }
}

/// The middle one; the mean of the middle two of an even number; 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle)) {
        (_, None) => 0.0,
        (0, Some(upper)) => (sorted[middle - 1] + upper) / 2.0,
        (_, Some(value)) => *value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let mut samples = Samples::default();
        assert!(samples.quantile(0.99).abs() < f64::EPSILON);
        for millis in 1..=200 {
            samples.add(Duration::from_millis(millis));
        }
        assert!((samples.quantile(0.5) - 100.0).abs() < f64::EPSILON);
        assert!((samples.quantile(0.99) - 198.0).abs() < f64::EPSILON);
        assert!((samples.quantile(1.0) - 200.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_median_of_few() {
        assert!(median(&[]).abs() < f64::EPSILON);
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0]) - 2.5).abs() < f64::EPSILON);
    }
}
