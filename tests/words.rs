//! What is shown is what is written: logs and documents have one word for a thing, and what remembers shows how much, never what.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used)]

use core::fmt::{Debug, Display};

use keyguard::{
    Channel, ExposureAction,
    page::Refusal,
    policy::{LastUsed, TierName},
};
use serde_json::json;

#[track_caller]
fn is_its_word(thing: impl Display + serde::Serialize, word: &str) {
    assert_eq!(thing.to_string(), word);
    assert_eq!(serde_json::to_value(thing).unwrap(), json!(word));
}

#[test]
fn one_word_stands_in_records_reports_and_logs() {
    for (channel, word) in [
        (Channel::Browser, "browser"),
        (Channel::Http, "http"),
        (Channel::Query, "query"),
        (Channel::Github, "github"),
        (Channel::Presented, "presented"),
    ] {
        is_its_word(channel, word);
        assert_eq!(channel.as_str(), word);
    }
    for (action, word) in [
        (ExposureAction::Refuse, "refuse"),
        (ExposureAction::Quarantine, "quarantine"),
        (ExposureAction::Revoke, "revoke"),
    ] {
        is_its_word(action, word);
    }
}

#[test]
fn names_of_tiers_show_as_they_were_written() {
    let shown = |name: &dyn Debug| format!("{name:?}");
    let name = TierName::parse("standard").unwrap();
    assert_eq!((shown(&name), name.to_string()), (shown(&"standard"), "standard".into()));
}

#[test]
fn refusals_of_the_package_show_their_message() {
    for refusal in Refusal::ALL {
        assert_eq!(refusal.to_string(), refusal.message());
        assert!(refusal.message().len() > 10, "{refusal:?}");
    }
}

#[test]
fn last_use_is_told_once_in_the_policys_period() {
    let seconds = |period: LastUsed| period.period_ms().map(|period| period.get() / 1_000);
    assert_eq!(seconds(LastUsed::Minute), Some(60));
    assert_eq!(seconds(LastUsed::Hour), Some(60 * 60));
    assert_eq!(seconds(LastUsed::Day), Some(24 * 60 * 60));
    assert_eq!(seconds(LastUsed::Never), None);
}
