//! Findings that are known already.

use std::{collections::BTreeSet, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::Located;
use crate::failure::Failure;

/// A list of findings. It holds no key: each is known by a part of its digest.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Baseline {
    version: u32,
    findings: BTreeSet<Known>,
}

/// A key in a file, wherever in it and however it is written.
#[derive(Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
struct Known {
    file: String,
    rule: String,
    fingerprint: String,
}

impl Known {
    fn of(located: &Located) -> Self {
        Self {
            file: located.file.replace('\\', "/"),
            rule: located.finding.rule().id.to_owned(),
            fingerprint: located.finding.fingerprint().to_owned(),
        }
    }
}

impl Baseline {
    pub(super) fn of(findings: &[Located]) -> Self {
        Self { version: VERSION, findings: findings.iter().map(Known::of).collect() }
    }

    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::usage(format!("the baseline {}: {why}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
        let baseline: Self =
            serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
        if baseline.version != VERSION {
            return Err(wrong("it is of another version: write it anew with --write-baseline"));
        }
        Ok(baseline)
    }

    pub(super) fn write(&self, file: &Path) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::usage(error.to_string()))?;
        fs::write(file, format!("{json}\n"))
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))
    }

    pub(super) fn has(&self, located: &Located) -> bool {
        self.findings.contains(&Known::of(located))
    }
}

const VERSION: u32 = 1;
