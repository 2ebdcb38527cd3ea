//! `cargo xtask soak`: mixed traffic with every verdict for a long time, wrong answers counted and memory watched.

mod picture;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{
    process::{self, Finished},
    project::Project,
    tools::Tools,
    worker,
};

/// How long it takes when nobody says otherwise.
pub(crate) const MINUTES: u32 = 30;

/// What is shorter shows that everything works, and isn't written down.
const LEAST_MINUTES: u32 = 10;

/// Runs for this many minutes and, if that was long enough, writes the picture and its figures.
pub(crate) fn run(project: &Project, minutes: u32) -> Result<()> {
    let tools = Tools::install(project)?;
    let build = worker::build(project, &tools, &worker::Options::default())?;
    let finished = traffic(project, &tools, &build, minutes.saturating_mul(60))?;
    let soak = Soak::read(&finished)?;
    say!("{}", soak.text(minutes));
    soak.check_answers()?;
    if minutes >= LEAST_MINUTES {
        soak.check_growth()?;
    }
    soak.check_most()?;
    if minutes < LEAST_MINUTES {
        say!("not written: that takes {LEAST_MINUTES} minutes");
        return Ok(());
    }
    let page = project.root().join("docs/reliability.md");
    let old = fs::read_to_string(&page).context("docs/reliability.md")?;
    let new = between(&old, &soak.text(minutes)).context("docs/reliability.md lost its markers")?;
    fs::write(&page, new)?;
    fs::write(project.root().join("docs/soak.svg"), picture::draw(&soak.memory))?;
    say!("written: docs/reliability.md, docs/soak.svg");
    Ok(())
}

/// A short one, as a check: fails as a long one does, but for memory, which only begins to fill.
pub(crate) fn short(project: &Project, tools: &Tools, build: &Path) -> Result<Finished> {
    let finished = traffic(project, tools, build, 20)?;
    let soak = Soak::read(&finished)?;
    soak.check_answers()?;
    soak.check_most()?;
    Ok(finished)
}

fn traffic(project: &Project, tools: &Tools, build: &Path, seconds: u32) -> Result<Finished> {
    let tests = project.root().join("tests");
    tools.npm_ci(project, &tests, "test packages", &[])?;
    let mut node = tools.node(project, PathBuf::from("soak/soak.mjs"));
    node.current_dir(&tests)
        .args(["--seconds", &seconds.to_string()])
        .env("KEYGUARD_WORKER_BUILD", build);
    process::observe("soak", node, &project.state().join("soak.log"))
}

/// What came of it: tests/soak/soak.mjs writes it.
#[derive(Debug, Deserialize)]
struct Soak {
    /// How often each answer came.
    verdicts: BTreeMap<String, u64>,
    wrong: Vec<Wrong>,
    /// Answers that should have come and never did.
    missing: Vec<String>,
    /// Seconds since the start, and the bytes that the runtime's process had in memory then.
    memory: Vec<(u32, u64)>,
}

#[derive(Debug, Deserialize)]
struct Wrong {
    expected: String,
    said: String,
}

impl Soak {
    fn read(finished: &Finished) -> Result<Self> {
        let line = finished.output.lines().rfind(|line| line.starts_with('{'));
        let soak = line.and_then(|line| serde_json::from_str(line).ok());
        match soak {
            Some(soak) if finished.status.success() => Ok(soak),
            _ => bail!("{}\n{}", finished.status, finished.tail(50).trim_end()),
        }
    }

    /// That every answer was right, and that each came.
    fn check_answers(&self) -> Result<()> {
        if let Some(Wrong { expected, said }) = self.wrong.first() {
            bail!("{} wrong answers, the first: {said} in place of {expected}", self.wrong.len());
        }
        if !self.missing.is_empty() {
            bail!("never seen: {}", self.missing.join(", "));
        }
        Ok(())
    }

    /// That there was never more memory than what is remembered can explain.
    fn check_most(&self) -> Result<()> {
        let most = self.memory.iter().map(|(_, bytes)| *bytes).max();
        let most = most.context("no memory was measured")?;
        if most > MOST {
            bail!("{} MB of memory, {} MB allowed", mb(most), mb(MOST));
        }
        Ok(())
    }

