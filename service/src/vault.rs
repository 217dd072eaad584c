//! Seals secrets: product keys, Access IDs, links. XChaCha20-Poly1305, bound to the row they stand
//! in, under a key that has a number, so that keys can be exchanged while rows under both exist.

mod keys;
mod rotation;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::random::Random;

pub use keys::{KNOWN_BEFORE_SECONDS, Kept, Keys};
pub use rotation::{PASSING, SEALED, SealedColumn, check, finish, reseal_some, start, under};

const NONCE_BYTES: usize = 24;

/// Where the keys come from, and whether they have changed.
pub trait KeySource: Send + Sync {
    /// The keys, if they have changed since they were last read. A source that can't be read has its
    /// reason in the log and gives none.
    fn newer(&self) -> Option<Keys>;
}

/// The keys of this installation.
pub struct Vault {
    ring: RwLock<Arc<Ring>>,
    source: Option<Box<dyn KeySource>>,
}

/// The keys, ready for use.
struct Ring {
    keys: Keys,
    ciphers: BTreeMap<u8, XChaCha20Poly1305>,
}

impl Ring {
    fn of(keys: Keys) -> Self {
        let ciphers = keys
            .numbers()
            .filter_map(|number| {
                let key = keys.sealing_key(number)?;
                Some((number, XChaCha20Poly1305::new(&key.into())))
            })
            .collect();
        Self { keys, ciphers }
    }
}

impl Vault {
    /// A vault under a secret of 32 bytes; `key_number` stands in front of what it seals.
    #[must_use]
    pub fn new(key_number: u8, secret: &[u8; 32]) -> Self {
        Self::with(Keys::of(key_number, secret))
    }

    /// A vault under keys that stay as they are.
    #[must_use]
    pub fn with(keys: Keys) -> Self {
        Self { ring: RwLock::new(Arc::new(Ring::of(keys))), source: None }
    }

    /// A vault that follows where its keys come from: it asks before it seals, and when it meets what was
    /// sealed under a key that it doesn't know. So keys are changed under a server that runs.
    #[must_use]
    pub fn following(keys: Keys, source: Box<dyn KeySource>) -> Self {
        Self { source: Some(source), ..Self::with(keys) }
    }

    /// The number of the key that seals.
    #[must_use]
    pub fn active(&self) -> u8 {
        self.current().keys.active()
    }

    /// Whether there is a key of the number.
    #[must_use]
    pub fn knows(&self, number: u8) -> bool {
        self.ring().ciphers.contains_key(&number)
    }

    fn ring(&self) -> Arc<Ring> {
        // Whoever panicked while holding it has changed nothing by halves: a ring is replaced whole.
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The keys as they are now.
    fn current(&self) -> Arc<Ring> {
        let Some(newer) = self.source.as_ref().and_then(|source| source.newer()) else { return self.ring() };
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if newer.same_installation(&ring.keys) {
            *ring = Arc::new(Ring::of(newer));
        } else {
            tracing::error!("the key file now belongs to another installation; the keys read before stay");
        }
        ring.clone()
    }

    /// Seals a secret for the row named by `place`, such as `product_key/<id>`.
    ///
    /// # Errors
    /// [`Failure::Broken`] if the cipher refuses, which it does only for texts of gigabytes.
    pub fn seal(&self, random: &dyn Random, place: &str, secret: &str) -> Result<Vec<u8>, Failure> {
        let broken = || Failure::broken("vault", "seal", place);
        let ring = self.current();
        let number = ring.keys.active();
        let cipher = ring.ciphers.get(&number).ok_or_else(broken)?;
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        bytes.push(number);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`Failure::Broken`] if it was sealed elsewhere, under a key that there is no more, or was changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<String, Failure> {
        let broken = || Failure::broken("vault", "open", place);
        let (number, rest) = sealed.split_first().ok_or_else(broken)?;
        let mut ring = self.ring();
        if !ring.ciphers.contains_key(number) {
            ring = self.current();
        }
        let Some(cipher) = ring.ciphers.get(number) else {
            tracing::error!(key = number, place, "sealed under a key that the key file doesn't have");
            return Err(broken());
        };
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES).ok_or_else(broken)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| broken())?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        let secret = cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        String::from_utf8(secret).map_err(|_| broken())
    }

    /// The keyed hash of a secret: finds duplicates without opening anything. Its key stays when those
    /// that seal are changed.
    #[must_use]
    pub fn hash(&self, secret: &str) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.ring().keys.hash_key())
            .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// The hash of a random token, which needs no key: nobody guesses 256 bits.
