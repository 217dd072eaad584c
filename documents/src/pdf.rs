//! The pages as a PDF file, with what its parts mean.

use std::num::{NonZeroU16, NonZeroU32};

use domain::Language;
use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};

use crate::arrangement::{Arranged, Part};
use crate::fonts::{Faces, shift};
use crate::layout::{MARGIN, PAGE_HEIGHT, PAGE_WIDTH, Piece, Slot, Style};
use crate::typeset::{Letter, Line};
use crate::{Error, Invoice};

/// How thick the outline of strong letters is, in parts of the font size.
const OUTLINE: f32 = 0.028;

/// What letters look like: the fonts, and the language that they are set in.
type Letters<'f> = (&'f Faces, Language);

/// The file.
///
/// # Errors
/// [`Error::Format`].
pub fn write(invoice: &Invoice, faces: &Faces, arranged: &Arranged) -> Result<Vec<u8>, Error> {
    let format = |error: &dyn std::fmt::Debug| Error::Format(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| format(&error))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let mut read = Vec::new();
    for pieces in &arranged.pages {
        let settings =
            PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or(Error::Format("page".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for piece in pieces {
            draw(&mut surface, (faces, invoice.language), piece, &mut read);
        }
        surface.finish();
        page.finish();
    }
    document.set_metadata(metadata(invoice));
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(invoice.title(), XyzDestination::new(0, Point::from_xy(0.0, 0.0))));
    document.set_outline(outline);
    document.set_tag_tree(tree(invoice, &arranged.parts, &read));
    document.finish().map_err(|error| format(&error))
}

fn metadata(invoice: &Invoice) -> Metadata {
    let issued = invoice.issued;
    let year = u16::try_from(issued.year()).unwrap_or_default();
    Metadata::new()
        .title(invoice.title())
        .authors(vec![invoice.seller.clone()])
        .creator(invoice.texts().common_product_name().to_owned())
        .language(invoice.language.tag().to_owned())
        .creation_date(DateTime::new(year).month(issued.month()).day(issued.day()))
}

fn color(style: Style) -> rgb::Color {
    if style.faint { rgb::Color::new(85, 85, 85) } else { rgb::Color::new(0, 0, 0) }
}

/// Draws a piece, and notes what of the text it is.
fn draw(surface: &mut Surface<'_>, letters: Letters<'_>, piece: &Piece, read: &mut Vec<(Slot, Identifier)>) {
    match piece {
        Piece::Text { line, x, baseline, style, slot } => {
            let tag = match slot {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let identifier = surface.start_tagged(tag);
            text(surface, letters, line, Point::from_xy(*x, *baseline), *style);
            surface.end_tagged();
            read.extend(slot.map(|slot| (slot, identifier)));
        }
        Piece::Rule { y, thickness } => {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            rule(surface, *y, *thickness);
            surface.end_tagged();
        }
    }
}

fn text(surface: &mut Surface<'_>, (faces, language): Letters<'_>, line: &Line, start: Point, style: Style) {
    let paint = color(style);
    surface.set_fill(Some(Fill { paint: paint.into(), opacity: NormalizedF32::ONE, ..Fill::default() }));
    surface.set_stroke(style.strong.then(|| Stroke {
        paint: paint.into(),
        width: OUTLINE * style.size,
        ..Stroke::default()
    }));
    let mut x = start.x;
    for letters in line.0.chunk_by(|one, next| one.glyph.face == next.glyph.face) {
        let Some(first) = letters.first() else { continue };
        let (text, glyphs) = run(letters, language);
        let font = faces.font(first.glyph.face).clone();
        surface.draw_glyphs(Point::from_xy(x, start.y), &glyphs, font, &text, style.size, false);
        x += letters.iter().map(|letter| letter.glyph.advance * style.size).sum::<f32>();
    }
    surface.set_stroke(None);
}

/// Letters of one font, with the text that each stands for.
fn run(letters: &[Letter], language: Language) -> (String, Vec<KrillaGlyph>) {
    let mut text = String::new();
    let glyphs = letters
        .iter()
        .map(|letter| {
            let from = text.len();
            let glyph = letter.glyph;
            text.push(letter.character);
            let (right, up) = shift(language, letter.character);
            KrillaGlyph::new(GlyphId::new(glyph.id), glyph.advance, right, up, 0.0, from..text.len(), None)
        })
        .collect();
    (text, glyphs)
}

fn rule(surface: &mut Surface<'_>, y: f32, thickness: f32) {
    let mut path = PathBuilder::new();
    path.move_to(MARGIN, y);
    path.line_to(PAGE_WIDTH - MARGIN, y);
    if let Some(path) = path.finish() {
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke {
            paint: rgb::Color::new(150, 150, 150).into(),
            width: thickness,
            ..Stroke::default()
        }));
        surface.draw_path(&path);
        surface.set_stroke(None);
    }
}

/// What the parts are, in the order of reading.
fn tree(invoice: &Invoice, parts: &[Part], read: &[(Slot, Identifier)]) -> TagTree {
    let group = |tag: TagKind, slot: Slot| {
        let mut group = TagGroup::new(tag);
        for (_, identifier) in read.iter().filter(|(of, _)| *of == slot) {
            group.push(*identifier);
        }
        group
    };
    let column = |slot: &Slot| group(Tag::TH(TableHeaderScope::Column).into(), *slot);
    let name = |slot: Slot| group(Tag::TH(TableHeaderScope::Row).into(), slot);
    let data = |slot: Slot| group(Tag::TD.into(), slot);
    let mut tree = TagTree::new().with_lang(Some(invoice.language.tag().to_owned()));
    for part in parts {
        match part {
            Part::Heading(slot) => {
                tree.push(group(Tag::Hn(NonZeroU16::MIN, Some(invoice.title())).into(), *slot));
            }
            Part::Paragraph(slot) => tree.push(group(Tag::P.into(), *slot)),
            Part::Facts(rows) => {
                let row = |[label, value]: &[Slot; 2]| within(Tag::TR.into(), [name(*label), data(*value)]);
                tree.push(within(Tag::Table.into(), [within(Tag::TBody.into(), rows.iter().map(row))]));
            }
            Part::Lines { head, body, total: [total, amount] } => {
                let head = within(Tag::TR.into(), head.iter().map(column));
                let row = |row: &[Slot; 3]| within(Tag::TR.into(), row.iter().map(|slot| data(*slot)));
                let name = Tag::TH(TableHeaderScope::Row).with_col_span(NonZeroU32::new(2));
                let total = within(Tag::TR.into(), [group(name.into(), *total), data(*amount)]);
                let mut groups = vec![within(Tag::THead.into(), [head])];
                if !body.is_empty() {
                    groups.push(within(Tag::TBody.into(), body.iter().map(row)));
                }
                groups.push(within(Tag::TFoot.into(), [total]));
                tree.push(within(Tag::Table.into(), groups));
            }
        }
    }
    tree
}

fn within(tag: TagKind, children: impl IntoIterator<Item = TagGroup>) -> TagGroup {
    let mut group = TagGroup::new(tag);
    for child in children {
        group.push(child);
    }
    group
}
