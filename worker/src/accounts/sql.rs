//! A Durable Object's database, asked in one crossing per statement.

use keyguard::Fault;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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
        values: &impl Serialize,
    ) -> Result<Vec<T>, Fault> {
        serde_json::from_str(&self.ask(text, &list(values))?)
            .map_err(|error| failed(&error.to_string()))
    }

    /// The first row of a statement.
    pub(crate) fn row<T: DeserializeOwned>(
        self,
        text: &str,
        values: &impl Serialize,
    ) -> Result<Option<T>, Fault> {
        Ok(self.rows(text, values)?.into_iter().next())
    }

    /// The first row of a statement that finds one number.
    pub(crate) fn number(self, text: &str, values: &impl Serialize) -> Result<Option<f64>, Fault> {
        Ok(self.row::<Number>(text, values)?.and_then(|row| row.number))
    }

    /// Runs a statement for what it changes.
    pub(crate) fn run(self, text: &str, values: &impl Serialize) -> Result<(), Fault> {
        self.ask(text, &list(values)).map(drop)
    }

    fn ask(self, text: &str, values: &str) -> Result<String, Fault> {
        runtime::query(self.0, text, values).map_err(|error| {
            // The database names tables and columns, never a value.
            let reason = js_sys::Reflect::get(&error, &"message".into()).unwrap_or_default();
            failed(&reason.as_string().unwrap_or_default())
        })
    }
}

/// Values as JSON: a list for a statement's question marks, or rows for `json_each`.
pub(crate) fn list(values: &impl Serialize) -> String {
    // Numbers, strings and lists of them have no way to fail.
    serde_json::to_string(values).unwrap_or_default()
}

#[derive(Deserialize)]
struct Number {
    number: Option<f64>,
}

fn failed(reason: &str) -> Fault {
    console_error!("{}", serde_json::json!({ "event": "accounts-failed", "reason": reason }));
    Fault::StoreUnavailable
}
