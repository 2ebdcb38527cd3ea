//! keyguard's core: what an API key is, and whether one may do what a request asks.
//!
//! In scope: the key grammar and its checksum, the bearer token of RFC 6750, digests, the stored
//! record, one canonical path, the operator's policy, the decision, the problem documents of
//! RFC 9457, the assertion for the upstream, and finding secret keys in text. Out of scope: everything that needs a network, a clock, a runtime or a
//! source of entropy. The faces (the edge Worker, the npm package, the operator's tool) bring
//! those, pass plain values in, and hold no rule of their own.
//!
//! A tour in the order data flows: [`RequestUrl`] → [`bearer`](mod@bearer) → [`ApiKey`] → [`Lookup`] →
//! [`KeyRecord`] → [`decide`](mod@decide) → [`Grant`] or [`Denial`] → [`Problem`].
//!
//! Around it: [`policy`] is what an operator may say, [`life`] what becomes of a key over time, `memory` and [`gate`] what an
//! edge remembers, [`exposure`] what follows when a key becomes public, [`page`] what a page may send, [`scan`] how keys are found.
//!
//! Who attacks this and what stops them stands in [threats], which clauses of standards it keeps in [requirements], each line with its
//! tests. Both are pages of the [manual], which has all the others, too: `cargo doc --workspace --no-deps` writes the whole of it.
//!
//! [manual]: ../keyguard_manual/index.html
//! [threats]: ../keyguard_manual/threats/index.html
//! [requirements]: ../keyguard_manual/requirements/index.html

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod admin;
pub mod assertion;
pub mod bearer;
#[cfg(feature = "browser")]
pub mod browser;
pub mod credential;
pub mod decide;
pub mod digest;
mod escape;
pub mod explain;
pub mod exposure;
mod fault;
pub mod gate;
pub mod headers;
pub mod key;
pub mod life;
#[cfg(feature = "memory")]
pub mod memory;
pub mod page;
pub mod path;
pub mod policy;
pub mod problem;
pub mod record;
pub mod scan;
pub mod time;
pub mod url;

pub use admin::AdminDenial;
pub use assertion::{AssertionSecrets, Claims};
pub use bearer::{BearerError, BearerToken};
pub use credential::{AdminCredential, AdminCredentials};
pub use decide::{Denial, Forward, Grant, Lookup, RequestFacts};
pub use digest::KeyDigest;
pub use explain::{Explanation, Finding, explain};
pub use exposure::{Channel, ExposureAction, ExposureReport, Incident};
pub use fault::Fault;
pub use gate::Gate;
pub use key::{ApiKey, Form, IssuedKey, KeyError, Kind, Mode, PublishableKey, Redacted, SecretKey};
pub use life::{LifeError, ManagedKey};
#[cfg(feature = "memory")]
pub use memory::Memory;
pub use path::CanonicalPath;
pub use policy::{Policy, PolicyError};
pub use problem::Problem;
pub use record::{KeyRecord, RecordError};
pub use time::UnixTime;
pub use url::RequestUrl;

/// Whether the browser's classes are compiled in. The Worker refuses to build when they are.
pub const HAS_BROWSER: bool = cfg!(feature = "browser");
