//! What the API's answer means.

use std::fmt;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::Reply;
use crate::failure::{Failure, Problem};

/// The API did it. May hold a new key.
pub(crate) struct Answer {
    text: Zeroizing<String>,
    is_replayed: bool,
}

impl Answer {
    /// The JSON, as it came.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the API did it at an earlier attempt, and says so once more.
    pub(crate) fn is_replayed(&self) -> bool {
        self.is_replayed
    }

    /// The JSON, read.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|error| {
            // The position alone: the message could quote a key.
            Failure::Unreachable(format!(
                "the API answered what this keyguard can't read (column {}): are both of the same version?",
                error.column()
            ))
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("is_replayed", &self.is_replayed).finish_non_exhaustive()
    }
}

/// Tells an answer from a refusal, and both from what is no word of the API's.
pub(super) fn judge(reply: Reply, url: &str) -> Result<Answer, Failure> {
    let content_type = reply.header("content-type").unwrap_or_default();
    let is_json = content_type.starts_with("application/json");
    match reply.status {
        200..=299 if is_json => Ok(Answer {
            is_replayed: reply.header("idempotent-replayed") == Some("true"),
            text: reply.body,
        }),
        300..=399 => Err(Failure::Unreachable(format!(
            "{url} answers with a redirect to {}. It was not followed, since the credential would go with it: write \
             the right address into the configuration",
            reply.header("location").unwrap_or("nowhere"),
        ))),
        status => match serde_json::from_str::<Problem>(&reply.body) {
            Ok(mut problem) if status >= 400 => {
                problem.status = status;
                if let Some(id) = reply.header("keyguard-request-id") {
                    id.clone_into(&mut problem.request_id);
                }
                let problem = Box::new(problem);
                Err(if status >= 500 { Failure::Fault(problem) } else { Failure::Refused(problem) })
            }
            _ => Err(Failure::Unreachable(format!(
                "{url} answered {status} with something that isn't keyguard's: is the address right, and does its route \
                 lead to the Worker?"
            ))),
        },
    }
}
