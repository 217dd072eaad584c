//! The two fonts, and which of them has a letter.

use std::sync::OnceLock;

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use domain::Language;

use crate::Error;

static LATIN: &[u8] = include_bytes!("../fonts/NotoSans-Regular.ttf");
static HAN: &[u8] = include_bytes!("../fonts/DroidSansFallbackFull.ttf");

/// Which of the fonts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Face {
    /// Letters of Europe, figures and most signs.
    Latin,
    /// Chinese.
    Han,
}

/// The shape of a letter.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Glyph {
    /// The font that has it.
    pub face: Face,
    /// Its number there.
    pub id: u32,
    /// How far it moves what follows, in parts of the font size.
    pub advance: f32,
}

struct Open {
    font: Font,
    reader: FontRef<'static>,
}

impl Open {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(bytes.into(), 0)?, reader: FontRef::new(bytes).ok()? })
    }

    fn glyph(&self, face: Face, letter: char) -> Option<Glyph> {
        let id = self.reader.charmap().map(letter).filter(|id| id.to_u32() != 0)?;
        let metrics = self.reader.glyph_metrics(Size::unscaled(), LocationRef::default());
        let advance = metrics.advance_width(id)? / self.font.units_per_em();
        Some(Glyph { face, id: id.to_u32(), advance })
    }
}

/// Both fonts, opened.
pub struct Faces {
    latin: Open,
    han: Open,
    missing: Glyph,
}

impl Faces {
    fn read() -> Option<Self> {
        let (latin, han) = (Open::read(LATIN)?, Open::read(HAN)?);
        let missing = latin.glyph(Face::Latin, char::REPLACEMENT_CHARACTER)?;
        Some(Self { latin, han, missing })
    }

    /// The font as the file embeds it.
    pub const fn font(&self, face: Face) -> &Font {
        match face {
            Face::Latin => &self.latin.font,
            Face::Han => &self.han.font,
        }
    }

    /// The shape of a letter, if one of the fonts has it.
    pub fn glyph(&self, letter: char) -> Option<Glyph> {
        self.latin.glyph(Face::Latin, letter).or_else(|| self.han.glyph(Face::Han, letter))
    }

    /// What is seen where neither font has a letter: a question mark in a lozenge.
    pub const fn missing(&self) -> Glyph {
        self.missing
    }
}

/// How far a sign is moved to where the language has it in its square, right and up, in parts of the font
/// size. The font has some as Simplified and some as Traditional Chinese sets them: below on the left, or
/// in the middle.
pub const fn shift(language: Language, letter: char) -> (f32, f32) {
    match (language, letter) {
        (Language::SimplifiedChinese, '，' | '：' | '；' | '！') => (-0.33, 0.0),
        (Language::SimplifiedChinese, '？') => (-0.18, 0.0),
        (Language::TraditionalChinese, '，') => (0.0, 0.34),
        (Language::TraditionalChinese, '。' | '、') => (0.34, 0.34),
        _ => (0.0, 0.0),
    }
}

/// The fonts: opened once, because that reads all of their bytes.
///
/// # Errors
/// [`Error::Font`].
pub fn faces() -> Result<&'static Faces, Error> {
    static FACES: OnceLock<Option<Faces>> = OnceLock::new();
    FACES.get_or_init(Faces::read).as_ref().ok_or(Error::Font)
}
