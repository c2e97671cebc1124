//! How much data the database of a stage has room for, by its graph.

use crate::graph::{Graph, Resource};
use crate::roles::Role;
use crate::value::Value;

/// A gibibyte, in which AWS measures disks.
const GIB: u64 = 1 << 30;

/// The device of the data disk of a server with its own database.
const DATA_DEVICE: &str = "/dev/sdf";

/// Returns the bytes of storage of the database that the servers' setting names: what a managed one may grow to, or
/// the server's data disk.
pub fn of_database(graph: &Graph) -> Option<u64> {
    let setting = graph.with_role(Role::DatabaseSetting).next()?;
    let value = setting.property("Value")?;
    let mut managed = None;
    value.for_each_reference(&mut |reference| {
        if &*reference.path == "Endpoint.Address" {
            managed.get_or_insert(&reference.address);
        }
    });
    let gib = match managed {
        Some(address) => {
            let database = graph.get(address)?;
            number(database.property("MaxAllocatedStorage"))
                .max(number(database.property("AllocatedStorage")))?
        }
        None => graph.iter().find_map(data_disk)?,
    };
    gib.checked_mul(GIB)
}

/// The size of a server's data disk.
fn data_disk(server: &Resource) -> Option<u64> {
    let disks = server.property("BlockDeviceMappings")?.as_list()?;
    let disk = disks
        .iter()
        .find(|disk| disk.at("DeviceName").and_then(Value::as_str) == Some(DATA_DEVICE))?;
    number(disk.at("Ebs.VolumeSize"))
}

/// A number, which CloudFormation may write as text.
fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Library, compile};
    use crate::spec;

    /// The room at a stage of a spec with this `storage`.
    fn room(stage: &str, storage: &str) -> Option<u64> {
        let text = format!(
            "app: shop\nstage: {stage}\nservices: {{web: {{image: x, health: {{path: /}}}}}}\n\
             database: {{engine: postgres, storage: {storage}}}\n"
        );
        let spec = spec::load("scalectl.yaml", &text, None, None).unwrap();
        let library = Library::embedded().unwrap();
        of_database(&compile(&library, &spec).unwrap())
    }

    #[test]
    fn room_is_what_the_database_may_grow_to() {
        let both = "{size: 30, max: 100}";
        assert_eq!(room("split-db", both), Some(100 << 30));
        assert_eq!(room("single-server", both), Some(30 << 30));
        assert_eq!(room("split-db", "30"), Some(120 << 30));
    }

    #[test]
    fn room_is_unknown_without_a_database() {
        assert_eq!(of_database(&Graph::default()), None);
    }
}
