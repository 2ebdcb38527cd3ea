//! Builds the edge: cargo, wasm-bindgen, wasm-opt, and what makes the result a module that Workers load.

mod filling;
mod flags;
mod sizes;

use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    process,
    project::Project,
    tools::{self, Tools},
};

pub(crate) use flags::{edge_flags, rust_flags};

/// What to build.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// With the hook by which a test makes the Worker panic.
    pub(crate) test_hooks: bool,
    /// Where to; `worker/build` when none is given.
    pub(crate) out: Option<PathBuf>,
}

/// Builds the Worker and says how large it is.
pub(crate) fn build(project: &Project, tools: &Tools, options: &Options) -> Result<PathBuf> {
    if is_deployment(env::var("WRANGLER_COMMAND").ok().as_deref()) {
        if options.test_hooks {
            bail!("a build with test hooks is not for deployment");
        }
        check_policy(project)?;
    }
    let out = match &options.out {
        Some(out) => env::current_dir()?.join(out),
        None => project.root().join("worker/build"),
    };
    // Both kinds of build leave cargo's output at one place.
    let state = project.state();
    fs::create_dir_all(&state).with_context(|| format!("cannot write {}", state.display()))?;
    let lock = File::create(state.join("worker.lock")).context("cannot write the build's lock")?;
    let _lock = tools::wait_for(lock, "another build of the Worker")?;

    let wasms = cargo(project, options)?;
    let source = digest_of_source(tools, &wasms)?;
    let stamp_file = out.join(".stamp");
    let is_current = digest_of_files(&out).is_ok_and(|built| {
        fs::read_to_string(&stamp_file).is_ok_and(|stamp| stamp == format!("{source} {built}"))
    });
    if !is_current {
        let staging = state.join("worker-staging");
        let _ = fs::remove_dir_all(&staging);
        for (name, wasm) in MODULES.iter().zip(&wasms) {
            bind(project, tools, name, wasm, &staging)?;
        }
        let _ = fs::remove_file(&stamp_file);
        replace(&staging, &out).with_context(|| format!("cannot write {}", out.display()))?;
        fs::write(&stamp_file, format!("{source} {}", digest_of_files(&out)?))?;
    }
    if !options.test_hooks {
        sizes::check(project, tools, &out)?;
    }
    Ok(out)
}

/// What is built: the guard, which every isolate loads, and the write side, which is loaded when it is needed first.
const MODULES: [&str; 2] = ["guard", "accounts"];

/// The files of a module.
fn files(name: &str) -> [String; 2] {
    [format!("{name}_bg.wasm"), format!("{name}.js")]
}

/// Whether wrangler runs this build for something that leaves the machine. What it doesn't name, it does.
fn is_deployment(wrangler_command: Option<&str>) -> bool {
    !matches!(wrangler_command, None | Some("" | "dev" | "types" | "check"))
}

/// Refuses to build a deployment that would refuse every request, or that would serve plain HTTP.
fn check_policy(project: &Project) -> Result<()> {
    let file = "worker/wrangler.toml";
    let check = project.cargo([
        "run",
        "--quiet",
        "--package",
        "keyguard-cli",
        "--",
        "policy",
        "check",
        file,
    ]);
    let output = process::run("policy check", check, &project.state().join("policy-check.log"))
        .context("not deployed: the policy doesn't hold")?;
    say!("{}", output.trim_end());
    let config = fs::read_to_string(project.root().join(file))?;
    if let Some(place) = loopback_exception(&config)? {
        bail!(
            "not deployed: {place} sets allow_http_on_loopback, which is for a developer's machine alone"
        );
    }
    Ok(())
}

