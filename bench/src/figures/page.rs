//! The Visual Studio page with 50 rows, signed in, beside a handler written by hand.

use crate::client::{Client, open_session};
use crate::database::{Engine, Place};
use crate::figure::Figure;
use crate::plan::Plan;
use crate::plot::{Curve, Plot};
use crate::portal::{Portal, free_port};
use crate::report::Section;
use crate::samples::median;
use crate::{Outcome, scene, wrk};

use super::say;

const HOW: &str = "wrk asks the Visual Studio page of a company with 50 rows, as its Global admin, over 1, 25 \
    and 100 connections, in turn with a handler by hand that reads session, policies and the same rows \
    with the bare driver and writes the table with a template. Both run on one core; the median of the rounds counts.";

const CONNECTIONS: [u32; 3] = [1, 25, 100];
/// The load at which something is promised.
const PROMISED_AT: u32 = 25;
const SECONDS: u64 = 8;
const ROWS: usize = 50;

/// Measures it.
///
/// # Errors
/// Either side doesn't answer, or they don't show the same rows.
pub async fn measure(plan: &Plan) -> Outcome<Section> {
    let mut section = Section::new("page", "Page", HOW);
    let mut rates = Vec::new();
    let mut waits = Vec::new();
    for engine in plan.engines() {
        let place = plan.source.create(engine).await?;
        let cookie = fill(&place).await?;
        let portal = Portal::start(&plan.server, &place).await?;
        let yardstick = start_yardstick(plan, &place).await?;
        let by_hand = format!("{}/visual-studio", yardstick.address);
        let ours = format!("{}{}", portal.address, scene::PAGE);
        same_rows(&cookie, &portal, &yardstick).await?;

        let name = |of: &str| format!("{of}, {}", engine.name());
        let mut lines: [Vec<(f64, f64)>; 3] = Default::default();
        for connections in CONNECTIONS {
            let mut found: [Vec<f64>; 4] = Default::default();
            for _ in 0..plan.rounds() {
                let product = wrk::ask(&ours, &cookie, connections, plan.lasting(SECONDS)).await?;
                let hand = wrk::ask(&by_hand, &cookie, connections, plan.lasting(SECONDS)).await?;
                for (values, value) in
                    found.iter_mut().zip([product.per_second, product.p99, hand.per_second, hand.p99])
                {
                    values.push(value);
                }
            }
            let [rate, p99, hand_rate, hand_p99] = found.map(|values| median(&values));
            say(format!(
                "{}: {connections} connections: {rate:.0}/s, p99 {p99:.1} ms; by hand {hand_rate:.0}/s",
                engine.name()
            ));
            let at = f64::from(connections);
            for (line, value) in lines.iter_mut().zip([rate, hand_rate, p99]) {
                line.push((at, value));
            }
            let promised = |figure: Figure, with: fn(Figure, f64) -> Figure, bound| {
                if connections == PROMISED_AT { with(figure, bound) } else { figure }
            };
            let over = |of: &str| format!("{of}, {connections} connections");
            let ratio = Figure::new(over("Ratio to by hand"), rate / hand_rate, "").on(engine.name());
            let worst = Figure::new(over("p99"), p99, "ms").on(engine.name());
            section.add(Figure::new(over("Requests"), rate, "/s").on(engine.name()));
            section.add(Figure::new(over("Requests by hand"), hand_rate, "/s").on(engine.name()));
            section.add(promised(ratio, Figure::at_least, 0.5));
            section.add(promised(worst, Figure::at_most, 100.0));
            section.add(Figure::new(over("p99 by hand"), hand_p99, "ms").on(engine.name()));
        }
        let [rate, hand_rate, p99] = lines;
        rates.push(Curve { name: name("ours"), points: rate });
        rates.push(Curve { name: name("by hand"), points: hand_rate });
        waits.push(Curve { name: engine.name().to_owned(), points: p99 });
        if engine == Engine::Sqlite {
            let constant = format!("{}/constant", yardstick.address);
            let load = wrk::ask(&constant, &cookie, PROMISED_AT, plan.lasting(SECONDS)).await?;
            section.add(Figure::new("A constant 1 KB, 25 connections", load.per_second, "/s"));
        }
        portal.stop().await?;
        yardstick.kill().await?;
        plan.source.remove(place).await?;
    }
    let plots = [
        ("page-requests.svg", "Requests per second, Visual Studio page with 50 rows", "requests/s", rates),
        ("page-p99.svg", "99 of 100 requests are answered within", "ms", waits),
    ];
    for (file, title, up, curves) in plots {
        Plot { title, across: "connections", up, curves }.write(&plan.plots.join(file))?;
        section.plots.push(file.to_owned());
    }
    Ok(section)
}

/// Fills the page and opens a session; gives its cookie.
pub(super) async fn fill(place: &Place) -> Outcome<String> {
    let stage = place.connect().await?;
    scene::visual_studio_rows(&stage, ROWS).await?;
    let cookie = open_session(&stage, scene::ADMIN).await?;
    stage.analyze().await?;
    stage.close().await?;
    Ok(cookie)
}

async fn start_yardstick(plan: &Plan, place: &Place) -> Outcome<Portal> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut command = plan.yardstick().command();
    command.args(["yardstick", "--database-url", &place.url, "--address", &address]);
    Portal::wait(command, &place.folder.join("yardstick.log"), address, "/constant").await
}

async fn same_rows(cookie: &str, portal: &Portal, yardstick: &Portal) -> Outcome {
    let ours = rows(&Client::new(&portal.address, cookie)?.page(scene::PAGE).await?);
    let by_hand = rows(&Client::new(&yardstick.address, cookie)?.page("/visual-studio").await?);
    if ours.len() != ROWS || ours != by_hand {
        return Err(
            format!("{} rows of ours, {} by hand, or not the same ones", ours.len(), by_hand.len()).into()
        );
    }
    Ok(())
}

/// Id and name of each row of the table, in the order in which they stand.
fn rows(html: &str) -> Vec<(String, String)> {
    html.split("<tr role=\"row\" id=\"")
        .skip(1)
        .filter_map(|row| {
            let (id, rest) = row.split_once('"')?;
            let (_, link) = rest.split_once("<a ")?;
            let (_, name) = link.split_once('>')?;
            let (name, _) = name.split_once('<')?;
            Some((id.to_owned(), name.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn rows_are_read_from_either_page() {
        let ours =
            "<tr role=\"row\" id=\"7\" class=\"\"><th scope=\"row\"><a href=\"/x\">Visual Studio<!></a></th>";
        let by_hand = "<tr role=\"row\" id=\"7\"><th><a href=\"/x\">Visual Studio</a></th></tr>";
        assert_eq!(rows(ours), [("7".to_owned(), "Visual Studio".to_owned())]);
        assert_eq!(rows(ours), rows(by_hand));
        assert!(rows("<tr><td>no row</td></tr>").is_empty());
    }
}
