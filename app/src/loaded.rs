//! What a page loads, on its way from the server: packed, so that the browser carries one small
//! reader for it instead of one for each type and way.

use std::marker::PhantomData;

use domain::{Error, ErrorCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::site;

/// The data of a page, packed, with what its forms and its browser have to know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parcel {
    /// Base of the operation ids of the page's forms; fresh for each answer.
    pub operation: String,
    /// Folder of the assets that can read it: packed data doesn't say what it means.
    site: String,
    /// The data, each byte as a character.
    data: String,
}

/// A [`Parcel`] of a type.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Loaded<T> {
    parcel: Parcel,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> Loaded<T> {
    /// The parcel, for whoever needn't know what is in it.
    #[must_use]
    pub fn parcel(self) -> Parcel {
        self.parcel
    }
}

impl<T: Serialize> Loaded<T> {
    /// Packs data.
    ///
    /// # Errors
    /// The data has a form that can't be packed, such as a field that is left out at times.
    pub fn new(operation: String, data: &T) -> Result<Self, postcard::Error> {
        let data = as_characters(&postcard::to_allocvec(data)?);
        Ok(Self { parcel: Parcel { operation, site: site::asset(""), data }, of: PhantomData })
    }
}

impl<T: DeserializeOwned> Loaded<T> {
    /// The data.
    ///
    /// # Errors
    /// As for [`Parcel::open`].
    pub fn open(&self) -> Result<T, Refusal> {
        self.parcel.open()
    }
}

impl Parcel {
    /// The data as the type that was packed.
    ///
    /// # Errors
    /// [`ErrorCode::Unavailable`] where it comes from another version of the portal than the page,
    /// [`ErrorCode::Internal`] where it is of another type.
    pub fn open<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        postcard::from_bytes(&self.bytes()?).map_err(|_| Refusal(Error::new(ErrorCode::Internal)))
    }

    fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        if self.site != site::asset("") {
            return Err(Refusal(Error::new(ErrorCode::Unavailable)));
        }
        Ok(as_bytes(&self.data))
    }
}

/// Where the characters of bytes begin that are no plain ones.
const SHIFT: u32 = 0x100;

/// Each byte as one character: itself where it may stand in JSON and in HTML as it is, so that text
/// stays text, else a letter from U+0100 on.
#[must_use]
pub fn as_characters(bytes: &[u8]) -> String {
    let plain = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && !b"\"\\<>&'`".contains(&byte);
    bytes
        .iter()
        .filter_map(|byte| {
            if plain(*byte) { Some(char::from(*byte)) } else { char::from_u32(SHIFT + u32::from(*byte)) }
        })
        .collect()
}

/// The bytes of [`as_characters`].
#[must_use]
pub fn as_bytes(characters: &str) -> Vec<u8> {
    characters.chars().map(|character| (u32::from(character) & 0xFF) as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_as_a_character_that_needs_no_escape() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let characters = as_characters(&bytes);
        assert_eq!(as_bytes(&characters), bytes);
        assert_eq!(format!("{characters:?}"), format!("\"{characters}\""));
        assert_eq!(serde_json::to_string(&characters).ok(), Some(format!("\"{characters}\"")));
        assert!(!characters.contains(['<', '>', '&']));
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let error = Error::field(domain::Field::People, ErrorCode::Required).with_detail("沈知遥 <b>");
        let loaded = Loaded::new("base".to_owned(), &(error.clone(), 7_i64)).expect("packed");
        assert_eq!(loaded.open().ok(), Some((error, 7)));
    }

    #[test]
    fn a_page_reads_nothing_that_another_version_packed() {
        let mut parcel = Loaded::new(String::new(), &1_u8).expect("packed").parcel();
        parcel.site = "/pkg/0123456789abcdef/".to_owned();
        assert_eq!(parcel.open::<u8>().map_err(|refusal| refusal.0.code), Err(ErrorCode::Unavailable));
    }
}
