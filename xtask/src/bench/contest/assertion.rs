//! What a signed assertion adds to a request.

use anyhow::{Context as _, Result, bail, ensure};

use super::super::{
    cases::{self, Case, Contender},
    load::Round,
};
use super::{Contest, WARM_UP, check};
use crate::process;

/// How often the product takes turns without and with an assertion, in each round.
const TURNS: u32 = 12;

/// For how many seconds each of those.
const TURN: u32 = 2;

impl Contest<'_> {
    /// Measures what the assertion adds to a request, in one process that has the product twice, without and with it. They take turns: a
    /// process differs from another of the same program by more than that.
    pub(in super::super) fn measure_assertion(&mut self, case: &Case) -> Result<()> {
        let of = |id| self.bundles.iter().find(|(contender, _)| contender.id == id);
        let (Some((without, bundle)), Some((with, _))) =
            (of(cases::KEYGUARD), of(cases::ASSERTION))
        else {
            return Ok(());
        };
        ensure!(without.entry == with.entry, "both are one program");
        let load = self.load(case);
        let (turns, seconds) = if self.options.quick { (1, 1) } else { (TURNS, TURN) };
        let mut added = Vec::new();
        for round in 1..=self.options.rounds {
            let server = self.start(bundle, &[without.bindings, with.bindings])?;
            let &[without_port, with_port] = server.ports.as_slice() else {
                bail!("the process has two ports");
            };
            let send = |contender: &Contender, port, seconds| -> Result<Round> {
                process::check_interrupted()?;
                let status = case.status(contender.guard);
                let measured = load
                    .send(&server, port, status, seconds, 0, false)
                    .with_context(|| format!("{}\n{}", contender.id, bundle.log()))?;
                check(measured, contender, case, bundle)?;
                Ok(measured)
            };
            if !self.options.quick {
                send(without, without_port, WARM_UP)?;
                send(with, with_port, WARM_UP)?;
            }
            let mut differences = Vec::new();
            for turn in 0..turns {
                // Who is first changes, too.
                let (one, other) = if turn % 2 == 0 {
                    let without = send(without, without_port, seconds)?;
                    (without, send(with, with_port, seconds)?)
                } else {
                    let with = send(with, with_port, seconds)?;
                    (send(without, without_port, seconds)?, with)
                };
                differences.push(other.cpu - one.cpu);
            }
            #[expect(clippy::cast_precision_loss, reason = "exact for any count of a bench")]
            let count = differences.len() as f64;
            added.push(differences.iter().sum::<f64>() / count);
            say!("  what the assertion adds: round {round} of {}", self.options.rounds);
        }
        self.figures.set_assertion(added);
        Ok(())
    }
}
