//! Trying again where it can help: a lost connection, and a server that says "later".

use std::{io::ErrorKind, thread, time::Duration};

use ureq::{Error, Timeout};

use super::Reply;

/// Attempts until there is an answer that trying again won't better.
pub(super) fn until_answered(attempt: impl Fn() -> Result<Reply, Error>) -> Result<Reply, Error> {
    let mut backoff = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        let result = attempt();
        let Some(least) = pause(&result) else { return result };
        thread::sleep(least.max(backoff.saturating_add(jitter(backoff))));
        backoff = backoff.saturating_mul(2);
    }
    attempt()
}

/// How long to wait at least before another attempt; none if there is no use in one.
fn pause(result: &Result<Reply, Error>) -> Option<Duration> {
    match result {
        Ok(reply) if matches!(reply.status, 429 | 503) => {
            let asked = reply.header("retry-after").map_or(Some(0), |value| value.parse().ok())?;
            let asked = Duration::from_secs(asked);
            (asked <= LONGEST_PAUSE).then_some(asked)
        }
        // The gateway's, not the API's: whether the API acted is not known.
        Ok(reply) if matches!(reply.status, 502 | 504) => Some(Duration::ZERO),
        // A certificate that isn't trusted won't be the next time.
        Err(Error::Io(error)) if error.kind() == ErrorKind::InvalidData => None,
        Err(Error::Io(_) | Error::Timeout(_) | Error::ConnectionFailed | Error::Protocol(_)) => {
            Some(Duration::ZERO)
        }
        Ok(_) | Err(_) => None,
    }
}

/// Whether the API may have done what an attempt asked for. It hasn't where there was no connection, nor where it refused.
pub(super) fn may_be_done(result: &Result<Reply, Error>) -> bool {
    match result {
        Ok(reply) => !(300..500).contains(&reply.status),
        Err(Error::Io(error)) => {
            !matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::InvalidData)
        }
        Err(
            Error::HostNotFound
            | Error::ConnectionFailed
            | Error::Timeout(Timeout::Resolve | Timeout::Connect),
        ) => false,
        Err(_) => true,
    }
}

/// Up to as much again, so that clients that failed together don't come back together.
fn jitter(pause: Duration) -> Duration {
    let share = getrandom::u32().map_or(0, |random| random % 1_000);
    pause.saturating_mul(share).checked_div(1_000).unwrap_or_default()
}

const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Longer than a person waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
