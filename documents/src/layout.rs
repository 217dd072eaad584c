//! Rows of text on pages, from the top down. Lengths are in points, 72 to the inch.

use crate::fonts::Faces;
use crate::typeset::{self, Line};

/// A4.
pub const PAGE_WIDTH: f32 = 595.28;
/// A4.
pub const PAGE_HEIGHT: f32 = 841.89;
/// What stays free on the left and on the right.
pub const MARGIN: f32 = 56.0;
/// From the one margin to the other.
pub const WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN;

const TOP: f32 = 60.0;
const BOTTOM: f32 = PAGE_HEIGHT - 76.0;
const FOOTER: f32 = PAGE_HEIGHT - 44.0;
/// From one line to the next, in parts of the font size.
const LEADING: f32 = 1.5;
/// From the top of a line to the foot of its letters, in parts of the font size.
const ASCENT: f32 = 1.1;

/// How text looks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Style {
    /// Size of the font.
    pub size: f32,
    /// Whether it is drawn heavier.
    pub strong: bool,
    /// Whether it stands back.
    pub faint: bool,
}

impl Style {
    /// Plain text.
    pub const PLAIN: Self = Self { size: 10.0, strong: false, faint: false };
    /// What names the text beside or below it.
    pub const LABEL: Self = Self { faint: true, ..Self::PLAIN };
    /// What somebody looks for first.
    pub const STRONG: Self = Self { strong: true, ..Self::PLAIN };
    /// What the document is.
    pub const TITLE: Self = Self { size: 22.0, ..Self::PLAIN };
    /// Below all pages.
    pub const FOOTER: Self = Self { size: 8.5, ..Self::LABEL };
}

/// Which side of its column text leans on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// The left one.
    Left,
    /// The right one, as amounts do.
    Right,
}

/// Where cells stand.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Column {
    /// Its left side, from the left margin.
    pub left: f32,
    /// Its width.
    pub width: f32,
    /// Which side its text leans on.
    pub align: Align,
}

/// Text in a column.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// Where.
    pub column: Column,
    /// How it looks.
    pub style: Style,
    /// Each begins a line.
    pub paragraphs: Vec<String>,
}

/// The place of a text in the order of reading, however many lines and pages it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot(pub usize);

/// What is drawn.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    /// Letters.
    Text {
        /// They.
        line: Line,
        /// Where the first begins.
        x: f32,
        /// Where they stand, from the top of the page.
        baseline: f32,
        /// How they look.
        style: Style,
        /// What they belong to; none for what repeats on each page.
        slot: Option<Slot>,
    },
    /// A line across the page.
    Rule {
        /// Where, from the top of the page.
        y: f32,
        /// How thick.
        thickness: f32,
    },
}

/// Pages that fill up.
pub struct Flow<'f> {
    faces: &'f Faces,
    pages: Vec<Vec<Piece>>,
    y: f32,
    slots: usize,
    head: Vec<Cell>,
}

impl<'f> Flow<'f> {
    /// One empty page.
    pub fn new(faces: &'f Faces) -> Self {
        Self { faces, pages: vec![Vec::new()], y: TOP, slots: 0, head: Vec::new() }
    }

    /// Leaves room.
    pub const fn gap(&mut self, height: f32) {
        self.y += height;
    }

    /// Cells beside each other. They stay on one page where they fit on one.
    pub fn row<const N: usize>(&mut self, cells: &[Cell; N]) -> [Slot; N] {
        let slots = std::array::from_fn(|at| Slot(self.slots + at));
        self.slots += N;
        let leading = leading(cells);
        let set = self.set(cells);
        let count = set.iter().map(Vec::len).max().unwrap_or(0);
        #[allow(clippy::cast_precision_loss, reason = "a page has some fifty lines")]
        let height = leading * count as f32;
        if self.y + height > BOTTOM && height <= BOTTOM - TOP - 2.0 * leading {
            self.next_page();
        }
        for number in 0..count {
            if self.y + leading > BOTTOM {
                self.next_page();
            }
            self.draw(cells, &set, number, Some(&slots));
            self.y += leading;
        }
        slots
    }

    /// Cells that stand on the pages after this one, too, until [`Flow::end_head`].
    pub fn head<const N: usize>(&mut self, cells: [Cell; N]) -> [Slot; N] {
        // A head doesn't stay behind alone.
        if self.y + 4.0 * leading(&cells) > BOTTOM {
            self.next_page();
        }
        let slots = self.row(&cells);
        self.head = cells.into();
        slots
    }

    /// Further pages begin without a head.
    pub fn end_head(&mut self) {
        self.head.clear();
    }

    /// A line across the page.
    pub fn rule(&mut self, thickness: f32) {
        let y = self.y;
        self.push(Piece::Rule { y, thickness });
    }

    /// The pages, each with what `footer` says for its number and their count: left and right.
    pub fn finish(mut self, footer: impl Fn(usize, usize) -> [String; 2]) -> Vec<Vec<Piece>> {
        let count = self.pages.len();
        let pages = std::mem::take(&mut self.pages);
        pages
            .into_iter()
            .enumerate()
            .map(|(at, page)| {
                let [left, right] = footer(at + 1, count);
                self.pages = vec![page];
                self.y = FOOTER;
                let cells = [
                    Cell {
                        column: Column { left: 0.0, width: WIDTH / 2.0, align: Align::Left },
                        style: Style::FOOTER,
                        paragraphs: vec![left],
                    },
                    Cell {
                        column: Column { left: WIDTH / 2.0, width: WIDTH / 2.0, align: Align::Right },
                        style: Style::FOOTER,
                        paragraphs: vec![right],
                    },
                ];
                let set = self.set(&cells);
                self.draw(&cells, &set, 0, None);
                self.pages.pop().unwrap_or_default()
            })
            .collect()
    }

