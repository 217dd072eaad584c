//! Live updates: the server says that something changed, the page reads its data again.

use crate::load::Reload;

/// Several changes in a row are one reason to read again: so long, in milliseconds, it is waited for more.
#[cfg(any(feature = "hydrate", test))]
const SOON: f64 = 150.0;
/// As long as changes don't end, the wait grows up to this.
#[cfg(any(feature = "hydrate", test))]
const LONGEST: f64 = 2_400.0;
/// What may wait waits so long.
#[cfg(any(feature = "hydrate", test))]
const LATER: f64 = 4_000.0;

/// How often a page reads its data again: soon after a quiet time, the less often the more goes on. Pages don't
/// all do it in the same moment.
#[cfg(any(feature = "hydrate", test))]
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// How long was waited before the last reading.
    wait: f64,
    /// When that was.
    read: Option<f64>,
    /// The next one.
    due: Option<Due>,
}

/// A reading that is planned.
#[cfg(any(feature = "hydrate", test))]
#[derive(Clone, Copy, Debug)]
struct Due {
    at: f64,
    /// How long was waited by then, for the pace.
    wait: f64,
    /// Whether something that may not wait comes before it.
    later: bool,
}

#[cfg(any(feature = "hydrate", test))]
impl Default for Pace {
    fn default() -> Self {
        Self { wait: SOON, read: None, due: None }
    }
}

#[cfg(any(feature = "hydrate", test))]
impl Pace {
    /// Something changed: when to read again, where nothing is planned by then. `chance` is from 0 to 1.
    fn plan(&mut self, now: f64, later: bool, chance: f64) -> Option<f64> {
        let quiet = self.read.is_none_or(|read| now - read > 4.0 * self.wait);
        let wait = if quiet { SOON } else { (2.0 * self.wait).min(LONGEST) };
        let (wait, pause) = if later { (self.wait, LATER) } else { (wait, wait) };
        let at = now + pause * (1.0 + chance / 3.0);
        if self.due.is_some_and(|due| later || !due.later || due.at <= at) {
            return None;
        }
        self.due = Some(Due { at, wait, later });
        Some(at)
    }

    /// The planned moment has come; not where an earlier one was planned since.
    fn begin(&mut self, at: f64) -> bool {
        match self.due {
            Some(due) if due.at.total_cmp(&at).is_eq() => {
                *self = Self { wait: due.wait, read: Some(at), due: None };
                true
            }
            _ => false,
        }
    }
}

/// Listens for as long as the page is open; the browser connects again by itself.
#[cfg(feature = "hydrate")]
pub fn listen(reload: Reload) {
    use std::time::Duration;

    use futures::{StreamExt, stream};
    use gloo_net::eventsource::futures::EventSource;
    use leptos::prelude::*;

    let pace = StoredValue::new(Pace::default());
    Effect::new(move |_| {
        leptos::task::spawn_local(async move {
            let Ok(mut source) = EventSource::new("/live") else { return };
            let (Ok(messages), Ok(opened)) = (source.subscribe("message"), source.subscribe("open")) else {
                return;
            };
            // What changed while the connection was away is read when it is back.
            let mut events = stream::select(messages, opened.skip(1));
            while let Some(event) = events.next().await {
                let Ok((_, message)) = event else { continue };
                let later = message.data().as_string().as_deref() == Some("later");
                let (now, chance) = (js_sys::Date::now(), js_sys::Math::random());
                let Some(planned) = pace.try_update_value(|pace| pace.plan(now, later, chance)) else {
                    return;
                };
                let Some(at) = planned else { continue };
                set_timeout(
                    move || {
                        if pace.try_update_value(|pace| pace.begin(at)) == Some(true) {
                            reload.now();
                        }
                    },
                    Duration::try_from_secs_f64((at - now) / 1_000.0).unwrap_or_default(),
                );
            }
        });
    });
}

/// Without a browser there is nothing to listen with.
#[cfg(not(feature = "hydrate"))]
pub const fn listen(_reload: Reload) {}

#[cfg(test)]
mod tests {
    use super::{LATER, Pace, SOON};

    /// How often a page reads in a minute in which something changes every so many milliseconds.
    fn readings(every: u32, later: bool) -> usize {
        let mut pace = Pace::default();
        let mut planned = Vec::new();
        let mut readings = 0;
        for now in 0..60_000_u32 {
            let now = f64::from(now);
            if (now % f64::from(every)).total_cmp(&0.0).is_eq() {
                planned.extend(pace.plan(now, later, 0.5));
            }
            planned.retain(|at| {
                let come = *at <= now;
                readings += usize::from(come && pace.begin(*at));
                !come
            });
        }
        readings
    }

    #[test]
    fn a_change_after_a_quiet_time_is_read_soon_and_many_are_read_seldom() {
        let mut pace = Pace::default();
        let first = pace.plan(0.0, false, 1.0);
        assert!(first.is_some_and(|at| at <= 2.0 * SOON), "{first:?}");
        assert_eq!(pace.plan(10.0, false, 0.0), None, "one reading serves both");
        assert!(readings(20, false) < 40, "{}", readings(20, false));
        assert!(readings(3_000, false) >= 19, "who is not in a hurry is followed at once");
    }

    #[test]
    fn what_may_wait_waits_and_what_may_not_comes_before_it() {
        assert!(readings(20, true) < 16, "{}", readings(20, true));
        let mut pace = Pace::default();
        let later = pace.plan(0.0, true, 0.0);
        assert!(later.is_some_and(|at| at >= LATER), "{later:?}");
        let soon = pace.plan(100.0, false, 0.0);
        assert!(soon.is_some_and(|at| at < 100.0 + LATER), "{soon:?}");
        assert!(soon.is_some_and(|at| pace.begin(at)), "the earlier one is read");
        assert!(later.is_some_and(|at| !pace.begin(at)), "and once is enough");
    }
}
