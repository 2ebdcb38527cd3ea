//! Other vendors' secret keys, by how they begin.
//!
//! The forms are what the vendors publish, and what the rules of `gitleaks`, `trufflehog` and `secretlint` agree on; docs/scan.md names the
//! source of each.

use super::{
    Confidence, Disguise, Found, Rule, Severity,
    own::Text,
    pem::PRIVATE_KEY,
    random,
    reader::{Reader, Step},
    units::Units,
};
use crate::key::checksum;

/// A vendor's keys of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    rule: Rule,
    prefix: &'static str,
    /// What is searched for, where that is not the prefix but stands inside of the key.
    anchor: Option<&'static str>,
    parts: &'static [Part],
    check: Check,
}

impl Vendor {
    /// What its findings are called.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// How all of these keys begin.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }
}

/// A part of a key after its prefix.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// This text.
    Word(&'static str),
    /// So many characters of a kind.
    Run(Class, usize, usize),
}

/// A kind of character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Letters and digits.
    Letters,
    /// Capitals and digits.
    Capitals,
    Digits,
    /// Hexadecimal digits of either case.
    Hex,
    /// Letters, digits and `_`.
    Word,
    /// base64url.
    Url,
    /// base64.
    Base64,
}

impl Class {
    fn has(self, char: u8) -> bool {
        match self {
            Self::Letters => char.is_ascii_alphanumeric(),
            Self::Capitals => char.is_ascii_uppercase() || char.is_ascii_digit(),
            Self::Digits => char.is_ascii_digit(),
            Self::Hex => char.is_ascii_hexdigit(),
            Self::Word => char.is_ascii_alphanumeric() || char == b'_',
            Self::Url => char.is_ascii_alphanumeric() || matches!(char, b'_' | b'-'),
            Self::Base64 => char.is_ascii_alphanumeric() || matches!(char, b'+' | b'/'),
        }
    }
}

/// What tells a key from what only looks like one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// It looks like no placeholder.
    Form,
    /// Its last six characters are the CRC-32 of the thirty before, in base62.
    Crc32,
}

/// Every kind that is looked for.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    VENDORS.iter().map(|vendor| &vendor.rule).chain([&PRIVATE_KEY])
}

/// What is searched for, and the place in the list of what it belongs to. Those that begin as our own keys do are tried
/// where those are.
pub(super) fn anchors() -> impl Iterator<Item = (&'static str, usize)> {
    VENDORS
        .iter()
        .enumerate()
        .filter(|(_, vendor)| !vendor.prefix.starts_with("sk_"))
        .map(|(index, vendor)| (vendor.anchor.unwrap_or(vendor.prefix), index))
}

/// The key at an anchor: of the one vendor, or of those that begin with `sk_`.
pub(super) fn find(bytes: &[u8], at: usize, index: Option<usize>) -> Option<Found> {
    match index {
        Some(index) => VENDORS.get(index).and_then(|vendor| vendor.find(bytes, at)),
        None => VENDORS
            .iter()
            .filter(|vendor| vendor.prefix.starts_with("sk_"))
            .find_map(|vendor| vendor.find(bytes, at)),
    }
}

impl Vendor {
    fn find(&'static self, bytes: &[u8], at: usize) -> Option<Found> {
        let start = if self.anchor.is_some() { self.start_before(bytes, at)? } else { at };
        let is_inside = start
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        // `\n` before a key is no letter.
        if is_inside && !is_after_escape(bytes, start) {
            return None;
        }
        let mut reader = Reader::new(Units::new(bytes, start, 1));
        let mut text = Text::with_capacity(MOST_CHARACTERS);
        let mut end = start;
        let mut take = |reader: &mut Reader<'_>, is_wanted: &dyn Fn(u8) -> bool| {
            let mut ahead = reader.clone();
            let mut char = ahead.next()?;
            // Pieces meet anywhere in it.
            if matches!(char, Step::Join(super::joins::Join::Certain)) {
                char = ahead.next()?;
            }
            let Step::Char(char) = char else { return None };
            (is_wanted(char) && text.push(char)).then(|| {
                *reader = ahead;
                end = reader.units().last_end();
            })
        };
        for wanted in self.prefix.bytes() {
            take(&mut reader, &|char| char == wanted)?;
        }
        let mut last = None;
        for part in self.parts {
            match *part {
                Part::Word(word) => {
                    for wanted in word.bytes() {
                        take(&mut reader, &|char| char == wanted)?;
                    }
                }
                Part::Run(class, fewest, most) => {
                    last = Some(class);
                    let count = (0..most)
                        .take_while(|_| take(&mut reader, &|char| class.has(char)).is_some())
                        .count();
                    if count < fewest {
                        return None;
                    }
                }
            }
        }
        // A longer run is something else.
        if let Some(class) = last
            && take(&mut reader, &|char| class.has(char) || Class::Word.has(char)).is_some()
        {
            return None;
        }
        let body = text.as_str().get(self.prefix.len()..)?;
        let confidence = match self.check {
            _ if random::is_placeholder(body.as_bytes()) => return None,
            Check::Form => Confidence::Likely,
            Check::Crc32 => {
                let (random, sum) = body.split_at_checked(body.len().checked_sub(6)?)?;
                if checksum::digits(random) == sum.as_bytes() {
                    Confidence::Certain
                } else {
                    Confidence::Possible
                }
            }
        };
        Some(Found {
            rule: &self.rule,
            confidence,
            disguise: match (reader.is_joined, reader.is_escaped) {
                (true, _) => Disguise::Joined,
                (false, true) => Disguise::Escaped,
                (false, false) => Disguise::None,
            },
            start,
            end,
            text: text.with_prefix(self.prefix.len()),
        })
    }

    /// The prefix in the run of characters that leads up to the anchor.
    fn start_before(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let first = at.saturating_sub(FURTHEST_PREFIX);
        let lead = bytes.get(first..at)?;
        let run = lead.iter().rev().take_while(|byte| Class::Url.has(**byte)).count();
        let run = lead.get(lead.len().saturating_sub(run)..)?;
        let place =
            run.windows(self.prefix.len()).position(|part| part == self.prefix.as_bytes())?;
        Some(at.saturating_sub(run.len()).saturating_add(place))
    }
}

