//! `cargo xtask dev`: the edge, the demo upstream and the checkout page, running here.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use keyguard::{Kind, Mode};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    checkout,
    demo::{self, DemoKeys},
    process::{self, Group, Interrupted},
    project::Project,
    tools::Tools,
    web, worker,
};

/// Where things listen, and how.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) edge_port: u16,
    pub(crate) upstream_port: u16,
    pub(crate) page_port: u16,
    /// The edge speaks https, with a certificate that wrangler makes.
    pub(crate) https: bool,
    /// End once everything answers.
    pub(crate) once: bool,
    /// Forget all accounts and keys of before.
    pub(crate) fresh: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            edge_port: 8787,
            upstream_port: 8788,
            page_port: 8789,
            https: false,
            once: false,
            fresh: false,
        }
    }
}

impl Options {
    fn edge(&self) -> String {
        format!("{}://localhost:{}", if self.https { "https" } else { "http" }, self.edge_port)
    }

    fn upstream(&self) -> String {
        format!("http://127.0.0.1:{}", self.upstream_port)
    }

    fn page(&self) -> String {
        format!("http://localhost:{}", self.page_port)
    }

    fn ports(&self) -> [(u16, &'static str, &'static str); 3] {
        [
            (self.edge_port, "the edge", "--edge-port"),
            (self.upstream_port, "the demo upstream", "--upstream-port"),
            (self.page_port, "the checkout page", "--page-port"),
        ]
    }
}

/// Builds everything, runs it until Ctrl-C, and leaves nothing behind.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    check_ports(&options.ports())?;
    say!("keyguard: tools");
    let tools = Tools::install(project)?;
    let state = project.state().join("dev");
    if options.fresh && state.exists() {
        fs::remove_dir_all(&state).with_context(|| format!("cannot remove {}", state.display()))?;
    }
    let is_new = !state.exists();
    fs::create_dir_all(&state).with_context(|| format!("cannot write {}", state.display()))?;

    say!("keyguard: build");
    worker::build(project, &tools, &worker::Options::default())?;
    web::build(project, &tools)?;
    let operator = Operator::build(project, &state, options)?;
    let keys = DemoKeys::of_clone(&state.join("entropy"))?;
    let page = checkout::Page {
        edge: options.edge(),
        key: keys.working(Kind::Publishable, Mode::Test).to_owned(),
    };
    checkout::build(project, &tools, &page)?;

    say!("keyguard: start");
    let mut services = start(project, &tools, options, &page, &operator, &state)?;
    let ready = wait_until_ready(project, &tools, options, &mut services, &state)
        .and_then(|()| operator.import(project, &keys))
        .map_err(|error| if is_new { error } else { error.context(OLD_STATE) });
    match ready {
        Ok(()) => {}
        // Ctrl-C is how this task is meant to end.
        Err(error) if error.is::<Interrupted>() => {
            stop(services);
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    say!("{}", announcement(project, options, &keys, &operator));
    for service in &services {
        service.shown.store(true, Ordering::SeqCst);
        service.lines.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    while !options.once && process::check_interrupted().is_ok() {
        check_alive(&mut services)?;
        thread::sleep(Duration::from_millis(100));
    }
    stop(services);
    Ok(())
}

/// What was kept by another version may be what it fails on.
const OLD_STATE: &str = "the edge doesn't work with what it kept of before. If another version of this clone ran in between: \
     `cargo xtask dev --fresh` forgets all local accounts and keys, and starts anew";

fn stop(services: Vec<Service>) {
    for service in &services {
        service.shown.store(false, Ordering::SeqCst);
    }
    say!("\nkeyguard: stopping");
    drop(services);
}

/// Says of every port that is taken what it is for and how to have another.
fn check_ports(ports: &[(u16, &str, &str)]) -> Result<()> {
    let mut faults = Vec::new();
    for (index, (port, what, flag)) in ports.iter().enumerate() {
        if *port == 0 {
            faults.push(format!("{what} needs a port of its own: {flag} N"));
        } else if ports.iter().take(index).any(|(other, ..)| other == port) {
            faults.push(format!(
                "port {port} is asked for twice; give {what} another one with {flag} N"
            ));
        } else if is_busy(*port) {
            faults.push(format!(
                "port {port}, for {what}, is in use; free it or give another one with {flag} N"
            ));
        }
    }
    if faults.is_empty() { Ok(()) } else { bail!(faults.join("\n       ")) }
}

fn is_busy(port: u16) -> bool {
    [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))]
        .iter()
        .any(|address| {
            // A listener on all addresses doesn't hinder one on loopback everywhere, so it is called as well.
            TcpStream::connect_timeout(address, Duration::from_millis(300)).is_ok()
                || TcpListener::bind(address).is_err_and(|error| {
                    // Any other error is a machine without IPv6, or a port below 1024 that the service will name itself.
                    error.kind() == std::io::ErrorKind::AddrInUse
                })
        })
}

