//! The classes of the npm package: values in from JavaScript, the core's rules, values out.
//!
//! Nothing here decides: [`page`](crate::page) does. What this adds is that each value is read from a
//! JavaScript object once, into a snapshot that is checked and then sent. A getter or a proxy is never asked
//! twice, so it can't show one thing to the check and another to the request.

mod error;
mod values;

use alloc::string::String;

use wasm_bindgen::prelude::*;

use crate::{
    key::PublishableKey,
    page::{
        BaseUrl, InitRule, KeyRules, OptionRule, PINNED, PathRule, Refusal, check_body,
        check_header, check_method,
    },
};
use error::Failure;
use values::{Request, Snapshot};

/// A publishable key, and the one place that it may be sent to.
#[wasm_bindgen]
#[derive(Debug)]
pub struct KeyGuard {
    key: PublishableKey,
    base: BaseUrl,
}

#[wasm_bindgen]
impl KeyGuard {
    /// Takes a key, if it is a publishable one.
    ///
    /// # Errors
    /// A `KeyGuardError`.
    pub fn load(key: &JsValue, options: &JsValue) -> Result<KeyGuard, JsValue> {
        Ok(Self::loaded(key, options)?)
    }

    /// `test` or `live`.
    #[wasm_bindgen(getter)]
    pub fn mode(&self) -> JsValue {
        self.key.mode().as_str().into()
    }

    /// Makes a request that carries the key, to this path under the base URL.
    ///
    /// # Errors
    /// A `KeyGuardError`.
    pub fn request(&self, path: &JsValue, init: &JsValue) -> Result<Request, JsValue> {
        Ok(self.guarded(path, init)?)
    }
}

impl KeyGuard {
    fn loaded(key: &JsValue, options: &JsValue) -> Result<Self, Failure> {
        let key = key.as_string().ok_or(Refusal::NotAString)?;
        // Ahead of the options: whoever gives a secret key away has to hear of that first.
        KeyRules::refuse_secret(&key)?;
        let option = |name, rule| {
            values::own(options, name).map_err(Failure::caused_by(Refusal::InvalidOptions(rule)))
        };
        let href = values::href(&option("baseUrl", OptionRule::NoObject)?)
            .map_err(Failure::caused_by(Refusal::InvalidOptions(OptionRule::BaseUrl)))?;
        let base = BaseUrl::parse(&href)?;
        let mode = option("mode", OptionRule::Mode)?;
        let foreign = option("acceptForeignKeys", OptionRule::AcceptForeignKeys)?;
        let rules = KeyRules {
            mode: if mode.is_undefined() {
                None
            } else {
                Some(KeyRules::mode(mode.as_string().as_deref())?)
            },
            accepts_foreign_keys: match foreign.as_bool() {
                None if !foreign.is_undefined() => {
                    return Err(Refusal::InvalidOptions(OptionRule::AcceptForeignKeys).into());
                }
                value => value.unwrap_or_default(),
            },
        };
        Ok(Self { key: rules.accept(&key)?, base })
    }

    fn guarded(&self, path: &JsValue, init: &JsValue) -> Result<Request, Failure> {
        let path = path.as_string().ok_or(Refusal::InvalidPath(PathRule::NotAString))?;
        let url = self.base.join(&path)?;
        let snapshot = checked_snapshot(init)?;
        let mut authorization = String::from("Bearer ");
        authorization.push_str(self.key.as_str());
        let request = values::build(&url, &snapshot, &authorization).map_err(Failure::rejected())?;
        self.verify(&request, &snapshot, &authorization)?;
        Ok(request)
    }

    /// The browser has parsed the URL in its own way by now, and dropped what it doesn't allow: so the finished
    /// request is asked whether it is the one that was checked.
    fn verify(
        &self,
        request: &Request,
        snapshot: &Snapshot,
        authorization: &str,
    ) -> Result<(), Refusal> {
        self.base.verify(&values::text(request, "url").unwrap_or_default())?;
        let is_kept = values::header(request, "authorization").as_deref() == Some(authorization)
            && PINNED.iter().filter(|pinned| pinned.is_readable).all(|pinned| {
                values::text(request, pinned.name) == values::text(snapshot, pinned.name)
            });
        if is_kept { Ok(()) } else { Err(Refusal::UnverifiedRequest) }
    }
}

/// A copy of what goes along with the key, checked, with the members set that are the guard's to set.
fn checked_snapshot(init: &JsValue) -> Result<Snapshot, Failure> {
    if !(init.is_object() || init.is_undefined()) {
        return Err(Refusal::InvalidInit(InitRule::Rejected).into());
    }
    let snapshot = values::snapshot(init).map_err(Failure::rejected())?;
    for pinned in &PINNED {
        let value = pinned.accept(values::text(&snapshot, pinned.name).as_deref())?;
        values::set(&snapshot, pinned.name, value);
    }
    check_method(&values::text(&snapshot, "method").unwrap_or_default())?;
    let headers = values::headers(&snapshot);
    let mut lines = headers.as_bytes().split(|byte| *byte == b'\n');
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        check_header(name, value)?;
    }
    check_body(&values::body(&snapshot).ok_or(Refusal::UnreadableBody)?)?;
    Ok(snapshot)
}

/// Says on the console what a panic said, in development builds.
#[cfg(feature = "panic-hook")]
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