fn is_after_escape(bytes: &[u8], start: usize) -> bool {
    super::before::Before::of(bytes, start, 1) == super::before::Before::Nothing
}

const fn vendor(rule: Rule, prefix: &'static str, parts: &'static [Part]) -> Vendor {
    Vendor { rule, prefix, anchor: None, parts, check: Check::Form }
}

const fn checked(rule: Rule, prefix: &'static str, parts: &'static [Part]) -> Vendor {
    Vendor { rule, prefix, anchor: None, parts, check: Check::Crc32 }
}

const fn anchored(
    rule: Rule,
    prefix: &'static str,
    anchor: &'static str,
    parts: &'static [Part],
) -> Vendor {
    Vendor { rule, prefix, anchor: Some(anchor), parts, check: Check::Form }
}

const fn secret(id: &'static str, name: &'static str) -> Rule {
    Rule {
        id,
        name,
        severity: Severity::Error,
        advice: "Revoke it with its vendor, and keep the next one out of files that ship.",
    }
}

const fn lesser(id: &'static str, name: &'static str) -> Rule {
    Rule { severity: Severity::Warning, ..secret(id, name) }
}

use Class::{Base64, Capitals, Digits, Hex, Letters, Url, Word as Words};
use Part::{Run, Word};

const GITHUB: &[Part] = &[Run(Letters, 36, 36)];
const SLACK: &[Part] = &[Run(Digits, 8, 14), Word("-"), Run(Url, 20, 200)];
const SHOPIFY: &[Part] = &[Run(Hex, 32, 32)];
const OPENAI: &[Part] = &[Run(Url, 40, 180)];

