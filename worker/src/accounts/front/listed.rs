//! The store's list of accounts, as the API shows it.

use serde::{Deserialize, Serialize};

use super::ACCOUNT_PREFIX;

/// A page of the store's list of accounts.
#[derive(Deserialize)]
pub(super) struct Accounts {
    keys: Vec<Listed>,
    list_complete: bool,
    cursor: Option<String>,
    /// The store took the cursor for none of its own.
    #[serde(default)]
    pub(super) is_bad_cursor: bool,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    metadata: Option<Metadata>,
}

#[derive(Clone, Deserialize)]
struct Metadata {
    label: Option<String>,
    created_at: u64,
}

#[derive(Serialize)]
pub(super) struct ShownAccounts<'a> {
    accounts: Vec<ShownAccount<'a>>,
    next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct ShownAccount<'a> {
    id: &'a str,
    label: Option<&'a str>,
    created_at: Option<u64>,
}

impl Accounts {
    /// The page.
    pub(super) fn shown(&self) -> ShownAccounts<'_> {
        let accounts = self.keys.iter().filter_map(|key| {
            let metadata = key.metadata.as_ref();
            Some(ShownAccount {
                id: key.name.strip_prefix(ACCOUNT_PREFIX)?,
                label: metadata.and_then(|metadata| metadata.label.as_deref()),
                created_at: metadata.map(|metadata| metadata.created_at),
            })
        });
        let next_cursor = self.cursor.as_deref().filter(|_| !self.list_complete);
        ShownAccounts { accounts: accounts.collect(), next_cursor }
    }
}
