//! Text as letters with shapes, in lines that fit a width.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::fonts::{Faces, Glyph};

/// A letter with its shape.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Letter {
    /// What somebody copies out of the file.
    pub character: char,
    /// What is seen.
    pub glyph: Glyph,
}

/// Letters that stand on one line.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line(pub Vec<Letter>);

impl Line {
    /// How wide its letters are, in parts of the font size; the spaces at its end aren't seen.
    pub fn width(&self) -> f32 {
        let seen = self.0.iter().rposition(|letter| letter.character != ' ').map_or(0, |last| last + 1);
        self.0.iter().take(seen).map(|letter| letter.glyph.advance).sum()
    }
}

/// Marks without a shape of their own: joiners, direction marks, variation selectors.
const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Codes that are no letters and never will be.
const fn is_no_letter(letter: char) -> bool {
    matches!(letter, '\u{FDD0}'..='\u{FDEF}') || letter as u32 & 0xFFFE == 0xFFFE
}

/// The text as it is drawn: accents on their letters, on one line, nothing that can't be seen.
fn plain(text: &str) -> String {
    text.nfc()
        .filter(|letter| !is_invisible(*letter))
        .map(|letter| match letter {
            '\u{2028}' | '\u{2029}' => ' ',
            _ if letter.is_control() => ' ',
            _ if is_no_letter(letter) => char::REPLACEMENT_CHARACTER,
            _ => letter,
        })
        .collect()
}

/// The text in lines that are at most so wide, in parts of the font size. A line ends where Unicode lets
/// it: between words, and between Chinese characters but not before a closing sign; within a word only
/// where that alone is too long. At least one line; each takes one letter at least.
pub fn lines(faces: &Faces, text: &str, width: f32) -> Vec<Line> {
    let text = plain(text);
    let letters: Vec<Letter> = text.chars().map(|character| letter(faces, character)).collect();
    let breaks = breaks(&text);
    cut(&letters, &breaks, width)
        .into_iter()
        .map(|range| Line(letters.get(range).unwrap_or_default().to_vec()))
        .collect()
}

/// A letter with its shape. One that no font has is copied as it is seen: the file knows one text for a
/// shape, and not every reader heeds exceptions.
fn letter(faces: &Faces, character: char) -> Letter {
    faces.glyph(character).map_or_else(
        || Letter { character: char::REPLACEMENT_CHARACTER, glyph: faces.missing() },
        |glyph| Letter { character, glyph },
    )
}

/// For each letter whether a line may begin with it.
fn breaks(text: &str) -> Vec<bool> {
    let mut ends = unicode_linebreak::linebreaks(text).map(|(at, _)| at).peekable();
    text.char_indices()
        .map(|(at, _)| {
            while ends.next_if(|end| *end < at).is_some() {}
            ends.peek() == Some(&at)
        })
        .collect()
}

fn cut(letters: &[Letter], breaks: &[bool], width: f32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut start, mut at, mut used, mut last_break) = (0, 0, 0.0, None);
    while let Some(letter) = letters.get(at) {
        if at > start && breaks.get(at) == Some(&true) {
            last_break = Some(at);
        }
        let advance = letter.glyph.advance;
        // A space may hang over; an accent stays with its letter.
        let too_wide = used + advance > width && letter.character != ' ' && advance > 0.0;
        if too_wide && at > start {
            let end = last_break.take().unwrap_or(at);
            lines.push(start..end);
            (start, at, used) = (end, end, 0.0);
        } else {
            used += advance;
            at += 1;
        }
    }
    lines.push(start..letters.len());
    lines
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::{Line, lines};
    use crate::fonts::{Face, faces};

    fn texts(text: &str, width: f32) -> Vec<String> {
        let faces = faces().expect("the fonts");
        lines(faces, text, width)
            .iter()
            .map(|line| line.0.iter().map(|letter| letter.character).collect())
            .collect()
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(texts("one two three", 4.0), ["one two ", "three"]);
        assert_eq!(texts("", 4.0), [""]);
        assert_eq!(texts("a\nb\u{2028}c\t", 9.0), ["a b c "]);
        let parts = texts(&"w".repeat(30), 4.0);
        assert!(parts.len() > 5, "{parts:?}");
        assert_eq!(parts.concat(), "w".repeat(30));
        // Wider than the line: still one letter on each.
        assert_eq!(texts("宽宽", 0.1), ["宽", "宽"]);
    }

    #[test]
    fn no_chinese_line_begins_with_a_closing_sign() {
        for text in ["权益权益，权益", "權益權益」權益", "权益（权益）"] {
            for width in 1..8_u8 {
                for line in
                    texts(text, f32::from(width) + 0.05).iter().filter(|line| line.chars().count() > 1)
                {
                    assert!(!line.starts_with(['，', '」', '）']), "{text} {width}: {line}");
                }
            }
        }
    }

    #[test]
    fn accents_and_marks_come_with_their_letter() {
        assert_eq!(texts("Nguye\u{302}\u{303}n", 20.0), ["Nguyễn"]);
        assert_eq!(texts("a\u{200b}b\u{202e}c\u{fe0f}", 20.0), ["abc"]);
        assert_eq!(texts("\u{fffe}\u{fdd0}", 20.0), ["\u{fffd}\u{fffd}"]);
    }

    #[test]
    fn every_letter_has_a_shape_of_the_fitting_font() {
        let faces = faces().expect("the fonts");
        let face = |letter: char| faces.glyph(letter).map(|glyph| glyph.face);
        for letter in "AÅéőłșğẞ0€£₹₩¥…—“”ΩЖ".chars() {
            assert_eq!(face(letter), Some(Face::Latin), "{letter}");
        }
        for letter in "发發票权權益国國，。（）「」〇".chars() {
            assert_eq!(face(letter), Some(Face::Han), "{letter}");
        }
        for letter in ['ب', '한', '😀', '\u{e000}'] {
            assert_eq!(face(letter), None, "{letter}");
        }
        assert!(faces.missing().id != 0 && faces.missing().advance > 0.5);
        assert_eq!(texts("ب 한😀", 20.0), ["\u{fffd} \u{fffd}\u{fffd}"]);
    }

    #[test]
    fn spaces_at_the_end_take_no_width() {
        let faces = faces().expect("the fonts");
        let width = |text: &str| lines(faces, text, 99.0).iter().map(Line::width).sum::<f32>();
        assert!((width("ab  ") - width("ab")).abs() < f32::EPSILON);
        assert!(width("a b") > width("ab"));
        assert!(width("  ") < f32::EPSILON);
    }
}
