//! What the tool does, one module for each command.

pub(crate) mod account;
pub(crate) mod admin_credential;
pub(crate) mod audit;
mod change;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod key;
mod pages;
pub(crate) mod policy_check;
pub(crate) mod policy_test;
pub(crate) mod scan;
