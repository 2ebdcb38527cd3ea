//! Findings as SARIF 2.1.0, the OASIS format that code hosts read.

use std::fmt::Write as _;

use keyguard::scan::file::{Confidence, Severity, rules};
use serde_json::{Value, json};

use super::{Located, Outcome};

/// The whole document: one run of one tool (§3.13, §3.14).
pub(super) fn document(outcome: &Outcome) -> String {
    let rules: Vec<Value> = rules()
        .map(|rule| {
            json!({
                "id": rule.id,
                "name": rule.name,
                "shortDescription": { "text": rule.name },
                "fullDescription": { "text": format!("A {} in a file.", rule.name) },
                "help": { "text": rule.advice },
                "defaultConfiguration": { "level": rule.severity.as_str() },
                "properties": {
                    "tags": ["security"],
                    "security-severity": security_severity(rule.severity),
                },
            })
        })
        .collect();
    let notifications: Vec<Value> = outcome
        .errors
        .iter()
        .map(|text| ("error", text))
        .chain(outcome.notes.iter().map(|text| ("note", text)))
        .map(|(level, text)| json!({ "level": level, "message": { "text": text } }))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "keyguard",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            // §3.14.17: columns count code points.
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": outcome.errors.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": outcome.findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
    .to_string()
}

fn result(located: &Located) -> Value {
    let finding = &located.finding;
    let rule = finding.rule();
    let range = finding.range();
    let mut place = json!({ "artifactLocation": { "uri": uri(&located.file) } });
    // Lines of a source, or of what is in an archive, are none of the file's own.
    let is_own = located.source.is_none() && !located.file.contains('!');
    if is_own && let Some(place) = place.as_object_mut() {
        place.insert(
            "region".to_owned(),
            json!({
                "startLine": finding.line(), "startColumn": finding.column(),
                "byteOffset": range.start, "byteLength": range.end.saturating_sub(range.start),
            }),
        );
    }
    let inside = located.source.as_ref().map_or_else(String::new, |source| {
        format!(
            " It is in the source {source}, line {}, column {}.",
            finding.line(),
            finding.column()
        )
    });
    let level =
        if finding.confidence() == Confidence::Possible { "note" } else { rule.severity.as_str() };
    json!({
        "ruleId": rule.id,
        "level": level,
        "message": { "text": format!("{} {} ({}).{inside} {}", rule.name, finding.redacted(), finding.confidence(), rule.advice) },
        "locations": [{ "physicalLocation": place }],
        "partialFingerprints": { "key/v1": finding.fingerprint() },
        "properties": { "confidence": finding.confidence().as_str(), "disguise": finding.disguise().as_str() },
    })
}

/// A path as a relative reference (RFC 3986 §4.2), or as a file's URI if it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'/' | b'-' | b'.' | b'_' | b'~' | b'!' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => {
                // Writing to a string never fails.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

/// What code hosts sort by, from 0 to 10.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "9.0",
        Severity::Warning => "6.0",
        Severity::Note => "3.0",
    }
}
