//! The keys of an installation, as their file has them.

use std::collections::BTreeMap;
use std::fmt;

use domain::Moment;
use sha2::{Digest, Sha256};

/// So long a new key has to be known before old ones are forgotten: a server may be finishing a change
/// that it began under an old one.
pub const KNOWN_BEFORE_SECONDS: i64 = 600;

/// One key that seals.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    secret: [u8; 32],
    /// When it was made; the first key doesn't know.
    made: Moment,
}

/// Keys by their numbers: the latest seals, all of them open. Beside them the key of the keyed hashes,
/// which stays for ever, because whoever looks for a duplicate has only the hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    hash: [u8; 32],
    sealing: BTreeMap<u8, Key>,
}

/// Numbers only: the secrets stand in no log.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.sealing.keys()).finish()
    }
}

/// Why old keys are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// There is only one.
    OnlyOne,
    /// The latest isn't known for long enough; so many seconds are left.
    TooNew(i64),
}

fn derive(purpose: &[u8], secret: &[u8; 32]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"benefits-center ");
    digest.update(purpose);
    digest.update(secret);
    digest.finalize().into()
}

impl Keys {
    /// The keys of an installation that has never changed them: all from one secret.
    #[must_use]
    pub fn of(number: u8, secret: &[u8; 32]) -> Self {
        let key = Key { secret: *secret, made: Moment(0) };
        Self { hash: derive(b"hash", secret), sealing: BTreeMap::from([(number, key)]) }
    }

    /// Reads a key file: 64 hexadecimal digits, or what [`Self::text`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(secret) = digits(text.trim()) {
            return Some(Self::of(1, &secret));
        }
        let (mut hash, mut sealing) = (None, BTreeMap::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["hash", key] if hash.is_none() => hash = Some(digits(key)?),
                ["key", number, secret, made] => {
                    let key = Key { secret: digits(secret)?, made: Moment(made.parse().ok()?) };
                    let number = number.parse().ok().filter(|number| *number > 0)?;
                    if sealing.insert(number, key).is_some() {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        Some(Self { hash: hash?, sealing }).filter(|keys| !keys.sealing.is_empty())
    }

    /// What stands in the key file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = "# Keys of Benefits Center. Keep a copy apart from the database.\n".to_owned();
        text.push_str(&format!("hash {}\n", hexadecimal(&self.hash)));
        for (number, key) in &self.sealing {
            text.push_str(&format!("key {number} {} {}\n", hexadecimal(&key.secret), key.made.0));
        }
        text
    }

    /// The number of the key that seals.
    #[must_use]
    pub fn active(&self) -> u8 {
        self.sealing.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// Every number that opens.
    pub fn numbers(&self) -> impl Iterator<Item = u8> {
        self.sealing.keys().copied()
    }

    /// Adds a key that seals from now on, and gives its number; none once all 255 are used up.
    #[must_use]
    pub fn add(&mut self, secret: [u8; 32], made: Moment) -> Option<u8> {
        let number = self.active().checked_add(1)?;
        self.sealing.insert(number, Key { secret, made });
        Some(number)
    }

    /// Forgets all keys but the latest, and gives their numbers. Whoever asks has made sure that nothing
    /// is sealed under them.
    ///
    /// # Errors
    /// Why they are kept.
    pub fn forget_old(&mut self, now: Moment) -> Result<Vec<u8>, Kept> {
        let Some((active, key)) = self.sealing.last_key_value().map(|(number, key)| (*number, key.clone()))
        else {
            return Err(Kept::OnlyOne);
        };
        if self.sealing.len() == 1 {
            return Err(Kept::OnlyOne);
        }
        let left = key.made.plus_seconds(KNOWN_BEFORE_SECONDS).0 - now.0;
        if left > 0 {
            return Err(Kept::TooNew((left + 999) / 1000));
        }
        let old = self.numbers().filter(|number| *number != active).collect();
        self.sealing = BTreeMap::from([(active, key)]);
        Ok(old)
    }

    /// Whether they belong to the same installation: another key of the hashes is another's.
    #[must_use]
    pub fn same_installation(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    pub(super) const fn hash_key(&self) -> &[u8; 32] {
        &self.hash
    }

    pub(super) fn sealing_key(&self, number: u8) -> Option<[u8; 32]> {
        self.sealing.get(&number).map(|key| derive(b"seal", &key.secret))
    }
}

fn hexadecimal(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digits(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use domain::Moment;

    use super::{KNOWN_BEFORE_SECONDS, Kept, Keys};

    const NOW: Moment = Moment(1_795_165_200_000);

    #[test]
    fn a_file_is_read_as_it_is_written_and_a_wrong_one_is_not() {
        let old = Keys::parse(&format!("{}\n", "0a".repeat(32))).expect("the first form");
        assert_eq!(old, Keys::of(1, &[10; 32]));
        let mut keys = old.clone();
        assert_eq!(keys.add([11; 32], NOW), Some(2));
        assert_eq!((keys.active(), keys.numbers().collect::<Vec<_>>()), (2, vec![1, 2]));
        assert_eq!(Keys::parse(&keys.text()), Some(keys.clone()));
        assert!(keys.same_installation(&old) && !keys.same_installation(&Keys::of(1, &[9; 32])));
        assert!(!format!("{keys:?}").contains("0a"));
        let text = keys.text();
        for wrong in [
            "",
            "short",
            &"0g".repeat(32),
            &text.replace("hash", "hush"),
            &text.replace("key 2", "key 1"),
            &text.replace("key 2", "key 0"),
            &text.replace("key 2", "key 256"),
            &text[..text.len() - 20],
            text.lines().next().unwrap_or_default(),
            text.split("key 1").next().unwrap_or_default(),
        ] {
            assert_eq!(Keys::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn old_keys_are_forgotten_once_the_new_one_is_known() {
        let mut keys = Keys::of(1, &[10; 32]);
        assert_eq!(keys.forget_old(NOW), Err(Kept::OnlyOne));
        assert_eq!(keys.add([11; 32], NOW), Some(2));
        assert_eq!(keys.forget_old(NOW), Err(Kept::TooNew(KNOWN_BEFORE_SECONDS)));
        assert_eq!(keys.forget_old(NOW.plus_seconds(KNOWN_BEFORE_SECONDS - 1)), Err(Kept::TooNew(1)));
        assert_eq!(keys.forget_old(NOW.plus_seconds(KNOWN_BEFORE_SECONDS)), Ok(vec![1]));
        assert_eq!(keys.numbers().collect::<Vec<_>>(), [2]);
        // The key of the hashes is what it was, although the secret it came from is gone.
        assert!(keys.same_installation(&Keys::of(1, &[10; 32])));
        assert!(!keys.text().contains(&"0a".repeat(32)));
    }

    #[test]
    fn numbers_end() {
        let mut keys = Keys::of(254, &[1; 32]);
        assert_eq!(keys.add([2; 32], NOW), Some(255));
        assert_eq!(keys.add([3; 32], NOW), None);
        assert_eq!(keys.active(), 255);
    }
}
