//! When keys were used last, in whole minutes: as much as an operator needs, and little enough to write.

use keyguard::{Fault, UnixTime};
use serde::Deserialize;

use super::{schema::is_open, sql::Sql};

/// That a key was used.
#[derive(Deserialize)]
pub(crate) struct Use {
    key_id: String,
    at: UnixTime,
}

/// Takes in a use, if it is of a newer minute than the last one.
pub(crate) fn add(sql: Sql<'_>, used: &Use, now: UnixTime) -> Result<(), Fault> {
    if !is_open(sql)? {
        return Ok(());
    }
    // The edge's clock is another machine's: no use is to come.
    let at = used.at.min(now);
    let minute = UnixTime(at.0.saturating_sub(at.0 % 60));
    sql.run(
        "INSERT INTO uses (key_id, at) SELECT id, ?2 FROM keys WHERE id = ?1
            ON CONFLICT (key_id) DO UPDATE SET at = excluded.at WHERE excluded.at > uses.at",
        &(&used.key_id, minute),
    )
}
