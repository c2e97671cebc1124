//! The graph as a Mermaid flowchart (<https://mermaid.js.org/syntax/flowchart.html>), which code
//! hosts draw inside Markdown.

use std::fmt::Write as _;

use super::diagram::Diagram;
use super::escape::mermaid as escape;
use crate::graph::Graph;

/// `graph` as a flowchart: a subgraph per region, within it a subgraph per tier.
pub fn render(graph: &Graph) -> String {
    let diagram = Diagram::of(graph);
    let mut out = String::from("flowchart LR\n");
    // Writing to a String cannot fail, here and below.
    for (number, (region, tiers)) in diagram.groups().iter().enumerate() {
        let _ = writeln!(out, "  subgraph r{number}[\"{}\"]", escape(region));
        for (inner, (tier, boxes)) in tiers.iter().enumerate() {
            let _ = writeln!(out, "    subgraph r{number}t{inner}[\"{}\"]", escape(tier));
            for index in boxes {
                let item = &diagram.boxes[*index];
                let _ = writeln!(
                    out,
                    "      n{index}[\"{}<br/><small>{}</small>\"]",
                    escape(&item.title()),
                    escape(&item.short_kind())
                );
            }
            out.push_str("    end\n");
        }
        out.push_str("  end\n");
    }
    for (from, to) in &diagram.arrows {
        let _ = writeln!(out, "  n{from} --> n{to}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::diagram::tests::small;

    #[test]
    fn a_subgraph_stands_for_each_region_and_tier() {
        let mermaid = render(&small());
        assert!(
            mermaid.contains("  subgraph r1[\"us-east-1\"]\n    subgraph r1t0[\"network\"]\n"),
            "{mermaid}"
        );
        assert!(mermaid.contains("n0[\"record<br/><small>Route53 RecordSet</small>\"]"));
        assert!(mermaid.ends_with("  n3 --> n1\n"));
        assert_eq!(
            mermaid.matches("subgraph").count(),
            mermaid.matches("end\n").count()
        );
    }
}
