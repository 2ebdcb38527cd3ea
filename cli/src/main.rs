//! keyguard's operator tool: the life of keys through the admin API, and what can be told about a key, a policy
//! or a deployment without it.
//!
//! Keys and credentials come in by standard input, a prompt or the environment, never as arguments, which process
//! lists and shell histories show.
//!
//! Exit codes: 0 done; 1 the check failed, or the API refused; 2 the call or its input makes no sense; 3 the API could
//! not be reached, or broke; 4 not confirmed.

mod args;
mod client;
mod commands;
mod config;
mod credential;
mod failure;
mod ids;
mod input;
mod model;
mod options;
mod output;
mod plain;
mod times;
mod words;

use std::{env, process::ExitCode};

use clap::{CommandFactory as _, Parser as _};
use keyguard::scan;

use args::{Arguments, Command, Policy};
use client::Client;
use commands::{
    account, admin_credential, audit, completions, doctor, explain, export, import, key,
    policy_check, policy_test, scan as scan_command,
};
use config::Environment;
use failure::Failure;
use options::Global;

fn main() -> ExitCode {
    if env::args_os().skip(1).any(|argument| holds_secret(&argument.to_string_lossy())) {
        output::error(
            "an argument holds a secret key or a credential. Process lists and shell histories show arguments: \
             replace it, and give keys by standard input and the credential in KEYGUARD_CREDENTIAL.",
        );
        return ExitCode::from(2);
    }
    let arguments = Arguments::parse();
    arguments.global.color.apply();
    match run(arguments.command, &arguments.global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                output::error(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

fn run(command: Command, global: &Global) -> Result<(), Failure> {
    match command {
        Command::Account(command) => account::run(command, global),
        Command::Key(command) => key::run(command, global),
        Command::Import(arguments) => import::run(&arguments, global),
        Command::Export(arguments) => export::run(&arguments, global),
        Command::Audit(arguments) => audit::run(&arguments, global),
        Command::Explain(arguments) => explain::run(&arguments, global),
        Command::Scan(arguments) => scan_command::run(&arguments, global),
        Command::Policy(Policy::Check(arguments)) => policy_check::run(&arguments.file),
        Command::Policy(Policy::Test(arguments)) => policy_test::run(arguments, global),
        Command::Doctor(arguments) => doctor::run(&arguments, global),
        Command::AdminCredential(command) => admin_credential::run(&command, global),
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
    }
}

impl Global {
    /// The way to the chosen environment's admin API.
    fn client(&self) -> Result<Client, Failure> {
        let environment = Environment::choose(self.env.as_deref(), self.config.as_deref())?;
        Client::open(environment, self.idempotency_key.as_deref())
    }
}

fn holds_secret(argument: &str) -> bool {
    scan::holds_secret_key(argument) || argument.contains(keyguard::AdminCredential::PREFIX)
}