/// Where a wrangler.toml turns the exception for plain HTTP on.
fn loopback_exception(config: &str) -> Result<Option<String>> {
    let config: serde_json::Value = toml::from_str(config).context("worker/wrangler.toml")?;
    let environments = config.get("env").and_then(serde_json::Value::as_object);
    let named = environments
        .into_iter()
        .flatten()
        .map(|(name, table)| (format!("[env.{name}.vars] POLICY"), table));
    for (place, table) in named.chain([("[vars] POLICY".to_owned(), &config)]) {
        let policy = match table.pointer("/vars/POLICY") {
            None => continue,
            // A policy may also be written as a string that holds the JSON.
            Some(serde_json::Value::String(text)) => {
                serde_json::from_str(text).with_context(|| place.clone())?
            }
            Some(policy) => policy.clone(),
        };
        if policy
            .get("allow_http_on_loopback")
            .is_some_and(|value| *value != serde_json::Value::Bool(false))
        {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn cargo(project: &Project, options: &Options) -> Result<[PathBuf; 2]> {
    let flags = edge_flags(project)?;
    // Each module has a profile of its own.
    for (profile, target) in [("edge", "--lib"), ("accounts", "--bins")] {
        let mut cargo = project.cargo(["build", "--package", "keyguard-worker", target]);
        cargo.args(["--profile", profile, "--target", TARGET]);
        if options.test_hooks {
            cargo.args(["--features", "test-hooks"]);
        }
        // Takes the place of RUSTFLAGS from outside, which would otherwise end up in what is deployed.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", &flags);
        let log = project.state().join(format!("worker-cargo-{profile}.log"));
        process::run(&format!("cargo build (worker, {profile})"), cargo, &log)?;
    }
    let folder = project.target().join(TARGET);
    Ok([folder.join("edge/keyguard_guard.wasm"), folder.join("accounts/keyguard_accounts.wasm")])
}

const TARGET: &str = "wasm32-unknown-unknown";

/// What was built, so that a file that something else put there is noticed.
fn digest_of_files(out: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for name in MODULES.iter().flat_map(|name| files(name)) {
        fs::read(out.join(name))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Everything that the result depends on.
fn digest_of_source(tools: &Tools, wasms: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for wasm in wasms {
        let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
        bytes.hash(&mut hasher);
    }
    BINDGEN_FLAGS.hash(&mut hasher);
    OPT_FLAGS.hash(&mut hasher);
    ESBUILD_FLAGS.hash(&mut hasher);
    for module in ["binaryen", "esbuild"] {
        tools::module_version(tools.modules(), module)?.hash(&mut hasher);
    }
    let mut version = Command::new(tools.wasm_bindgen());
    version.arg("--version");
    process::capture(version)?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

const BINDGEN_FLAGS: &[&str] = &[
    "--target",
    "module",
    "--no-typescript",
    // After a trap the entry module can start anew, and learns of the trap from the handler.
    "--experimental-reset-state-function",
    "--force-enable-abort-handler",
    "--remove-producers-section",
];

/// Not `--all-features`: it emits encodings that engines of today refuse. These are what rustc itself uses, and
/// exceptions, in which wasm-bindgen wraps its imports.
const OPT_FLAGS: &[&str] = &[
    "-O3",
    // Passes after which others find something again: 1 KB of gzip.
    "--converge",
    "--enable-bulk-memory",
    "--enable-exception-handling",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

fn bind(project: &Project, tools: &Tools, name: &str, wasm: &Path, staging: &Path) -> Result<()> {
    let mut bindgen = project.command(tools.wasm_bindgen());
    bindgen.arg(wasm).args(["--out-name", name]).arg("--out-dir").arg(staging).args(BINDGEN_FLAGS);
    process::run("wasm-bindgen", bindgen, &project.state().join("wasm-bindgen.log"))?;

    let [bound, module] = files(name).map(|file| staging.join(file));
    sizes::say_filling(name, &bound)?;
    let optimised = staging.join("optimised.wasm");
    let mut opt = tools.node(project, tools.modules().join("binaryen/bin/wasm-opt"));
    opt.arg(&bound).arg("-o").arg(&optimised).args(OPT_FLAGS);
    process::run("wasm-opt", opt, &project.state().join("wasm-opt.log"))?;
    fs::rename(&optimised, &bound)?;

    let text = fs::read_to_string(&module)?;
    fs::write(&module, plain_wasm_import(&text)?)?;
    let mut esbuild = tools.command(project, &tools.modules().join(ESBUILD).to_string_lossy());
    esbuild.arg(&module).arg(format!("--outfile={}", module.display())).args(ESBUILD_FLAGS);
    process::run("esbuild", esbuild, &project.state().join("worker-esbuild.log"))?;
    Ok(())
}

const ESBUILD: &str = "esbuild/bin/esbuild";

/// wasm-bindgen's glue is half comments and blanks, which an isolate reads as well. Names stay, for stack traces.
const ESBUILD_FLAGS: &[&str] = &[
    "--allow-overwrite",
    "--format=esm",
    "--log-level=warning",
    "--minify-syntax",
    "--minify-whitespace",
    "--target=esnext",
];

/// Rewrites wasm-bindgen's source-phase import of the wasm, which Workers spell as a plain one.
fn plain_wasm_import(module: &str) -> Result<String> {
    if module.matches("import source ").count() != 1 {
        bail!(
            "wasm-bindgen's module doesn't import its wasm as it used to: see plain_wasm_import in xtask/src/worker.rs"
        );
    }
    Ok(module.replace("import source ", "import "))
}

/// Makes one folder hold what another does. Each file is moved into place whole: a bundler that watches the folder
/// never reads half of one.
pub(crate) fn replace(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut kept = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            replace(&entry.path(), &target)?;
        } else {
            let part = to.join(".part");
            fs::copy(entry.path(), &part)?;
            fs::rename(&part, &target)?;
        }
        kept.insert(entry.file_name());
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if kept.contains(&entry.file_name()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_machine_is_a_deployment() {
        for command in ["deploy", "versions upload", "something new"] {
            assert!(is_deployment(Some(command)), "{command}");
        }
        for command in [None, Some(""), Some("dev"), Some("types")] {
            assert!(!is_deployment(command), "{command:?}");
        }
    }

    #[test]
    fn the_loopback_exception_is_found_wherever_it_stands() {
        let find = |config: &str| loopback_exception(config).unwrap();
        assert_eq!(find("name = 'x'"), None);
        assert_eq!(find("[vars.POLICY]\nallow_http_on_loopback = false"), None);
        assert_eq!(
            find("[vars.POLICY]\nallow_http_on_loopback = true").as_deref(),
            Some("[vars] POLICY")
        );
        assert_eq!(
            find("[vars]\nPOLICY = '{\"allow_http_on_loopback\":true}'").as_deref(),
            Some("[vars] POLICY")
        );
        assert_eq!(
            find("[env.live.vars.POLICY]\nallow_http_on_loopback = true").as_deref(),
            Some("[env.live.vars] POLICY")
        );
        assert!(loopback_exception("[vars]\nPOLICY = 'no json'").is_err());
    }

    #[test]
    fn a_replaced_folder_keeps_nothing_of_before() {
        let folder = env::temp_dir().join(format!("keyguard-xtask-replace-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        for (file, text) in [
            ("from/a", "new"),
            ("from/sub/b", "b"),
            ("to/a", "old"),
            ("to/old/c", "c"),
            ("to/d", "d"),
        ] {
            let file = folder.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        replace(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "new");
        assert_eq!(fs::read_to_string(to.join("sub/b")).unwrap(), "b");
        assert_eq!(fs::read_dir(&to).unwrap().count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_import_of_the_wasm_is_rewritten_and_nothing_else() {
        let module = "import source wasmModule from './guard_bg.wasm';\nconst x = 'import';\n";
        let rewritten = plain_wasm_import(module).unwrap();
        assert_eq!(rewritten, "import wasmModule from './guard_bg.wasm';\nconst x = 'import';\n");
        assert!(plain_wasm_import(&rewritten).is_err());
    }
}
