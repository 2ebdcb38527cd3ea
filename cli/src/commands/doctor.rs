//! `keyguard doctor`: what a deployment gets wrong, as far as it shows.

use clap::Args;

use crate::{args::Global, failure::Failure};

#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments, _global: &Global) -> Result<(), Failure> {
    Ok(())
}
