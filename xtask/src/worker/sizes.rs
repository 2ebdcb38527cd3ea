//! How large the Worker's modules are, what fills them, and what they may weigh.

use std::{fs, path::Path};

use anyhow::{Result, bail};

use super::{MODULES, files, filling};
use crate::{process, project::Project, tools::Tools};

/// Says how large the modules are, and refuses one that is over its budget.
pub(super) fn check(project: &Project, tools: &Tools, out: &Path) -> Result<()> {
    let folder = out.strip_prefix(project.root()).unwrap_or(out).display();
    for (name, budget) in MODULES.iter().zip(BUDGETS) {
        let files = files(name).map(|file| out.join(file));
        let mut gzip = tools.node(project, "--print");
        gzip.arg("process.argv.slice(1).map((file) => zlib.gzipSync(fs.readFileSync(file), { level: 9 }).length).join(' ')");
        gzip.args(&files);
        let gzipped = process::capture(gzip)?;
        let sum = gzipped.split_whitespace().map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        let [wasm, glue] = files.map(|file| fs::metadata(file).map_or(0, |data| data.len()));
        say!("{folder}: {name} {wasm} bytes of wasm, {glue} of glue; {sum} gzip of {budget}");
        if sum > budget {
            bail!(
                "{name} is over its budget: {sum} bytes of gzip, {budget} allowed (xtask/src/worker/sizes.rs)"
            );
        }
    }
    Ok(())
}

/// What each may weigh, wasm and glue together, in bytes of gzip: the time in which an isolate starts.
const BUDGETS: [u64; 2] = [150_000, 225_000];

/// Says which crates a module is filled by.
pub(super) fn say_filling(name: &str, wasm: &Path) -> Result<()> {
    let crates = filling::crates(wasm)?;
    let list: Vec<String> = crates
        .iter()
        .filter(|(_, bytes)| *bytes >= 4000)
        .map(|(name, bytes)| format!("{name} {}", bytes.div_euclid(1000)))
        .collect();
    say!("  {name}, KB of code before wasm-opt: {}", list.join(" · "));
    Ok(())
}
