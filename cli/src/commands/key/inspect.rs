//! `keyguard key inspect`: what a key is.

use keyguard::{ApiKey, Form};
use serde_json::json;

use crate::{failure::Failure, input, options::Global, output};

/// Prints everything that may be told of a key, and so not the key.
pub(super) fn run(global: &Global) -> Result<(), Failure> {
    let text = input::secret_text("Key")?;
    let key = ApiKey::parse(input::without_line_end(&text)).map_err(|error| {
        Failure::Wrong(format!("{error}. `keyguard explain` says where and how to mend it"))
    })?;
    let (form, checksum) = match (key.form(), key.checksum_failed()) {
        (Form::Issued, _) => ("issued", "right"),
        (Form::Foreign, true) => ("foreign", "wrong"),
        (Form::Foreign, false) => ("foreign", "none"),
    };
    let digest = key.digest();
    if global.json {
        let json = json!({
            "kind": key.kind(),
            "mode": key.mode(),
            "form": form,
            "checksum": checksum,
            "digest": digest.to_string(),
            "store_name": digest.store_name(),
            "redacted": key.redacted().to_string(),
        });
        return output::line(&json.to_string());
    }
    output::pairs(&[
        ("kind", key.kind().to_string()),
        ("mode", key.mode().to_string()),
        ("form", told_form(key.form()).to_owned()),
        ("checksum", told_checksum(checksum).to_owned()),
        ("digest", digest.to_string()),
        ("store name", digest.store_name()),
        ("redacted", key.redacted().to_string()),
    ])
}

fn told_form(form: Form) -> &'static str {
    match form {
        Form::Issued => "issued (by keyguard, as its checksum has it)",
        Form::Foreign => {
            "foreign (works where it was imported and the policy says accept_foreign_keys)"
        }
    }
}

fn told_checksum(checksum: &str) -> &'static str {
    match checksum {
        "right" => "right",
        "wrong" => "wrong: most likely a typing error, if keyguard issued the key",
        _ => "none (a key from elsewhere has none)",
    }
}