/// The operator's tool, set up for this edge.
struct Operator {
    program: PathBuf,
    config: PathBuf,
    credential: Zeroizing<String>,
    /// What the edge is given to know the credential by.
    secret: String,
    import: PathBuf,
    log: PathBuf,
}

impl Operator {
    fn build(project: &Project, state: &Path, options: &Options) -> Result<Self> {
        let cargo = project.cargo(["build", "--package", "keyguard-cli"]);
        process::run("cargo build (keyguard)", cargo, &project.state().join("cli-cargo.log"))?;
        let (credential, secret) = demo::admin_credential(&state.join("admin-entropy"))?;
        let config = state.join("keyguard.toml");
        fs::write(
            &config,
            format!("default_env = \"dev\"\n\n[env.dev]\nurl = \"{}\"\n", options.edge()),
        )?;
        Ok(Self {
            program: project.target().join("debug/keyguard"),
            config,
            credential,
            secret,
            import: state.join("import.jsonl"),
            log: state.join("import.log"),
        })
    }

    /// Makes the demo keys known as an operator would: by their digests.
    fn import(&self, project: &Project, keys: &DemoKeys) -> Result<()> {
        fs::write(&self.import, keys.import())?;
        let mut import = project.command(&self.program);
        import.arg("--config").arg(&self.config).arg("import").arg(&self.import);
        import.arg("--create-accounts");
        import.env("KEYGUARD_CREDENTIAL", self.credential.as_str());
        process::run("import the demo keys", import, &self.log).map(drop)
    }
}

/// A running part, and what it printed.
struct Service {
    name: &'static str,
    group: Group,
    lines: Arc<Mutex<Vec<String>>>,
    /// Whether its lines go to the terminal.
    shown: Arc<AtomicBool>,
}

impl Service {
    fn start(name: &'static str, command: Command) -> Result<Self> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::new(AtomicBool::new(false));
        let (sink, is_shown) = (Arc::clone(&lines), Arc::clone(&shown));
        let group = Group::start(command, move |line| {
            if is_shown.load(Ordering::SeqCst) {
                say!("{name:<8} {line}");
            } else {
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
            }
        })?;
        Ok(Self { name, group, lines, shown })
    }
}

fn start(
    project: &Project,
    tools: &Tools,
    options: &Options,
    page: &checkout::Page,
    operator: &Operator,
    state: &Path,
) -> Result<Vec<Service>> {
    let mut upstream = tools.node(project, project.root().join("xtask/demo/upstream.mjs"));
    upstream.args(["--port", &options.upstream_port.to_string()]);

    let vars = state.join("edge.vars");
    let committed = fs::read_to_string(project.root().join("worker/.dev.vars"))
        .context("cannot read worker/.dev.vars")?;
    let policy = with_upstream(&committed, &options.upstream())?;
    fs::write(&vars, format!("{policy}ADMIN_CREDENTIALS='{}'\n", operator.secret))?;
    let mut edge = tools.wrangler(project);
    edge.args(["dev", "--ip", "127.0.0.1", "--port", &options.edge_port.to_string()])
        .args(["--local-protocol", if options.https { "https" } else { "http" }])
        // Any free one: the usual port may be another project's.
        .args(["--inspector-port", "0", "--show-interactive-dev-session=false"])
        .arg("--persist-to")
        .arg(state.join("kv"))
        .arg("--env-file")
        .arg(&vars);

    Ok(vec![
        Service::start("upstream", upstream)?,
        Service::start("edge", edge)?,
        Service::start("page", checkout::preview(project, tools, page, options.page_port))?,
    ])
}

/// The committed variables of development, with the policy's upstreams at this place.
fn with_upstream(vars: &str, upstream: &str) -> Result<String> {
    let policy = vars.lines().find_map(|line| line.strip_prefix("POLICY='")?.strip_suffix('\''));
    let mut policy: Value =
        serde_json::from_str(policy.context("worker/.dev.vars has no line POLICY='…'")?)?;
    let field =
        policy.get_mut("upstream").context("the policy in worker/.dev.vars has no upstream")?;
    *field = json!({ "live": upstream, "test": upstream });
    Ok(format!("POLICY='{policy}'\n"))
}

