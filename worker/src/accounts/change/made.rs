//! What changes answer with.

use serde::Serialize;

use super::super::{
    import::Batch,
    view::{ShownAccount, ShownKey},
};

/// What a change answers with.
pub(super) trait Made: Serialize {
    /// Takes the texts of keys out: they are shown once, and stored nowhere.
    fn hide(&mut self) {}

    /// Says that nothing of it was kept.
    fn say_dry_run(&mut self);
}

impl Made for ShownKey {
    fn hide(&mut self) {
        self.key = None;
    }

    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

impl Made for Batch {
    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

/// A new account and its keys.
#[derive(Serialize)]
pub(super) struct Created {
    pub(super) account: Option<ShownAccount>,
    pub(super) keys: Vec<ShownKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dry_run: Option<bool>,
}

impl Made for Created {
    fn hide(&mut self) {
        self.keys.iter_mut().for_each(Made::hide);
    }

    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}

/// How many entries are on their way again.
#[derive(Serialize)]
pub(super) struct Projected {
    pub(super) queued: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dry_run: Option<bool>,
}

impl Made for Projected {
    fn say_dry_run(&mut self) {
        self.dry_run = Some(true);
    }
}
