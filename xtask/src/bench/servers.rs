//! The programs that run while the bench does, and what they answer.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{process, project::Project};

/// The core of what is measured.
pub(super) const MEASURED_CORE: &str = "0";
/// The core of the load generator and the upstream.
pub(super) const OTHER_CORE: &str = "1";

/// A program that ends with the bench.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) child: Child,
    /// Where it listens.
    pub(super) ports: Vec<u16>,
}

impl Server {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The first of its ports.
    pub(super) fn port(&self) -> Result<u16> {
        self.ports.first().copied().context("it listens nowhere")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended by itself, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the upstream.
pub(super) fn upstream(project: &Project, bench: &Path) -> Result<Server> {
    let port = free_port()?;
    let folder = bench.join("upstream");
    fs::create_dir_all(&folder)?;
    let template = fs::read_to_string(project.root().join("benches/edge/nginx.conf"))?;
    let config = template
        .replace("@FOLDER@", &folder.display().to_string())
        .replace("@PORT@", &port.to_string());
    let file = folder.join("nginx.conf");
    fs::write(&file, config)?;
    let mut command = Command::new("taskset");
    command
        .args(["--cpu-list", OTHER_CORE, "nginx", "-e", "stderr", "-p"])
        .arg(&folder)
        .arg("-c")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.join("nginx.log"))?);
    let child = command.spawn().context("cannot run nginx")?;
    let mut server = Server { child, ports: vec![port] };
    first_answer(&mut server, port, &request("GET", "/", &["Host: api.example.com".to_owned()]))?;
    Ok(server)
}

/// A port that nobody listens on.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A request as it goes over the wire, on a connection that ends with it.
pub(super) fn request(method: &str, target: &str, headers: &[String]) -> String {
    format!("{method} {target} HTTP/1.1\r\n{}\r\nConnection: close\r\n\r\n", headers.join("\r\n"))
}

/// Asks at a port of a server until there is an answer.
pub(super) fn first_answer(server: &mut Server, port: u16, request: &str) -> Result<Answer> {
    let asked = Instant::now();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    loop {
        if let Some(status) = server.child.try_wait()? {
            bail!("it ended at once: {status}");
        }
        ensure!(asked.elapsed() < PATIENCE, "no answer within {} s", PATIENCE.as_secs());
        if let Ok(mut stream) = TcpStream::connect_timeout(&address, PATIENCE) {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(request.as_bytes())?;
            let mut text = Vec::new();
            stream.read_to_end(&mut text)?;
            let text = String::from_utf8_lossy(&text).into_owned();
            return Ok(Answer { text, after: asked.elapsed() });
        }
        process::check_interrupted()?;
        thread::sleep(Duration::from_micros(500));
    }
}

/// The first answer of a server.
#[derive(Debug)]
pub(super) struct Answer {
    /// Status line, headers and body.
    pub(super) text: String,
    /// When it was there, after the question was first tried.
    pub(super) after: Duration,
}

impl Answer {
    /// The status.
    pub(super) fn status(&self) -> Option<u16> {
        self.text.split(' ').nth(1)?.parse().ok()
    }

    /// The body.
    pub(super) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
