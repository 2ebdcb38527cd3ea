//! Long lists, page by page: no more than one page is ever held.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    client::{Client, escape},
    failure::Failure,
    output,
};

/// Reads a list to its end, or to `limit` entries, and hands on one page after the other.
///
/// `field` is the list's name in the API's answer; `path` may hold a query.
pub(super) fn each_page(
    client: &Client,
    path: &str,
    field: &str,
    limit: Option<u64>,
    mut on_page: impl FnMut(Vec<Box<RawValue>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut left = limit.unwrap_or(u64::MAX);
    let mut cursor: Option<String> = None;
    while left > 0 {
        let mut path =
            format!("{path}{}limit={}", if path.contains('?') { '&' } else { '?' }, left.min(PAGE));
        if let Some(cursor) = &cursor {
            path.push_str("&cursor=");
            path.push_str(&escape(cursor));
        }
        let answer = client.read(&path)?;
        let page: HashMap<String, Box<RawValue>> = answer.parse()?;
        let entries = page.get(field).ok_or_else(unreadable)?;
        let entries: Vec<Box<RawValue>> = entry(entries)?;
        let next = page.get("next_cursor").map(|next| entry::<Option<String>>(next)).transpose()?;
        left = left.saturating_sub(u64::try_from(entries.len()).unwrap_or(u64::MAX));
        on_page(entries)?;
        match next.flatten() {
            // The same cursor once more would go on for ever.
            Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
            Some(_) => return Err(unreadable()),
            None => break,
        }
    }
    Ok(())
}

/// Prints a list as the API writes it, as one JSON document.
pub(super) fn print_json(
    client: &Client,
    path: &str,
    field: &str,
    limit: Option<u64>,
) -> Result<(), Failure> {
    let mut before = format!("{{\"{field}\":[\n");
    each_page(client, path, field, limit, |page| {
        for entry in page {
            output::text(&before)?;
            output::text(&output::plain_json(entry.get()))?;
            ",\n".clone_into(&mut before);
        }
        Ok(())
    })?;
    if before.starts_with('{') {
        output::text(&before)?;
    }
    output::line("\n]}")
}

/// Reads an entry.
pub(super) fn entry<T: DeserializeOwned>(entry: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(entry.get()).map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    Failure::Unreachable(
        "the API answered a list that this keyguard can't read: are both of the same version?"
            .to_owned(),
    )
}

const PAGE: u64 = 1_000;
