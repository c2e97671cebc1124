//! The graph as an SVG drawing: a band per region, a column per tier, a box per resource.
//!
//! Layout is a plain grid, so that a resource keeps its place from stage to stage and two drawings
//! can be compared by eye. Colours follow the viewer's light or dark preference.

use std::fmt::Write as _;

use handlebars::html_escape;

use super::diagram::{Box, Diagram};
use super::escape::{cut, visible};
use crate::graph::Graph;

const BOX_WIDTH: usize = 190;
const BOX_HEIGHT: usize = 44;
const GAP: usize = 12;
/// Between two columns, so that arrows can be seen.
const GUTTER: usize = 56;
const MARGIN: usize = 20;
const HEADING: usize = 28;
/// What fits into a box at the font sizes below.
const CHARACTERS: usize = 26;

const STYLE: &str = "\
text{font-family:system-ui,sans-serif;fill:#1f2328}.t{font-size:13px;font-weight:600}.k{font-size:11px;fill:#59636e}\
.h{font-size:12px;fill:#59636e}.r{font-size:14px;font-weight:600}.band{fill:#f6f8fa;stroke:#d1d9e0}\
.box{fill:#fff;stroke:#8c959f}.a{fill:none;stroke:#8c959f;stroke-opacity:.55}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.k,.h{fill:#9198a1}.band{fill:#151b23;stroke:#3d444d}.box{fill:#0d1117;stroke:#656c76}}";

/// Text as XML has it, every character visible: some controls no XML may hold, escaped or not.
fn xml(text: &str) -> String {
    html_escape(&visible(text))
}

/// The same, cut to what a box holds.
fn fit(text: &str) -> String {
    html_escape(&cut(&visible(text), CHARACTERS))
}

/// `graph` as an SVG document.
pub fn render(graph: &Graph, title: &str) -> String {
    let diagram = Diagram::of(graph);
    let groups = diagram.groups();
    let columns = groups
        .iter()
        .map(|(_, tiers)| tiers.len())
        .max()
        .unwrap_or(0);
    let width = 2 * MARGIN + columns * (BOX_WIDTH + GUTTER) + MARGIN;

    let mut places = vec![(0, 0); diagram.boxes.len()];
    let mut bands = String::new();
    let mut y = MARGIN;
    // Writing to a String cannot fail, here and below.
    for (region, tiers) in &groups {
        let rows = tiers
            .iter()
            .map(|(_, boxes)| boxes.len())
            .max()
            .unwrap_or(0);
        let height = 2 * HEADING + rows * (BOX_HEIGHT + GAP) + GAP;
        let _ = writeln!(
            bands,
            "<rect class=\"band\" x=\"{MARGIN}\" y=\"{y}\" width=\"{}\" height=\"{height}\" rx=\"8\"/>\
             <text class=\"r\" x=\"{}\" y=\"{}\">{}</text>",
            width - 2 * MARGIN,
            2 * MARGIN,
            y + 22,
            xml(region)
        );
        for (column, (tier, boxes)) in tiers.iter().enumerate() {
            let x = 2 * MARGIN + column * (BOX_WIDTH + GUTTER);
            let _ = writeln!(
                bands,
                "<text class=\"h\" x=\"{x}\" y=\"{}\">{}</text>",
                y + HEADING + 18,
                xml(tier)
            );
            for (row, index) in boxes.iter().enumerate() {
                places[*index] = (x, y + 2 * HEADING + row * (BOX_HEIGHT + GAP));
            }
        }
        y += height + GAP;
    }

    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {h}\" width=\"{width}\" height=\"{h}\" role=\"img\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"m\" viewBox=\"0 0 6 6\" refX=\"6\" refY=\"3\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\">\
         <path d=\"M0 0L6 3L0 6z\" fill=\"#8c959f\"/></marker></defs>\n",
        xml(title),
        h = y + MARGIN - GAP
    );
    out.push_str(&bands);
    for (from, to) in &diagram.arrows {
        arrow(&mut out, places[*from], places[*to]);
    }
    for (item, place) in diagram.boxes.iter().zip(&places) {
        card(&mut out, item, *place);
    }
    out.push_str("</svg>\n");
    out
}

/// An arrow from the side of one box to the facing side of another.
fn arrow(out: &mut String, from: (usize, usize), to: (usize, usize)) {
    let middle = BOX_HEIGHT / 2;
    let (start, end, bend) = if from.0 < to.0 {
        (
            from.0 + BOX_WIDTH,
            to.0,
            (to.0 - from.0 - BOX_WIDTH).max(40) as isize / 2,
        )
    } else if from.0 > to.0 {
        (
            from.0,
            to.0 + BOX_WIDTH,
            -((from.0 - to.0 - BOX_WIDTH).max(40) as isize) / 2,
        )
    } else {
        (from.0 + BOX_WIDTH, to.0 + BOX_WIDTH, 0)
    };
    let (second, third) = if bend == 0 {
        (start + 30, end + 30)
    } else {
        (
            start.saturating_add_signed(bend),
            end.saturating_add_signed(-bend),
        )
    };
    let _ = writeln!(
        out,
        "<path class=\"a\" marker-end=\"url(#m)\" d=\"M{start} {}C{second} {} {third} {} {end} {}\"/>",
        from.1 + middle,
        from.1 + middle,
        to.1 + middle,
        to.1 + middle
    );
}

fn card(out: &mut String, item: &Box, (x, y): (usize, usize)) {
    let _ = writeln!(
        out,
        "<g><title>{} ({})</title><rect class=\"box\" x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"6\"/>\
         <text class=\"t\" x=\"{tx}\" y=\"{}\">{}</text><text class=\"k\" x=\"{tx}\" y=\"{}\">{}</text></g>",
        xml(&item.title()),
        xml(&item.kind),
        y + 19,
        fit(&item.title()),
        y + 35,
        fit(&item.short_kind()),
        tx = x + 10
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::diagram::tests::small;

    #[test]
    fn every_box_and_arrow_is_drawn_once() {
        let svg = render(&small(), "shop <default>");
        assert_eq!(svg.matches("class=\"box\"").count(), 4);
        assert_eq!(svg.matches("class=\"a\"").count(), 3);
        assert_eq!(svg.matches("class=\"band\"").count(), 2);
        assert!(svg.contains("<title>shop &lt;default&gt;</title>"), "{svg}");
    }

    #[test]
    fn an_empty_graph_is_still_a_drawing() {
        assert!(render(&Graph::default(), "nothing").ends_with("</svg>\n"));
    }
}
