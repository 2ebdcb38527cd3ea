//! The list: whose keys are looked for, and what each of them looks like.

use super::{
    super::{Rule, Severity},
    Check,
    Class::{Base64, Capitals, Digits, Hex, Letters, Url, Word as Words},
    Part,
    Part::{Run, Word},
    Vendor,
};

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
        &[Run(Url, 20, 300)],
    ),
    vendor(secret("gitlab-deploy-token", "GitLab deploy token"), "gldt-", &[Run(Url, 20, 300)])
        .by("dt-"),
    vendor(secret("gitlab-runner-token", "GitLab runner token"), "glrt-", &[Run(Url, 20, 300)])
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
        DIGITALOCEAN,
    )
    .by("v1_"),
    vendor(
        secret("digitalocean-oauth-token", "DigitalOcean OAuth access token"),
        "doo_v1_",
        DIGITALOCEAN,
    )
    .by("v1_"),
    vendor(
        secret("digitalocean-refresh-token", "DigitalOcean OAuth refresh token"),
        "dor_v1_",
        DIGITALOCEAN,
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
    vendor(secret("figma-token", "Figma personal access token"), "figd_", &[Run(Url, 38, 200)])
        .by("gd_"),
    vendor(secret("pypi-token", "PyPI API token"), "pypi-AgEIcHlwaS5vcmc", &[Run(Url, 50, 1000)])
        .by("HlwaS5vcmc"),
    vendor(secret("square-access-token", "Square access token"), "sq0atp-", &[Run(Url, 22, 22)])
        .by("sq0"),
    vendor(secret("square-secret", "Square application secret"), "sq0csp-", &[Run(Url, 40, 50)])
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

const GITHUB: &[Part] = &[Run(Letters, 36, 36)];
const SLACK: &[Part] = &[Run(Digits, 8, 14), Word("-"), Run(Url, 20, 200)];
const SHOPIFY: &[Part] = &[Run(Letters, 32, 64)];
const DIGITALOCEAN: &[Part] = &[Run(Hex, 64, 64)];
const OPENAI: &[Part] = &[Run(Url, 40, 180)];

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
