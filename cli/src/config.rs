//! The configuration file: where the environments are.

use std::{
    collections::BTreeMap,
    env, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use keyguard::{RequestUrl, scan};
use serde::Deserialize;

use crate::failure::Failure;

/// An environment: a name, and the address of its edge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) url: BaseUrl,
}

impl Environment {
    /// The environment of this name, or the default one.
    pub(crate) fn choose(name: Option<&str>, file: Option<&Path>) -> Result<Self, Failure> {
        let mut document = read(file)?;
        let name = name.map(str::to_owned).or(document.default_env);
        let name = name.unwrap_or_else(|| LOCAL.to_owned());
        let url = match document.env.remove(&name) {
            Some(table) => table.url,
            None if name == LOCAL => LOCAL_URL.to_owned(),
            None => {
                let known: Vec<_> = document.env.keys().map(String::as_str).collect();
                return Err(Failure::Usage(format!(
                    "there is no environment `{name}`: add [env.{name}] with a url to the configuration, or use one of {}",
                    [known.as_slice(), &[LOCAL]].concat().join(", ")
                )));
            }
        };
        let url = BaseUrl::parse(&url)
            .map_err(|reason| Failure::Usage(format!("environment `{name}`: url {reason}")))?;
        Ok(Self { name, url })
    }
}

/// The address of an edge: `https`, or plain http to this very machine. A credential may be sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    text: String,
    is_https: bool,
}

impl BaseUrl {
    /// Reads `https://host[:port]`; plain `http` for a loopback host alone.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = RequestUrl::cut(text, None)
            .filter(|url| url.path() == "/" && url.query().is_none() && !text.contains(['#', '?']));
        let url =
            url.ok_or("must be an address such as https://api.example.com, without a path")?;
        if !url.is_https() && !url.is_loopback() {
            return Err(
                "must begin with https://: a credential is never sent in the clear".to_owned()
            );
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), is_https: url.is_https() })
    }

    /// The address, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `https`, and not a loopback host's plain http.
    pub(crate) fn is_https(&self) -> bool {
        self.is_https
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default_env: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    url: String,
}

/// Reads the file; one that nobody asked for need not be there.
fn read(file: Option<&Path>) -> Result<Document, Failure> {
    let is_asked_for = file.is_some();
    let Some(path) = file.map(Path::to_owned).or_else(default_file) else {
        return Ok(Document::default());
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !is_asked_for => {
            return Ok(Document::default());
        }
        Err(error) => return Err(Failure::Usage(format!("{}: {error}", path.display()))),
    };
    toml::from_str(&text).map_err(|error| {
        // Without the line that the parser would show: somebody may have put a credential there.
        let reason = error.message();
        let holds_secret = scan::might_show_secret_key(reason) || reason.contains("kgadmin_");
        let reason = if holds_secret { "a value that doesn't belong there" } else { reason };
        let line = error.span().map_or(1, |span| {
            text.get(..span.start)
                .map_or(1, |before| before.matches('\n').count().saturating_add(1))
        });
        Failure::Usage(format!("{}: line {line}: {reason}", path.display()))
    })
}

fn default_file() -> Option<PathBuf> {
    let of = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = of("XDG_CONFIG_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| of("HOME").map(|home| home.join(".config")))
        .or_else(|| of("APPDATA"))?;
    Some(folder.join("keyguard").join("config.toml"))
}

/// The environment that is there without any configuration: what `cargo xtask dev` starts.
const LOCAL: &str = "local";
const LOCAL_URL: &str = "http://localhost:8787";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_https_or_to_this_machine() {
        for text in [
            "https://api.example.com",
            "https://api.example.com/",
            "https://api.example.com:8443",
            "http://localhost:8787",
            "http://127.0.0.1:8787/",
            "http://[::1]:8787",
        ] {
            assert!(BaseUrl::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "api.example.com",
            "http://api.example.com",
            "http://localhost.example.com",
            "http://localhost@api.example.com",
            "https://user:password@api.example.com",
            "https://api.example.com/v1",
            "https://api.example.com?a",
            "https://api.example.com#a",
            "ftp://api.example.com",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text}");
        }
    }
}
