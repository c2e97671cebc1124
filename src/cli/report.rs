//! What `plan`, `migrate --plan` and `failover --plan` show, in the format that is asked for, and the report as a file.

use std::path::Path;

use super::project::{self, Project};
use super::{Failure, ui};
use crate::render::report::Cover;
use crate::render::view::{Format, View};
use crate::spec::Region;

/// Prints what is asked for, and with `--html` writes the report beside it and says where that is.
pub fn show(
    view: &dyn View,
    format: Format,
    html: Option<&Path>,
    project: &Project,
    place: Option<&str>,
) -> Result<(), Failure> {
    let made = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let made = made.to_string();
    let cover = Cover {
        app: &project.spec.app,
        env: &project.spec.env,
        stage: project.spec.stage.name(),
        primary: project.spec.regions.first().map_or("", Region::name),
        place: place.unwrap_or(project.cloud()),
        made: &made,
    };
    let rendered = |format| view.rendered(format, cover, ui::prose());
    if let Some(path) = html {
        let shown = path.display();
        let failed =
            |error: String| Failure::new(format!("the report {shown} cannot be written: {error}"));
        let page = rendered(Format::Html).map_err(failed)?;
        project::write(path, &page)?;
        ui::note(&format!("Report written to {shown}.\n"));
    }
    let text = rendered(format).map_err(Failure::new)?;
    match format {
        Format::Text => ui::print(&text),
        _ => ui::print_whole(&text),
    }
    Ok(())
}
