//! Findings for people, and as JSON.

use keyguard::scan::file::{Disguise, Severity};
use serde_json::json;

use super::{Located, Outcome};
use crate::{
    failure::Failure,
    output::{self, GREEN, RED, YELLOW, plain, styled},
};

/// A few lines for each, and one for all.
pub(super) fn print(outcome: &Outcome) -> Result<(), Failure> {
    for located in &outcome.findings {
        let finding = &located.finding;
        let severity = finding.rule().severity;
        let style = match severity {
            Severity::Error => RED,
            Severity::Warning | Severity::Note => YELLOW,
        };
        output::line(&format!(
            "{}: {}: {}, {}{}",
            plain(&place(located)),
            styled(style, severity.as_str()),
            finding.rule().name,
            finding.confidence(),
            written(finding.disguise()),
        ))?;
        output::line(&format!("    {}  {}", plain(finding.redacted()), finding.rule().advice))?;
    }
    let files = counted(outcome.files, "file");
    output::note(&if outcome.findings.is_empty() {
        format!("{} no secret key in {files}", styled(GREEN, "✓"))
    } else {
        format!("{} in {files}", counted(outcome.findings.len() as u64, "finding"))
    });
    Ok(())
}

/// File, line and column, as editors and terminals make links of them.
fn place(located: &Located) -> String {
    let (line, column) = (located.finding.line(), located.finding.column());
    match &located.source {
        None => format!("{}:{line}:{column}", located.file),
        Some(source) => format!("{} ({source}:{line}:{column})", located.file),
    }
}

fn written(disguise: Disguise) -> &'static str {
    match disguise {
        Disguise::None => "",
        Disguise::Escaped => ", with escapes",
        Disguise::Joined => ", in pieces",
        Disguise::Base64 => ", in base64",
        Disguise::Utf16 => ", in UTF-16",
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

pub(super) fn json(outcome: &Outcome) -> String {
    json!({
        "files": outcome.files, "bytes": outcome.bytes, "findings": outcome.findings,
        "notes": outcome.notes, "errors": outcome.errors,
    })
    .to_string()
}
