//! One request and what is known of it.

use keyguard::{Problem, RequestUrl};
use web_sys::Response;

use super::runtime::{Env, millis};
use super::{facts::Facts, log::Subject, refusals, settings, usage};
use crate::runtime::{Call, Request, now_ms};

/// A request, with what is read of it for every verdict.
pub(crate) struct Exchange<'a> {
    pub(crate) request: &'a Request,
    pub(crate) env: &'a Env,
    pub(crate) call: &'a Call,
    pub(crate) facts: Facts<'a>,
    /// The clock, in milliseconds. It stands still while no I/O is done.
    pub(crate) now: u64,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        request: &'a Request,
        env: &'a Env,
        call: &'a Call,
        facts: Facts<'a>,
    ) -> Self {
        Self { request, env, call, facts, now: millis(now_ms()) }
    }

    /// The request's URL in parts, if it is one.
    pub(crate) fn url(&self) -> Option<RequestUrl<'a>> {
        RequestUrl::cut(self.facts.url, self.facts.host)
    }

    /// How long it took from the request to here.
    pub(crate) fn duration_ms(&self) -> u64 {
        self.now.saturating_sub(millis(self.call.started()))
    }

    /// When what the store answered was asked, in milliseconds.
    pub(crate) fn asked_at(&self) -> u64 {
        millis(self.call.asked_at())
    }

    /// Logs a refusal and answers with it.
    pub(crate) fn refuse(&self, problem: &Problem, subject: &Subject) -> Response {
        let settings = settings::settings(self.env).ok();
        if settings.is_some_and(|settings| settings.has_usage) {
            usage::refused(self, problem, subject);
        }
        let cors = settings.and_then(|settings| settings.policy.cors());
        refusals::answer(self, problem, cors, subject)
    }
}
