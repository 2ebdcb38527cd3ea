//! `cargo xtask bench browser`: what the npm package costs a page, beside the same rules in plain JavaScript and no rules at all.
//!
//! All of them run in turns in the same page of a headless Chromium; what counts are the medians of what each took beside another in
//! its own round.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{
    figures::{median, quartiles},
    report::{between, processor, verdict},
};
use crate::{
    process,
    project::Project,
    tools::{Browser, Tools},
    web,
};

/// How much is measured.
#[derive(Debug)]
pub(crate) struct Options {
    /// How often each contender has its turn in a page.
    pub(crate) rounds: u32,
    /// As little as shows that everything works; the numbers are then worth nothing, and are not written.
    pub(crate) quick: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { rounds: 15, quick: false }
    }
}

/// Measures, and writes the tables into docs/performance.md.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let tools = Tools::install(project)?;
    let browser = Browser::install(project)?;
    let package = web::build(project, &tools)?;
    let tests = project.root().join("tests");
    tools.npm_ci(project, &tests, "test packages", &[])?;
    let benches = project.root().join("benches/browser");
    tools.npm_ci(project, &benches, "bench packages", &[])?;

    let (pages, rounds, slice, starts) =
        if options.quick { (1, 2, 5, 3) } else { (PAGES, options.rounds, SLICE, STARTS) };
    let mut node = tools.node(project, benches.join("measure.mjs"));
    node.arg(package.parent().context("the package is in no folder")?)
        .arg(tools.modules().join("esbuild"))
        .args([pages, rounds, slice, starts].map(|number| number.to_string()))
        .env("KEYGUARD_CHROMIUM", &browser.chromium);
    let log = project.state().join("bench-browser.log");
    let printed = process::run("measuring in Chromium", node, &log)?;
    let line = printed.lines().rfind(|line| line.starts_with('{')).context("no result")?;
    let measured: Measured = serde_json::from_str(line).context("an odd result")?;

    let text = report(&measured, pages, rounds, slice)?;
    say!("\n{text}");
    if options.quick {
        say!("not written: this was a part of the bench");
        return Ok(());
    }
    let page = project.root().join("docs/performance.md");
    let old = fs::read_to_string(&page).context("docs/performance.md")?;
    let new = between(&old, BEGIN, END, &text).context("docs/performance.md lost its markers")?;
    fs::write(&page, new).context("docs/performance.md")?;
    say!("written: docs/performance.md");
    Ok(())
}

const BEGIN: &str = "<!-- measured browser: begin -->";
const END: &str = "<!-- measured browser: end -->";

/// Each is a process of its own, in which the compilers decide anew.
const PAGES: u32 = 5;
/// Milliseconds of a turn.
const SLICE: u32 = 30;
/// Fresh pages that load a key.
const STARTS: u32 = 21;

const GOAL_REQUEST: f64 = 1.25;
const GOAL_START: f64 = 5.0;
const GOAL_BYTES: u64 = 10_240;

/// What `benches/browser/measure.mjs` prints.
#[derive(Deserialize)]
struct Measured {
    chromium: String,
    /// Of each fresh page.
    starts: Vec<Start>,
    /// Microseconds per request of each round, by case and contender.
    requests: BTreeMap<String, BTreeMap<String, Vec<f64>>>,
    /// The package itself comes first.
    sizes: Vec<Size>,
}

/// Milliseconds.
#[derive(Deserialize)]
struct Start {
    load: f64,
    first: f64,
    /// A load while Chromium still starts the page.
    at_once: f64,
}

#[derive(Deserialize)]
struct Size {
    name: String,
    version: String,
    what: String,
    bytes: u64,
    brotli: u64,
}

impl Measured {
    fn times(&self, case: &str, contender: &str) -> Result<&[f64]> {
        let times = self.requests.get(case).and_then(|contenders| contenders.get(contender));
        times.map(Vec::as_slice).with_context(|| format!("{contender} has no times for {case}"))
    }

    /// What one took beside another in the same round.
    fn ratios(&self, case: &str, contender: &str, other: &str) -> Result<Vec<f64>> {
        let (ours, theirs) = (self.times(case, contender)?, self.times(case, other)?);
        Ok(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect())
    }
}

