//! The tool as an operator calls it, against a stand-in for the admin API.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod accounts;
mod doctor;
mod import;
mod keys;
mod offline;
mod policy;
mod secrets;
mod stand_in;
mod support;
