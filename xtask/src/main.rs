//! Every task of a developer of keyguard, behind `cargo xtask`.
//!
//! Runs on Linux and macOS. What it needs beyond cargo, rustup, Node and npm it installs inside the project.

/// Prints a line, or doesn't when nobody reads any more: `println!` would panic.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($argument)*);
    }};
}

mod agreement;
mod api;
mod bench;
mod checkout;
mod coverage;
mod demo;
mod dev;
mod fuzz;
mod mutants;
mod process;
mod project;
mod python;
mod release;
mod sbom;
mod scale;
mod soak;
mod suite;
mod supply;
mod tally;
mod tools;
mod web;
mod worker;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use lexopt::{Arg, Parser, ValueExt as _};

use crate::{process::Interrupted, project::Project, tools::Tools};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "\
usage: cargo xtask <task>

  dev                    build everything and run it here: edge, demo upstream, checkout page
      --edge-port N        (8787)
      --upstream-port N    (8788)
      --page-port N        (8789)
      --https              serve the edge by https with a certificate of its own
      --once               end as soon as everything answers
      --fresh              forget the accounts and keys of before
  test [STEP]...         check everything, or the named steps only
  build worker           the edge, into worker/build
      --test-hooks         with the hooks that tests use; never for a deployment
      --out DIR
  build web              the npm package, into www/pkg
  bench edge             what the edge costs beside others, into docs/performance.md (needs nginx and wrk)
      --rounds N           (5) how often each has its turn
      --seconds S          (4) for how long
      --only CASE          hot, hot-publishable, cold, none, malformed or unknown; nothing is written
      --quick              as little as shows that everything works; nothing is written
  bench scan             what looking for keys in files costs beside others, into docs/performance.md (needs ripgrep)
      --rounds N           (9) how often each has its turn
  bench browser          what the npm package costs a page beside others, into docs/performance.md (needs Chromium)
      --rounds N           (15) how often each has its turn, in each of five pages
      --quick              as little as shows that everything works; nothing is written
  soak                   mixed traffic with every verdict for a long time, into docs/reliability.md
      --minutes N          (30)
  fuzz                   inputs that nobody thought of, against the core's parsers
      --seconds N          (600) for each target
      --executions N       in place of a time: until each has tried so many
      --only TARGET        bearer, key, path, record, policy, scan or request
      --sanitizer none     faster; leaks then show by the memory that is used
      --keep               take into fuzz/corpus what reaches code that nothing there reaches
  mutants [FILE]...      small changes of the core, each of which a test has to catch (hours; a file takes minutes)
  coverage               which lines and branches of the core its tests run
  agreement              native and wasm builds of the core, compared request by request
      --requests N         (1000000)
      --seed N             (1)
  scale                  the edge all over the world, simulated, into docs/scale.md
      --quick              as little as shows that it works; nothing is written
  msrv                   check with the oldest compiler that we say we take, where rustup has it
  minimal-versions       check with the oldest versions of direct dependencies that we say we take
  semver [REVISION]      whether the core's interface keeps what its version promises, since the last release
  reproduce              build both products once more in another folder, and compare each byte
  release --dry-run      pack what a release is, with bills of materials and digests, and check it; nothing is published
  setup                  install the pinned tools, as every other task does when they are missing";

