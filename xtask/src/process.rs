//! Runs other programs: with a log, a line of progress, and an end for everything they started.
//!
//! Each program leads a process group of its own, so that what it starts ends with it, and so that a
//! Ctrl-C in the terminal reaches this program alone, which then ends the others in order.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

static INTERRUPTIONS: AtomicUsize = AtomicUsize::new(0);

/// The user, or the system, asked this program to end.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From now on a signal to end is noted rather than obeyed at once.
pub(crate) fn catch_interruptions() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTIONS.fetch_add(1, Ordering::SeqCst);
    })
    .context("cannot catch Ctrl-C")
}

/// Fails once a signal to end has come.
pub(crate) fn check_interrupted() -> Result<()> {
    if interruptions() > 0 { Err(Interrupted.into()) } else { Ok(()) }
}

fn interruptions() -> usize {
    INTERRUPTIONS.load(Ordering::SeqCst)
}

/// What a program that ran to its end left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) log: PathBuf,
}

impl Finished {
    /// The end of what the program printed.
    pub(crate) fn tail(&self, lines: usize) -> String {
        let all: Vec<&str> =
            self.output.lines().filter(|line| !is_progress_of_cargo(line)).collect();
        let skipped = all.len().saturating_sub(lines);
        all.iter().skip(skipped).flat_map(|line| ["    ", line, "\n"]).collect()
    }
}

/// Whether a line only tells that cargo is at work.
fn is_progress_of_cargo(line: &str) -> bool {
    let verb = line.split_whitespace().next().unwrap_or_default();
    line.starts_with("  ")
        && matches!(
            verb,
            "Compiling"
                | "Checking"
                | "Documenting"
                | "Downloaded"
                | "Downloading"
                | "Updating"
                | "Locking"
        )
}

/// Runs a program that is expected to succeed; prints a line when it took a while.
///
/// # Errors
/// When it can't be started or fails; the message then ends with the end of its output.
pub(crate) fn run(title: &str, command: Command, log: &Path) -> Result<String> {
    let started = Instant::now();
    let finished = observe(title, command, log)?;
    if !finished.status.success() {
        bail!(
            "{title}: {}\n{}    (all of it: {})",
            finished.status,
            finished.tail(40),
            finished.log.display()
        );
    }
    if started.elapsed() > Duration::from_secs(1) {
        say!("  {title}: {}", seconds(started.elapsed()));
    }
    Ok(finished.output)
}

/// Runs a program to its end, whatever that is, writing what it prints into a log.
pub(crate) fn observe(title: &str, command: Command, log: &Path) -> Result<Finished> {
    check_interrupted()?;
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot write below {}", folder.display()))?;
    }
    let mut file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let text = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&text);
    let mut group = Group::start(command, move |line| {
        // A log that can't be written must not stop what it is about.
        let _ = writeln!(file, "{line}");
        let mut text = sink.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    })?;
    let started = Instant::now();
    let mut next_line = HEARTBEAT;
    let status = loop {
        if let Some(status) = group.poll()? {
            break status;
        }
        check_interrupted().inspect_err(|_| group.end())?;
        if started.elapsed() > next_line {
            next_line = next_line.saturating_add(HEARTBEAT);
            let text = text.lock().unwrap_or_else(PoisonError::into_inner);
            let last: String =
                text.lines().last().unwrap_or_default().trim().chars().take(90).collect();
            say!("  … {title}, {}: {last}", seconds(started.elapsed()));
        }
        thread::sleep(POLL);
    };
    group.end();
    let output = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Finished { status, output, log: log.to_path_buf() })
}

/// What a quick program prints on its standard output.
///
/// # Errors
/// When it can't be started or fails.
pub(crate) fn capture(mut command: Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `12.3 s`.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A running program with everything that it started.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    reader: Option<JoinHandle<()>>,
}

