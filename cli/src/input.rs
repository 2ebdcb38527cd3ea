//! What people type and programs pipe in.

use std::io::{BufRead as _, IsTerminal as _, Read as _, stderr, stdin};

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads a text that must not be seen: from a pipe all of it, from a terminal a line that isn't shown.
pub(crate) fn secret_text(what: &str) -> Result<Zeroizing<String>, Failure> {
    if stdin().is_terminal() {
        let text = rpassword::prompt_password(format!("{what} (not shown): "));
        return text.map(Zeroizing::new).map_err(Failure::from);
    }
    // Room for all of it at once: a buffer that grows leaves copies behind unwiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TEXT.saturating_add(1)));
    let limit = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX).saturating_add(1);
    stdin().lock().take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_TEXT {
        return Err(Failure::usage("that is too much text for a key"));
    }
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// The text without the line end that `echo` and files put after it.
pub(crate) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Has a person type an id before what can't be undone. `given` is what a script says in that place.
pub(crate) fn confirm(question: &str, id: &str, given: Option<&str>) -> Result<(), Failure> {
    if let Some(given) = given {
        return if given == id {
            Ok(())
        } else {
            Err(Failure::NotConfirmed(format!(
                "not done: --yes names another key than {id}. Nothing was changed."
            )))
        };
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::Usage(format!(
            "not done: {question} Say so with `--yes {id}`, since there is no terminal to ask at."
        )));
    }
    // It names what the API answered.
    crate::output::note(&crate::output::plain(question));
    eprint!("Type the key's id to go on: ");
    let mut line = String::new();
    stdin().lock().take(1024).read_line(&mut line)?;
    if line.trim() == id {
        Ok(())
    } else {
        Err(Failure::NotConfirmed("not done: that was another id. Nothing was changed.".to_owned()))
    }
}

/// No key is longer, however it is wrapped.
const MAX_TEXT: usize = 64 * 1024;
