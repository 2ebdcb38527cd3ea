//! A contender as it is deployed: its modules, and what workerd needs to run them.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::{
    cases::Contender,
    keys,
    servers::{MEASURED_CORE, Server, free_port},
};
use crate::{process, project::Project, tools::Tools};

/// Where a contender's bundle and configuration are.
#[derive(Debug)]
pub(super) struct Bundle {
    folder: PathBuf,
    /// The names of the modules that are loaded, the entry first.
    pub(super) modules: Vec<String>,
}

impl Bundle {
    /// Bundles a contender as a deployment does, and writes what workerd needs to run it.
    pub(super) fn make(
        project: &Project,
        tools: &Tools,
        bench: &Path,
        contender: &Contender,
    ) -> Result<Self> {
        let folder = bench.join(contender.id);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let program = tools.modules().join("esbuild/bin/esbuild");
        let mut esbuild = tools.command(project, &program.to_string_lossy());
        esbuild
            .current_dir(project.root())
            .arg(contender.entry)
            .args(["--bundle", "--format=esm", "--target=esnext", "--external:cloudflare:*"])
            .args(["--external:node:*", "--loader:.wasm=copy", "--asset-names=[name]"])
            .arg("--conditions=workerd,worker,browser")
            .arg("--out-extension:.js=.mjs")
            .arg(format!("--outdir={}", folder.join("modules").display()));
        process::run("esbuild", esbuild, &folder.join("esbuild.log"))?;
        let entry = Path::new(contender.entry)
            .file_name()
            .and_then(|name| name.to_str())
            .context("an entry has a name")?;
        let mut modules = vec![entry.to_owned()];
        for file in fs::read_dir(folder.join("modules"))? {
            let name = file?.file_name().to_string_lossy().into_owned();
            if name != entry {
                modules.push(name);
            }
        }
        modules.get_mut(1..).unwrap_or_default().sort();
        let source = project.root().join("benches/edge");
        for name in ["store.mjs", "policy.json"] {
            fs::copy(source.join(name), folder.join(name)).with_context(|| name.to_owned())?;
        }
        let digests = folder.join(keys::DIGESTS);
        fs::hard_link(bench.join(keys::DIGESTS), digests)?;
        Ok(Self { folder, modules })
    }

    /// Starts the contender before `upstream`, in one process as often as there are `bindings`, each with those.
    pub(super) fn start(
        &self,
        project: &Project,
        tools: &Tools,
        bindings: &[&str],
        upstream: u16,
        start: Start,
    ) -> Result<Server> {
        let loading = match start {
            Start::Whole => None,
            Start::Loading => Some(LOADING),
        };
        if let Some(entry) = self.modules.first() {
            let text = format!(
                "export * from './{entry}';\nimport './{entry}';\nexport default {{ fetch: () => new Response() }};\n"
            );
            fs::write(self.folder.join("modules").join(LOADING), text)?;
        }
        let modules: Vec<String> = loading
            .into_iter()
            .chain(self.modules.iter().map(String::as_str))
            .map(|name| {
                let is_wasm =
                    Path::new(name).extension().is_some_and(|extension| extension == "wasm");
                let kind = if is_wasm { "wasm" } else { "esModule" };
                format!("(name = \"{name}\", {kind} = embed \"modules/{name}\")")
            })
            .collect();
        let template =
            |name| fs::read_to_string(project.root().join("benches/edge").join(name)).context(name);
        let (config, edge) = (template("config.capnp")?, template("edge.capnp")?);
        let (mut services, mut sockets, mut edges) = (String::new(), String::new(), String::new());
        let mut ports = Vec::new();
        for (index, bindings) in bindings.iter().enumerate() {
            let (name, port) = (format!("edge{index}"), free_port()?);
            ports.push(port);
            let _ = write!(services, r#"(name = "{name}", worker = .{name}),"#);
            let _ = write!(
                sockets,
                r#"(name = "{name}", service = "{name}", address = "127.0.0.1:{port}", http = ({HTTP})),"#
            );
            edges += &edge.replace("@NAME@", &name).replace("@BINDINGS@", bindings);
        }
        let compatibility = Compatibility::read(project)?;
        let config = config
            .replace("@SERVICES@", &services)
            .replace("@SOCKETS@", &sockets)
            .replace("@EDGES@", &edges)
            .replace("@UPSTREAM@", &format!("127.0.0.1:{upstream}"))
            .replace("@MODULES@", &modules.join(", "))
            .replace("@DATE@", &compatibility.date)
            .replace("@FLAGS@", &compatibility.flags);
        fs::write(self.folder.join("config.capnp"), config)?;
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", MEASURED_CORE])
            .arg(tools.modules().join("workerd/bin/workerd"))
            .args(["serve", "--experimental", "config.capnp"])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.folder.join("workerd.log"))?);
        let child = command.spawn().context("cannot run workerd")?;
        Ok(Server { child, ports })
    }

    /// Leaves the store but a few records, which it takes no time to make ready.
    pub(super) fn keep_records(&self, count: usize) -> Result<()> {
        let file = self.folder.join(keys::DIGESTS);
        let mut digests = fs::read(&file)?;
        digests.truncate(count.saturating_mul(32));
        // Others have the same file.
        fs::remove_file(&file)?;
        Ok(fs::write(&file, digests)?)
    }

    /// What workerd complained about.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("workerd.log")).unwrap_or_default()
    }

    /// The files of the modules.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.modules.iter().map(|name| (name.as_str(), self.folder.join("modules").join(name)))
    }
}

/// What is started of a contender.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    /// All of it.
    Whole,
    /// Its modules, loaded by one that answers in their place.
    Loading,
}

/// The headers that say what else the platform says of a request.
const HTTP: &str = r#"cfBlobHeader = "CF-Blob", forwardedProtoHeader = "X-Scheme""#;

const LOADING: &str = "loading.mjs";

/// What the deployed Worker runs under, and so do all others.
struct Compatibility {
    date: String,
    /// As the configuration lists them.
    flags: String,
}

impl Compatibility {
    fn read(project: &Project) -> Result<Self> {
        let file = project.root().join("worker/wrangler.toml");
        let config: toml::Table =
            fs::read_to_string(file)?.parse().context("worker/wrangler.toml")?;
        let date = config.get("compatibility_date").and_then(toml::Value::as_str);
        let date = date.context("worker/wrangler.toml has no compatibility_date")?.to_owned();
        let flags = config.get("compatibility_flags").and_then(toml::Value::as_array);
        let flags: Vec<String> = flags
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
            .map(|flag| format!("\"{flag}\""))
            .collect();
        Ok(Self { date, flags: flags.join(", ") })
    }
}
