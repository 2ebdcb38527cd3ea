//! Mutants that no test catches, and why none has to: `.cargo/survivors.toml`.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::project::Project;

/// What is known to survive, by the mutant's name without the place in its file, which other changes move.
#[derive(Debug, Default)]
pub(super) struct Survivors(BTreeMap<String, usize>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    survivor: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    mutant: String,
    /// How many of this name there are.
    #[serde(default = "one")]
    times: usize,
    #[expect(dead_code, reason = "for who reads the list; none may be without")]
    why: String,
}

fn one() -> usize {
    1
}

impl Survivors {
    /// Reads the list.
    pub(super) fn known(project: &Project) -> Result<Self> {
        let file = project.root().join(".cargo/survivors.toml");
        let text =
            fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::read(&text).with_context(|| file.display().to_string())
    }

    fn read(text: &str) -> Result<Self> {
        let list: List = toml::from_str(text)?;
        Ok(Self(list.survivor.into_iter().map(|entry| (entry.mutant, entry.times)).collect()))
    }

    /// What survived, of the lines of `missed.txt`: `src/a.rs:1:2: replace b with c in d`.
    pub(super) fn found(lines: &[String]) -> Self {
        let mut found = BTreeMap::<String, usize>::new();
        for line in lines {
            let mut parts = line.splitn(4, ':');
            let name = match (parts.next(), parts.nth(2)) {
                (Some(file), Some(what)) => format!("{file}:{what}"),
                _ => line.clone(),
            };
            let times = found.entry(name).or_default();
            *times = times.saturating_add(1);
        }
        Self(found)
    }

    /// Where this list and what was found differ: a line for each. Files that were not mutated say nothing.
    pub(super) fn differences(
        &self,
        found: &Self,
        is_mutated: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let times = |list: &Self, name: &str| list.0.get(name).copied().unwrap_or_default();
        let names = self.0.keys().chain(found.0.keys().filter(|name| !self.0.contains_key(*name)));
        names
            .filter(|name| is_mutated(name.split(':').next().unwrap_or_default()))
            .filter_map(|name| match (times(self, name), times(found, name)) {
                (known, found) if found > known => Some(format!(
                    "{name}: survives {found} times, and .cargo/survivors.toml knows of {known}"
                )),
                (known, found) if found < known => Some(format!(
                    "{name}: is caught; .cargo/survivors.toml has it {known} times, and {found} survive"
                )),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_survivors_and_lost_ones_are_told_wherever_they_stand() {
        let known = Survivors::read(
            "[[survivor]]\nmutant = 'src/a.rs: replace | with ^ in b'\ntimes = 2\nwhy = 'c'\n\
             [[survivor]]\nmutant = 'src/d.rs: replace e with ()'\nwhy = 'f'\n",
        )
        .unwrap();
        let found = |lines: &[&str]| {
            Survivors::found(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
        };
        let same = found(&[
            "src/a.rs:1:2: replace | with ^ in b",
            "src/a.rs:7:8: replace | with ^ in b",
            "src/d.rs:9:9: replace e with ()",
        ]);
        assert!(known.differences(&same, |_| true).is_empty());
        let other = found(&[
            "src/a.rs:1:2: replace | with ^ in b",
            "src/g.rs:1:1: replace == with != in h::i",
        ]);
        assert_eq!(known.differences(&other, |_| true).len(), 3);
        assert_eq!(known.differences(&other, |file| file == "src/a.rs").len(), 1);
        assert!(Survivors::read("[[survivor]]\nmutant = 'a'\n").is_err(), "a reason is missing");
    }

    #[test]
    fn the_list_can_be_read() {
        let list =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cargo/survivors.toml");
        Survivors::read(&fs::read_to_string(list).unwrap()).unwrap();
    }
}
