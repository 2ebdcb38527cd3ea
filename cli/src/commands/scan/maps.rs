//! Source maps (ECMA-426): which source a finding comes from.

use data_encoding::BASE64;
use keyguard::scan::file::{Disguise, Finding, Scanner};
use serde::Deserialize;

use super::Located;

/// Puts findings of a file into their places: those in a source map's sources into these.
pub(super) fn place(
    bytes: &[u8],
    name: &str,
    mut findings: Vec<Finding>,
    scanner: &Scanner,
    placed: &mut Vec<Located>,
) {
    if let Some(map) = inline_map(bytes) {
        let before = placed.len();
        place_in_sources(&map, name, scanner.scan(&map), scanner, placed);
        // What was seen through the base64 is now seen in the map.
        let nested = placed.get(before..).unwrap_or_default();
        findings.retain(|finding| {
            finding.disguise() != Disguise::Base64
                || nested.iter().all(|other| other.finding.fingerprint() != finding.fingerprint())
        });
    }
    place_in_sources(bytes, name, findings, scanner, placed);
}

fn place_in_sources(
    bytes: &[u8],
    name: &str,
    findings: Vec<Finding>,
    scanner: &Scanner,
    placed: &mut Vec<Located>,
) {
    if findings.is_empty() {
        return;
    }
    let before = placed.len();
    if bytes.trim_ascii_start().starts_with(b"{")
        && let Ok(map) = serde_json::from_slice::<Map>(bytes)
    {
        for (index, content) in map.sources_content.iter().enumerate() {
            let Some(content) = content else { continue };
            let source = map
                .sources
                .get(index)
                .and_then(Option::as_deref)
                .unwrap_or("a source without a name");
            placed.extend(scanner.scan(content.as_bytes()).into_iter().map(|finding| Located {
                file: name.to_owned(),
                source: Some(source.to_owned()),
                finding,
            }));
        }
    }
    let known: Vec<String> = placed
        .get(before..)
        .unwrap_or_default()
        .iter()
        .map(|located| located.finding.fingerprint().to_owned())
        .collect();
    placed.extend(
        findings
            .into_iter()
            .filter(|finding| known.iter().all(|known| known != finding.fingerprint()))
            .map(|finding| Located { file: name.to_owned(), source: None, finding }),
    );
}

/// The source map that a file brings along as a data URL (RFC 2397).
fn inline_map(bytes: &[u8]) -> Option<Vec<u8>> {
    // Forwards, which goes ten times as fast as backwards.
    let start = memchr::memmem::find_iter(bytes, MARK).last()?.checked_add(MARK.len())?;
    let rest = bytes.get(start..)?;
    let comma = memchr::memchr(b',', rest.get(..LONGEST_TYPE.min(rest.len()))?)?;
    let (kind, data) = rest.split_at_checked(comma)?;
    if !kind.ends_with(b";base64") {
        return None;
    }
    let data = data.get(1..)?;
    let end = data
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'='))
        .unwrap_or(data.len());
    BASE64.decode(data.get(..end)?).ok()
}

/// What is read of a source map.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Map {
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default)]
    sources_content: Vec<Option<String>>,
}

const MARK: &[u8] = b"sourceMappingURL=data:";
/// `application/json;charset=utf-8;base64`.
const LONGEST_TYPE: usize = 80;
