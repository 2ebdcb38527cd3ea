//! `keyguard admin-credential`: makes what opens the admin API.

use clap::{Args, Subcommand};
use keyguard::AdminCredential;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{failure::Failure, options::Global, output};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a credential, and the entry by which a deployment accepts it
    New(New),
}

#[derive(Args, Debug)]
pub(crate) struct New {
    /// Whose it is: the audit shows this name
    #[arg(long, default_value = "ops", value_parser = parse_name)]
    name: String,
}

pub(crate) fn run(command: &Command, global: &Global) -> Result<(), Failure> {
    let Command::New(New { name }) = command;
    let mut entropy = Zeroizing::new([0; 32]);
    getrandom::fill(entropy.as_mut())
        .map_err(|error| Failure::Usage(format!("this machine gives no random bytes: {error}")))?;
    let text = AdminCredential::issue(&entropy);
    let digest = AdminCredential::parse(&text).map(|credential| credential.digest());
    let digest = digest.ok_or_else(|| Failure::usage("the credential that was made is none"))?;
    let entry = format!("{name}:{digest}");
    if global.json {
        let json = json!({ "credential": text.as_str(), "entry": entry, "name": name });
        return output::line(&Zeroizing::new(json.to_string()));
    }
    output::line(&text)?;
    output::line(&entry)?;
    output::note(ADVICE);
    Ok(())
}

/// Names stand in a list of `name:digest`, so they hold none of its separators.
fn parse_name(text: &str) -> Result<String, String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte);
    if (1..=128).contains(&text.len()) && text.bytes().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 128 of A-Z a-z 0-9 . _ @ + -".to_owned())
    }
}

const ADVICE: &str = "
The first line is the credential. It is shown once, here: keep it where you keep passwords, and give it to this tool in
KEYGUARD_CREDENTIAL. The second line is what the deployment gets, and opens nothing:

    wrangler secret put ADMIN_CREDENTIALS      (production; asks for the value)
    ADMIN_CREDENTIALS=…                        (a line of worker/.dev.vars, for development)

To have several, put their second lines into the one secret, separated by spaces.";
