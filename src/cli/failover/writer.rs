//! The spec's `writer_region`, and the region whose database takes the writes.

use std::process::ExitCode;

use super::Arguments;
use crate::cli::project::{Project, find, read, write};
use crate::cli::{Failure, Global, Outcome, ui};
use crate::inventory::Live;
use crate::migrate::failover::writer_of;
use crate::spec::{self, Stage};

/// Fails where another region's database takes the writes than the spec says.
pub fn refuse_another_writer(project: &Project, live: &Live) -> Result<(), Failure> {
    let record = live.record.as_ref();
    let settled = record.is_some_and(|record| record.migration.is_none());
    if project.spec.stage != Stage::MultiRegion || !settled {
        return Ok(());
    }
    let says = project.spec.writer_region();
    match writer_of(live) {
        Some(writer) if *writer != *says => Err(Failure::with_help(
            format!(
                "the database in {writer} takes the writes, but the spec sets {says}; nothing was changed"
            ),
            format!(
                "move the writes with `scalectl failover --to {says}`, or set `database: {{writer_region: {writer}}}` in the spec"
            ),
        )),
        _ => Ok(()),
    }
}

/// The spec says which region takes the writes.
pub(super) fn say_so(
    global: &Global,
    project: &Project,
    arguments: &Arguments,
    writer: &str,
) -> Outcome {
    if project.spec.writer_region() == writer {
        return Ok(ExitCode::SUCCESS);
    }
    let path = find(global)?;
    let text = read(&path, "make it readable")?;
    let env = (project.spec.env != "default").then_some(project.spec.env.as_str());
    let shown = path.display();
    let by_hand = || {
        Failure::with_help(
            format!("the database in {writer} takes the writes, but {shown} could not be updated"),
            format!("set `writer_region: {writer}` under `database` there"),
        )
    };
    let edited = spec::with_writer(&text, env, writer).ok_or_else(by_hand)?;
    write(&path, &edited).map_err(|_| by_hand())?;
    if !arguments.json {
        ui::print(&format!(
            "Updated {shown}: `writer_region: {writer}` under `database`.\n"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
