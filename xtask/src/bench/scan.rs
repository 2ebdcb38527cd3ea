//! `cargo xtask bench scan`: what looking for keys in a folder of bundled JavaScript takes, beside ripgrep, kingfisher and secretlint.
//!
//! All of them run in turns over the same folder, with the page cache warm: what counts are the medians.

mod corpus;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    process,
    project::Project,
    python::Python,
    tools::{self, Tools},
    web,
};
use corpus::Corpus;

/// Measures, and writes the table into docs/performance.md.
pub(crate) fn run(project: &Project, rounds: usize) -> Result<()> {
    let tools = Tools::install(project)?;
    let python = Python::install(project)?;
    let ripgrep = tools::machines(project, "the bench", "rg", "ripgrep")?;
    let kingfisher = kingfisher(project, &python)?;
    let package = web::build(project, &tools)?;
    let module = package.with_file_name("scan.js");
    process::run(
        "cargo build --release (keyguard)",
        project.cargo(["build", "--release", "--package", "keyguard-cli"]),
        &project.state().join("bench-scan-cargo.log"),
    )?;
    let benches = project.root().join("benches/scan");
    tools.npm_ci(project, &benches, "bench packages", &[])?;
    let corpus =
        Corpus::assemble(&benches.join("node_modules"), &project.state().join("scan-corpus"))?;

    let meter = Meter { project, python: &python };
    let folder = corpus.folder.to_string_lossy().into_owned();
    let keyguard = project.target().join("release/keyguard").to_string_lossy().into_owned();
    let (ripgrep, kingfisher) = (ripgrep.to_string_lossy(), kingfisher.to_string_lossy());
    let contenders: [(&str, Vec<&str>); 3] = [
        (
            "ripgrep, one expression",
            vec![&ripgrep, "--no-ignore", "--hidden", "-c", EXPRESSION, &folder],
        ),
        ("keyguard", vec![&keyguard, "scan", &folder]),
        ("kingfisher", vec![&kingfisher, "scan", "--no-validate", "--no-update-check", &folder]),
    ];
    let mut rows: Vec<(&str, Vec<Cost>)> =
        contenders.iter().map(|(name, _)| (*name, Vec::new())).collect();
    // The first round warms the page cache.
    for round in 0..=rounds {
        for (index, (_, command)) in contenders.iter().enumerate() {
            let cost = meter.measure(command)?;
            if round > 0
                && let Some((_, costs)) = rows.get_mut(index)
            {
                costs.push(cost);
            }
        }
    }
    let secretlint = secretlint(project, &tools, &meter, &benches, &corpus)?;
    let wasm = wasm(project, &tools, &module, &corpus)?;
    let text = report(&corpus, rounds, &rows, secretlint, wasm)?;
    say!("\n{text}");
    write(project, &text)
}

/// What one plain search would be for.
const EXPRESSION: &str = "sk_(test_)?[A-Za-z0-9]{16,128}";
const KINGFISHER: &str = "kingfisher-bin==2.14.0";

/// kingfisher, in an environment of its own.
fn kingfisher(project: &Project, python: &Python) -> Result<PathBuf> {
    let folder = project.tools().join("kingfisher");
    let program = folder.join("bin/kingfisher");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == KINGFISHER) {
        return Ok(program);
    }
    let _ = fs::remove_dir_all(&folder);
    let log = project.state().join("kingfisher.log");
    let mut venv = python.module(project, "venv");
    venv.arg(&folder);
    process::run("python -m venv", venv, &log)?;
    let mut pip = project.command(folder.join("bin/python"));
    pip.args(["-m", "pip", "--disable-pip-version-check", "install", "--quiet", KINGFISHER]);
    process::run("pip install kingfisher", pip, &log).context("kingfisher can't be installed")?;
    fs::write(stamp, KINGFISHER)?;
    Ok(program)
}

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
    megabytes: f64,
}

/// Runs programs and asks the system what they took.
struct Meter<'a> {
    project: &'a Project,
    python: &'a Python,
}

impl Meter<'_> {
    fn measure(&self, command: &[&str]) -> Result<Cost> {
        let mut python = self.project.command(self.python.program());
        python.arg("-c").arg(METER).args(command);
        let printed = process::capture(python)?;
        let numbers: Vec<f64> = printed
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context(printed.clone())?;
        let [wall, cpu, megabytes, code] = numbers.as_slice() else {
            bail!("the meter said {printed}")
        };
        // Where a scanner finds something it says so by a code of its own.
        ensure!(*code < 126.0 || *code >= 200.0, "{} ended with {code}", command.join(" "));
        Ok(Cost { wall: *wall, cpu: *cpu, megabytes: *megabytes })
    }
}

const METER: &str = "import resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code)";

/// secretlint takes minutes for all of it: it gets every twentieth file, once.
fn secretlint(
    project: &Project,
    tools: &Tools,
    meter: &Meter<'_>,
    benches: &Path,
    corpus: &Corpus,
) -> Result<(Cost, u64)> {
    let mut files = Vec::new();
    let mut bytes = 0_u64;
    for file in corpus.files.iter().step_by(20) {
        bytes = bytes.saturating_add(fs::metadata(file)?.len());
        files.push(file.to_string_lossy().into_owned());
    }
    let bin =
        benches.join("node_modules/secretlint/bin/secretlint.js").to_string_lossy().into_owned();
    let configuration = benches.join("secretlint.json").to_string_lossy().into_owned();
    let node = node_program(project, tools)?;
    let mut command = vec![node.as_str(), &bin, "--secretlintrc", &configuration, "--no-glob"];
    command.extend(files.iter().map(String::as_str));
    Ok((meter.measure(&command)?, bytes))
}

