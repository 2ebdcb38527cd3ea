//! The write side's races, model-checked: two operators, an outbox whose puts fail, arrive late or die with their instance, a
//! restart, and an edge that reads through its caches. Every order of events is tried, up to a few changes and faults.
//!
//! The key's life is the core's own. The outbox is written after worker/src/accounts/outbox.rs, and a test fails when that
//! changes, so that the two are compared again. That the model can fail is shown by mutants, each of which leaves one of its
//! precautions out.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

#[path = "model/outbox.rs"]
mod outbox;
#[path = "model/state.rs"]
mod state;
#[path = "model/world.rs"]
mod world;

use keyguard::KeyDigest;
use stateright::{Checker as _, HasDiscoveries, Model as _};
use world::{BOUNDED, NEVER_LOST, SAME, World};

/// A precaution that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A name is let go of after the first put that succeeds.
    NoRepair,
    /// The last put may begin while another could still arrive.
    RepairTooEarly,
    /// An instance that starts doesn't doubt the puts of the one before.
    RestartForgets,
    /// A put that succeeds lets go of a newer value, too.
    AnyGeneration,
    /// An isolate counts from when the answer came, and not from when it asked.
    AgeOfTheAnswer,
}

/// The write side alone, with more changes and faults.
const WRITING: World = World { mutant: None, changes: 1, faults: 2, end: 3, has_reader: false };
/// With an edge that reads, for longer. The change beside the revocation is one that brings the older value once more.
const READING: World = World { mutant: None, changes: 1, faults: 1, end: 5, has_reader: true };

fn holds(world: World) {
    let checker = world.checker().threads(2).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn an_acknowledged_revocation_is_never_lost() {
    // `KEYGUARD_MODEL_CHANGES=2` is four million states, and a minute.
    let changes = std::env::var("KEYGUARD_MODEL_CHANGES").ok().and_then(|text| text.parse().ok());
    holds(World { changes: changes.unwrap_or(WRITING.changes), ..WRITING });
}

#[test]
fn no_allow_after_the_stated_bound() {
    holds(READING);
}

#[test]
fn each_precaution_is_needed() {
    for (mutant, world, broken) in [
        (Mutant::NoRepair, WRITING, [NEVER_LOST, SAME].as_slice()),
        (Mutant::NoRepair, READING, &[BOUNDED]),
        (Mutant::RepairTooEarly, WRITING, &[NEVER_LOST]),
        (Mutant::RestartForgets, WRITING, &[NEVER_LOST]),
        (Mutant::AnyGeneration, WRITING, &[NEVER_LOST]),
        (Mutant::AgeOfTheAnswer, READING, &[BOUNDED]),
    ] {
        let until = HasDiscoveries::AllOf(broken.iter().copied().collect());
        let world = World { mutant: Some(mutant), ..world };
        let checker = world.checker().finish_when(until).spawn_bfs().join();
        for property in broken {
            assert!(checker.discovery(property).is_some(), "{mutant:?} breaks `{property}`");
        }
    }
}

#[test]
fn the_model_was_written_after_this_outbox() {
    let source = include_str!("../worker/src/accounts/outbox.rs");
    let code: String = source
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .collect();
    assert_eq!(
        KeyDigest::of(&code).to_string(),
        "452fce3b7f9fd547bd7f5adb1d173fda79a244b3c4a056b6645b0bbb268f1775",
        "worker/src/accounts/outbox.rs changed: bring tests/model/outbox.rs in line with it, then put its digest here",
    );
}
