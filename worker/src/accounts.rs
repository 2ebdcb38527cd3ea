//! The write side: issuing, rotating and revoking keys, and bringing their records to the edge's store.
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
//! Everything here is synchronous, as in the [guard](crate::guard), which knows nothing of it: what waits is in `accounts.mjs`. A trap
//! rolls the transaction back and costs one request.

mod audit;
mod body;
mod call;
mod change;
mod credentials;
mod digests;
mod front;
mod import;
mod outbox;
mod query;
mod read;
mod repeat;
pub(crate) mod route;
mod runtime;
mod schema;
mod sql;
mod view;

pub(crate) use call::{Answer, Call as AdminCall, Operation};
pub(crate) use change::{Prepared, Step, change, prepare};
pub(crate) use digests::{claim, find};
pub(crate) use front::{Asked, answer, open, plan};
pub(crate) use outbox::{due, next, recover, settle};
pub(crate) use runtime::SqlStorage;
pub(crate) use schema::open_digests;
pub(crate) use sql::Sql;
