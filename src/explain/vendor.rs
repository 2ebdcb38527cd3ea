//! Keys of others, by how they begin.

/// Whose key a text is, as far as its first characters tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vendor {
    name: &'static str,
    prefix: &'static str,
}

impl Vendor {
    /// The vendor, and which of its credentials.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How all of these begin.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// `sk_test_` and `pk_test_` begin our own keys, whoever else's they begin.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (prefix, name) = VENDORS.iter().find(|(prefix, _)| text.starts_with(prefix))?;
        Some(Self { name, prefix })
    }
}

/// Longer prefixes before their own beginnings.
const VENDORS: [(&str, &str); 40] = [
    ("sk_live_", "Stripe's, or one like it: live secret key"),
    ("pk_live_", "Stripe's, or one like it: live publishable key"),
    ("rk_live_", "Stripe's: live restricted key"),
    ("rk_test_", "Stripe's: test restricted key"),
    ("whsec_", "Stripe's: webhook secret"),
    ("ghp_", "GitHub's: personal access token"),
    ("gho_", "GitHub's: OAuth token"),
    ("ghu_", "GitHub's: user token of an app"),
    ("ghs_", "GitHub's: installation token of an app"),
    ("ghr_", "GitHub's: refresh token"),
    ("github_pat_", "GitHub's: fine-grained personal access token"),
    ("glpat-", "GitLab's: personal access token"),
    ("gldt-", "GitLab's: deploy token"),
    ("AKIA", "AWS's: access key id"),
    ("ASIA", "AWS's: temporary access key id"),
    ("AIza", "Google's: API key"),
    ("GOCSPX-", "Google's: OAuth client secret"),
    ("ya29.", "Google's: access token"),
    ("xoxb-", "Slack's: bot token"),
    ("xoxp-", "Slack's: user token"),
    ("xoxa-", "Slack's: app token"),
    ("xapp-", "Slack's: app-level token"),
    ("SG.", "SendGrid's: API key"),
    ("sk-ant-", "Anthropic's: API key"),
    ("sk-proj-", "OpenAI's: project key"),
    ("npm_", "npm's: access token"),
    ("pypi-", "PyPI's: API token"),
    ("dop_v1_", "DigitalOcean's: personal access token"),
    ("shpat_", "Shopify's: admin API token"),
    ("shpss_", "Shopify's: shared secret"),
    ("sq0atp-", "Square's: access token"),
    ("sq0csp-", "Square's: application secret"),
    ("access_token$", "PayPal's Braintree: access token"),
    ("hf_", "Hugging Face's: access token"),
    ("dckr_pat_", "Docker's: personal access token"),
    ("lin_api_", "Linear's: API key"),
    ("figd_", "Figma's: personal access token"),
    ("eyJ", "a JSON Web Token"),
    ("-----BEGIN ", "a key or certificate in PEM"),
    ("ssh-", "an SSH public key"),
];
