//! The graph in Graphviz's DOT language (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write as _;

use super::diagram::Diagram;
use super::escape::dot as quote;
use crate::graph::Graph;

/// `graph` as a DOT file: a cluster per region, within it a cluster per tier.
pub fn render(graph: &Graph, title: &str) -> String {
    let diagram = Diagram::of(graph);
    let mut out = format!(
        "digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
        quote(title)
    );
    // Writing to a String cannot fail, here and below.
    for (number, (region, tiers)) in diagram.groups().iter().enumerate() {
        let _ = writeln!(
            out,
            "  subgraph cluster_{number} {{\n    label={};",
            quote(region)
        );
        for (inner, (tier, boxes)) in tiers.iter().enumerate() {
            let _ = writeln!(
                out,
                "    subgraph cluster_{number}_{inner} {{\n      label={};",
                quote(tier)
            );
            for index in boxes {
                let item = &diagram.boxes[*index];
                // DOT's own line break inside a label is the two characters \n.
                let (title, kind) = (quote(&item.title()), quote(&item.short_kind()));
                let label = format!("{}\\n{}", &title[..title.len() - 1], &kind[1..]);
                let _ = writeln!(out, "      n{index} [label={label}];");
            }
            out.push_str("    }\n");
        }
        out.push_str("  }\n");
    }
    for (from, to) in &diagram.arrows {
        let _ = writeln!(out, "  n{from} -> n{to};");
    }
    out.push_str("}\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::diagram::tests::small;

    #[test]
    fn a_cluster_stands_for_each_region_and_tier() {
        let dot = render(&small(), "shop \"default\"");
        assert!(
            dot.starts_with("digraph \"shop \\\"default\\\"\" {"),
            "{dot}"
        );
        assert!(dot.contains(
            "    label=\"us-east-1\";\n    subgraph cluster_1_0 {\n      label=\"network\";"
        ));
        assert!(
            dot.contains("n1 [label=\"subnet ×2\\nEC2 Subnet\"];"),
            "{dot}"
        );
        assert!(dot.contains("  n3 -> n1;\n"));
    }
}
