//! keyguard's operator tool.
//!
//! ```text
//! keyguard policy check [FILE]
//! ```
//!
//! Checks the policy in FILE (default: `wrangler.toml`) with the parser that the edge uses, and prints
//! what it comes to. FILE is a wrangler.toml, whose `[vars]` and every `[env.*.vars]` are read, a `.dev.vars` file, or
//! the policy itself as JSON.
//!
//! Exit codes: 0 the policy holds, 1 it doesn't, 2 the call makes no sense.

mod policy_check;

use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["policy", "check"] => policy_check::run(Path::new("wrangler.toml")),
        ["policy", "check", file] if !file.starts_with('-') => policy_check::run(Path::new(file)),
        ["help" | "--help" | "-h"] | ["policy", "check", "--help" | "-h"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        ["--version" | "-V"] => {
            println!("keyguard {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

const USAGE: &str = "\
usage: keyguard policy check [FILE]

Checks a policy without deploying it, with the parser that the edge uses.
FILE is a wrangler.toml (the default), a .dev.vars file, or the policy as JSON.

exit codes: 0 the policy holds, 1 it doesn't, 2 the call makes no sense";
