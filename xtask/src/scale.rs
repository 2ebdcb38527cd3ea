//! `cargo xtask scale`: the edge all over the world, simulated with the real core: keys, memory, decision and policy.
//!
//! Simulated are the places (locations with their cache of KV, isolates), the clock and who calls. What a request costs in time is
//! the bench's to measure.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "counts and times of a simulation, far from any bound"
)]

mod flood;
mod picture;
mod revocation;
mod traffic;

use std::{collections::HashMap, fmt::Write as _, fs, thread};

use anyhow::{Context as _, Result};
use keyguard::{Kind, Policy};

use crate::project::Project;
use flood::{Flood, flood};
use picture::{Line, Picture};
use revocation::{Times, quantile, revoke};
use traffic::{Key, Scene, Tally, mix, play};

pub(crate) const KEYS: u64 = 10_000_000;
pub(crate) const LOCATIONS: u64 = 300;
/// What Cloudflare names for KV, in milliseconds.
const PROPAGATION_MS: u64 = 60_000;
/// Every run plays the same.
const SEED: u64 = 0x6B65_7967_7561_7264;
/// Dollars for a million reads of KV, whatever answers them: memory of its own costs nothing.
const DOLLARS_A_MILLION_READS: f64 = 0.5;

const RATES: [u32; 3] = [100, 1000, 10_000];
const MEMORY_TTLS: [u32; 5] = [0, 10, 30, 60, 300];
const STORE_TTLS: [u32; 3] = [30, 60, 300];
/// `memory_ttl` and `store_cache_ttl`.
const BOUNDS: [(u32, u32); 5] = [(0, 30), (10, 30), (10, 60), (60, 60), (300, 300)];
const FLOODS: [Flood; 4] = [
    Flood {
        title: "a wrong checksum, any address",
        addresses: 1,
        limit: None,
        is_issued_form: false,
    },
    Flood {
        title: "one address, no `rates.refused`",
        addresses: 1,
        limit: None,
        is_issued_form: true,
    },
    Flood {
        title: "one address, `rates.refused` of 20 a minute",
        addresses: 1,
        limit: Some(20),
        is_issued_form: true,
    },
    Flood {
        title: "1,000 addresses, the same limit",
        addresses: 1000,
        limit: Some(20),
        is_issued_form: true,
    },
];

/// Plays everything, and writes docs/scale.md and its pictures, unless it is only to be seen that it works.
pub(crate) fn run(project: &Project, is_quick: bool) -> Result<()> {
    let (seconds, revocations) = if is_quick { (20, 2) } else { (400, 100) };
    let mut text = String::new();
    say!("traffic of {KEYS} keys at {LOCATIONS} locations, {seconds} s of it");
    let reads = reads(seconds, &mut text)?;
    say!("caches");
    caches(seconds, &mut text)?;
    say!("{revocations} revocations, tried everywhere each second");
    let times = revocation_table(revocations, &mut text)?;
    say!("floods");
    floods(&mut text)?;
    say!("{text}");
    if is_quick {
        say!("not written: that takes a whole run");
        return Ok(());
    }
    let docs = project.root().join("docs");
    fs::write(docs.join("scale-cost.svg"), cost_picture(&reads))?;
    fs::write(docs.join("scale-revocation.svg"), revocation_picture(&times))?;
    let page = fs::read_to_string(docs.join("scale.md")).context("docs/scale.md")?;
    let new = between(&page, &text).context("docs/scale.md lost its markers")?;
    fs::write(docs.join("scale.md"), new)?;
    say!("written: docs/scale.md, docs/scale-cost.svg, docs/scale-revocation.svg");
    Ok(())
}

fn policy(memory_ttl: u32, store_cache_ttl: u32) -> Result<Policy> {
    let json = format!(
        r#"{{ "upstream": {{ "live": "https://api.example.com" }}, "routes": [{{ "method": "POST", "path": "/pay" }}],
            "memory_ttl": {memory_ttl}, "memory_ttl_unknown": {}, "store_cache_ttl": {store_cache_ttl} }}"#,
        memory_ttl.min(2)
    );
    Ok(Policy::from_json(&json)?)
}

/// All locations' traffic, on every processor.
fn world(policy: &Policy, rate: u32, seconds: u64) -> Result<Tally> {
    // The busiest publishable keys are revoked on the way, so that the verdicts are those of a world in which things change.
    let revoked: HashMap<Key, u64> = (0..100)
        .map(|rank| {
            (Key::new(Kind::Publishable, rank), seconds * 200 + mix(rank) % (seconds * 100))
        })
        .collect();
    let scene = Scene { policy, rate: f64::from(rate), seconds, revoked: &revoked };
    let workers = thread::available_parallelism().map_or(1, |number| number.get() as u64);
    thread::scope(|scope| {
        let parts: Vec<_> = (0..workers)
            .map(|worker| {
                let scene = &scene;
                scope.spawn(move || -> Result<Tally> {
                    let mut tally = Tally::default();
                    for location in (worker..LOCATIONS).step_by(workers as usize) {
                        tally.add(&play(location, scene)?);
                    }
                    Ok(tally)
                })
            })
            .collect();
        let mut tally = Tally::default();
        for part in parts {
            let part =
                part.join().map_err(|_| anyhow::anyhow!("a part of the simulation broke"))?;
            tally.add(&part?);
        }
        anyhow::ensure!(tally.wrong == 0, "{} wrong verdicts", tally.wrong);
        Ok(tally)
    })
}

