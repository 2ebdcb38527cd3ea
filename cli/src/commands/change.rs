//! What every change has in common: the answer's new keys, and whether the edge's store has it yet.

use std::{
    thread,
    time::{Duration, Instant},
};

use keyguard::ApiKey;
use serde::Deserialize;

use crate::{
    client::{Answer, Client},
    failure::Failure,
    model::Key,
    options::Change,
    output,
};

/// Says what a change of a key came to, waits until the edge's store has it, and shows the key.
pub(super) fn finish(
    client: &Client,
    answer: &Answer,
    change: Change,
    is_json: bool,
    done: &str,
) -> Result<(), Failure> {
    let key: Key = answer.parse()?;
    let printed = if is_json { output::line(&output::plain_json(answer.text())) } else { Ok(()) };
    if change.dry_run {
        said_dry(&format!("{} {done}", key.id));
        return printed;
    }
    settle(client, &key, change, done);
    let printed = if is_json {
        printed
    } else {
        let has_waited = key.projection.pending && !change.no_wait;
        let now =
            has_waited.then(|| client.read(&path(&key)).and_then(|answer| answer.parse::<Key>()));
        // As it is now, or else as the answer had it.
        now.and_then(Result::ok).as_ref().unwrap_or(&key).print()
    };
    let show = || format!("keyguard key show {} {}", key.account, key.id);
    printed.map_err(|failure| unshown(failure, &show()))
}

/// Prints a new key, once: its text alone on standard output, so that a script can take it.
pub(super) fn finish_new(
    client: &Client,
    answer: &Answer,
    change: Change,
    is_json: bool,
    done: &str,
) -> Result<(), Failure> {
    let key: Key = answer.parse()?;
    let Some(text) = &key.text else {
        let finished = finish(client, answer, change, is_json, done);
        return if change.dry_run { finished } else { Err(lost(no_text(answer), &[&key])) };
    };
    if !is_key(text) {
        settle(client, &key, change, done);
        return Err(lost(NO_KEY, &[&key]));
    }
    let printed =
        if is_json { output::line(&output::plain_json(answer.text())) } else { output::line(text) };
    if printed.is_ok() {
        output::note(&format!(
            "A {} {} key of {}, version {}. It is shown once, here, and is stored nowhere: keep it now.",
            output::plain(&key.kind),
            output::plain(&key.mode),
            output::plain(&key.account),
            key.version.unwrap_or(1),
        ));
    }
    settle(client, &key, change, done);
    printed.map_err(|failure| unseen(&failure, &[&key]))
}

/// Waits until the edge's store has a key's change.
fn settle(client: &Client, key: &Key, change: Change, done: &str) {
    output::note(&format!("{} {done}.", output::plain(&key.id)));
    if key.projection.pending {
        wait(client, &path(key), change);
    } else {
        output::note(WRITTEN);
    }
}

fn path(key: &Key) -> String {
    format!("/accounts/{}/keys/{}", key.account, key.id)
}

/// The failure of a change that was done, of whose keys nobody has the texts.
pub(super) fn lost(why: &str, keys: &[&Key]) -> Failure {
    let advice: Vec<_> = keys
        .iter()
        .map(|key| {
            // A text in its grace goes with it, or the rotation would be refused.
            let more = if key.is_retiring() { " --end-grace" } else { "" };
            format!("`keyguard key rotate {} {} --grace 0{more}`", key.account, key.id)
        })
        .collect();
    Failure::Wrong(format!("done, but {why}. For a text that you can see: {}", advice.join(", ")))
}

/// Why there is no text in an answer.
pub(super) fn no_text(answer: &Answer) -> &'static str {
    if answer.is_replayed() {
        "an earlier attempt did it and its answer, the only one with the key's text, was lost on the way"
    } else {
        "the answer holds no key's text"
    }
}

/// Whether a text is a key. What is none could be anything, and would reach a terminal as it came.
pub(super) fn is_key(text: &str) -> bool {
    ApiKey::parse(text).is_ok()
}

/// The failure of printing new keys: they work, and are stored nowhere.
pub(super) fn unseen(failure: &Failure, keys: &[&Key]) -> Failure {
    lost(&format!("standard output failed ({failure}), and nobody has the new key's text"), keys)
}

/// The failure of printing what a change came to. Whoever closes the output, as `head` does, has seen enough of it.
pub(super) fn unshown(failure: Failure, show: &str) -> Failure {
    match failure {
        Failure::Closed => Failure::Closed,
        failure => Failure::Wrong(format!(
            "done, but standard output failed ({failure}). `{show}` shows what it came to"
        )),
    }
}

/// Says that nothing was changed.
pub(super) fn said_dry(what: &str) {
    output::note(&format!(
        "Dry run: all checks passed and nothing was changed. It would be: {}.",
        output::plain(what)
    ));
}

/// Waits until the edge's store has an account's or a key's changes, and says whether it does.
pub(super) fn wait(client: &Client, path: &str, change: Change) {
    let is_written = !change.no_wait && is_written_soon(client, path);
    output::note(if is_written {
        WRITTEN
    } else {
        "Kept, and not yet in the edge's store: it gets there by itself, and is tried again until it does. \
         `account show` and `key show` tell when."
    });
}

fn is_written_soon(client: &Client, path: &str) -> bool {
    let end = Instant::now().checked_add(LONGEST_WAIT);
    loop {
        match client.read(path).and_then(|answer| answer.parse::<Projected>()) {
            Ok(Projected {
                projection: Projection { pending: Pending::Count(0) | Pending::Flag(false) },
            }) => {
                return true;
            }
            Ok(_) if end.is_some_and(|end| Instant::now() < end) => thread::sleep(BETWEEN_LOOKS),
            // The change itself is done: not to know this is no failure of it.
            Ok(_) | Err(_) => return false,
        }
    }
}

#[derive(Deserialize)]
struct Projected {
    projection: Projection,
}

#[derive(Deserialize)]
struct Projection {
    pending: Pending,
}

/// An account counts its changes, a key has one or none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Pending {
    Flag(bool),
    Count(u64),
}

/// Why a text is not shown.
pub(super) const NO_KEY: &str = "what came as the key's text is no key, and is not shown";

/// What is promised of the edge's locations: the policy's `store_cache_ttl` and the store's own propagation.
pub(super) const WRITTEN: &str = "Written to the edge's store. Locations may go on with what they have for the policy's \
                                  store_cache_ttl and the store's propagation: about 2 minutes.";

const LONGEST_WAIT: Duration = Duration::from_secs(5);
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