/// All kinds of keys that other vendors issue and that are looked for here.
pub static VENDORS: &[Vendor] = &[
    vendor(
        secret("stripe-secret-key", "Stripe live secret key"),
        "sk_live_",
        &[Run(Letters, 10, 247)],
    ),
    vendor(
        secret("stripe-restricted-key", "Stripe live restricted key"),
        "rk_live_",
        &[Run(Letters, 10, 247)],
    ),
    vendor(
        lesser("stripe-test-restricted-key", "Stripe test restricted key"),
        "rk_test_",
        &[Run(Letters, 10, 247)],
    ),
    vendor(
        secret("stripe-webhook-secret", "Stripe webhook signing secret"),
        "whsec_",
        &[Run(Base64, 24, 64)],
    ),
    vendor(lesser("aws-access-key-id", "AWS access key id"), "AKIA", &[Run(Capitals, 16, 16)]),
    vendor(
        lesser("aws-temporary-key-id", "AWS temporary access key id"),
        "ASIA",
        &[Run(Capitals, 16, 16)],
    ),
    checked(secret("github-personal-token", "GitHub personal access token"), "ghp_", GITHUB),
    checked(secret("github-oauth-token", "GitHub OAuth access token"), "gho_", GITHUB),
    checked(secret("github-user-token", "GitHub App user token"), "ghu_", GITHUB),
    checked(secret("github-installation-token", "GitHub App installation token"), "ghs_", GITHUB),
    checked(secret("github-refresh-token", "GitHub App refresh token"), "ghr_", GITHUB),
    vendor(
        secret("github-fine-grained-token", "GitHub fine-grained personal access token"),
        "github_pat_",
        &[Run(Letters, 22, 22), Word("_"), Run(Letters, 59, 59)],
    ),
    vendor(
        secret("gitlab-personal-token", "GitLab personal access token"),
        "glpat-",
        &[Run(Url, 20, 64)],
    ),
    vendor(secret("gitlab-deploy-token", "GitLab deploy token"), "gldt-", &[Run(Url, 20, 64)]),
    vendor(secret("gitlab-runner-token", "GitLab runner token"), "glrt-", &[Run(Url, 20, 64)]),
    vendor(secret("slack-bot-token", "Slack bot token"), "xoxb-", SLACK),
    vendor(secret("slack-user-token", "Slack user token"), "xoxp-", SLACK),
    vendor(
        secret("slack-app-token", "Slack app-level token"),
        "xapp-",
        &[
            Run(Digits, 1, 1),
            Word("-"),
            Run(Capitals, 8, 16),
            Word("-"),
            Run(Digits, 8, 16),
            Word("-"),
            Run(Hex, 32, 128),
        ],
    ),
    vendor(
        secret("slack-webhook", "Slack incoming webhook"),
        "hooks.slack.com/services/",
        &[Run(Capitals, 8, 16), Word("/"), Run(Capitals, 8, 16), Word("/"), Run(Letters, 20, 32)],
    ),
    vendor(
        Rule {
            severity: Severity::Note,
            advice: "If it is for a page, restrict it to your sites and to what the page needs; else revoke it in the Google Cloud console.",
            ..secret("google-api-key", "Google API key")
        },
        "AIza",
        &[Run(Url, 35, 35)],
    ),
    vendor(
        secret("google-oauth-secret", "Google OAuth client secret"),
        "GOCSPX-",
        &[Run(Url, 28, 28)],
    ),
    vendor(secret("npm-token", "npm access token"), "npm_", &[Run(Letters, 36, 36)]),
    vendor(
        secret("sendgrid-api-key", "SendGrid API key"),
        "SG.",
        &[Run(Url, 22, 22), Word("."), Run(Url, 43, 43)],
    ),
    vendor(secret("shopify-admin-token", "Shopify admin API token"), "shpat_", SHOPIFY),
    vendor(secret("shopify-shared-secret", "Shopify shared secret"), "shpss_", SHOPIFY),
    vendor(secret("shopify-custom-token", "Shopify custom app token"), "shpca_", SHOPIFY),
    vendor(secret("shopify-private-token", "Shopify private app password"), "shppa_", SHOPIFY),
    anchored(secret("openai-api-key", "OpenAI API key"), "sk-", "T3BlbkFJ", OPENAI),
    vendor(secret("anthropic-api-key", "Anthropic API key"), "sk-ant-", &[Run(Url, 80, 130)]),
    vendor(
        secret("digitalocean-token", "DigitalOcean personal access token"),
        "dop_v1_",
        &[Run(Hex, 64, 64)],
    ),
    vendor(
        secret("huggingface-token", "Hugging Face access token"),
        "hf_",
        &[Run(Letters, 34, 34)],
    ),
    vendor(
        secret("docker-token", "Docker personal access token"),
        "dckr_pat_",
        &[Run(Url, 27, 27)],
    ),
    vendor(secret("linear-api-key", "Linear API key"), "lin_api_", &[Run(Letters, 40, 40)]),
    vendor(secret("figma-token", "Figma personal access token"), "figd_", &[Run(Url, 38, 64)]),
    vendor(secret("pypi-token", "PyPI API token"), "pypi-AgEIcHlwaS5vcmc", &[Run(Url, 50, 240)]),
    vendor(secret("square-access-token", "Square access token"), "sq0atp-", &[Run(Url, 22, 22)]),
    vendor(secret("square-secret", "Square application secret"), "sq0csp-", &[Run(Url, 43, 43)]),
    vendor(
        secret("braintree-access-token", "Braintree access token"),
        "access_token$production$",
        &[Run(Letters, 16, 16), Word("$"), Run(Hex, 32, 32)],
    ),
    vendor(
        secret("flutterwave-secret-key", "Flutterwave secret key"),
        "FLWSECK-",
        &[Run(Letters, 32, 32), Word("-X")],
    ),
    vendor(
        secret("vault-service-token", "HashiCorp Vault service token"),
        "hvs.",
        &[Run(Url, 90, 140)],
    ),
    vendor(
        secret("databricks-token", "Databricks personal access token"),
        "dapi",
        &[Run(Hex, 32, 32)],
    ),
    vendor(
        secret("postman-api-key", "Postman API key"),
        "PMAK-",
        &[Run(Hex, 24, 24), Word("-"), Run(Hex, 34, 34)],
    ),
    vendor(
        secret("grafana-token", "Grafana service account token"),
        "glsa_",
        &[Run(Letters, 32, 32), Word("_"), Run(Hex, 8, 8)],
    ),
    vendor(secret("doppler-token", "Doppler personal token"), "dp.pt.", &[Run(Letters, 43, 43)]),
    vendor(secret("sentry-token", "Sentry user auth token"), "sntryu_", &[Run(Hex, 64, 64)]),
    vendor(secret("age-secret-key", "age secret key"), "AGE-SECRET-KEY-1", &[Run(Words, 58, 58)]),
];

const MOST_CHARACTERS: usize = 300;
/// Between `sk-` and the middle of one of `OpenAI`'s keys.
const FURTHEST_PREFIX: usize = 120;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    reason = "a test's numbers and texts are small"
)]
mod tests;