/// A rate, and for each `memory_ttl` the part of requests that asks KV.
type Row = (u32, Vec<(u32, f64)>);

/// The part of requests that asks KV, by `memory_ttl`, for each rate.
fn reads(seconds: u64, text: &mut String) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let _ = writeln!(
        text,
        "| requests a second | `memory_ttl` | requests played | answered by memory | KV reads for a million requests | their price |\n|---|---|---|---|---|---|"
    );
    for rate in RATES {
        let mut row = Vec::new();
        for ttl in MEMORY_TTLS {
            let tally = world(&policy(ttl, 60)?, rate, seconds)?;
            let part = tally.reads as f64 / tally.requests as f64;
            let _ = writeln!(
                text,
                "| {rate} | {ttl} | {} | {:.1} % | {:.0} | ${:.3} |",
                tally.requests,
                100.0 - part * 100.0,
                part * 1e6,
                part * DOLLARS_A_MILLION_READS,
            );
            row.push((ttl, part));
        }
        rows.push((rate, row));
    }
    Ok(rows)
}

/// What of the reads a location answers by itself, by `store_cache_ttl`.
fn caches(seconds: u64, text: &mut String) -> Result<()> {
    let _ = writeln!(
        text,
        "\n| `store_cache_ttl` | requests that wait for KV beyond their location |\n|---|---|"
    );
    for ttl in STORE_TTLS {
        let tally = world(&policy(10, ttl)?, RATES[2], seconds)?;
        let _ = writeln!(
            text,
            "| {ttl} | {:.1} % |",
            tally.fetches as f64 * 100.0 / tally.requests as f64
        );
    }
    Ok(())
}

fn revocation_table(revocations: u64, text: &mut String) -> Result<Vec<((u32, u32), Times)>> {
    let _ = writeln!(
        text,
        "\n| `memory_ttl` + `store_cache_ttl` + KV | at a location: half | 99 % | everywhere: half | 99 % | longest seen | stated bound |\n|---|---|---|---|---|---|---|"
    );
    let mut all = Vec::new();
    for (memory, store) in BOUNDS {
        let times = revoke(&policy(memory, store)?, revocations)?;
        let [half, most] = [0.5, 0.99].map(|part| quantile(&times.location, part));
        let [half_of_all, most_of_all, longest] =
            [0.5, 0.99, 1.0].map(|part| quantile(&times.everywhere, part));
        let _ = writeln!(
            text,
            "| {memory} + {store} + 60 | {half:.0} s | {most:.0} s | {half_of_all:.0} s | {most_of_all:.0} s | {longest:.0} s | {} s |",
            memory + store + 60
        );
        all.push(((memory, store), times));
    }
    Ok(all)
}

fn floods(text: &mut String) -> Result<()> {
    let _ = writeln!(
        text,
        "\n| a flood of 1,000 a second from … | KV reads for 1,000 of them | price of an hour | ordinary requests that memory answers, without and with it |\n|---|---|---|---|"
    );
    let policy = policy(10, 60)?;
    for one in &FLOODS {
        let toll = flood(&policy, one)?;
        let price = toll.reads * 3600.0 / 1e6 * DOLLARS_A_MILLION_READS;
        let [without, with] = toll.hits.map(|part| part * 100.0);
        let _ = writeln!(
            text,
            "| {} | {:.0} | ${price:.2} | {without:.1} %, {with:.1} % |",
            one.title, toll.reads
        );
    }
    Ok(())
}

fn cost_picture(reads: &[Row]) -> String {
    let lines = reads.iter().map(|(rate, row)| Line {
        title: format!("{rate} requests a second"),
        points: row
            .iter()
            .map(|(ttl, part)| (f64::from(*ttl), part * DOLLARS_A_MILLION_READS))
            .collect(),
        mark: None,
    });
    Picture {
        title: "Price of KV's reads for a million requests",
        note: "by memory_ttl, for 10 million keys at 300 locations",
        x: [0, 30, 60, 120, 180, 240, 300].map(|ttl| (f64::from(ttl), format!("{ttl} s"))).into(),
        y: (0..=5)
            .map(|part| f64::from(part) / 10.0)
            .map(|price| (price, format!("${price:.1}")))
            .collect(),
        lines: lines.collect(),
    }
    .draw()
}

fn revocation_picture(times: &[((u32, u32), Times)]) -> String {
    let lines = times.iter().map(|((memory, store), times)| Line {
        title: format!("{memory} + {store} + 60"),
        points: (0..=100)
            .map(|percent| {
                (quantile(&times.location, f64::from(percent) / 100.0), f64::from(percent))
            })
            .collect(),
        mark: Some(f64::from(memory + store + 60)),
    });
    Picture {
        title: "How long a revoked key still works at a location",
        note: "part of the locations that refuse it after so many seconds; dashed: the stated bound of memory_ttl + store_cache_ttl + 60",
        x: (0..=7).map(|part| f64::from(part * 100)).map(|second| (second, format!("{second:.0} s"))).collect(),
        y: (0..=4).map(|part| f64::from(part * 25)).map(|percent| (percent, format!("{percent:.0} %"))).collect(),
        lines: lines.collect(),
    }
    .draw()
}

/// The page with what is between the markers replaced.
fn between(page: &str, new: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", new.trim()))
}

const BEGIN: &str = "<!-- scale: begin -->";
const END: &str = "<!-- scale: end -->";