impl Group {
    /// Starts a program; `each_line` gets what it and its children print, line by line.
    pub(crate) fn start(
        command: Command,
        each_line: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self> {
        Self::start_reading(command, Stdio::null(), each_line)
    }

    /// Starts a program that reads `stdin`.
    pub(crate) fn start_reading(
        mut command: Command,
        stdin: Stdio,
        mut each_line: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let (reader, writer) = io::pipe()?;
        command.stdin(stdin).stdout(writer.try_clone()?).stderr(writer).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot run {name}"))?;
        // The command still holds the pipe's writing end, without whose closing the reading never ends.
        drop(command);
        let reader = thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                each_line(String::from_utf8_lossy(&line).trim_end());
                line.clear();
            }
        });
        Ok(Self { child, reader: Some(reader) })
    }

    /// How the program itself ended, if it has.
    pub(crate) fn poll(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends what still runs: asks, waits, and then ends it by force. What was printed has been handed over afterwards.
    pub(crate) fn end(&mut self) {
        self.signal(Signal::SIGTERM);
        let asked = Instant::now();
        let interruptions_before = interruptions();
        while self.is_alive() {
            if asked.elapsed() > PATIENCE || interruptions() > interruptions_before {
                self.signal(Signal::SIGKILL);
                break;
            }
            thread::sleep(POLL);
        }
        // Reaps; the signal above has left nothing to wait long for.
        let _ = self.child.wait();
        // A program that left the group may hold the pipe open: what it prints is nobody's to wait for.
        let joined = Instant::now();
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished())
            && joined.elapsed() < PATIENCE
        {
            thread::sleep(POLL);
        }
        self.reader = None;
    }

    fn is_alive(&mut self) -> bool {
        // Reaps the leader first: as long as nobody does, the group counts as there.
        let _ = self.child.try_wait();
        killpg(self.id(), None).is_ok()
    }

    fn signal(&self, signal: Signal) {
        // Fails when there is nobody left, which is as well.
        let _ = killpg(self.id(), signal);
    }

    fn id(&self) -> Pid {
        // A process id is positive and far below the limit on every system.
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.end();
        }
    }
}

const POLL: Duration = Duration::from_millis(15);
const PATIENCE: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("keyguard-xtask-{}-{name}.log", std::process::id()))
    }

    #[test]
    fn both_outputs_are_kept_in_their_order() {
        let file = log("order");
        let finished =
            observe("order", shell("echo one; echo two >&2; echo three; exit 3"), &file).unwrap();
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(finished.output, "one\ntwo\nthree\n");
        assert_eq!(fs::read_to_string(&file).unwrap(), finished.output);
        assert_eq!(finished.tail(1), "    three\n");
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn what_cargo_compiles_is_left_out_of_the_tail() {
        let file = log("progress");
        let script = "echo '   Compiling keyguard v0.1.0'; echo 'error: Compiling is no fun'; echo Compiling";
        let finished = observe("progress", shell(script), &file).unwrap();
        assert_eq!(finished.tail(9), "    error: Compiling is no fun\n    Compiling\n");
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn failure_shows_the_end_of_the_output() {
        let file = log("failure");
        let error = run("failing", shell("echo the reason; exit 1"), &file).unwrap_err();
        assert!(error.to_string().contains("the reason"), "{error}");
        fs::remove_file(file).unwrap();
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run("x", Command::new("no-such-program-here"), &log("absent")).unwrap_err();
        assert!(format!("{error:#}").contains("no-such-program-here"), "{error:#}");
    }

    #[test]
    fn grandchildren_end_with_the_group() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut group = Group::start(shell("sleep 1000 & echo $!; wait"), move |line| {
            let _ = sender.send(line.to_owned());
        })
        .unwrap();
        let grandchild: i32 = receiver.recv().unwrap().parse().unwrap();
        group.end();
        // Whoever adopts it may take a moment to reap it.
        let gone = (0..500).any(|_| {
            thread::sleep(Duration::from_millis(10));
            // Dead, or dead and not yet reaped where that can be told.
            let stat = fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
            stat.contains(") Z ")
                || nix::sys::signal::kill(Pid::from_raw(grandchild), None).is_err()
        });
        assert!(gone);
    }

    #[test]
    fn a_program_that_ignores_the_request_is_ended_by_force() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let mut group = Group::start(
            shell("trap '' TERM; echo ready; while :; do sleep 1; done"),
            move |line| {
                let _ = sender.send(line.to_owned());
            },
        )
        .unwrap();
        receiver.recv().unwrap();
        group.end();
        assert!(group.poll().unwrap().is_some(), "the shell itself is gone and reaped");
    }
}
