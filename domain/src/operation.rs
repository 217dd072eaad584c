//! The one-time id that every form and API call carries: the same id has one effect.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode};

/// An operation's id: 8 to 200 letters, digits, `_`, `:` and `-`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperationId(String);

impl OperationId {
    /// The id as it came.
    ///
    /// # Errors
    /// [`ErrorCode::OperationMissing`] for anything that is no such id.
    pub fn parse(raw: &str) -> Result<Self, Error> {
        let valid = (8..=200).contains(&raw.len())
            && raw.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-'));
        if valid { Ok(Self(raw.to_owned())) } else { Err(ErrorCode::OperationMissing.into()) }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<OperationId> for String {
    fn from(id: OperationId) -> Self {
        id.0
    }
}

impl TryFrom<String> for OperationId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_have_their_shape() {
        for fine in ["12345678", "0193e3a0-0000-7000-8000-000000000001", "import:4:row_17", &"a".repeat(200)]
        {
            assert_eq!(OperationId::parse(fine).expect(fine).as_str(), fine);
        }
        for bad in
            ["", "1234567", &"a".repeat(201), "12345678 ", "1234.5678", "1234567é", "1234\n5678", "'; --abcd"]
        {
            assert_eq!(OperationId::parse(bad), Err(Error::new(ErrorCode::OperationMissing)), "{bad:?}");
        }
        assert!(serde_json::from_str::<OperationId>("\"short\"").is_err());
    }
}
