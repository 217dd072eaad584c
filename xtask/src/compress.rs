//! The two encodings that browsers ask for, made once at build time.

use std::io::Write;

use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::failure::{Outcome, While};

/// How much time compression may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// As small as it gets: what is shipped.
    Smallest,
    /// Quick: what a developer and the browser tests load from this machine.
    Quick,
}

/// Brotli, quality 11 or 5.
pub fn brotli(bytes: &[u8], effort: Effort) -> Outcome<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: if effort == Effort::Smallest { 11 } else { 5 },
        lgwin: 22,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters)
        .could_not(|| "compress with brotli".to_owned())?;
    Ok(packed)
}

/// Gzip, level 9 or 5, without a time stamp, so that equal input gives equal output.
pub fn gzip(bytes: &[u8], effort: Effort) -> Outcome<Vec<u8>> {
    let level = if effort == Effort::Smallest { 9 } else { 5 };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).could_not(|| "compress with gzip".to_owned())?;
    encoder.finish().could_not(|| "compress with gzip".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_encodings_give_the_bytes_back() {
        let text = "seat ".repeat(2_000).into_bytes();
        for effort in [Effort::Smallest, Effort::Quick] {
            let packed = brotli(&text, effort).unwrap_or_default();
            let mut back = Vec::new();
            assert!(brotli::BrotliDecompress(&mut packed.as_slice(), &mut back).is_ok());
            assert_eq!(back, text);
            assert!(packed.len() < 100);

            let packed = gzip(&text, effort).unwrap_or_default();
            let mut back = Vec::new();
            assert!(flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut back).is_ok());
            assert_eq!(back, text);
            assert!(packed.len() < 200);
        }
    }
}
