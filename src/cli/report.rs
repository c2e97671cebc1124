//! `--html FILE` of `plan` and `migrate --plan`: the report as a file.

use std::path::Path;

use super::project::{self, Project};
use super::{Failure, ui};
use crate::render::report::Cover;
use crate::spec::Region;

/// Writes the report that `rendered` makes of what it is about, and says where it is.
pub fn write(
    path: &Path,
    project: &Project,
    place: Option<&str>,
    rendered: impl FnOnce(Cover<'_>) -> Result<String, String>,
) -> Result<(), Failure> {
    let shown = path.display();
    let failed =
        |error: String| Failure::new(format!("the report {shown} cannot be written: {error}"));
    let made = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let page = rendered(Cover {
        app: &project.spec.app,
        env: &project.spec.env,
        stage: project.spec.stage.name(),
        primary: project.spec.regions.first().map_or("", Region::name),
        place: place.unwrap_or(project.cloud()),
        made: &made.to_string(),
    })
    .map_err(failed)?;
    project::write(path, &page)?;
    ui::note(&format!("The report is in {shown}.\n"));
    Ok(())
}
