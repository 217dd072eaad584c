//! Curves as SVG.

use std::path::Path;

use plotters::prelude::*;

use crate::Outcome;

/// One line of a plot.
pub struct Curve {
    /// What it is of.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A plot: what lies along its sides, and its curves. The lower side is logarithmic.
pub struct Plot<'a> {
    /// The heading.
    pub title: &'a str,
    /// Along the lower side.
    pub across: &'a str,
    /// Along the left side.
    pub up: &'a str,
    /// The lines.
    pub curves: Vec<Curve>,
}

const SIZE: (u32, u32) = (760, 400);
/// Colours that differ for everybody, on white and in grey.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

impl Plot<'_> {
    /// Writes it.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&self, path: &Path) -> Outcome {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut text = String::new();
        self.draw(&mut text)?;
        std::fs::write(path, text)?;
        Ok(())
    }

    fn draw(&self, text: &mut String) -> Outcome {
        let points = || self.curves.iter().flat_map(|curve| curve.points.iter());
        let least = points().map(|(x, _)| *x).fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE);
        let most = points().map(|(x, _)| *x).fold(least * 1.001, f64::max);
        let top = points().map(|(_, y)| *y).fold(f64::MIN_POSITIVE, f64::max) * 1.1;
        let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d((least..most).log_scale(), 0.0..top)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc(self.across)
            .y_desc(self.up)
            .x_label_formatter(&|x| crate::figure::number(*x))
            .y_label_formatter(&|y| crate::figure::number(*y))
            .draw()?;
        for (curve, colour) in self.curves.iter().zip(COLOURS.iter().cycle()) {
            let line = ShapeStyle::from(colour).stroke_width(2);
            chart
                .draw_series(LineSeries::new(curve.points.iter().copied(), line))?
                .label(&curve.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], line));
            chart.draw_series(
                curve.points.iter().map(|point| Circle::new(*point, 3, ShapeStyle::from(colour).filled())),
            )?;
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .draw()?;
        area.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_names_its_curves() {
        let curves = vec![Curve { name: "ours".to_owned(), points: vec![(1.0, 10.0), (100.0, 20.0)] }];
        let mut text = String::new();
        Plot { title: "Page", across: "connections", up: "requests/s", curves }
            .draw(&mut text)
            .expect("draws");
        assert!(text.starts_with("<svg"));
        assert!(text.contains("ours") && text.contains("connections"));
    }
}