    /// That memory has found its level.
    fn check_growth(&self) -> Result<()> {
        let (early, late) = self.levels().context("no memory was measured")?;
        if late > early.saturating_add(MOST_GROWTH) {
            bail!("memory grows: {} MB at first, {} MB at last", mb(early), mb(late));
        }
        Ok(())
    }

    /// The median of memory in the second fifth of the time, and in the last.
    fn levels(&self) -> Option<(u64, u64)> {
        let fifth = self.memory.len().div_ceil(5);
        let mut fifths = self.memory.chunks(fifth.max(1));
        Some((median(fifths.nth(1)?)?, median(fifths.next_back()?)?))
    }

    fn text(&self, minutes: u32) -> String {
        let requests: u64 = self.verdicts.values().sum();
        let (early, late) = self.levels().unwrap_or_default();
        let most = self.memory.iter().map(|(_, bytes)| *bytes).max().unwrap_or_default();
        let mut text = format!(
            "{minutes} minutes, {requests} requests, {} wrong answers. Memory of the whole runtime: {} MB in the second fifth of the \
             time, {} MB in the last (medians), {} MB at most.\n\n| answer | times |\n|---|---|\n",
            self.wrong.len(),
            mb(early),
            mb(late),
            mb(most),
        );
        for (verdict, times) in &self.verdicts {
            let _ = writeln!(text, "| {verdict} | {times} |");
        }
        text
    }
}

/// How much more memory there may be in the last fifth than in the second.
///
/// What is remembered has its bound (18 MB by src/memory.rs, its strings once more on JavaScript's side), but a run may be too short
/// to fill it, and V8 gives memory back when it likes. What leaks some 100 bytes with each request goes beyond this in half
/// an hour.
const MOST_GROWTH: u64 = 64 << 20;

/// The most memory that the whole runtime may have: about 100 MB before the first request, a Durable Object's database for each of the
/// soak's accounts, and an isolate of 128 MB.
const MOST: u64 = 512 << 20;

fn median(samples: &[(u32, u64)]) -> Option<u64> {
    let mut bytes: Vec<u64> = samples.iter().map(|(_, bytes)| *bytes).collect();
    bytes.sort_unstable();
    bytes.get(bytes.len() / 2).copied()
}

fn mb(bytes: u64) -> u64 {
    bytes >> 20
}

/// The page with what is between the markers replaced.
fn between(page: &str, new: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", new.trim()))
}

const BEGIN: &str = "<!-- soak: begin -->";
const END: &str = "<!-- soak: end -->";

#[cfg(test)]
mod tests {
    use super::*;

    fn soak(megabytes: impl Iterator<Item = u64>) -> Soak {
        let memory = (0..).zip(megabytes.map(|mb| mb << 20)).collect();
        Soak { verdicts: BTreeMap::new(), wrong: Vec::new(), missing: Vec::new(), memory }
    }

    #[test]
    fn memory_that_finds_its_level_is_bounded() {
        assert!(soak((0..100).map(|second| 100 + second.min(20) * 10)).check_growth().is_ok());
        assert!(soak((0..100).map(|second| 100 + second * 2)).check_growth().is_err());
        assert!(soak(std::iter::empty()).check_growth().is_err());
    }

    #[test]
    fn memory_that_is_too_much_is_an_error_however_short_the_run() {
        assert!(soak([136, 206].into_iter()).check_most().is_ok());
        assert!(soak([100, 600, 100].into_iter()).check_most().is_err());
        assert!(soak(std::iter::empty()).check_most().is_err());
    }

    #[test]
    fn one_wrong_answer_fails() {
        let mut one = soak((0..100).map(|_| 100));
        one.wrong.push(Wrong { expected: "200".to_owned(), said: "503".to_owned() });
        assert!(one.check_answers().is_err());
    }

    #[test]
    fn a_verdict_that_never_came_fails() {
        let mut one = soak((0..100).map(|_| 100));
        one.missing.push("429 rate-limited".to_owned());
        assert!(one.check_answers().is_err());
    }
}
