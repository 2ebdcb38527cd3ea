//! `cargo xtask test`: every check in its order, each to its end, and one line of totals.

mod supply;

use std::{
    cell::OnceCell,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Result, anyhow, bail};

use crate::{
    agreement, api, fuzz,
    process::{self, Finished, Interrupted},
    project::Project,
    python::Python,
    soak,
    tally::Tally,
    tools::{Browser, Tools, machines},
    web, worker,
};

/// A named part of the whole.
struct Step {
    name: &'static str,
    title: &'static str,
    run: fn(&Suite) -> Result<Outcome>,
}

/// How a step ended.
enum Outcome {
    /// A check without tests in it.
    Checked(Finished),
    /// What built is there.
    Built,
    Tested(Tally, Finished),
    /// Left out, and why.
    Skipped(String),
}

const STEPS: &[Step] = &[
    Step { name: "format", title: "formatting", run: Suite::format },
    Step { name: "clippy", title: "clippy, native", run: Suite::clippy },
    Step { name: "tools", title: "pinned tools", run: Suite::pinned_tools },
    Step { name: "clippy-worker", title: "clippy, Worker", run: Suite::clippy_worker },
    Step { name: "clippy-web", title: "clippy, npm package", run: Suite::clippy_web },
    Step { name: "doc", title: "documentation", run: Suite::doc },
    Step { name: "native", title: "native tests", run: Suite::native },
    Step { name: "fuzz", title: "inputs that nobody thought of", run: Suite::fuzz },
    Step { name: "agreement", title: "native and wasm, compared", run: Suite::agreement },
    Step { name: "wasm", title: "tests of the package's wasm in a browser", run: Suite::wasm },
    Step { name: "build", title: "builds of the Worker and the npm package", run: Suite::build },
    Step { name: "edge", title: "edge tests", run: Suite::edge },
    Step { name: "soak", title: "every verdict at once, for a while", run: Suite::soak },
    Step { name: "accounts", title: "tests of the write side", run: Suite::accounts },
    Step { name: "operator", title: "tests of the operator's tool", run: Suite::operator },
    Step { name: "api", title: "admin API, as it is described", run: Suite::api },
    Step { name: "upstream", title: "upstreams that verify", run: Suite::upstream },
    Step { name: "exposure", title: "real clients, proxies and pages", run: Suite::exposure },
    Step { name: "browser", title: "npm package tests", run: Suite::browser },
    Step { name: "consumers", title: "what customers build with it", run: Suite::consumers },
    Step { name: "checkout", title: "checkout page tests", run: Suite::checkout },
    Step {
        name: "release",
        title: "what a release is, and a deployment's dry run",
        run: Suite::release,
    },
    Step { name: "reproduce", title: "both products, built twice", run: Suite::reproduce },
    Step {
        name: "minimal-versions",
        title: "the oldest dependencies",
        run: Suite::minimal_versions,
    },
    Step { name: "msrv", title: "the oldest compiler", run: Suite::msrv },
    Step { name: "deny", title: "licences and bans of dependencies", run: Suite::deny },
    Step { name: "advisories", title: "known holes of dependencies", run: Suite::advisories },
];

