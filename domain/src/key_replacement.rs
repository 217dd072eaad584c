//! Whether a key that doesn't work can be replaced: once for a grant or a seat, within thirty days of its first
//! reveal. A key of a batch that was withdrawn can be replaced at any time, and that counts as none.

use crate::error::{Error, ErrorCode};
use crate::moment::Day;

/// Days after the day of the first reveal in which a key can be replaced; the last one to its end.
pub const REPLACEMENT_DAYS: i64 = 30;
/// The longest reason for a replacement, in characters.
pub const REPLACEMENT_REASON_MAX: usize = 500;

/// What the rule asks of a key. Days are those of the organization's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplacementFacts {
    /// The day of its first reveal, day 0.
    pub revealed: Day,
    /// Today.
    pub today: Day,
    /// Whether the grant or seat has had a key replaced because it didn't work.
    pub replaced_before: bool,
    /// Whether the key was redeemed: it worked.
    pub redeemed: bool,
    /// Whether its batch was withdrawn.
    pub withdrawn: bool,
}

/// The last day on which a key can be replaced.
#[must_use]
pub fn last_day(revealed: Day) -> Day {
    revealed.plus_days(REPLACEMENT_DAYS)
}

/// Whether the key can be replaced now.
///
/// # Errors
/// [`ErrorCode::KeyRedeemed`]; [`ErrorCode::AlreadyReplaced`]; [`ErrorCode::ReplacementOver`] with the last day as
/// `detail`.
pub fn may_replace(facts: &ReplacementFacts) -> Result<(), Error> {
    if facts.redeemed {
        return Err(ErrorCode::KeyRedeemed.into());
    }
    if facts.withdrawn {
        return Ok(());
    }
    if facts.replaced_before {
        return Err(ErrorCode::AlreadyReplaced.into());
    }
    let last = last_day(facts.revealed);
    if facts.today > last {
        return Err(Error::new(ErrorCode::ReplacementOver).with_detail(last.to_string()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(today: Day) -> ReplacementFacts {
        ReplacementFacts {
            revealed: Day::parse("2026-11-20").expect("a day"),
            today,
            replaced_before: false,
            redeemed: false,
            withdrawn: false,
        }
    }

    fn day(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn code(facts: &ReplacementFacts) -> Option<ErrorCode> {
        may_replace(facts).err().map(|error| error.code)
    }

    #[test]
    fn a_key_can_be_replaced_until_the_thirtieth_day() {
        assert_eq!(code(&facts(day("2026-11-20"))), None);
        assert_eq!(code(&facts(day("2026-12-20"))), None);
        let over = may_replace(&facts(day("2026-12-21"))).expect_err("over");
        assert_eq!((over.code, over.detail.as_deref()), (ErrorCode::ReplacementOver, Some("2026-12-20")));
    }

    #[test]
    #[cfg(feature = "zones")]
    fn the_thirtieth_day_ends_in_the_organizations_time_zone() {
        use crate::moment::{Moment, Zone};
        for name in ["Asia/Shanghai", "Europe/Oslo", "America/Los_Angeles"] {
            let zone = Zone::named(name);
            let revealed = zone.at_hour(day("2026-11-20"), 23);
            let end = zone.end_of(last_day(zone.day_of(revealed)));
            let at = |moment: Moment| ReplacementFacts {
                revealed: zone.day_of(revealed),
                today: zone.day_of(moment),
                ..facts(day("2026-11-20"))
            };
            // 23:59:59 of day 30, and the second after it.
            assert_eq!(code(&at(end)), None, "{name}");
            assert_eq!(code(&at(end.plus_seconds(1))), Some(ErrorCode::ReplacementOver), "{name}");
        }
    }

    #[test]
    fn once_unless_the_batch_was_withdrawn() {
        let late = facts(day("2027-02-01"));
        let again = ReplacementFacts { replaced_before: true, ..facts(day("2026-11-21")) };
        assert_eq!(code(&again), Some(ErrorCode::AlreadyReplaced));
        for limited in [late, again] {
            assert_eq!(code(&ReplacementFacts { withdrawn: true, ..limited }), None);
        }
        let redeemed = ReplacementFacts { redeemed: true, withdrawn: true, ..late };
        assert_eq!(code(&redeemed), Some(ErrorCode::KeyRedeemed));
    }
}
