//! Who may use the admin API: the deployment's secret, read once per isolate.

use std::cell::OnceCell;

use js_sys::Reflect;
use keyguard::{AdminCredential, AdminCredentials, AdminDenial, BearerToken, Fault, Problem};
use wasm_bindgen::JsValue;
use worker::{Env, console_error};

/// The name of the credential that a request brings.
///
/// Without the secret there is no admin API. With one that can't be read nobody is let in, and the log says so once.
pub(crate) fn authenticate(
    env: &Env,
    authorization: Option<&str>,
) -> Result<&'static str, Problem> {
    let accepted = CREDENTIALS.with(|credentials| {
        *credentials.get_or_init(|| {
            let value = Reflect::get(env, &JsValue::from_str(SECRET)).unwrap_or_default();
            if value.is_undefined() {
                return Ok(None);
            }
            let text = value.as_string().unwrap_or_default();
            match AdminCredentials::parse(&text) {
                // Lives as long as the isolate, and so does every name in it.
                Ok(credentials) => Ok(Some(&*Box::leak(Box::new(credentials)))),
                Err(error) => {
                    let reason = error.to_string();
                    let line = serde_json::json!({ "event": "misconfigured", "field": SECRET, "reason": reason });
                    console_error!("{line}");
                    Err(Fault::Misconfigured)
                }
            }
        })
    })?;
    let accepted = accepted.ok_or(AdminDenial::NotFound)?;
    let token = BearerToken::from_authorization(authorization).ok();
    let credential = token.and_then(|token| AdminCredential::parse(token.as_str()));
    let name = credential.and_then(|credential| accepted.name(credential));
    Ok(name.ok_or(AdminDenial::Unauthorized)?)
}

const SECRET: &str = "ADMIN_CREDENTIALS";

thread_local! {
    static CREDENTIALS: OnceCell<Result<Option<&'static AdminCredentials>, Fault>> = const { OnceCell::new() };
}
