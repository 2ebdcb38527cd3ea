//! A text as a program would have it in memory: without escapes, and with its pieces put together.

use super::{
    escapes::{self, Escape},
    joins::{self, Join},
    units::Units,
};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Char(u8),
    Join(Join),
}

/// Reads on from a place.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    units: Units<'a>,
    /// How deep in texts inside of template literals this is.
    depth: u8,
    pub(super) is_escaped: bool,
    pub(super) is_joined: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(units: Units<'a>) -> Self {
        Self { units, depth: 0, is_escaped: false, is_joined: false }
    }

    /// The place that was read up to.
    pub(super) fn units(&self) -> Units<'a> {
        self.units
    }

    fn join(&mut self) -> Option<Join> {
        if self.depth > 0 && joins::take_out_of(&mut self.units) {
            self.depth = self.depth.saturating_sub(1);
            return Some(Join::Certain);
        }
        if let Some(join) = joins::take(&mut self.units) {
            return Some(join);
        }
        joins::take_into(&mut self.units).then(|| {
            self.depth = self.depth.saturating_add(1);
            Join::Certain
        })
    }
}

impl Iterator for Reader<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let unit = self.units.peek()?;
            if unit.is_ascii_alphanumeric() || unit == b'_' {
                self.units.next();
                return Some(Step::Char(unit));
            }
            let may_join = joins::is_quote(unit) || matches!(unit, b'\\' | b'$');
            if may_join && let Some(join) = self.join() {
                self.is_joined = true;
                return Some(Step::Join(join));
            }
            if escapes::is_start(unit)
                && let Some(escape) = escapes::take(&mut self.units)
            {
                self.is_escaped = true;
                match escape {
                    Escape::Nothing => continue,
                    Escape::Char(char) => return Some(Step::Char(char)),
                }
            }
            self.units.next();
            return Some(Step::Char(unit));
        }
    }
}
