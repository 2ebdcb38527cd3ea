//! What this isolate remembers of the store: the core's memory, filled with records and their identity.

use std::{cell::RefCell, rc::Rc};

use keyguard::{Fault, KeyDigest, KeyRecord, Memory, Policy, memory::Recall};
use wasm_bindgen::JsValue;

use super::runtime::{self, Identity};

/// A record, and its identity as the upstream gets it: made once, so that a request takes no string across.
pub(crate) struct Remembered {
    pub(crate) record: KeyRecord,
    pub(crate) identity: Identity,
}

impl Remembered {
    fn of(record: KeyRecord) -> Self {
        let (kind, mode) = (record.kind.as_str(), record.mode.as_str());
        let identity = runtime::identity(&record.account, &record.id, kind, mode);
        Self { record, identity }
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
    // Twice the text's length is about what its strings take as a record and as an identity.
    let found = Some((Rc::clone(&remembered), text.len().saturating_mul(2)));
    with(policy, |memory| memory.keep(*digest, found, asked_at, now));
    Ok(Some(remembered))
}

fn with<R>(policy: &Policy, act: impl FnOnce(&mut Memory<Remembered>) -> R) -> R {
    MEMORY.with_borrow_mut(|memory| {
        let (ttl, unknown_ttl) = (policy.memory_ttl(), policy.memory_ttl_unknown());
        let milliseconds = |seconds: u32| u64::from(seconds).saturating_mul(1000);
        act(memory.get_or_insert_with(|| Memory::new(milliseconds(ttl), milliseconds(unknown_ttl))))
    })
}

thread_local! {
    static MEMORY: RefCell<Option<Memory<Remembered>>> = const { RefCell::new(None) };
}
