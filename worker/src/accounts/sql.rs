//! A Durable Object's database, asked in one crossing per statement.

use keyguard::Fault;
use serde::de::DeserializeOwned;
use serde_json::Value;
use worker::console_error;

use super::runtime::{self, SqlStorage};

/// The database of one object. All calls in one turn of the event loop see and make one state.
#[derive(Clone, Copy)]
pub(crate) struct Sql<'a>(pub(crate) &'a SqlStorage);

impl Sql<'_> {
    /// The rows of a statement, `values` in place of its question marks.
    pub(crate) fn rows<T: DeserializeOwned>(
        self,
        text: &str,
        values: &Value,
    ) -> Result<Vec<T>, Fault> {
        let rows = runtime::query(self.0, text, &values.to_string()).map_err(|error| {
            // The database names tables and columns, never a value.
            let reason = js_sys::Reflect::get(&error, &"message".into()).unwrap_or_default();
            failed(&reason.as_string().unwrap_or_default())
        })?;
        serde_json::from_str(&rows).map_err(|error| failed(&error.to_string()))
    }

    /// The first row of a statement.
    pub(crate) fn row<T: DeserializeOwned>(
        self,
        text: &str,
        values: &Value,
    ) -> Result<Option<T>, Fault> {
        Ok(self.rows(text, values)?.into_iter().next())
    }

    /// Runs a statement for what it changes.
    pub(crate) fn run(self, text: &str, values: &Value) -> Result<(), Fault> {
        self.rows::<Value>(text, values).map(drop)
    }
}

fn failed(reason: &str) -> Fault {
    console_error!("{}", serde_json::json!({ "event": "accounts-failed", "reason": reason }));
    Fault::StoreUnavailable
}