fn wait_until_ready(
    project: &Project,
    tools: &Tools,
    options: &Options,
    services: &mut [Service],
    state: &Path,
) -> Result<()> {
    // Node rather than a client of ours: it speaks https too, and is there.
    let mut probe = tools.node(project, "--input-type=module");
    probe.args(["--eval", PROBE, &options.upstream(), &options.edge(), &options.page()]);
    // The edge's certificate is its own, and this proves only that something answers.
    probe.env("NODE_TLS_REJECT_UNAUTHORIZED", "0").env("NODE_NO_WARNINGS", "1");
    let mut probe = Group::start(probe, |_| {})?;
    let started = Instant::now();
    loop {
        check_alive(services)?;
        process::check_interrupted()?;
        match probe.poll()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("cannot tell whether everything answers: {status}"),
            None if started.elapsed() > START_LIMIT => {
                let told: String = services.iter().map(tail).collect();
                fs::write(state.join("start.log"), &told)?;
                bail!(
                    "not everything answers after {}\n{told}",
                    process::seconds(started.elapsed())
                );
            }
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

const START_LIMIT: Duration = Duration::from_mins(3);

const PROBE: &str = "
for (const url of process.argv.slice(1)) {
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
      await response.body?.cancel();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
process.exit(0);
";

fn check_alive(services: &mut [Service]) -> Result<()> {
    for service in services {
        if let Some(status) = service.group.poll()? {
            // Lets the reader hand over what was printed last.
            service.group.end();
            bail!("the {} ended by itself: {status}\n{}", service.name, tail(service));
        }
    }
    Ok(())
}

/// The last of what a service printed before it was shown.
fn tail(service: &Service) -> String {
    let lines = service.lines.lock().unwrap_or_else(PoisonError::into_inner);
    let skipped = lines.len().saturating_sub(20);
    lines
        .iter()
        .skip(skipped)
        .map(|line| format!("    {:<8} {line}\n", service.name))
        .collect::<Vec<_>>()
        .concat()
}

fn announcement(
    project: &Project,
    options: &Options,
    keys: &DemoKeys,
    operator: &Operator,
) -> String {
    let (edge, upstream, page) = (options.edge(), options.upstream(), options.page());
    let publishable = keys.working(Kind::Publishable, Mode::Test);
    let secret = keys.working(Kind::Secret, Mode::Test);
    let (insecure, accept) = if options.https {
        let accept = format!(
            "\n  The edge's certificate is its own: open {edge} once and accept it, or the page can't call it.\n"
        );
        (" --insecure", accept)
    } else {
        ("", String::new())
    };
    let all = keys
        .iter()
        .map(|key| format!("    {:<40}  {}", key.text, key.note))
        .collect::<Vec<_>>()
        .join("\n");
    let pay = format!(
        "curl -i{insecure} {edge}/collect/payment_sessions -H 'Content-Type: application/json' \
         -d '{{\"amount\":4200,\"currency\":\"EUR\"}}'"
    );
    let here =
        |path: &Path| path.strip_prefix(project.root()).unwrap_or(path).display().to_string();
    let (program, config) = (here(&operator.program), here(&operator.config));
    let (credential, account) = (operator.credential.as_str(), demo::ACCOUNT);
    format!(
        "
  checkout page   {page}
  edge            {edge}
  demo upstream   {upstream}
{accept}
  The keys of the account acct_demo:
{all}

  A publishable key opens a payment session:
    {pay} -H 'Authorization: Bearer {publishable}'
  It may do nothing else:
    curl -i{insecure} {edge}/payments -H 'Authorization: Bearer {publishable}'
  A secret key that comes from a page is refused:
    {pay} -H 'Authorization: Bearer {secret}' -H 'Origin: https://shop.example'

  The operator's tool, in another terminal (docs/operate.md):
    export KEYGUARD_CONFIG={config} KEYGUARD_CREDENTIAL={credential}
    {program} key list {account}

  Ctrl-C ends it all.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named_with_its_purpose_and_flag() {
        for address in [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        ] {
            let listener = TcpListener::bind(address).unwrap();
            let port = listener.local_addr().unwrap().port();
            let error = check_ports(&[(port, "the edge", "--edge-port")]).unwrap_err().to_string();
            for part in [port.to_string().as_str(), "the edge", "--edge-port"] {
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn every_fault_of_the_ports_is_told_at_once() {
        let error = check_ports(&[(0, "one", "--a"), (9, "two", "--b"), (9, "three", "--c")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("--a") && error.contains("--c"), "{error}");
    }

    #[test]
    fn the_upstream_of_development_follows_its_port() {
        let vars = "# comment\nPOLICY='{\"upstream\":{\"live\":\"http://127.0.0.1:8788\"},\"routes\":[]}'\n";
        let changed = with_upstream(vars, "http://127.0.0.1:9000").unwrap();
        assert!(
            changed.contains("\"test\":\"http://127.0.0.1:9000\"") && !changed.contains("8788"),
            "{changed}"
        );
        assert!(with_upstream("", "x").is_err());
    }
}
