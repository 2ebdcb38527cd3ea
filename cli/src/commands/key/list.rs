//! `keyguard key list`.

use clap::Args;

use crate::{
    commands::pages,
    failure::Failure,
    ids::parse_id,
    model::{Key, last_used, or_dash},
    options::Global,
    output::{self, Table},
    times,
    words::{Kind, Mode, Status},
};

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The account's id
    #[arg(value_parser = parse_id)]
    account: String,
    /// Keys of this kind alone
    #[arg(long)]
    kind: Option<Kind>,
    /// Keys of this mode alone
    #[arg(long)]
    mode: Option<Mode>,
    /// Keys of this status alone
    #[arg(long)]
    status: Option<Status>,
    /// Stop after this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

impl Arguments {
    fn path(&self) -> String {
        let filters = [
            ("kind", self.kind.map(|kind| keyguard::Kind::from(kind).as_str())),
            ("mode", self.mode.map(|mode| keyguard::Mode::from(mode).as_str())),
            ("status", self.status.map(Status::as_str)),
        ];
        let set =
            filters.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let query = set.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/accounts/{}/keys{mark}{query}", self.account)
    }
}

pub(super) fn run(arguments: &Arguments, global: &Global) -> Result<(), Failure> {
    let client = global.client()?;
    let path = arguments.path();
    if global.json {
        return pages::print_json(&client, &path, "keys", arguments.limit);
    }
    let now = times::now();
    let mut table = Table::new(&[
        "key",
        "kind",
        "mode",
        "status",
        "version",
        "ends in",
        "expires",
        "last used",
        "label",
    ]);
    let mut count = 0_usize;
    pages::each_page(&client, &path, "keys", arguments.limit, |page| {
        for entry in page {
            let key: Key = pages::entry(&entry)?;
            count = count.saturating_add(1);
            let last_four = or_dash(key.last_four());
            let retiring = key.is_retiring();
            table.row([
                key.id,
                key.kind,
                key.mode,
                key.status,
                format!(
                    "{}{}",
                    key.version.map_or_else(|| "-".to_owned(), |version| version.to_string()),
                    if retiring { " (rotating)" } else { "" }
                ),
                last_four,
                key.expires_at.map_or_else(|| "never".to_owned(), |at| times::both(at, now)),
                last_used(key.last_used_at, now),
                or_dash(key.label.as_ref()),
            ]);
        }
        table.print()
    })?;
    if count == 0 {
        output::note("No such keys.");
    }
    Ok(())
}