    fn next_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
        let head = std::mem::take(&mut self.head);
        if !head.is_empty() {
            let set = self.set(&head);
            let leading = leading(&head);
            for number in 0..set.iter().map(Vec::len).max().unwrap_or(0) {
                self.draw(&head, &set, number, None);
                self.y += leading;
            }
            self.gap(HEAD_GAP);
            self.rule(0.75);
            self.gap(HEAD_GAP);
            self.head = head;
        }
    }

    /// The lines of each cell.
    fn set(&self, cells: &[Cell]) -> Vec<Vec<Line>> {
        let lines = |cell: &Cell| {
            let width = cell.column.width / cell.style.size;
            cell.paragraphs.iter().flat_map(|text| typeset::lines(self.faces, text, width)).collect()
        };
        cells.iter().map(lines).collect()
    }

    /// One line of each cell that has so many.
    fn draw(&mut self, cells: &[Cell], set: &[Vec<Line>], number: usize, slots: Option<&[Slot]>) {
        let size = cells.iter().map(|cell| cell.style.size).fold(0.0, f32::max);
        let baseline = self.y + size * ASCENT;
        for (at, (cell, lines)) in cells.iter().zip(set).enumerate() {
            let Some(line) = lines.get(number).filter(|line| !line.0.is_empty()) else { continue };
            let left = MARGIN + cell.column.left;
            let x = match cell.column.align {
                Align::Left => left,
                Align::Right => left + cell.column.width - line.width() * cell.style.size,
            };
            let slot = slots.and_then(|slots| slots.get(at)).copied();
            self.push(Piece::Text { line: line.clone(), x, baseline, style: cell.style, slot });
        }
    }

    fn push(&mut self, piece: Piece) {
        if let Some(page) = self.pages.last_mut() {
            page.push(piece);
        }
    }
}

/// Between a head and the line below it, and below that.
pub const HEAD_GAP: f32 = 3.0;

fn leading(cells: &[Cell]) -> f32 {
    LEADING * cells.iter().map(|cell| cell.style.size).fold(0.0, f32::max)
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::{Align, BOTTOM, Cell, Column, Flow, MARGIN, PAGE_WIDTH, Piece, Style, TOP, WIDTH};
    use crate::fonts::faces;

    fn cell(align: Align, text: &str) -> Cell {
        let column = Column { left: 0.0, width: WIDTH, align };
        Cell { column, style: Style::PLAIN, paragraphs: vec![text.to_owned()] }
    }

    /// Text, left end, right end and foot of what was drawn on a page.
    fn texts(page: &[Piece]) -> Vec<(String, f32, f32, f32)> {
        page.iter()
            .filter_map(|piece| match piece {
                Piece::Text { line, x, baseline, style, .. } => {
                    let text = line.0.iter().map(|letter| letter.character).collect();
                    Some((text, *x, x + line.width() * style.size, *baseline))
                }
                Piece::Rule { .. } => None,
            })
            .collect()
    }

    fn footer(page: usize, pages: usize) -> [String; 2] {
        ["left".to_owned(), format!("{page}/{pages}")]
    }

    #[test]
    fn amounts_end_at_the_margin_whatever_the_language() {
        let mut flow = Flow::new(faces().expect("the fonts"));
        for amount in ["US$1,670", "1,670 美元", "-€0.50", "1,500 日圓 "] {
            flow.row(&[cell(Align::Right, amount)]);
        }
        let pages = flow.finish(footer);
        for (text, left, right, _) in texts(&pages[0]).iter().take(4) {
            assert!((right - (PAGE_WIDTH - MARGIN)).abs() < 0.01, "{text}: {right}");
            assert!(*left > MARGIN, "{text}: {left}");
        }
    }

    #[test]
    fn nothing_stands_outside_of_the_page() {
        let mut flow = Flow::new(faces().expect("the fonts"));
        flow.head([cell(Align::Left, "head")]);
        for number in 0..120 {
            flow.row(&[cell(Align::Left, &format!("{number} {}", "权益 benefit ".repeat(number)))]);
        }
        let pages = flow.finish(footer);
        assert!(pages.len() > 5);
        for (at, page) in pages.iter().enumerate() {
            let texts = texts(page);
            assert_eq!(texts[0].0, "head");
            let (last, body) = texts.split_last().expect("a footer");
            assert_eq!(last.0, format!("{}/{}", at + 1, pages.len()));
            for (text, left, right, foot) in &body[..body.len() - 1] {
                assert!(*left >= MARGIN && *right <= PAGE_WIDTH - MARGIN + 0.01, "{text}: {left} to {right}");
                assert!(*foot > TOP && *foot <= BOTTOM, "{text}: {foot}");
            }
        }
    }

    #[test]
    fn a_row_stays_on_one_page_unless_it_is_longer() {
        let mut flow = Flow::new(faces().expect("the fonts"));
        for _ in 0..12 {
            flow.row(&[Cell { paragraphs: vec!["line".to_owned(); 9], ..cell(Align::Left, "") }]);
        }
        let counts: Vec<usize> = flow.finish(footer).iter().map(|page| texts(page).len() - 2).collect();
        assert!(counts.len() > 1 && counts.iter().all(|count| count % 9 == 0), "{counts:?}");
        let mut flow = Flow::new(faces().expect("the fonts"));
        flow.row(&[Cell { paragraphs: vec!["line".to_owned(); 200], ..cell(Align::Left, "") }]);
        let counts: Vec<usize> = flow.finish(footer).iter().map(|page| texts(page).len() - 2).collect();
        assert_eq!(counts.iter().sum::<usize>(), 200, "{counts:?}");
        assert!(counts.len() > 3);
    }
}
