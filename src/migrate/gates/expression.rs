//! `expression`: an expression of the user's is true.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Condition, Moment, Read, Reading, Readings};

/// Whether a condition of the user's holds of what is live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Expression {
    /// In CEL.
    pub expression: Arc<str>,
}

impl Condition for Expression {
    async fn read<R: Readings>(&self, readings: &R, _: Moment) -> Read<Reading, R::Error> {
        let holds = readings.expression(&self.expression).await?;
        Ok(holds.map(|holds| match holds {
            Ok(true) => Reading::good("it is true"),
            Ok(false) => Reading::bad("it is not true"),
            Err(why) => Reading::bad(why),
        }))
    }

    fn in_short(&self) -> String {
        format!("`{}`", self.expression)
    }

    fn in_words(&self) -> String {
        format!("`{}` is true", self.expression)
    }
}
