//! The admin API against its description: schemathesis makes the requests, the edge runs in its real runtime.

use std::{
    fs,
    io::{self, PipeWriter},
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process::{self, Finished, Group},
    project::Project,
    python::Python,
    tally::Tally,
    tools::Tools,
};

/// Tests the edge that was built into `build`.
pub(crate) fn test(
    project: &Project,
    tools: &Tools,
    python: &Python,
    build: &Path,
    log: &Path,
) -> Result<(Tally, Finished)> {
    let edge = Edge::start(project, tools, build)?;
    let report = project.state().join("test-api.json");
    // What an earlier run left must not be counted.
    let _ = fs::remove_file(&report);
    let mut run = python.module(project, "schemathesis.cli");
    // The hooks are found from where it runs.
    run.current_dir(project.root().join("tests/api"))
        .args(["--config-file", "schemathesis.toml", "run", "--no-color", "--report-json-path"])
        .arg(&report)
        .arg("../../worker/openapi.json")
        .env("KEYGUARD_ADMIN_API", format!("{}/_keyguard/v1", edge.origin))
        // Not as an argument, which every process of the machine can read.
        .env("KEYGUARD_ADMIN_CREDENTIAL", &edge.credential);
    let mut finished = process::observe("api", run, log)?;
    // Why it failed is the edge's to say.
    finished.output.push_str(&edge.stop()?);
    let report = fs::read_to_string(&report).unwrap_or_default();
    Ok((Tally::of_schemathesis(&report), finished))
}

/// An edge that runs until its standard input is closed, which also happens when this program ends in any way.
struct Edge {
    group: Group,
    stdin: PipeWriter,
    lines: Receiver<String>,
    origin: String,
    credential: String,
}

impl Edge {
    fn start(project: &Project, tools: &Tools, build: &Path) -> Result<Self> {
        let tests = project.root().join("tests");
        tools.npm_ci(project, &tests, "test packages", &[])?;
        let (reader, stdin) = io::pipe()?;
        let (sender, lines) = mpsc::channel();
        let mut node = tools.node(project, tests.join("api/serve.mjs"));
        node.current_dir(&tests).env("KEYGUARD_WORKER_BUILD", build);
        let mut group = Group::start_reading(node, reader.into(), move |line| {
            // Nobody listens any more when it is to end.
            let _ = sender.send(line.to_owned());
        })?;
        let first = first_line(&mut group, &lines)?;
        let Some((origin, credential)) = first.split_once(' ') else {
            bail!("the edge doesn't start: {first}\n{}", rest(&lines));
        };
        let (origin, credential) = (origin.to_owned(), credential.to_owned());
        Ok(Self { group, stdin, lines, origin, credential })
    }

    /// Ends it and tells what it logged but for answers; it fails when it logged what it must not.
    fn stop(self) -> Result<String> {
        let Self { mut group, stdin, lines, .. } = self;
        drop(stdin);
        let asked = Instant::now();
        while group.poll()?.is_none() && asked.elapsed() < PATIENCE {
            process::check_interrupted()?;
            std::thread::sleep(POLL);
        }
        let status = group.poll()?;
        group.end();
        match status {
            Some(status) if status.success() => Ok(rest(&lines)),
            Some(status) => bail!("the edge: {status}\n{}", rest(&lines)),
            None => bail!("the edge doesn't end\n{}", rest(&lines)),
        }
    }
}

/// What it prints once it is there.
fn first_line(group: &mut Group, lines: &Receiver<String>) -> Result<String> {
    let started = Instant::now();
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => return Ok(line),
            Err(RecvTimeoutError::Disconnected) => bail!("the edge ended before it was there"),
            Err(RecvTimeoutError::Timeout) => {}
        }
        process::check_interrupted()?;
        if let Some(status) = group.poll()? {
            return lines.recv_timeout(POLL).with_context(|| format!("the edge: {status}"));
        }
        if started.elapsed() > PATIENCE {
            bail!("the edge isn't there after {}", process::seconds(PATIENCE));
        }
    }
}

fn rest(lines: &Receiver<String>) -> String {
    lines.try_iter().collect::<Vec<_>>().join("\n")
}

const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(1);
