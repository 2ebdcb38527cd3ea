//! What this isolate remembers of the store: the core's memory, filled with records and their identity.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use keyguard::{Fault, KeyDigest, KeyRecord, Memory, Policy, memory::Recall};
use wasm_bindgen::JsValue;

use super::runtime::Identity;

/// A record, and its identity as the upstream gets it: made by the first request that is sent, so that others take no string across.
pub(crate) struct Remembered {
    pub(crate) record: KeyRecord,
    pub(crate) identity: OnceCell<Identity>,
    /// What the identity's last line in the log says.
    logged: RefCell<Option<Logged>>,
}

/// All that a line says of an allowed request beside the key and the request's id.
struct Logged {
    method: String,
    route: Option<String>,
    reported: Option<&'static str>,
    duration_ms: u64,
}

impl Remembered {
    fn of(record: KeyRecord) -> Self {
        Self { identity: OnceCell::new(), record, logged: RefCell::new(None) }
    }

    /// Takes in what the line of an allowed request says, and whether that is something else than the last time.
    pub(crate) fn is_news(
        &self,
        method: &str,
        route: Option<&str>,
        reported: Option<&'static str>,
        duration_ms: u64,
    ) -> bool {
        let mut last = self.logged.borrow_mut();
        let is_known = last.as_ref().is_some_and(|last| {
            last.method == method
                && last.route.as_deref() == route
                && last.reported == reported
                && last.duration_ms == duration_ms
        });
        if !is_known {
            let (method, route) = (method.to_owned(), route.map(str::to_owned));
            *last = Some(Logged { method, route, reported, duration_ms });
        }
        !is_known
    }
}

/// What the store has of a key, as far as it is known.
pub(crate) enum Found {
    /// A record, or that there is none.
    Known(Option<Rc<Remembered>>),
    /// The store has to be asked.
    AskStore,
}

/// Looks into memory.
pub(crate) fn recall(digest: &KeyDigest, policy: &Policy, now: u64) -> Found {
    with(policy, |memory| match memory.recall(digest, now) {
        Recall::Known(remembered) => Found::Known(Some(remembered)),
        Recall::Unknown => Found::Known(None),
        Recall::Nothing => Found::AskStore,
    })
}

/// Takes the store's answer in. Neither a failure nor an unreadable record says anything about the key, and neither
/// is remembered.
pub(crate) fn keep(
    digest: &KeyDigest,
    stored: &JsValue,
    policy: &Policy,
    (asked_at, now): (u64, u64),
) -> Result<Option<Rc<Remembered>>, Fault> {
    if stored.is_null() {
        with(policy, |memory| memory.keep(*digest, None, asked_at, now));
        return Ok(None);
    }
    let text = stored.as_string().ok_or(Fault::StoreUnavailable)?;
    let record = KeyRecord::from_json(&text).map_err(|_| Fault::StoreUnavailable)?;
    let remembered = Rc::new(Remembered::of(record));
    let found = Some((Rc::clone(&remembered), weight(text.len())));
    with(policy, |memory| memory.keep(*digest, found, asked_at, now));
    Ok(Some(remembered))
}

/// Whether a key is known to have been there.
pub(crate) fn has_seen(digest: &KeyDigest, policy: &Policy) -> bool {
    with(policy, |memory| memory.has_seen(digest))
}

/// Whether this is a key's first use in a period of which its account is told.
pub(crate) fn is_first_use(digest: &KeyDigest, policy: &Policy, now: u64) -> bool {
    let period = policy.last_used().period_ms();
    period.is_some_and(|period| with(policy, |memory| memory.is_first_use(digest, now, period)))
}

/// Whether this is the first incident with a key in this minute.
pub(crate) fn is_first_report(
    digest: &KeyDigest,
    is_certain: bool,
    policy: &Policy,
    now: u64,
) -> bool {
    with(policy, |memory| memory.is_first_report(digest, is_certain, now))
}

/// Remembers a record that the store is still to get: for as long as its account may be told of it, and as it may take there then.
pub(crate) fn pin(digest: &KeyDigest, record: KeyRecord, policy: &Policy, now: u64) {
    let bytes = weight(record.to_json().len());
    let until = now.saturating_add(REPORTED_FOR_MS).saturating_add(bound(policy));
    let remembered = Rc::new(Remembered::of(record));
    with(policy, |memory| memory.pin(*digest, (remembered, bytes), now, until));
}

/// Takes in that a key's account was told what is pinned: the store has it within the bound.
pub(crate) fn unpin(digest: &KeyDigest, policy: &Policy, now: u64) {
    let until = now.saturating_add(bound(policy));
    with(policy, |memory| memory.unpin(digest, now, until));
}

fn bound(policy: &Policy) -> u64 {
    milliseconds(policy.revocation_bound().total())
}

/// For how long a report is tried (reports.mjs).
const REPORTED_FOR_MS: u64 = 60 * 60_000;

/// About what a record of this length takes in bytes: its strings twice, as a record and as an identity, and the last line in the log
/// on both sides.
fn weight(length: usize) -> usize {
    const LINE: usize = 640;
    length.saturating_mul(2).saturating_add(LINE)
}

fn milliseconds(seconds: u32) -> u64 {
    u64::from(seconds).saturating_mul(1000)
}

fn with<R>(policy: &Policy, act: impl FnOnce(&mut Memory<Remembered>) -> R) -> R {
    MEMORY.with_borrow_mut(|memory| {
        let (ttl, unknown_ttl) = (policy.memory_ttl(), policy.memory_ttl_unknown());
        act(memory.get_or_insert_with(|| Memory::new(milliseconds(ttl), milliseconds(unknown_ttl))))
    })
}

thread_local! {
    static MEMORY: RefCell<Option<Memory<Remembered>>> = const { RefCell::new(None) };
}
