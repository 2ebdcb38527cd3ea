//! `keyguard explain`: words for what the core finds wrong with a pasted text.

mod words;

use clap::Args;
use keyguard::{Form, explain, explain::Likely};
use serde_json::json;

use crate::{
    failure::Failure,
    input,
    options::Global,
    output::{self, GREEN, RED, YELLOW, styled},
    words::{Kind, Mode},
};

#[derive(Args, Debug)]
#[command(
    after_help = "Reads the text from standard input; on a terminal it asks for it and doesn't show it. The key \
                        itself is never printed.\nExit code 0 if the text is a key as it stands, 1 if not."
)]
pub(crate) struct Arguments {
    /// The kind that it should be
    #[arg(long, value_name = "KIND")]
    expect: Option<Kind>,
    /// The mode that it should be
    #[arg(long, value_name = "MODE")]
    expect_mode: Option<Mode>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let text = input::secret_text("Text")?;
    let explanation =
        explain(&text, arguments.expect.map(Into::into), arguments.expect_mode.map(Into::into));
    let findings = explanation.findings();
    if global.json {
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "code": words::code(finding), "column": words::column(finding),
                    "remark": finding.is_remark(), "message": words::told(finding),
                })
            })
            .collect();
        output::line(
            &json!({ "ok": explanation.is_fine(), "findings": findings, "key": explanation.key().map(likely) })
                .to_string(),
        )?;
    } else {
        for finding in findings.iter().take(MOST_TOLD) {
            let mark = if finding.is_remark() { styled(YELLOW, "!") } else { styled(RED, "✗") };
            output::line(&format!("{mark} {}", output::plain(&words::told(finding))))?;
        }
        if findings.len() > MOST_TOLD {
            output::line(&format!("… and {} more", findings.len().saturating_sub(MOST_TOLD)))?;
        }
        if let Some(line) = verdict(explanation.key(), explanation.is_fine()) {
            output::line(&line)?;
        }
    }
    if explanation.is_fine() { Ok(()) } else { Err(Failure::Check) }
}

fn verdict(key: Option<&Likely>, is_fine: bool) -> Option<String> {
    let key = key?;
    let what = format!("a {} {} key ({})", key.mode, key.kind, key.redacted);
    let sure = match key.form {
        Form::Issued => "its checksum is right",
        Form::Foreign => "right by its form; it has no checksum that could tell more",
    };
    Some(if is_fine {
        format!("{} This is {what}; {sure}.", styled(GREEN, "✓"))
    } else {
        format!("{} Without what is named above it is {what}; {sure}.", styled(GREEN, "→"))
    })
}

fn likely(key: &Likely) -> serde_json::Value {
    let form = match key.form {
        Form::Issued => "issued",
        Form::Foreign => "foreign",
    };
    json!({ "kind": key.kind, "mode": key.mode, "form": form, "redacted": key.redacted.to_string() })
}

const MOST_TOLD: usize = 20;
