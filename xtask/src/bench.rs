//! `cargo xtask bench edge`: what the edge costs, beside what else could stand in its place.
//!
//! Each contender runs in raw workerd, on a core of its own, before the same upstream. They start anew and take turns each round, in
//! another order, since the machine's mood changes: what counts are the medians of what each cost beside the bare one in its own round.

pub(crate) mod browser;
mod bundle;
mod cases;
mod contest;
mod figures;
mod keys;
mod load;
mod picture;
mod report;
pub(crate) mod scan;
mod servers;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    project::{Project, on_path},
    tools::{self, Tools},
    worker,
};
use cases::{CASES, Case};
use contest::Contest;

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Options {
    /// How often each contender has its turn.
    pub(crate) rounds: u32,
    /// For how long.
    pub(crate) seconds: u32,
    /// One case alone.
    pub(crate) only: Option<String>,
    /// As little as shows that everything works; the numbers are then worth nothing, and are not written.
    pub(crate) quick: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { rounds: 5, seconds: 4, only: None, quick: false }
    }
}

/// Measures the edge and writes the page of it.
pub(crate) fn edge(project: &Project, options: &Options) -> Result<()> {
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| options.only.as_ref().is_none_or(|only| only == case.id))
        .collect();
    if cases.is_empty() {
        let all: Vec<&str> = CASES.iter().map(|case| case.id).collect();
        bail!("there is no such case: it is one of {}", all.join(", "));
    }
    let tools = Tools::install(project)?;
    needs(project)?;
    worker::build(project, &tools, &worker::Options::default())?;
    let benches = project.root().join("benches/edge");
    tools.npm_ci(project, &benches, "bench packages", &[])?;

    let mut contest = Contest::prepare(project, &tools, options, &cases)?;
    for case in &cases {
        contest.measure(case)?;
    }
    if let Some(hot) = cases.iter().find(|case| case.id == cases::HOT) {
        contest.measure_assertion(hot)?;
    }
    contest.measure_starts()?;
    let report = report::Report::of(
        project,
        &tools,
        &contest.figures,
        &contest.starts,
        &contest.sizes()?,
        options.seconds,
    )?;
    say!("\n{}", report.text());
    if options.quick || options.only.is_some() {
        say!("not written: this was a part of the bench");
    } else {
        report.write(project)?;
    }
    Ok(())
}

/// Says in one line what of the system is missing.
fn needs(project: &Project) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the bench reads /proc and pins processes: it needs Linux");
    let is_there = || on_path("nginx").is_some() && on_path("wrk").is_some();
    if !is_there() {
        tools::apt_install(project, "bench", &["nginx", "wrk"]).context(ADVICE)?;
    }
    ensure!(is_there() && on_path("taskset").is_some(), ADVICE);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    ensure!(cores >= 2, "the bench needs two cores: one for what is measured and one for the rest");
    Ok(())
}

const ADVICE: &str =
    "the bench needs nginx, wrk and taskset: `apt-get install nginx wrk util-linux`";
