//! Counts tests, from what the programs that run them print.

use std::fmt;

use serde_json::Value;

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One failure: of a check that holds no tests, or of a run that didn't come to count any.
    pub(crate) const FAILURE: Self = Self { passed: 0, failed: 1, skipped: 0 };
    /// One check that was left out.
    pub(crate) const SKIP: Self = Self { passed: 0, failed: 0, skipped: 1 };

    /// Adds up the `test result:` lines of Rust's test harness, and of wasm-bindgen's.
    ///
    /// Lines are told by their whole shape: a test may print whatever it likes.
    pub(crate) fn of_rust(output: &str) -> Self {
        output.lines().filter_map(rust_result).fold(Self::default(), Self::plus)
    }

    /// Reads the totals that end the TAP document of `node --test`.
    ///
    /// `files` are the tests' files: Node counts one without a test as a test of that name, which this doesn't.
    pub(crate) fn of_node(tap: &str, is_file: impl Fn(&str) -> bool) -> Self {
        let total = |name: &str| {
            let prefix = format!("# {name} ");
            // The last one: a test's own output is among the comments, too, but before them.
            tap.lines()
                .rev()
                .find_map(|line| line.strip_prefix(&prefix)?.parse::<u64>().ok())
                .unwrap_or(0)
        };
        let empty_files = tap
            .lines()
            .filter_map(|line| line.strip_prefix("ok ")?.split_once(" - "))
            .filter(|(_, name)| is_file(name));
        Self {
            passed: total("pass")
                .saturating_sub(empty_files.count().try_into().unwrap_or(u64::MAX)),
            failed: total("fail").saturating_add(total("cancelled")),
            skipped: total("skipped").saturating_add(total("todo")),
        }
    }

    /// Reads the JSON report of schemathesis: a test is a request whose answer was checked.
    ///
    /// A part that was left out, or that nothing was found to test with, failed.
    pub(crate) fn of_schemathesis(report: &str) -> Self {
        let report: Value = serde_json::from_str(report).unwrap_or_default();
        let count = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        let listed = |pointer: &str| {
            let list = report.pointer(pointer).and_then(Value::as_array);
            list.map_or(0, Vec::len).try_into().unwrap_or(u64::MAX)
        };
        let checked = count("/test_cases/generated")
            .saturating_sub(count("/test_cases/without_checks"))
            .saturating_sub(count("/test_cases/errored"));
        let untested = count("/operations/total").saturating_sub(count("/operations/tested"));
        let phases = report.get("phases").and_then(Value::as_object);
        let skipped_phases =
            phases.into_iter().flat_map(|phases| phases.values()).filter(|phase| {
                phase.get("status").and_then(Value::as_str).is_none_or(|status| status == "skip")
            });
        let failures = count("/test_cases/with_failures").max(listed("/failures"));
        Self {
            passed: checked.saturating_sub(count("/test_cases/with_failures")),
            failed: failures
                .saturating_add(listed("/errors"))
                .saturating_add(untested)
                .saturating_add(skipped_phases.count().try_into().unwrap_or(u64::MAX)),
            skipped: 0,
        }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }

    /// Whether no test ran.
    pub(crate) fn is_empty(self) -> bool {
        self.passed.saturating_add(self.failed) == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// The counts of `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn rust_result(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("test result: ")?;
    let rest = rest.strip_prefix("ok. ").or_else(|| rest.strip_prefix("FAILED. "))?;
    let mut counts = rest.split(';').map(str::trim);
    let mut next = |word: &str| counts.next()?.strip_suffix(word)?.trim_end().parse::<u64>().ok();
    Some(Tally { passed: next("passed")?, failed: next("failed")?, skipped: next("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn results_of_all_rust_targets_add_up() {
        let output = "running 3 tests\ntest a ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
            Doc-tests keyguard\n\
            test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        assert_eq!(Tally::of_rust(output), tally(6, 2, 1));
    }

    #[test]
    fn wasm_bindgens_runner_says_it_the_same_way() {
        let output =
            "test result: ok. 7 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.35s\n";
        assert_eq!(Tally::of_rust(output), tally(7, 0, 0));
    }

    #[test]
    fn what_only_looks_like_a_result_counts_nothing() {
        for line in [
            "test result: ok",
            "test result: ok. many passed; 0 failed; 0 ignored",
            "  test result: ok. 1 passed; 0 failed; 0 ignored",
            "the test result: ok. 1 passed; 0 failed; 0 ignored",
            "test result: fine. 1 passed; 0 failed; 0 ignored",
        ] {
            assert!(Tally::of_rust(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn totals_of_node_are_the_last_ones() {
        let tap = "TAP version 13\n# pass 99\nok 1 - one\n# Subtest: two\nnot ok 2 - two\n1..2\n\
            # tests 12\n# suites 3\n# pass 7\n# fail 1\n# cancelled 1\n# skipped 2\n# todo 1\n# duration_ms 5.1\n";
        assert_eq!(Tally::of_node(tap, |_| false), tally(7, 2, 3));
    }

    #[test]
    fn a_file_without_tests_is_no_test() {
        let tap = "ok 1 - /somewhere/empty.test.mjs\nok 2 - real\n    ok 1 - /somewhere/nested\n\
            # tests 2\n# pass 2\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n";
        assert_eq!(Tally::of_node(tap, |name| name.starts_with('/')), tally(1, 0, 0));
    }

    #[test]
    fn what_schemathesis_left_out_failed() {
        let report = |tested: u64, stateful: &str, with_failures: u64| {
            format!(
                r#"{{"operations":{{"total":13,"tested":{tested}}},
                "phases":{{"fuzzing":{{"status":"success"}},"stateful":{{"status":"{stateful}"}}}},
                "test_cases":{{"generated":2276,"with_failures":{with_failures},"without_checks":26,"errored":0}},
                "failures":[],"errors":[]}}"#
            )
        };
        assert_eq!(Tally::of_schemathesis(&report(13, "success", 0)), tally(2250, 0, 0));
        assert_eq!(Tally::of_schemathesis(&report(13, "failure", 2)), tally(2248, 2, 0));
        assert_eq!(Tally::of_schemathesis(&report(12, "skip", 0)), tally(2250, 2, 0));
        assert!(Tally::of_schemathesis("").is_empty());
    }

    #[test]
    fn nothing_that_can_be_read_is_no_test() {
        assert!(Tally::of_node("", |_| false).is_empty());
        assert!(Tally::of_rust("error[E0308]: mismatched types").is_empty());
        assert!(Tally::SKIP.is_empty());
    }

    #[test]
    fn totals_are_written_in_one_form() {
        assert_eq!(
            tally(10, 0, 2).plus(Tally::FAILURE).to_string(),
            "10 passed, 1 failed, 2 skipped"
        );
    }
}