fn run() -> Result<ExitCode> {
    process::catch_interruptions()?;
    let mut arguments = Parser::from_env();
    let task = match arguments.next()? {
        Some(Arg::Value(task)) => task.string()?,
        None | Some(Arg::Long("help") | Arg::Short('h')) => {
            say!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    match task.as_str() {
        "dev" => dev(&mut arguments),
        "test" => test(&mut arguments),
        "build" => build(&mut arguments),
        "bench" => bench(&mut arguments),
        "soak" => soak(&mut arguments),
        "scale" => scale(&mut arguments),
        "msrv" => alone(&mut arguments, |project| {
            match supply::oldest_compiler(project)? {
                Ok(toolchain) => say!("{toolchain} does"),
                Err(why) => say!("{why}"),
            }
            Ok(())
        }),
        "minimal-versions" => alone(&mut arguments, supply::minimal_versions),
        "semver" => {
            let revision = arguments.value().ok().map(lexopt::ValueExt::string).transpose()?;
            alone(&mut arguments, |project| supply::semver(project, revision))
        }
        "release" => release(&mut arguments),
        "reproduce" => alone(&mut arguments, supply::reproduce),
        "fuzz" => fuzz(&mut arguments),
        "mutants" => mutants(&mut arguments),
        "coverage" => alone(&mut arguments, coverage::run),
        "agreement" => agreement(&mut arguments),
        "setup" => alone(&mut arguments, |project| Tools::install(project).map(drop)),
        "help" => {
            say!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("there is no task `{other}`\n{USAGE}"),
    }
}

fn dev(arguments: &mut Parser) -> Result<ExitCode> {
    let mut options = dev::Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("edge-port") => options.edge_port = arguments.value()?.parse()?,
            Arg::Long("upstream-port") => options.upstream_port = arguments.value()?.parse()?,
            Arg::Long("page-port") => options.page_port = arguments.value()?.parse()?,
            Arg::Long("https") => options.https = true,
            Arg::Long("once") => options.once = true,
            Arg::Long("fresh") => options.fresh = true,
            other => return Err(other.unexpected().into()),
        }
    }
    dev::run(&Project::locate()?, &options)?;
    Ok(ExitCode::SUCCESS)
}

fn test(arguments: &mut Parser) -> Result<ExitCode> {
    let mut names = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(name) => names.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    suite::run(Project::locate()?, &names)
}

fn build(arguments: &mut Parser) -> Result<ExitCode> {
    let what =
        arguments.value().ok().and_then(|value| value.into_string().ok()).unwrap_or_default();
    match what.as_str() {
        "worker" => {
            let mut options = worker::Options::default();
            while let Some(argument) = arguments.next()? {
                match argument {
                    Arg::Long("test-hooks") => options.test_hooks = true,
                    Arg::Long("out") => options.out = Some(arguments.value()?.into()),
                    other => return Err(other.unexpected().into()),
                }
            }
            let project = Project::locate()?;
            worker::build(&project, &Tools::install(&project)?, &options)?;
        }
        "web" => {
            no_more(arguments)?;
            let project = Project::locate()?;
            web::build(&project, &Tools::install(&project)?)?;
        }
        _ => bail!("build what? `worker` or `web`"),
    }
    Ok(ExitCode::SUCCESS)
}

fn bench(arguments: &mut Parser) -> Result<ExitCode> {
    match arguments.value().ok().and_then(|what| what.into_string().ok()).as_deref() {
        Some("edge") => {}
        Some("scan") => return bench_scan(arguments),
        Some("browser") => return bench_browser(arguments),
        _ => bail!("bench what? `edge`, `scan` or `browser`"),
    }
    let mut options = bench::Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("rounds") => options.rounds = arguments.value()?.parse()?,
            Arg::Long("seconds") => options.seconds = arguments.value()?.parse()?,
            Arg::Long("only") => options.only = Some(arguments.value()?.string()?),
            Arg::Long("quick") => {
                options = bench::Options { rounds: 1, seconds: 1, quick: true, ..options };
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == 0 || options.seconds == 0 {
        bail!("nothing is measured in no time");
    }
    bench::edge(&Project::locate()?, &options)?;
    Ok(ExitCode::SUCCESS)
}

fn bench_scan(arguments: &mut Parser) -> Result<ExitCode> {
    let mut rounds = 9;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("rounds") => rounds = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    if rounds == 0 {
        bail!("nothing is measured in no time");
    }
    bench::scan::run(&Project::locate()?, rounds)?;
    Ok(ExitCode::SUCCESS)
}

fn bench_browser(arguments: &mut Parser) -> Result<ExitCode> {
    let mut options = bench::browser::Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("rounds") => options.rounds = arguments.value()?.parse()?,
            Arg::Long("quick") => options.quick = true,
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == 0 {
        bail!("nothing is measured in no time");
    }
    bench::browser::run(&Project::locate()?, &options)?;
    Ok(ExitCode::SUCCESS)
}

fn soak(arguments: &mut Parser) -> Result<ExitCode> {
    let mut minutes = soak::MINUTES;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("minutes") => minutes = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    if minutes == 0 {
        bail!("nothing is seen in no time");
    }
    soak::run(&Project::locate()?, minutes)?;
    Ok(ExitCode::SUCCESS)
}

fn fuzz(arguments: &mut Parser) -> Result<ExitCode> {
    let mut options = fuzz::Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("seconds") => options.seconds = arguments.value()?.parse()?,
            Arg::Long("executions") => options.executions = Some(arguments.value()?.parse()?),
            Arg::Long("keep") => options.keeps = true,
            Arg::Long("only") => options.only = Some(arguments.value()?.string()?),
            Arg::Long("sanitizer") => {
                options.sanitizer = fuzz::Sanitizer::of(&arguments.value()?.string()?)?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    say!("{}", fuzz::run(&Project::locate()?, &options)?);
    Ok(ExitCode::SUCCESS)
}

fn mutants(arguments: &mut Parser) -> Result<ExitCode> {
    let mut options = mutants::Options::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Value(file) => options.files.push(file.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    mutants::run(&Project::locate()?, &options)?;
    Ok(ExitCode::SUCCESS)
}

fn agreement(arguments: &mut Parser) -> Result<ExitCode> {
    let mut options = agreement::Options { requests: 1_000_000, seed: 1 };
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("requests") => options.requests = arguments.value()?.parse()?,
            Arg::Long("seed") => options.seed = arguments.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let project = Project::locate()?;
    agreement::run(&project, &Tools::install(&project)?, options)?;
    Ok(ExitCode::SUCCESS)
}

fn release(arguments: &mut Parser) -> Result<ExitCode> {
    let Some(Arg::Long("dry-run")) = arguments.next()? else {
        bail!("say `--dry-run`: nothing is published from here");
    };
    alone(arguments, release::dry_run)
}

fn scale(arguments: &mut Parser) -> Result<ExitCode> {
    let mut is_quick = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("quick") => is_quick = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let project = Project::locate()?;
    if cfg!(debug_assertions) {
        // Millions of digests: minutes with an optimised core, an hour without.
        let mut again =
            project.cargo(["run", "--quiet", "--release", "--package", "xtask", "--", "scale"]);
        again.args(is_quick.then_some("--quick"));
        let status = again.status().context("cargo run --release")?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    scale::run(&project, is_quick)?;
    Ok(ExitCode::SUCCESS)
}

/// A task that takes nothing more.
fn alone(arguments: &mut Parser, task: impl FnOnce(&Project) -> Result<()>) -> Result<ExitCode> {
    no_more(arguments)?;
    task(&Project::locate()?)?;
    Ok(ExitCode::SUCCESS)
}

fn no_more(arguments: &mut Parser) -> Result<()> {
    arguments
        .next()?
        .map_or(Ok(()), |argument| Err(argument.unexpected()))
        .context("too many arguments")
}
