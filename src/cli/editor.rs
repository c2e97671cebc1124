//! What an editor's YAML language server finds: a schema beside the files, and the line in each file
//! that names it. Both are local, so that they work offline and go with the repository.

use std::path::{Path, PathBuf};

use super::{Failure, project};
use crate::render::schemas::Published;

/// The spec's schema, beside the spec.
pub const SPEC_SCHEMA: &str = "scalectl.schema.json";
/// The blueprints' schema, in their folder.
pub const BLUEPRINT_SCHEMA: &str = "blueprint.schema.json";

/// How the line begins that names a file's schema.
pub const HEADER: &str = "# yaml-language-server: $schema=";

/// `text` with a first line that names the schema at the relative path `schema`.
pub fn with_header(schema: &str, text: &str) -> String {
    format!("{HEADER}{schema}\n{text}")
}

/// The path from a file, which stands at `path` below a folder, to a schema in that folder.
pub fn from_below(path: &str, schema: &str) -> String {
    match path.matches('/').count() {
        0 => format!("./{schema}"),
        depth => "../".repeat(depth) + schema,
    }
}

/// Writes a schema into a folder; what stands there under that name is an older one.
pub fn write(of: Published, folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    project::write(&path, &format!("{:#}\n", of.schema()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_finds_the_schema_from_where_it_is() {
        assert_eq!(from_below("cdn.yaml", "s.json"), "./s.json");
        assert_eq!(from_below("modules/dns.yaml", "s.json"), "../s.json");
    }
}
