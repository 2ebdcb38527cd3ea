//! The command line.

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        account, admin_credential, audit, completions, doctor, explain, export, import, key,
        policy_check, policy_test, scan,
    },
    options::Global,
};

/// Issues, rotates and revokes the keys of a payments API, and checks what guards it
#[derive(Debug, Parser)]
#[command(name = "keyguard", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create, list and show accounts
    #[command(subcommand)]
    Account(account::Command),
    /// The life of a key, and what a key is
    #[command(subcommand)]
    Key(key::Command),
    /// Move existing keys in by their digests
    Import(import::Arguments),
    /// Write the records of keys as JSON Lines that `import` reads
    Export(export::Arguments),
    /// List every change to an account, oldest first
    Audit(audit::Arguments),
    /// Say what is wrong with a pasted key, without any network
    Explain(explain::Arguments),
    /// Find secret keys in files, before they ship, without any network
    Scan(scan::Arguments),
    /// Check and try a policy, without any network
    #[command(subcommand)]
    Policy(Policy),
    /// Check a deployment: its wrangler.toml, and what it answers
    Doctor(doctor::Arguments),
    /// The credentials that open the admin API
    #[command(subcommand)]
    AdminCredential(admin_credential::Command),
    /// Print a script that completes commands in a shell
    Completions(completions::Arguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Check a policy with the parser that the edge uses
    Check(policy_check::Arguments),
    /// Say which rule answers a request, and why
    Test(policy_test::Arguments),
}

const AFTER_HELP: &str = "\
Environment:
  KEYGUARD_CREDENTIAL       the admin credential (kgadmin_…); without it a terminal is asked
  KEYGUARD_ACTOR            who acts, for the audit [default: user@host]
  KEYGUARD_CONFIG           the configuration file
  KEYGUARD_ENV              the environment
  KEYGUARD_IDEMPOTENCY_KEY  the key under which a change is repeated
  NO_COLOR                  no colours

Configuration, in TOML (`local` is http://localhost:8787 unless it says otherwise):
  default_env = \"production\"
  [env.production]
  url = \"https://api.example.com\"

Exit codes:
  0  done
  1  the check failed, or the API refused
  2  the call or its input makes no sense
  3  the API could not be reached, or broke
  4  not confirmed";
