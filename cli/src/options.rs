//! Options that commands share.

use std::path::PathBuf;

use clap::Args;

use crate::output::Color;

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
    /// Repeat a change whose answer was lost, under the key that the error named: it is done once
    #[arg(
        long,
        value_name = "KEY",
        env = "KEYGUARD_IDEMPOTENCY_KEY",
        hide_env = true,
        global = true,
        help_heading = "Everywhere"
    )]
    pub(crate) idempotency_key: Option<String>,
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
