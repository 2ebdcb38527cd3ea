//! What is staged in git: the content that a commit would have, not the one in the work tree.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
};

use keyguard::scan::file::Scanner;

use super::{Outcome, files::Looker};
use crate::failure::Failure;

/// Looks at every file that is staged as new or changed.
pub(super) fn scan(scanner: &Scanner) -> Result<Outcome, Failure> {
    let blobs = blobs()?;
    let mut looker = Looker::new(scanner.clone());
    let mut git = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| no_git(&error))?;
    let (Some(mut ask), Some(answers)) = (git.stdin.take(), git.stdout.take()) else {
        return Err(Failure::usage("git can't be talked to"));
    };
    let mut answers = BufReader::new(answers);
    for (object, path) in &blobs {
        writeln!(ask, "{object}").and_then(|()| ask.flush())?;
        let mut head = String::new();
        answers.read_line(&mut head)?;
        let size = head
            .strip_prefix(object)
            .and_then(|rest| rest.trim().strip_prefix("blob "))
            .and_then(|size| size.parse::<u64>().ok())
            .ok_or_else(|| Failure::usage(format!("git has no content for {path}")))?;
        // Its content, and the line end that git puts after it.
        let mut content = (&mut answers).take(size.saturating_add(1));
        let mut file = (&mut content).take(size);
        looker.look(&mut file, path);
        std::io::copy(&mut content, &mut std::io::sink())?;
    }
    drop(ask);
    git.wait()?;
    Ok(looker.outcome)
}

/// The objects that are staged, with their paths.
fn blobs() -> Result<Vec<(String, String)>, Failure> {
    let git = Command::new("git")
        .args([
            "diff",
            "--cached",
            "--raw",
            "--no-renames",
            "--no-abbrev",
            "--diff-filter=AM",
            "-z",
        ])
        .output()
        .map_err(|error| no_git(&error))?;
    if !git.status.success() {
        let why = String::from_utf8_lossy(&git.stderr);
        return Err(Failure::usage(format!("git can't say what is staged: {}", why.trim())));
    }
    let text = String::from_utf8_lossy(&git.stdout);
    let mut parts = text.split('\0');
    let mut blobs = Vec::new();
    // `:100644 100644 <old> <new> M`, then the path.
    while let (Some(entry), Some(path)) = (parts.next(), parts.next()) {
        let fields: Vec<&str> = entry.split(' ').collect();
        if let [_, mode, _, object, _] = fields.as_slice()
            && mode.starts_with("100")
        {
            blobs.push(((*object).to_owned(), path.to_owned()));
        }
    }
    Ok(blobs)
}

fn no_git(error: &std::io::Error) -> Failure {
    Failure::usage(format!("--staged needs git: {error}"))
}
