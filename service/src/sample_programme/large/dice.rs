//! What looks like chance and is the same each time: names, days and sizes, nothing that has to be secret.

/// A sequence of numbers that its beginning decides (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence of a thing among many: neighbours have nothing in common.
    pub(super) const fn of(thing: u64) -> Self {
        Self(thing.wrapping_mul(0xd134_2543_de82_ef95))
    }

    const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below this one; 0 where there is none.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        let end = u64::try_from(end).unwrap_or(0);
        i64::try_from(self.throw() % end.max(1)).unwrap_or(0)
    }

    /// One of a list; nothing in particular where that is empty.
    pub(super) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let at = self.below(i64::try_from(list.len()).unwrap_or(0));
        usize::try_from(at).ok().and_then(|at| list.get(at)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_beginning_gives_the_same_and_every_number_comes() {
        let throws = |thing| {
            let mut dice = Dice::of(thing);
            (0..100).map(|_| dice.below(6)).collect::<Vec<_>>()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
        assert!((0..6).all(|number| throws(7).contains(&number)));
        assert_eq!(Dice::of(1).below(0), 0);
        assert_eq!(Dice::of(1).pick::<&str>(&[]), "");
    }
}