/// Runs all steps, or the named ones, and prints the totals as the last line.
pub(crate) fn run(project: Project, names: &[String]) -> Result<ExitCode> {
    for name in names {
        if STEPS.iter().all(|step| step.name != name) {
            let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            bail!("there is no step `{name}`; there are {}", known.join(", "));
        }
    }
    let suite = Suite {
        project,
        tools: OnceCell::new(),
        chromium: OnceCell::new(),
        python: OnceCell::new(),
        worker: OnceCell::new(),
        worker_with_hooks: OnceCell::new(),
        package: OnceCell::new(),
    };
    let started = Instant::now();
    let mut totals = Tally::default();
    for step in
        STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name))
    {
        totals = totals.plus(run_step(&suite, step)?);
    }
    say!("\nin {}", process::seconds(started.elapsed()));
    say!("{totals}");
    Ok(if totals.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_step(suite: &Suite, step: &Step) -> Result<Tally> {
    let started = Instant::now();
    let outcome = (step.run)(suite);
    let line = |sign: &str, rest: &str| {
        say!(
            "{sign:<5} {:<14} {}, {}{rest}",
            step.name,
            step.title,
            process::seconds(started.elapsed())
        );
    };
    let failed = |tally: Tally, finished: &Finished, why: &str| {
        line("FAIL", &format!(": {why}"));
        say!("{}", finished.tail(OUTPUT_LIMIT).trim_end());
        say!("    (all of it: {})", finished.log.display());
        // A program can fail with all its tests passed, or before any of them.
        if tally.failed == 0 { tally.plus(Tally::FAILURE) } else { tally }
    };
    Ok(match outcome {
        Ok(Outcome::Checked(finished)) if finished.status.success() => {
            line("ok", "");
            Tally::default()
        }
        Ok(Outcome::Checked(finished)) => {
            failed(Tally::default(), &finished, &finished.status.to_string())
        }
        Ok(Outcome::Built) => {
            line("ok", "");
            Tally::default()
        }
        Ok(Outcome::Tested(tally, finished)) if tally.is_empty() => {
            failed(tally, &finished, "no test ran")
        }
        Ok(Outcome::Tested(tally, finished)) if tally.failed > 0 || !finished.status.success() => {
            failed(tally, &finished, &format!("{tally} ({})", finished.status))
        }
        Ok(Outcome::Tested(tally, _)) => {
            line("ok", &format!(": {tally}"));
            tally
        }
        Ok(Outcome::Skipped(why)) => {
            line("skip", &format!(": {why}"));
            Tally::SKIP
        }
        Err(error) if error.is::<Interrupted>() => return Err(error),
        Err(error) => {
            line("FAIL", "");
            for text in format!("{error:#}").lines() {
                say!("    {text}");
            }
            Tally::FAILURE
        }
    })
}

/// Lines of a failed step that are shown; its log has them all.
const OUTPUT_LIMIT: usize = 300;

/// What the steps share, made when the first step needs it, so that what needs none of it runs without.
struct Suite {
    project: Project,
    tools: OnceCell<Result<Tools, String>>,
    chromium: OnceCell<Result<Browser, String>>,
    python: OnceCell<Result<Python, String>>,
    worker: OnceCell<Result<PathBuf, String>>,
    worker_with_hooks: OnceCell<Result<PathBuf, String>>,
    package: OnceCell<Result<PathBuf, String>>,
}

impl Suite {
    fn format(&self) -> Result<Outcome> {
        self.check("format", self.project.cargo(["fmt", "--all", "--check"]))
    }

    fn clippy(&self) -> Result<Outcome> {
        self.check(
            "clippy",
            self.project.cargo([
                "clippy",
                "--workspace",
                "--exclude",
                WORKER,
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        )
    }

    fn pinned_tools(&self) -> Result<Outcome> {
        self.tools()?;
        self.chromium()?;
        self.python()?;
        Ok(Outcome::Built)
    }

    fn clippy_worker(&self) -> Result<Outcome> {
        self.tools()?;
        let clippy = [
            "clippy",
            "--package",
            WORKER,
            "--all-features",
            "--target",
            WASM,
            "--",
            "-D",
            "warnings",
        ];
        self.check("clippy-worker", self.project.cargo(clippy))
    }

    fn clippy_web(&self) -> Result<Outcome> {
        self.tools()?;
        let clippy = [
            "clippy",
            "--package",
            "keyguard-web",
            "--all-features",
            "--target",
            WASM,
            "--",
            "-D",
            "warnings",
        ];
        self.check("clippy-web", self.project.cargo(clippy))
    }

    fn doc(&self) -> Result<Outcome> {
        let mut doc = self.project.cargo(["doc", "--workspace", "--no-deps"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        self.check("doc", doc)
    }

    /// Unit, property, vector, compile-fail and doc tests.
    fn native(&self) -> Result<Outcome> {
        self.rust_tests(
            "native",
            self.project.cargo(["test", "--workspace", "--exclude", WORKER, "--no-fail-fast"]),
        )
    }

    /// Every target from its committed inputs on, for some seconds.
    fn fuzz(&self) -> Result<Outcome> {
        say!(
            "{}",
            fuzz::run(
                &self.project,
                &fuzz::Options { seconds: 10, repeats: true, ..fuzz::Options::default() }
            )?
        );
        Ok(Outcome::Built)
    }

    fn agreement(&self) -> Result<Outcome> {
        let builds = agreement::build(&self.project, self.tools()?)?;
        self.node_tests("agreement", |node| {
            node.envs(agreement::environment(&builds, agreement::SHORT));
        })
    }

    fn wasm(&self) -> Result<Outcome> {
        let tools = self.tools()?;
        let browser = self.chromium()?;
        let mut test = tools.command(&self.project, &tools.wasm_pack().to_string_lossy());
        test.args(["test", "--headless", "--chrome", "--chromedriver"]).arg(&browser.driver);
        test.args(["--", "--config", "wasm-pack.toml"]);
        self.rust_tests("wasm", test)
    }

    fn build(&self) -> Result<Outcome> {
        self.worker()?;
        self.worker_with_hooks()?;
        self.package()?;
        Ok(Outcome::Built)
    }

    fn edge(&self) -> Result<Outcome> {
        let (build, test_build) = (self.worker()?, self.worker_with_hooks()?);
        self.node_tests("edge", |node| {
            node.env("KEYGUARD_WORKER_BUILD", build).env("KEYGUARD_WORKER_TEST_BUILD", test_build);
        })
    }

    fn soak(&self) -> Result<Outcome> {
        let (tools, build) = (self.tools()?, self.worker()?);
        Ok(Outcome::Checked(soak::short(&self.project, tools, build)?))
    }

    fn api(&self) -> Result<Outcome> {
        let (tools, python, build) = (self.tools()?, self.python()?, self.worker()?);
        let (tally, finished) = api::test(&self.project, tools, python, build, &self.log("api"))?;
        Ok(Outcome::Tested(tally, finished))
    }

    fn accounts(&self) -> Result<Outcome> {
        let build = self.worker()?;
        self.node_tests("accounts", |node| {
            // One of them mostly waits.
            node.arg("--test-concurrency=2").env("KEYGUARD_WORKER_BUILD", build);
        })
    }

    /// The tool against the edge, and docs/operate.md, whose commands are run as they stand there.
    fn operator(&self) -> Result<Outcome> {
        let build = self.worker()?;
        let cargo = self.project.cargo(["build", "--package", "keyguard-cli"]);
        process::run("cargo build (keyguard)", cargo, &self.log("operator-cargo"))?;
        self.node_tests("operator", |node| {
            node.env("KEYGUARD_WORKER_BUILD", build)
                .env("KEYGUARD_CLI", self.project.target().join("debug/keyguard"));
        })
    }

    /// The verifiers of docs/upstream.md, taken out of it as they stand there.
    fn upstream(&self) -> Result<Outcome> {
        let (build, python) = (self.worker()?, self.python()?);
        machines(&self.project, "the upstreams in Go", "go", "golang-go")?;
        self.node_tests("upstream", |node| {
            // All of them build into one folder.
            node.arg("--test-concurrency=1")
                .env("KEYGUARD_WORKER_BUILD", build)
                .env("KEYGUARD_PYTHON", python.program());
        })
    }

    fn exposure(&self) -> Result<Outcome> {
        let (build, python, browser) = (self.worker()?, self.python()?, self.chromium()?);
        machines(&self.project, "the clients in Go", "go", "golang-go")?;
        machines(&self.project, "the clients", "curl", "curl")?;
        let nginx = machines(&self.project, "the proxies", "nginx", "nginx")?;
        let firefox = machines(&self.project, "the pages", "firefox", "firefox-esr")?;
        self.next()?;
        self.node_tests("exposure", |node| {
            node.arg("--test-concurrency=1")
                .env("KEYGUARD_WORKER_BUILD", build)
                .env("KEYGUARD_PYTHON", python.program())
                .env("KEYGUARD_CHROMIUM", &browser.chromium)
                .env("KEYGUARD_FIREFOX", firefox)
                .env("KEYGUARD_NGINX", nginx);
        })
    }

    fn browser(&self) -> Result<Outcome> {
        let (build, package, browser) = (self.worker()?, self.package()?, self.chromium()?);
        self.node_tests("browser", |node| {
            node.env("KEYGUARD_WORKER_BUILD", build)
                .env("KEYGUARD_TGZ", package)
                .env("KEYGUARD_CHROMIUM", &browser.chromium);
        })
    }

    /// Bundlers, frameworks, runtimes and compilers that the npm package has to work with.
    fn consumers(&self) -> Result<Outcome> {
        let (package, browser) = (self.package()?, self.chromium()?);
        let firefox = machines(&self.project, "the pages", "firefox", "firefox-esr")?;
        self.next()?;
        let folder = self.project.root().join("tests/consumers");
        self.tools()?.npm_ci(&self.project, &folder, "bundlers, frameworks and runtimes", &[])?;
        self.node_tests("consumers", |node| {
            // All of them build into one folder.
            node.arg("--test-concurrency=1")
                .env("KEYGUARD_TGZ", package)
                .env("KEYGUARD_CHROMIUM", &browser.chromium)
                .env("KEYGUARD_FIREFOX", firefox);
        })
    }

    fn checkout(&self) -> Result<Outcome> {
        let (build, package, browser) = (self.worker()?, self.package()?, self.chromium()?);
        self.node_tests("checkout", |node| {
            node.env("KEYGUARD_WORKER_BUILD", build)
                .env("KEYGUARD_TGZ", package)
                .env("KEYGUARD_CHROMIUM", &browser.chromium);
        })
    }

    /// Next.js, which two steps build with.
    fn next(&self) -> Result<()> {
        let folder = self.project.root().join("tests/exposure/next");
        self.tools()?.npm_ci(&self.project, &folder, "Next.js", &[])
    }

    fn tools(&self) -> Result<&Tools> {
        shared(&self.tools, || Tools::install(&self.project))
    }

    fn chromium(&self) -> Result<&Browser> {
        shared(&self.chromium, || Browser::install(&self.project))
    }

    fn python(&self) -> Result<&Python> {
        shared(&self.python, || Python::install(&self.project))
    }

    fn worker(&self) -> Result<&PathBuf> {
        shared(&self.worker, || {
            worker::build(&self.project, self.tools()?, &worker::Options::default())
        })
    }

    fn worker_with_hooks(&self) -> Result<&PathBuf> {
        let out = Some(self.project.state().join("worker-with-hooks"));
        let options = worker::Options { test_hooks: true, out };
        shared(&self.worker_with_hooks, || worker::build(&self.project, self.tools()?, &options))
    }

    fn package(&self) -> Result<&PathBuf> {
        shared(&self.package, || web::build(&self.project, self.tools()?))
    }

    fn check(&self, name: &str, command: Command) -> Result<Outcome> {
        Ok(Outcome::Checked(process::observe(name, command, &self.log(name))?))
    }

    fn rust_tests(&self, name: &str, command: Command) -> Result<Outcome> {
        let finished = process::observe(name, command, &self.log(name))?;
        Ok(Outcome::Tested(Tally::of_rust(&finished.output), finished))
    }

    /// Runs the tests below `tests/<name>` in the pinned Node.
    fn node_tests(&self, name: &str, with: impl FnOnce(&mut Command)) -> Result<Outcome> {
        let tools = self.tools()?;
        let tests = self.project.root().join("tests");
        tools.npm_ci(&self.project, &tests, "test packages", &[])?;
        let tap = self.project.state().join(format!("test-{name}.tap"));
        // What an earlier run left must not be counted.
        let _ = fs::remove_file(&tap);
        let mut node = tools.node(&self.project, "--test");
        node.current_dir(&tests)
            .args([
                "--test-timeout=300000",
                "--test-reporter=spec",
                "--test-reporter-destination=stdout",
            ])
            .args(["--test-reporter=tap", "--test-reporter-destination"])
            .arg(&tap)
            .env("KEYGUARD_TOOLS", self.project.node_tools());
        with(&mut node);
        // After all options: what follows a file is the file's.
        node.arg(format!("{name}/**/*.test.mjs"));
        let finished = process::observe(name, node, &self.log(name))?;
        let tap = fs::read_to_string(&tap).unwrap_or_default();
        Ok(Outcome::Tested(Tally::of_node(&tap, |name| is_test_file(&tests, name)), finished))
    }

    fn log(&self, name: &str) -> PathBuf {
        self.project.state().join(format!("test-{name}.log"))
    }
}

const WASM: &str = "wasm32-unknown-unknown";
/// Built by itself: beside the npm package cargo would build the core with that one's exports for both, which the
/// Worker refuses.
const WORKER: &str = "keyguard-worker";

/// Whether the name of a test is that of a file, which Node gives to one without tests.
fn is_test_file(tests: &Path, name: &str) -> bool {
    name.ends_with(".test.mjs") && tests.join(name).is_file()
}

/// What was had, or the one line about why not, for every step that asks.
fn shared<T>(cell: &OnceCell<Result<T, String>>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    let result = cell.get_or_init(|| make().map_err(|error| format!("{error:#}")));
    process::check_interrupted()?;
    result.as_ref().map_err(|error| anyhow!("{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_steps_are_told_apart() {
        let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }

    #[test]
    fn what_could_not_be_had_fails_every_step_that_needs_it() {
        let cell: OnceCell<Result<u8, String>> = OnceCell::new();
        for _ in 0..2 {
            let error = shared(&cell, || bail!("no tool")).unwrap_err();
            assert!(format!("{error:#}").contains("no tool"), "{error:#}");
        }
    }
}
