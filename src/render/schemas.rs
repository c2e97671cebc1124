//! The published JSON Schemas of what scalectl reads and prints.
//!
//! Each follows from the types that are read or printed, so that none can say something else than
//! the program does. `docs/schemas` holds them as files, and a test that they are these.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};

use super::json::{self, findings::Policy, walk::What};
use crate::apply::journal::Entry;
use crate::plan::scale;
use crate::{blueprint, policy, rehearse, snapshot, spec, testing};

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
    /// `rehearse --cache --json`.
    CacheRehearsal,
    /// `rehearse --reads --json`.
    ReadsRehearsal,
    /// `rehearse --balance --json`.
    BalanceRehearsal,
    /// `doctor --json`.
    Doctor,
    /// `stages --json`.
    Stages,
    /// `show --json`.
    Resource,
    /// `lease show --json`.
    Lease,
    /// `invalidate --json`.
    Invalidation,
    /// `cache flush --json`.
    Flush,
    /// `deploy --plan --json`.
    Deploy,
    /// `releases --json`.
    Releases,
    /// `output --json`.
    Outputs,
    /// `init --from --json`.
    Conversion,
    /// `secrets list --json`.
    Secrets,
    /// `maintenance status --json`.
    Maintenance,
    /// `env list --json`.
    Environments,
    /// `env diff --json`.
    EnvironmentDifferences,
    /// A line of `logs --json`.
    LogLine,
    /// `import --discover --json`.
    Proposals,
    /// `migrate` and `failover` with `--json`, where nothing is under way or to do.
    Settled,
    /// `sim list --json` and `sim show --json`.
    Sim,
    /// `snapshot`, and the file that `--live` reads.
    Snapshot,
    /// `apply --dry-run --json`.
    DryRun,
    /// `migrate --dry-run --json`.
    MigrationDryRun,
    /// `policy check --json`.
    Findings,
    /// `policy list --json`.
    Rules,
    /// `test --json`.
    TestResults,
    /// `validate --json`.
    Validation,
}

impl Published {
    /// All of them.
    pub const ALL: [Self; 40] = [
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
        Self::CacheRehearsal,
        Self::ReadsRehearsal,
        Self::BalanceRehearsal,
        Self::Doctor,
        Self::Stages,
        Self::Resource,
        Self::Lease,
        Self::Invalidation,
        Self::Flush,
        Self::Deploy,
        Self::Releases,
        Self::Outputs,
        Self::Conversion,
        Self::Secrets,
        Self::Maintenance,
        Self::Environments,
        Self::EnvironmentDifferences,
        Self::LogLine,
        Self::Proposals,
        Self::Settled,
        Self::Sim,
        Self::Snapshot,
        Self::DryRun,
        Self::MigrationDryRun,
        Self::Findings,
        Self::Rules,
        Self::TestResults,
        Self::Validation,
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
            Self::CacheRehearsal => "cache-rehearsal",
            Self::ReadsRehearsal => "reads-rehearsal",
            Self::BalanceRehearsal => "balance-rehearsal",
            Self::Doctor => "doctor",
            Self::Stages => "stages",
            Self::Resource => "resource",
            Self::Lease => "lease",
            Self::Invalidation => "invalidation",
            Self::Flush => "flush",
            Self::Deploy => "deploy",
            Self::Releases => "releases",
            Self::Outputs => "outputs",
            Self::Conversion => "conversion",
            Self::Secrets => "secrets",
            Self::Maintenance => "maintenance",
            Self::Environments => "environments",
            Self::EnvironmentDifferences => "environment-differences",
            Self::LogLine => "log-line",
            Self::Proposals => "proposals",
            Self::Settled => "settled",
            Self::Sim => "sim",
            Self::Snapshot => "snapshot",
            Self::DryRun => "dry-run",
            Self::MigrationDryRun => "migration-dry-run",
            Self::Findings => "findings",
            Self::Rules => "rules",
            Self::TestResults => "test-results",
            Self::Validation => "validation",
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
            Self::CacheRehearsal => of::<rehearse::CacheReport>(),
            Self::ReadsRehearsal => of::<rehearse::ReadsReport>(),
            Self::BalanceRehearsal => of::<rehearse::BalanceReport>(),
            Self::Doctor => of::<json::doctor::Document<'_>>(),
            Self::Stages => of::<json::stages::Document<'_>>(),
            Self::Resource => of::<json::resource::Document<'_>>(),
            Self::Lease => of::<json::lease::Document<'_>>(),
            Self::Invalidation => of::<json::caches::Invalidation<'_>>(),
            Self::Flush => of::<json::caches::Flush<'_>>(),
            Self::Deploy => of::<json::deploy::Deploy<'_>>(),
            Self::Releases => of::<json::deploy::Releases<'_>>(),
            Self::Outputs => of::<json::output::Outputs<'_>>(),
            Self::Conversion => of::<json::conversion::Conversion<'_>>(),
            Self::Secrets => of::<json::secrets::Secrets<'_>>(),
            Self::Maintenance => of::<json::maintenance::Maintenance>(),
            Self::Environments => of::<json::env::Environments>(),
            Self::EnvironmentDifferences => of::<json::env::Differences<'_>>(),
            Self::LogLine => of::<json::output::Line<'_>>(),
            Self::Proposals => of::<json::proposals::Document<'_>>(),
            Self::Settled => of::<json::settled::Document<'_>>(),
            Self::Sim => of::<json::sim::Document<'_>>(),
            Self::Snapshot => of::<snapshot::Snapshot>(),
            Self::DryRun => of::<json::dry_run::Document<'_>>(),
            Self::MigrationDryRun => of::<json::migration_dry_run::Document<'_>>(),
            Self::Findings => of::<json::findings::Document<'_>>(),
            Self::Rules => of::<json::rules::Document<'_>>(),
            Self::TestResults => of::<json::test_results::Document<'_>>(),
            Self::Validation => of::<json::validation::Document<'_>>(),
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

/// A line of a run. Some of what it tells is not `apply`'s to know: what happens on a migration's way,
/// what policies say, and the steps of `scale`. Their forms are put into the places that it keeps for
/// them.
fn events() -> Json {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let what = generator.subschema_for::<What<'_>>().to_value();
    let policy = generator.subschema_for::<Policy<'_>>().to_value();
    let step = generator.subschema_for::<scale::Step>().to_value();
    let mut schema = generator.into_root_schema_for::<Entry>().to_value();
    schema["title"] = "Events".into();
    let lines = schema["oneOf"].as_array_mut();
    for line in lines.into_iter().flatten() {
        let properties = &mut line["properties"];
        match properties["event"]["const"].as_str() {
            Some("step") => line["allOf"] = json!([what]),
            Some("policy") => properties["policy"]["allOf"] = json!([policy]),
            Some("steps") => properties["steps"]["items"] = step.clone(),
            _ => {}
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_they_may_hold() {
        let schema = events();
        let line = |event: &str| {
            let mut lines = schema["oneOf"].as_array().unwrap().iter();
            lines
                .find(|line| line["properties"]["event"]["const"] == event)
                .unwrap()
        };
        assert_eq!(line("step")["allOf"][0]["$ref"], "#/$defs/What");
        assert!(schema["$defs"]["What"]["oneOf"].as_array().unwrap().len() >= 8);
        let policy = &line("policy")["properties"]["policy"];
        assert_eq!(policy["allOf"][0]["$ref"], "#/$defs/Policy");
        let steps = &line("steps")["properties"]["steps"];
        assert_eq!(steps["items"]["$ref"], "#/$defs/ScaleStep");
    }
}
