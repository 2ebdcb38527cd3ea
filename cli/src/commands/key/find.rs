//! `keyguard key find`: whose key is this?

use keyguard::ApiKey;
use serde::Deserialize;

use crate::{failure::Failure, input, options::Global, output};

/// Reads a key or a digest, and asks for the digest: the key itself goes nowhere.
pub(super) fn run(global: &Global) -> Result<(), Failure> {
    let text = input::secret_text("Key or digest")?;
    let digest = digest(text.trim())?;
    let answer = global.client()?.read(&format!("/digests/{digest}"))?;
    if global.json {
        return output::line(&output::plain_json(answer.text()));
    }
    let found: Found = answer.parse()?;
    let mut pairs = vec![("account", found.account.clone())];
    if let Some(key) = &found.key {
        pairs.push(("key", key.clone()));
    }
    if let Some(version) = found.version {
        pairs.push(("version", version.to_string()));
    }
    pairs.push(("digest", found.digest));
    output::pairs(&pairs)?;
    if let Some(key) = found.key {
        output::note(&output::plain(&format!("More: keyguard key show {} {key}", found.account)));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Found {
    digest: String,
    account: String,
    key: Option<String>,
    version: Option<u64>,
}

fn digest(text: &str) -> Result<String, Failure> {
    let hex = text.strip_prefix("key:v1:").unwrap_or(text);
    if hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(hex.to_ascii_lowercase());
    }
    match ApiKey::parse(text) {
        Ok(key) => Ok(key.digest().to_string()),
        Err(error) => Err(Failure::Usage(format!(
            "that is neither a digest nor a key ({error}): `keyguard explain` says more"
        ))),
    }
}
