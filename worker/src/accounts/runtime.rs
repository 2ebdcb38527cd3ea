//! The runtime's own objects, as far as the write side uses them.

use js_sys::Object;
use keyguard::UnixTime;
use wasm_bindgen::prelude::*;
use web_sys::Response;

#[wasm_bindgen]
extern "C" {
    /// A Durable Object's database.
    #[wasm_bindgen(extends = Object)]
    pub type SqlStorage;
}

#[wasm_bindgen(module = "/src/accounts/runtime.js")]
extern "C" {
    /// Runs one or more statements; the last one's rows as a JSON list of objects. `values` is a JSON list.
    #[wasm_bindgen(catch)]
    pub(crate) fn query(sql: &SqlStorage, text: &str, values: &str) -> Result<String, JsValue>;

    /// Bytes of the platform's cryptographic random source.
    pub(crate) fn random(length: u32) -> Vec<u8>;

    /// A response; `headers` is a JSON object.
    pub(crate) fn answer(status: u16, body: &str, headers: &str) -> Response;
}

/// 256 bits of the platform's cryptographic random source.
pub(crate) fn entropy() -> [u8; 32] {
    let mut entropy = [0; 32];
    for (to, from) in entropy.iter_mut().zip(random(32)) {
        *to = from;
    }
    entropy
}

/// A time as RFC 3339 has it.
pub(crate) fn iso_date(at: UnixTime) -> String {
    #[expect(clippy::cast_precision_loss, reason = "exact for any date that has a name")]
    let date = js_sys::Date::new(&JsValue::from_f64(at.0 as f64 * 1000.0));
    date.to_iso_string().into()
}

/// A text of 20 random base62 digits, about 119 bits, after a prefix.
pub(crate) fn random_id(prefix: &str) -> String {
    // The key grammar's own digits, of which an id takes the first random ones.
    let text =
        keyguard::IssuedKey::issue(keyguard::Kind::Publishable, keyguard::Mode::Live, &entropy())
            .into_text();
    let digits: String = text.chars().skip("pk_".len()).take(ID_DIGITS).collect();
    format!("{prefix}{digits}")
}

const ID_DIGITS: usize = 20;