#[must_use]
pub fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::Moment;

    use super::{KNOWN_BEFORE_SECONDS, KeySource, Keys, Vault};
    use crate::random::SystemRandom;

    #[test]
    fn a_secret_opens_only_in_its_place_and_under_its_key() {
        let vault = Vault::new(1, &[7; 32]);
        let sealed = vault.seal(&SystemRandom, "product_key/1", "ABCDE").expect("seals");
        assert_eq!(vault.open("product_key/1", &sealed).expect("opens"), "ABCDE");
        assert!(vault.open("product_key/2", &sealed).is_err());
        assert!(Vault::new(2, &[7; 32]).open("product_key/1", &sealed).is_err());
        assert!(Vault::new(1, &[8; 32]).open("product_key/1", &sealed).is_err());
        let mut changed = sealed.clone();
        *changed.last_mut().expect("not empty") ^= 1;
        assert!(vault.open("product_key/1", &changed).is_err());
        assert!(vault.open("product_key/1", &[]).is_err());
        assert!(!String::from_utf8_lossy(&sealed).contains("ABCDE"));
    }

    #[test]
    fn what_old_keys_sealed_opens_and_the_latest_seals() {
        let mut keys = Keys::of(1, &[7; 32]);
        let before = Vault::with(keys.clone()).seal(&SystemRandom, "a", "secret").expect("seals");
        assert_eq!(keys.add([8; 32], Moment(0)), Some(2));
        let vault = Vault::with(keys.clone());
        let after = vault.seal(&SystemRandom, "a", "secret").expect("seals");
        assert_eq!((before[0], after[0]), (1, 2));
        for sealed in [&before, &after] {
            assert_eq!(vault.open("a", sealed).expect("opens"), "secret");
        }
        assert_eq!(vault.hash("secret"), Vault::new(1, &[7; 32]).hash("secret"));
        keys.forget_old(Moment(0).plus_seconds(KNOWN_BEFORE_SECONDS)).expect("forgets");
        let vault = Vault::with(keys);
        assert!(vault.open("a", &before).is_err());
        assert_eq!(vault.open("a", &after).expect("opens"), "secret");
        assert_eq!(vault.hash("secret"), Vault::new(1, &[7; 32]).hash("secret"));
    }

    /// A file that was changed so often.
    struct Changed(Mutex<Vec<Keys>>);

    impl KeySource for Changed {
        fn newer(&self) -> Option<Keys> {
            self.0.lock().expect("not poisoned").pop()
        }
    }

    #[test]
    fn a_vault_follows_its_file_but_not_anothers() {
        let first = Keys::of(1, &[7; 32]);
        let mut second = first.clone();
        assert_eq!(second.add([8; 32], Moment(0)), Some(2));
        let sealed = Vault::with(second.clone()).seal(&SystemRandom, "a", "secret").expect("seals");
        // Meets what it doesn't know, and looks.
        let vault = Vault::following(first.clone(), Box::new(Changed(Mutex::new(vec![second.clone()]))));
        assert_eq!(vault.open("a", &sealed).expect("opens"), "secret");
        assert_eq!(vault.active(), 2);
        // Looks before it seals.
        let vault = Vault::following(first.clone(), Box::new(Changed(Mutex::new(vec![second]))));
        assert_eq!(vault.seal(&SystemRandom, "a", "secret").expect("seals")[0], 2);
        let other = Keys::of(2, &[9; 32]);
        let vault = Vault::following(first, Box::new(Changed(Mutex::new(vec![other]))));
        assert_eq!(vault.seal(&SystemRandom, "a", "secret").expect("seals")[0], 1);
        assert!(vault.open("a", &sealed).is_err());
    }

    #[test]
    fn equal_secrets_have_equal_hashes_under_one_key_only() {
        let vault = Vault::new(1, &[7; 32]);
        assert_eq!(vault.hash("a"), vault.hash("a"));
        assert_ne!(vault.hash("a"), vault.hash("b"));
        assert_ne!(vault.hash("a"), Vault::new(1, &[8; 32]).hash("a"));
    }
}
