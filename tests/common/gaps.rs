//! What the emulators cannot do: `tests/wire/gaps.txt`, and graphs without it.

use std::collections::HashSet;

use scalectl::address::Address;
use scalectl::graph::{Graph, Resource};

use super::common::root;
use super::emulator::Kind;

/// Something that an emulator cannot do.
struct Gap {
    kind: String,
    property: String,
}

/// All that an emulator cannot do.
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// Those of an emulator, as the file names them.
    pub fn of(kind: Kind) -> Self {
        let text = std::fs::read_to_string(root().join("tests/wire/gaps.txt")).unwrap();
        let emulator = format!("{kind:?}").to_lowercase();
        let gaps = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
            .inspect(|fields| assert_eq!(fields.len(), 4, "{fields:?} needs four fields"))
            .filter(|fields| fields[0] == emulator)
            .map(|fields| Gap {
                kind: fields[1].to_owned(),
                property: fields[2].to_owned(),
            })
            .collect();
        Self(gaps)
    }

    /// The graph without what the emulator cannot do, and what was left out because it needs that.
    pub fn without(&self, graph: &Graph) -> Graph {
        let mut kept: Vec<Resource> = graph.iter().cloned().collect();
        loop {
            let before = kept.len();
            let addresses: HashSet<Address> = kept.iter().map(|one| one.address.clone()).collect();
            kept.retain(|one| {
                let whole = |gap: &Gap| gap.kind == *one.kind && gap.property == "*";
                let needs = one.dependencies();
                let lacks = needs
                    .iter()
                    .any(|need| graph.get(need).is_some() && !addresses.contains(need));
                !self.0.iter().any(whole) && !lacks
            });
            if kept.len() == before {
                break;
            }
        }
        for resource in &mut kept {
            let own = self.0.iter().filter(|gap| gap.kind == *resource.kind);
            let names = own.map(|gap| gap.property.as_str().into());
            resource.lifecycle.ignore_changes.extend(names);
        }
        kept.into_iter().collect()
    }
}
