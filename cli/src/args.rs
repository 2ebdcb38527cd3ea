//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    commands::{
        account, admin_credential, audit, completions, doctor, explain, export, import, key,
        policy_check, policy_test, scan,
    },
    output::Color,
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

/// What every command takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// The environment of the configuration to talk to [default: its `default_env`, or `local`]
    #[arg(
        long,
        value_name = "NAME",
        env = "KEYGUARD_ENV",
        hide_env = true,
        global = true,
        help_heading = "Everywhere"
    )]
    pub(crate) env: Option<String>,
    /// The configuration file [default: keyguard/config.toml in ~/.config, or where XDG says]
    #[arg(
        long,
        value_name = "FILE",
        env = "KEYGUARD_CONFIG",
        hide_env = true,
        global = true,
        help_heading = "Everywhere"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// When to colour output; auto is on a terminal, unless `NO_COLOR` is set
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        global = true,
        help_heading = "Everywhere"
    )]
    pub(crate) color: Color,
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

/// For a command that changes something.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Have everything checked, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Don't wait until the edge's store has it
    #[arg(long)]
    pub(crate) no_wait: bool,
}

const AFTER_HELP: &str = "\
Environment:
  KEYGUARD_CREDENTIAL  the admin credential (kgadmin_…); without it a terminal is asked
  KEYGUARD_ACTOR       who acts, for the audit [default: user@host]
  KEYGUARD_CONFIG      the configuration file
  KEYGUARD_ENV         the environment
  NO_COLOR             no colours

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
