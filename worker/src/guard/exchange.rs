//! One request and what is known of it.

use js_sys::JsString;
use keyguard::{Problem, RequestUrl};
use wasm_bindgen::JsThreadLocal;
use web_sys::Response;
use worker::Env;

use super::{
    log::{self, Subject},
    respond,
    runtime::{self, Call, Request},
    settings,
};

/// A request, with what is read of it for every verdict.
pub(crate) struct Exchange<'a> {
    pub(crate) request: &'a Request,
    pub(crate) env: &'a Env,
    pub(crate) call: &'a Call,
    pub(crate) method: String,
    pub(crate) origin: Option<String>,
    url: String,
    host: Option<String>,
}

impl<'a> Exchange<'a> {
    pub(crate) fn read(request: &'a Request, env: &'a Env, call: &'a Call) -> Self {
        let headers = request.headers();
        Self {
            request,
            env,
            call,
            method: request.method(),
            origin: runtime::header(&headers, &runtime::ORIGIN),
            url: request.url(),
            host: runtime::header(&headers, &runtime::HOST),
        }
    }

    /// The request's URL in parts, if it is one.
    pub(crate) fn url(&self) -> Option<RequestUrl<'_>> {
        RequestUrl::cut(&self.url, self.host.as_deref())
    }

    pub(crate) fn header(&self, name: &'static JsThreadLocal<JsString>) -> Option<String> {
        runtime::header(&self.request.headers(), name)
    }

    /// Logs a refusal and answers with it.
    pub(crate) fn refuse(&self, problem: &Problem, subject: &Subject) -> Response {
        log::refused(self, problem, subject);
        let cors = settings::policy(self.env).ok().and_then(|policy| policy.cors());
        respond::refuse(self, problem, cors)
    }
}
