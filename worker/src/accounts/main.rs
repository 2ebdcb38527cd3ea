//! keyguard's write side: issuing, rotating and revoking keys, and bringing their records to the edge's store.
//!
//! One Durable Object per account is the system of record, and puts what two operators do at once in order. Each change is one
//! transaction of its database: the key, its audit entry, the answer to a repeated request, and an outbox row for each record
//! that the store has to get. Writing the store comes after, and is repeated until it has worked, so that
//! nothing that was answered is lost by whatever fails in between.
//!
//! ```text
//! request → front: credential, path, body → Operation ─ Call ─→ the account's object
//!   prepare: would it be allowed? which digests are new?       → the digests' objects: whose are they?
//!   change:  the whole of it, in one transaction               → answer
//!   outbox:  due rows → the store → settled rows               → none left, or the next alarm
//! ```
//!
//! Everything here is synchronous, as in the guard, which is a wasm module of its own and knows nothing of this one: what waits is in `accounts.mjs`. A trap
//! rolls the transaction back and costs one request.

mod audit;
mod body;
mod call;
mod change;
mod credentials;
mod digests;
mod exports;
mod exposure;
mod front;
mod import;
mod leaks;
mod notices;
mod outbox;
mod query;
mod read;
mod repeat;
mod route;
mod runtime;
mod schema;
mod settings;
mod sql;
mod uses;
mod view;

#[path = "../runtime.rs"]
mod shared;

/// The runtime calls the exports; there is nothing to begin with.
fn main() {}
