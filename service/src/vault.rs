//! Seals secrets: product keys, Access IDs, links. XChaCha20-Poly1305, bound to the row they stand
//! in, under a key that has a number, so that keys can be exchanged while rows under both exist.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::failure::Failure;
use crate::random::Random;

const NONCE_BYTES: usize = 24;

/// The keys of this installation.
pub struct Vault {
    key_number: u8,
    cipher: XChaCha20Poly1305,
    hash_key: [u8; 32],
}

impl Vault {
    /// A vault under a secret of 32 bytes; `key_number` stands in front of what it seals.
    #[must_use]
    pub fn new(key_number: u8, secret: &[u8; 32]) -> Self {
        let derive = |purpose: &[u8]| -> [u8; 32] {
            let mut digest = Sha256::new();
            digest.update(b"benefits-center ");
            digest.update(purpose);
            digest.update(secret);
            digest.finalize().into()
        };
        Self {
            key_number,
            cipher: XChaCha20Poly1305::new(&derive(b"seal").into()),
            hash_key: derive(b"hash"),
        }
    }

    /// Seals a secret for the row named by `place`, such as `product_key/<id>`.
    ///
    /// # Errors
    /// [`Failure::Broken`] if the cipher refuses, which it does only for texts of gigabytes.
    pub fn seal(&self, random: &dyn Random, place: &str, secret: &str) -> Result<Vec<u8>, Failure> {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Failure::broken("vault", "seal", place))?;
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        bytes.push(self.key_number);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`Failure::Broken`] if it was sealed elsewhere, under another key, or was changed.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<String, Failure> {
        let broken = || Failure::broken("vault", "open", place);
        let (number, rest) = sealed.split_first().ok_or_else(broken)?;
        if *number != self.key_number {
            return Err(broken());
        }
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_BYTES).ok_or_else(broken)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| broken())?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        let secret = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        String::from_utf8(secret).map_err(|_| broken())
    }

    /// The keyed hash of a secret: finds duplicates without opening anything.
    #[must_use]
    pub fn hash(&self, secret: &str) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.hash_key)
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
    use super::Vault;
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
    fn equal_secrets_have_equal_hashes_under_one_key_only() {
        let vault = Vault::new(1, &[7; 32]);
        assert_eq!(vault.hash("a"), vault.hash("a"));
        assert_ne!(vault.hash("a"), vault.hash("b"));
        assert_ne!(vault.hash("a"), Vault::new(1, &[8; 32]).hash("a"));
    }
}
