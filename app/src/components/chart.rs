use domain::insight::axis;
use leptos::prelude::*;

/// Width of a drawing, in its own units.
const WIDTH: i64 = 420;
/// Where the bars begin: before them stand the marks' figures. Long ones take more.
const LEFT: i64 = 48;
/// No figure of a mark is wider.
const FIGURE: i64 = 7;
/// Where the axis lies.
const BASE: i64 = 172;
/// The highest bar.
const HEIGHT: i64 = 156;

/// What is drawn of a month. Each has a shape of its own, so that no colour has to tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    /// Year.
    pub year: i16,
    /// Month of the year, 1 to 12.
    pub month: u8,
    /// The frame, such as what is granted.
    pub frame: Option<i64>,
    /// The filled bar, such as what is used.
    pub filled: i64,
    /// The line across, such as the peak.
    pub line: Option<i64>,
}

/// What the shapes mean, in words; none where a chart doesn't have the shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Legend {
    /// The frame.
    pub frame: Option<&'static str>,
    /// The filled bar.
    pub filled: &'static str,
    /// The line across.
    pub line: Option<&'static str>,
}

/// How high a value is drawn: at least one unit where it isn't zero.
fn height(value: i64, top: i64) -> i64 {
    if value <= 0 || top <= 0 {
        return 0;
    }
    let share = i128::from(value.min(top)) * i128::from(HEIGHT) / i128::from(top);
    i64::try_from(share).unwrap_or(HEIGHT).max(1)
}

/// Where the bars begin after the marks' figures, the longest of which has so many characters.
fn left_of(longest: usize) -> i64 {
    let figures = i64::try_from(longest).unwrap_or(WIDTH).saturating_mul(FIGURE);
    figures.saturating_add(8).clamp(LEFT, WIDTH / 2)
}

/// Months as bars, for a glance; the table beside it has the figures.
#[component]
pub fn BarChart(
    /// Id, unique on the page.
    #[prop(into)]
    id: String,
    /// What is drawn.
    #[prop(into)]
    title: String,
    /// What can be seen, in a sentence.
    #[prop(into)]
    description: String,
    /// The months, the earliest first.
    bars: Vec<Bar>,
    /// What the shapes mean.
    legend: Legend,
    /// How a mark of the axis is written.
    mark: fn(i64) -> String,
) -> impl IntoView {
    let values = |bar: &Bar| [bar.frame.unwrap_or(0), bar.filled, bar.line.unwrap_or(0)];
    let marks = axis(bars.iter().flat_map(values).max().unwrap_or(0));
    let top = marks.last().copied().unwrap_or(1);
    let marks: Vec<(i64, String)> = marks.into_iter().map(|value| (value, mark(value))).collect();
    let left = left_of(marks.iter().map(|(_, text)| text.chars().count()).max().unwrap_or(0));
    let step = (WIDTH - left) / i64::try_from(bars.len()).unwrap_or(1).max(1);
    let wide = (step * 3 / 4).max(2);
    let lines = marks
        .into_iter()
        .map(|(value, text)| {
            let y = BASE - height(value, top);
            let path = format!("M{left} {y}.5H{WIDTH}");
            view! {
                <path class=if value == 0 { "axis" } else { "grid" } d=path></path>
                <text class="mark" x=left - 6 y=y + 4>{text}</text>
            }
        })
        .collect_view();
    let last = bars.len().saturating_sub(1);
    let dense = bars.len() > 12;
    let drawn = bars
        .iter()
        .enumerate()
        .map(|(at, bar)| {
            let x = left + i64::try_from(at).unwrap_or(0) * step + (step - wide) / 2;
            let box_of = |class: &'static str, value: i64, inset: i64| {
                let high = height(value, top);
                (high > 0).then(|| {
                    let (x, wide) = (x + inset, (wide - 2 * inset).max(1));
                    view! { <rect class=class x=x y=BASE - high width=wide height=high></rect> }
                })
            };
            let frame = bar.frame.and_then(|value| box_of("frame", value, 0));
            let inset = if bar.frame.is_some() { wide / 4 } else { 0 };
            let filled = box_of("filled", bar.filled, inset);
            let line = bar.line.filter(|value| *value > 0).map(|value| {
                let path = format!("M{} {}h{}", x - 1, BASE - height(value, top), wide + 2);
                view! { <path class="across" d=path></path> }
            });
            // Of many months every second one is named.
            let named = !dense || (last - at).is_multiple_of(2);
            let month = named.then(|| {
                view! { <text class="month" x=x + wide / 2 y=BASE + 16>{bar.month.to_string()}</text> }
            });
            // The first one's leaves its place to a January that is close by.
            let first = at == 0 && (bar.month < 11 || last < 2);
            let year = (first || bar.month == 1).then(|| {
                view! { <text class="month" x=x + wide / 2 y=BASE + 30>{bar.year.to_string()}</text> }
            });
            view! { {frame} {filled} {line} {month} {year} }
        })
        .collect_view();
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    let about = format!("{title_id} {text_id}");
    view! {
        <figure class="figures">
            <svg class="chart" viewBox=format!("0 0 {WIDTH} 210") role="img" aria-labelledby=about>
                <title id=title_id>{title}</title>
                <desc id=text_id>{description}</desc>
                {lines}
                {drawn}
            </svg>
            <figcaption class="legend">
                {legend.frame.map(|text| view! { <span class="frame">{text}</span> })}
                <span class="filled">{legend.filled}</span>
                {legend.line.map(|text| view! { <span class="across">{text}</span> })}
            </figcaption>
        </figure>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use leptos::prelude::*;

    use super::{Bar, BarChart, FIGURE, HEIGHT, LEFT, Legend, WIDTH, height, left_of};

    #[test]
    fn what_is_there_is_seen_and_nothing_leaves_the_drawing() {
        assert_eq!((height(0, 10), height(-3, 10), height(5, 0)), (0, 0, 0));
        assert_eq!((height(1, 1_000_000), height(10, 10), height(11, 10)), (1, HEIGHT, HEIGHT));
        assert_eq!(height(i64::MAX, i64::MAX), HEIGHT);
    }

    #[test]
    fn the_marks_figures_stand_within_the_drawing() {
        assert_eq!((left_of(0), left_of(5)), (LEFT, LEFT));
        for text in ["1,000,000", "25,000,000", "500,000,000,000"] {
            let left = left_of(text.len());
            assert!(
                left - 6 >= i64::try_from(text.len()).expect("few") * FIGURE && left <= WIDTH / 2,
                "{text}"
            );
        }
    }

    #[test]
    fn a_chart_says_what_it_shows() {
        let html = Owner::new().with(|| {
            let bars = vec![
                Bar { year: 2026, month: 12, frame: Some(10), filled: 4, line: Some(6) },
                Bar { year: 2027, month: 1, frame: Some(10), filled: 0, line: None },
            ];
            let legend = Legend { frame: Some("Granted"), filled: "Used", line: Some("Peak") };
            view! {
                <BarChart id="seats" title="Seats <b>" description="4 of 10" bars=bars legend=legend mark=|value| value.to_string()/>
            }
            .into_view()
            .to_html()
        });
        assert!(html.contains("role=\"img\" aria-labelledby=\"seats-title seats-text\""), "{html}");
        assert!(html.contains("<title id=\"seats-title\">Seats &lt;b&gt;"), "{html}");
        assert_eq!(html.matches("class=\"filled\"").count(), 2, "one bar and the legend: {html}");
        assert_eq!(html.matches("class=\"frame\"").count(), 3, "{html}");
        assert!(!html.contains("style="), "{html}");
    }
}
