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
    /// What is searched for: the prefix, a rarer part of it, or what stands inside of the key.
    anchor: &'static str,
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

/// What is searched for, each text once. Those that begin as our own keys do are tried where those are.
pub(super) fn anchors() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().enumerate().filter_map(|(index, Vendor { anchor, .. })| {
        let is_new = VENDORS.iter().take(index).all(|earlier| earlier.anchor != *anchor);
        (is_new && *anchor != "sk_").then_some(*anchor)
    })
}

/// The key at an anchor, of those that have it.
pub(super) fn find(bytes: &[u8], at: usize, anchor: &str) -> Option<Found> {
    VENDORS
        .iter()
        .filter(|vendor| vendor.anchor == anchor)
        .find_map(|vendor| vendor.find(bytes, at))
}

impl Vendor {
    fn find(&'static self, bytes: &[u8], at: usize) -> Option<Found> {
        let start = match self.prefix.find(self.anchor) {
            Some(offset) => at.checked_sub(offset)?,
            None => self.start_before(bytes, at)?,
        };
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

impl Vendor {
    /// Keys that are searched for by another text than their prefix.
    const fn by(self, anchor: &'static str) -> Self {
        Self { anchor, ..self }
    }
}

const fn vendor(rule: Rule, prefix: &'static str, parts: &'static [Part]) -> Vendor {
    Vendor { rule, prefix, anchor: prefix, parts, check: Check::Form }
}

const fn checked(rule: Rule, prefix: &'static str, parts: &'static [Part]) -> Vendor {
    Vendor { check: Check::Crc32, ..vendor(rule, prefix, parts) }
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
    )
    .by("sk_"),
    vendor(
        secret("stripe-restricted-key", "Stripe live restricted key"),
        "rk_live_",
        &[Run(Letters, 10, 247)],
    )
    .by("rk_"),
    vendor(
        lesser("stripe-test-restricted-key", "Stripe test restricted key"),
        "rk_test_",
        &[Run(Letters, 10, 247)],
    )
    .by("rk_"),
    vendor(
        secret("stripe-webhook-secret", "Stripe webhook signing secret"),
        "whsec_",
        &[Run(Base64, 24, 64)],
    ),
    vendor(lesser("aws-access-key-id", "AWS access key id"), "AKIA", &[Run(Capitals, 16, 16)])
        .by("KIA"),
    vendor(
        lesser("aws-temporary-key-id", "AWS temporary access key id"),
        "ASIA",
        &[Run(Capitals, 16, 16)],
    )
    .by("SIA"),
    checked(secret("github-personal-token", "GitHub personal access token"), "ghp_", GITHUB)
        .by("hp_"),
    checked(secret("github-oauth-token", "GitHub OAuth access token"), "gho_", GITHUB).by("ho_"),
    checked(secret("github-user-token", "GitHub App user token"), "ghu_", GITHUB),
    checked(secret("github-installation-token", "GitHub App installation token"), "ghs_", GITHUB),
    checked(secret("github-refresh-token", "GitHub App refresh token"), "ghr_", GITHUB).by("hr_"),
    vendor(
        secret("github-fine-grained-token", "GitHub fine-grained personal access token"),
        "github_pat_",
        &[Run(Letters, 22, 22), Word("_"), Run(Letters, 59, 59)],
    )
    .by("ub_pat_"),
    vendor(
        secret("gitlab-personal-token", "GitLab personal access token"),
        "glpat-",
        &[Run(Url, 20, 64)],
    ),
    vendor(secret("gitlab-deploy-token", "GitLab deploy token"), "gldt-", &[Run(Url, 20, 64)])
        .by("dt-"),
    vendor(secret("gitlab-runner-token", "GitLab runner token"), "glrt-", &[Run(Url, 20, 64)])
        .by("lrt-"),
    vendor(secret("slack-bot-token", "Slack bot token"), "xoxb-", SLACK).by("xox"),
    vendor(secret("slack-user-token", "Slack user token"), "xoxp-", SLACK).by("xox"),
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
    )
    .by("m/services/"),
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
    )
    .by("SPX-"),
    vendor(secret("npm-token", "npm access token"), "npm_", &[Run(Letters, 36, 36)]).by("pm_"),
    vendor(
        secret("sendgrid-api-key", "SendGrid API key"),
        "SG.",
        &[Run(Url, 22, 22), Word("."), Run(Url, 43, 43)],
    ),
    vendor(secret("shopify-admin-token", "Shopify admin API token"), "shpat_", SHOPIFY).by("shp"),
    vendor(secret("shopify-shared-secret", "Shopify shared secret"), "shpss_", SHOPIFY).by("shp"),
    vendor(secret("shopify-custom-token", "Shopify custom app token"), "shpca_", SHOPIFY).by("shp"),
    vendor(secret("shopify-private-token", "Shopify private app password"), "shppa_", SHOPIFY)
        .by("shp"),
    vendor(secret("openai-api-key", "OpenAI API key"), "sk-", OPENAI).by("T3BlbkFJ"),
    vendor(secret("anthropic-api-key", "Anthropic API key"), "sk-ant-", &[Run(Url, 80, 130)]),
    vendor(
        secret("digitalocean-token", "DigitalOcean personal access token"),
        "dop_v1_",
        &[Run(Hex, 64, 64)],
    )
    .by("v1_"),
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
    vendor(secret("linear-api-key", "Linear API key"), "lin_api_", &[Run(Letters, 40, 40)])
        .by("pi_"),
    vendor(secret("figma-token", "Figma personal access token"), "figd_", &[Run(Url, 38, 64)])
        .by("gd_"),
    vendor(secret("pypi-token", "PyPI API token"), "pypi-AgEIcHlwaS5vcmc", &[Run(Url, 50, 240)])
        .by("HlwaS5vcmc"),
    vendor(secret("square-access-token", "Square access token"), "sq0atp-", &[Run(Url, 22, 22)])
        .by("sq0"),
    vendor(secret("square-secret", "Square application secret"), "sq0csp-", &[Run(Url, 43, 43)])
        .by("sq0"),
    vendor(
        secret("braintree-access-token", "Braintree access token"),
        "access_token$production$",
        &[Run(Letters, 16, 16), Word("$"), Run(Hex, 32, 32)],
    )
    .by("n$production$"),
    vendor(
        secret("flutterwave-secret-key", "Flutterwave secret key"),
        "FLWSECK-",
        &[Run(Letters, 32, 32), Word("-X")],
    )
    .by("CK-"),
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
    )
    .by("sa_"),
    vendor(secret("doppler-token", "Doppler personal token"), "dp.pt.", &[Run(Letters, 43, 43)]),
    vendor(secret("sentry-token", "Sentry user auth token"), "sntryu_", &[Run(Hex, 64, 64)])
        .by("yu_"),
    vendor(secret("age-secret-key", "age secret key"), "AGE-SECRET-KEY-1", &[Run(Words, 58, 58)])
        .by("GE-SECRET-KEY-1"),
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
