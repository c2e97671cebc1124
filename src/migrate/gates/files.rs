//! `files`: files are copied to every region.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Copied, Moment, Read, Reading, Readings};

/// Whether the buckets that S3 begins to copy to have the files that were there before; what they lack is copied
/// by asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Files {}

impl Condition for Files {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        Ok(readings
            .files()
            .await?
            .map(|Copied { there, left }| match left {
                0 => Reading::good(format!("{there} files in every region")),
                left => Reading::bad(format!("{there} files copied, {left} remaining")),
            }))
    }

    fn in_short(&self) -> String {
        "files in every region".to_owned()
    }

    fn in_words(&self) -> String {
        "every file is in every region".to_owned()
    }
}
