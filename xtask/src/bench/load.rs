//! One round of load on one contender, and what it cost.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::servers::{OTHER_CORE, Server};
use crate::process;

/// What is sent.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) script: PathBuf,
    /// Where what wrk prints is kept.
    pub(super) log: PathBuf,
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    /// A file of header lines.
    pub(super) headers: PathBuf,
    /// A file of keys, of which each request takes the next.
    pub(super) keys: Option<PathBuf>,
}

/// What one round came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// User and system time of the process, in microseconds for each request.
    pub(super) cpu: f64,
    /// Instructions of the process, in thousands for each request; where the machine counts them.
    pub(super) instructions: Option<f64>,
    /// Requests for each second.
    pub(super) throughput: f64,
    /// How many answers there were.
    pub(super) answers: u64,
    /// How many of them were not what they should be, or broke off.
    pub(super) wrong: u64,
}

impl Load {
    /// Sends to a port of a server for some seconds what is to be answered with `status`, beginning with the key at `first`.
    pub(super) fn send(
        &self,
        server: &Server,
        port: u16,
        status: u16,
        seconds: u32,
        first: u64,
        counts_instructions: bool,
    ) -> Result<Round> {
        let url = format!("http://127.0.0.1:{port}{}", self.target);
        let mut words: Vec<String> = Vec::new();
        if counts_instructions {
            words.extend(["perf", "stat", "-x,", "-e", "instructions", "-p"].map(str::to_owned));
            words.extend([server.pid().to_string(), "--".to_owned()]);
        }
        words.extend(["taskset", "--cpu-list", OTHER_CORE, "wrk", "-t1"].map(str::to_owned));
        words.extend([format!("-c{CONNECTIONS}"), format!("-d{seconds}s"), "-s".to_owned()]);
        words.extend([path(&self.script), url, "--".to_owned(), self.method.to_owned()]);
        words.extend([status.to_string(), path(&self.headers)]);
        if let Some(keys) = &self.keys {
            words.extend([path(keys), first.to_string()]);
        }
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        let before = cpu_seconds(server.pid())?;
        let finished = process::observe("wrk", command, &self.log)?;
        let cpu = cpu_seconds(server.pid())? - before;
        ensure!(finished.status.success(), "wrk failed:\n{}", finished.tail(10));
        let [answers, wrong, broken, micros, _] = figures(&finished.output)
            .with_context(|| format!("wrk said nothing:\n{}", finished.tail(10)))?;
        ensure!(answers > 0, "there was no answer");
        let instructions = counted(&finished.output);
        #[expect(clippy::cast_precision_loss, reason = "exact for any count of a bench")]
        let (count, micros) = (answers as f64, micros as f64);
        Ok(Round {
            cpu: cpu * 1e6 / count,
            instructions: instructions.map(|instructions| instructions / 1e3 / count),
            throughput: count * 1e6 / micros,
            answers,
            wrong: wrong.saturating_add(broken),
        })
    }
}

/// As many as keep the measured process busy, and no more: a queue adds nothing to measure.
const CONNECTIONS: u32 = 8;

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// The script's own line: answers, wrong ones, broken connections, microseconds, median latency.
fn figures(output: &str) -> Option<[u64; 5]> {
    let line = output.lines().find_map(|line| line.strip_prefix("bench "))?;
    let numbers: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().ok()
}

/// perf's count.
fn counted(output: &str) -> Option<f64> {
    let line = output.lines().find(|line| line.contains(",instructions"))?;
    line.split(',').next()?.parse().ok()
}

/// The time that a process has had, by `/proc/<pid>/stat` (proc(5): fields 14 and 15, in ticks of 10 ms).
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("workerd has ended")?;
    // The second field may hold anything, in brackets.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let (user, system) =
        (ticks.next().context("no user time")??, ticks.next().context("no system time")??);
    Ok((user + system) / 100.0)
}

/// Whether the machine counts instructions for us.
pub(super) fn counts_instructions() -> bool {
    let mut perf = Command::new("perf");
    perf.args(["stat", "-x,", "-e", "instructions", "--", "true"]);
    perf.output().is_ok_and(|output| counted(&String::from_utf8_lossy(&output.stderr)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_round_are_read_from_what_was_printed() {
        let output = "Running 1s test\n\nbench 1200 3 0 1000400 512\n178027483,,instructions,1000,100.00,,\n";
        assert_eq!(figures(output), Some([1200, 3, 0, 1_000_400, 512]));
        assert_eq!(counted(output), Some(178_027_483.0));
        assert_eq!(figures("bench 1 2"), None);
        assert_eq!(counted("<not supported>,,instructions,0,0,,"), None);
    }

    #[test]
    fn a_process_has_had_some_time() {
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
        assert!(cpu_seconds(u32::MAX).is_err());
    }
}
