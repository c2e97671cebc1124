//! The published JSON Schemas of what scalectl reads and prints.
//!
//! Each follows from the types that are read or printed, so that none can say something else than
//! the program does. `docs/schemas` holds them as files, and a test that they are these.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};

use super::json;
use crate::apply::journal::Entry;
use crate::{blueprint, policy, rehearse, spec, testing};

/// A document with a published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// `scalectl.yaml`.
    Spec,
    /// The files below `blueprints/`.
    Blueprint,
    /// The rules in `policies/*.yaml`.
    Policy,
    /// `policies/exceptions.yaml`.
    Exceptions,
    /// `tests/*.test.yaml`.
    Test,
    /// `plan --json`.
    Plan,
    /// `migrate --plan --json`, and `plan --json` towards another stage.
    Migration,
    /// A line of `apply`, `destroy`, `scale` and `migrate` with `--json` or `--json-into`.
    Events,
    /// `status --json`.
    Status,
    /// `history --json`.
    History,
    /// `drift --json`.
    Drift,
    /// `rehearse --json`.
    Rehearsal,
}

impl Published {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Spec,
        Self::Blueprint,
        Self::Policy,
        Self::Exceptions,
        Self::Test,
        Self::Plan,
        Self::Migration,
        Self::Events,
        Self::Status,
        Self::History,
        Self::Drift,
        Self::Rehearsal,
    ];

    /// The name on the command line, and in `docs/schemas`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Blueprint => "blueprint",
            Self::Policy => "policy",
            Self::Exceptions => "exceptions",
            Self::Test => "test",
            Self::Plan => "plan",
            Self::Migration => "migration",
            Self::Events => "events",
            Self::Status => "status",
            Self::History => "history",
            Self::Drift => "drift",
            Self::Rehearsal => "rehearsal",
        }
    }

    /// The schema.
    pub fn schema(self) -> Json {
        let mut schema = match self {
            Self::Spec => spec::json_schema(),
            Self::Blueprint => blueprint::json_schema(),
            Self::Policy => policy::schema::rules(),
            Self::Exceptions => policy::schema::exceptions(),
            Self::Test => testing::json_schema(),
            Self::Plan => of::<json::plan::Document<'_>>(),
            Self::Migration => of::<json::migration::Document<'_>>(),
            Self::Events => events(),
            Self::Status => of::<json::status::Document<'_>>(),
            Self::History => of::<json::history::Document<'_>>(),
            Self::Drift => of::<json::drift::Document<'_>>(),
            Self::Rehearsal => of::<rehearse::Report>(),
        };
        schema["$id"] = format!(
            "{}/blob/main/docs/schemas/{}.json",
            env!("CARGO_PKG_REPOSITORY"),
            self.name()
        )
        .into();
        schema
    }
}

/// What a type looks like when it is printed.
fn of<T: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let generator = settings.into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// A line of a run. What happens on a migration's way is not `apply`'s to know, so its forms are put
/// into the place that the line keeps for them.
fn events() -> Json {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let what = generator.subschema_for::<json::walk::What<'_>>().to_value();
    let mut schema = generator.into_root_schema_for::<Entry>().to_value();
    schema["title"] = "Events".into();
    let lines = schema["oneOf"].as_array_mut();
    for line in lines.into_iter().flatten() {
        if line["properties"]["event"]["const"] == "step" {
            line["allOf"] = json!([what]);
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_migration_says_what_it_may_hold() {
        let schema = events();
        let step = schema["oneOf"]
            .as_array()
            .and_then(|lines| {
                let mut lines = lines.iter();
                lines.find(|line| line["properties"]["event"]["const"] == "step")
            })
            .unwrap();
        assert_eq!(step["allOf"][0]["$ref"], "#/$defs/What");
        assert!(schema["$defs"]["What"]["oneOf"].as_array().unwrap().len() >= 8);
    }
}