fn node_program(project: &Project, tools: &Tools) -> Result<String> {
    let mut node = tools.node(project, "--print");
    node.arg("process.execPath");
    Ok(process::capture(node)?.trim().to_owned())
}

/// Megabytes a second of the npm package's entry in Node, the median of some passes over all files.
fn wasm(project: &Project, tools: &Tools, module: &Path, corpus: &Corpus) -> Result<f64> {
    let mut node: Command = tools.node(project, "--input-type=module");
    node.arg("--eval").arg(WASM).arg(module).arg(&corpus.folder);
    process::capture(node)?.trim().parse().context("node printed no number")
}

const WASM: &str = "import fs from 'node:fs'; import path from 'node:path'; import { pathToFileURL } from 'node:url';
const [module, folder] = process.argv.slice(1);
const { scan } = await import(pathToFileURL(module));
const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)));
const bytes = files.reduce((sum, file) => sum + file.length, 0);
const speeds = [];
for (let pass = 0; pass < 6; pass++) {
  const start = performance.now();
  for (const file of files) scan(file);
  speeds.push(bytes / 1e3 / (performance.now() - start));
}
console.log(speeds.slice(1).sort((a, b) => a - b)[2]);";

#[expect(clippy::cast_precision_loss, reason = "nobody looks at the last bytes of a folder's size")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn report(
    corpus: &Corpus,
    rounds: usize,
    rows: &[(&str, Vec<Cost>)],
    (secretlint, secretlint_bytes): (Cost, u64),
    wasm: f64,
) -> Result<String> {
    let wall = |index: usize| {
        rows.get(index).map_or(f64::NAN, |(_, costs)| median(costs, |cost| cost.wall))
    };
    let (ripgrep, keyguard, kingfisher) = (wall(0), wall(1), wall(2));
    let megabytes = megabytes(corpus.bytes);
    let mut text = format!(
        "Measured on {}: {} files of bundled JavaScript, {megabytes:.0} MB, page cache warm, medians of {rounds} rounds in turns.\n\n\
         | | wall time | beside ripgrep | CPU time | MB/s | most memory |\n|---|---|---|---|---|---|\n",
        super::report::processor()?,
        corpus.files.len(),
    );
    for (name, costs) in rows {
        let time = median(costs, |cost| cost.wall);
        let _ = writeln!(
            text,
            "| {name} | {:.3} s | {:.2} | {:.3} s | {:.0} | {:.0} MB |",
            time,
            time / ripgrep,
            median(costs, |cost| cost.cpu),
            megabytes / time,
            median(costs, |cost| cost.megabytes),
        );
    }
    let speed = self::megabytes(secretlint_bytes) / secretlint.wall;
    let _ = writeln!(
        text,
        "| secretlint, every twentieth file | {:.3} s | {:.0} (if it went on so) | {:.3} s | {speed:.1} | {:.0} MB |",
        secretlint.wall,
        megabytes / speed / ripgrep,
        secretlint.cpu,
        secretlint.megabytes,
    );
    let _ = writeln!(
        text,
        "| `keyguard/scan` in Node, one thread, files in memory | | | | {wasm:.0} | |\n"
    );
    let memory = rows.get(1).map_or(f64::NAN, |(_, costs)| median(costs, |cost| cost.megabytes));
    let verdict = |is_reached: bool| if is_reached { "reached" } else { "missed" };
    let _ = writeln!(text, "| keyguard | goal | measured | |\n|---|---|---|---|");
    for (what, goal, measured, is_reached) in [
        (
            "wall time, beside ripgrep",
            "at most 1.5",
            format!("{:.2}", keyguard / ripgrep),
            keyguard / ripgrep <= 1.5,
        ),
        (
            "wall time, beside kingfisher",
            "at most 0.1",
            format!("{:.3}", keyguard / kingfisher),
            keyguard / kingfisher <= 0.1,
        ),
        ("in wasm", "at least 200 MB/s", format!("{wasm:.0} MB/s"), wasm >= 200.0),
        ("memory", "at most 64 MB", format!("{memory:.0} MB"), memory <= 64.0),
    ] {
        let _ = writeln!(text, "| {what} | {goal} | {measured} | {} |", verdict(is_reached));
    }
    Ok(text)
}

/// Puts the table between its markers.
fn write(project: &Project, text: &str) -> Result<()> {
    let file = project.root().join("docs/performance.md");
    let page = fs::read_to_string(&file).context("cannot read docs/performance.md")?;
    let (before, rest) =
        page.split_once(BEGIN).context("docs/performance.md has no place for the scanner")?;
    let (_, after) =
        rest.split_once(END).context("docs/performance.md has no end of the scanner's place")?;
    fs::write(&file, format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))
        .context("cannot write docs/performance.md")
}

const BEGIN: &str = "<!-- scan: begin -->";
const END: &str = "<!-- scan: end -->";
