//! The operator's credential and name, as they come from outside: never as an argument, which process lists show.

use std::{
    env, fmt,
    io::{IsTerminal as _, stderr, stdin},
};

use keyguard::AdminCredential;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The text of an admin credential. Its memory is wiped on drop, and nothing shows it.
pub(crate) struct Credential(Zeroizing<String>);

impl Credential {
    /// Takes it from the environment, or asks whoever sits at the terminal.
    pub(crate) fn obtain() -> Result<Self, Failure> {
        match env::var(VARIABLE) {
            Ok(text) => Self::parse(&Zeroizing::new(text), VARIABLE),
            Err(env::VarError::NotUnicode(_)) => {
                Err(Failure::Usage(format!("{VARIABLE} holds no admin credential")))
            }
            Err(env::VarError::NotPresent) if stdin().is_terminal() || stderr().is_terminal() => {
                let text = rpassword::prompt_password("Admin credential (not shown): ")
                    .map(Zeroizing::new)
                    .map_err(|error| Failure::Usage(format!("no credential was read: {error}")))?;
                Self::parse(&text, "the text")
            }
            Err(env::VarError::NotPresent) => Err(Failure::Usage(format!(
                "no credential: set {VARIABLE} (there is no terminal to ask for it)"
            ))),
        }
    }

    fn parse(text: &str, place: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if AdminCredential::parse(text).is_some() {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        let reason = if text.is_empty() {
            "is empty"
        } else if keyguard::ApiKey::parse(text).is_ok() {
            "holds an API key, which opens no admin API"
        } else if text.starts_with(AdminCredential::PREFIX) {
            "holds an admin credential with a mistake in it: copy it whole, once more"
        } else {
            "holds no admin credential: those begin with kgadmin_"
        };
        Err(Failure::Usage(format!("{place} {reason}. Nothing was sent.")))
    }

    /// The value of `Authorization`.
    pub(crate) fn authorization(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Bearer {}", self.0.as_str()))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(elided)")
    }
}

/// Who acts, for the audit: what is asked for, or else the user and the machine.
pub(crate) fn actor() -> Result<Option<String>, Failure> {
    let of = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(actor) = of(ACTOR_VARIABLE) {
        return if is_visible(&actor) {
            Ok(Some(actor))
        } else {
            Err(Failure::Usage(format!(
                "{ACTOR_VARIABLE} must be 1 to 128 visible ASCII characters without a space"
            )))
        };
    }
    let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(of);
    let host = ["HOSTNAME", "COMPUTERNAME"]
        .into_iter()
        .find_map(of)
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    let host = host.as_deref().map(str::trim).filter(|host| !host.is_empty());
    let actor = user.map(|user| match host {
        Some(host) => format!("{user}@{host}"),
        None => user,
    });
    Ok(actor.filter(|actor| is_visible(actor)))
}

fn is_visible(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

const VARIABLE: &str = "KEYGUARD_CREDENTIAL";
const ACTOR_VARIABLE: &str = "KEYGUARD_ACTOR";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_credential_is_named_and_not_shown() {
        let good = AdminCredential::issue(&[7; 32]);
        assert_eq!(format!("{:?}", Credential::parse(&good, "it").unwrap()), "Credential(elided)");
        let cut = good.get(..30).unwrap();
        for (text, reason) in [
            ("", "is empty"),
            ("sk_vYZCAeHawUqDCmVpEKh2U", "an API key"),
            (cut, "a mistake in it"),
            ("hunter2hunter2", "begin with kgadmin_"),
        ] {
            let message = Credential::parse(text, "it").unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
            assert!(text.is_empty() || !message.contains(text), "{message}");
        }
    }
}
