//! The tool as an operator calls it, against a stand-in for the admin API.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::similar_names,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod accounts;
mod doctor;
mod import;
mod keys;
mod offline;
mod policy;
mod secrets;
mod stand_in;
mod support;