const CASES: [(&str, &str); 4] = [
    ("get", "`GET`, no body"),
    ("small", "`POST`, small JSON"),
    ("large", "`POST`, 10 KB of JSON"),
    ("accents", "the same, not all ASCII"),
];
const CONTENDERS: [(&str, &str); 3] =
    [("bare", "`new Request` alone"), ("plain", "plain JavaScript"), ("keyguard", "keyguard")];

fn report(measured: &Measured, pages: u32, rounds: u32, slice: u32) -> Result<String> {
    let mut text = format!(
        "Measured on {}, Chromium {}; {pages} pages of {rounds} rounds of {slice} ms.\n\n\
         Microseconds per `guard.request`, and in brackets beside plain JavaScript's in the same round:\n\n",
        processor()?,
        measured.chromium
    );
    let titles: Vec<&str> = CASES.iter().map(|(_, title)| *title).collect();
    let _ = writeln!(text, "| | {} |\n|---|{}", titles.join(" | "), "---|".repeat(CASES.len()));
    for (contender, title) in CONTENDERS {
        let mut cells = Vec::new();
        for (case, _) in CASES {
            let time = median(measured.times(case, contender)?.to_vec()).context("no rounds")?;
            let ratio = median(measured.ratios(case, contender, "plain")?).context("no rounds")?;
            cells.push(format!("{time:.1} ({ratio:.2})"));
        }
        let _ = writeln!(text, "| {title} | {} |", cells.join(" | "));
    }
    goals(&mut text, measured)?;
    sizes(&mut text, &measured.sizes);
    Ok(text)
}

/// Each goal, what was measured, and whether that is enough.
fn goals(text: &mut String, measured: &Measured) -> Result<()> {
    text.push_str(
        "\nThe goals. In brackets, between which values the middle half of the rounds or pages is:\n\n\
         | keyguard | goal | measured | |\n|---|---|---|---|\n",
    );
    let mut row = |name: &str, goal: f64, unit: &str, values: Vec<f64>| -> Result<()> {
        let (low, high) = quartiles(values.clone()).context("nothing was measured")?;
        let middle = median(values).context("nothing was measured")?;
        let verdict = verdict(goal, low, high);
        let _ = writeln!(
            text,
            "| {name} | at most {goal:.2}{unit} | {middle:.2}{unit} ({low:.2} to {high:.2}) | {verdict} |"
        );
        Ok(())
    };
    for (case, title) in CASES {
        let ratios = measured.ratios(case, "keyguard", "plain")?;
        row(&format!("{title}, beside plain JavaScript"), GOAL_REQUEST, "", ratios)?;
    }
    let loads = measured.starts.iter().map(|start| start.load).collect();
    row("the first `KeyGuard.load` of a page", GOAL_START, " ms", loads)?;
    let at_once = measured.starts.iter().map(|start| start.at_once).collect();
    let at_once: f64 = median(at_once).context("nothing was measured")?;
    let _ =
        writeln!(text, "| the same, while Chromium still starts the page | | {at_once:.2} ms | |");
    let first = measured.starts.iter().map(|start| start.first).collect();
    let first: f64 = median(first).context("nothing was measured")?;
    let _ = writeln!(text, "| the first request after it | | {first:.2} ms | |");
    if let Some(Size { brotli, .. }) = measured.sizes.first() {
        let verdict = if *brotli <= GOAL_BYTES { "reached" } else { "missed" };
        let _ = writeln!(
            text,
            "| all that a page downloads, by brotli | at most {GOAL_BYTES} bytes | {brotli} bytes | {verdict} |"
        );
    }
    Ok(())
}

fn sizes(text: &mut String, sizes: &[Size]) {
    text.push_str(
        "\nWhat a page downloads of a package, WebAssembly included:\n\n| package | | bytes | brotli |\n|---|---|---|---|\n",
    );
    for Size { name, version, what, bytes, brotli } in sizes {
        let _ = writeln!(text, "| `{name}` {version} | {what} | {bytes} | {brotli} |");
    }
}
