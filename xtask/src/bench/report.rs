//! The page of the bench: tables, targets and what they were measured on.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use anyhow::{Context as _, Result};

use super::{
    cases::{BARE, CACHED, CASES, CONTENDERS, Case, FLOOR, HONO, HOT, JAVASCRIPT, KEYGUARD},
    figures::{Figures, Starts, median},
    picture,
};
use crate::{process, project::Project, tools::Tools};

/// What is shown.
#[derive(Debug)]
pub(super) struct Report {
    text: String,
    picture: String,
}

/// A file that the edge loads: its name, its bytes, and those bytes by gzip.
pub(super) type Size = (String, u64, u64);

impl Report {
    pub(super) fn of(
        project: &Project,
        tools: &Tools,
        figures: &Figures,
        starts: &BTreeMap<&'static str, Starts>,
        sizes: &[Size],
        seconds: u32,
    ) -> Result<Self> {
        let cases: Vec<&Case> = CASES.iter().filter(|case| figures.has(case.id, BARE)).collect();
        let mut text = format!("{}\n\n", machine(project, tools, figures, seconds)?);
        text.push_str(
            "CPU time per request, beside the bare pass-through's in the same round:\n\n",
        );
        table(&mut text, &cases, |case, contender| {
            let ratio = figures.ratio(case, contender, BARE, |round| round.cpu)?;
            let cpu = figures.median(case, contender, |round| round.cpu)?;
            Some(format!("{ratio:.2} ({cpu:.0} µs)"))
        });
        text.push_str("\nRequests per second on one core:\n\n");
        table(&mut text, &cases, |case, contender| {
            Some(format!("{:.0}", figures.median(case, contender, |round| round.throughput)?))
        });
        if figures.instructions(cases.first().map_or("", |case| case.id), BARE, BARE).is_some() {
            text.push_str(
                "\nInstructions per request, beside the bare pass-through's. They say less about time, but move less with a \
                 machine's mood. Between two processes of the same code they differ by up to 5 %.\n\n",
            );
            table(&mut text, &cases, |case, contender| {
                Some(format!("{:.2}", figures.instructions(case, contender, BARE)?))
            });
        }
        targets(&mut text, figures);
        refusal_table(&mut text, figures);
        start_table(&mut text, starts);
        size_table(&mut text, sizes);
        Ok(Self { text, picture: picture::draw(figures, &cases) })
    }

    /// The tables.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Puts the tables and the picture into the documentation.
    pub(super) fn write(&self, project: &Project) -> Result<()> {
        let page = project.root().join("docs/performance.md");
        let old = fs::read_to_string(&page).context("docs/performance.md")?;
        fs::write(
            &page,
            between(&old, BEGIN, END, &self.text)
                .context("docs/performance.md lost its markers")?,
        )?;
        fs::write(project.root().join("docs/performance.svg"), &self.picture)?;
        say!("written: docs/performance.md, docs/performance.svg");
        Ok(())
    }
}

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// The text with what is between the markers replaced.
pub(super) fn between(text: &str, begin: &str, end: &str, new: &str) -> Option<String> {
    let (before, rest) = text.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n\n{}\n\n{end}{after}", new.trim()))
}

fn table(text: &mut String, cases: &[&Case], cell: impl Fn(&str, &str) -> Option<String>) {
    let titles: Vec<&str> = cases.iter().map(|case| case.title).collect();
    let _ = writeln!(text, "| | {} |", titles.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(cases.len()));
    for contender in CONTENDERS {
        let cells: Vec<String> =
            cases.iter().map(|case| cell(case.id, contender.id).unwrap_or_default()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(text, "| {} | {} |", contender.title, cells.join(" | "));
        }
    }
}

/// Each goal, what was measured, and whether that is enough.
fn targets(text: &mut String, figures: &Figures) {
    text.push_str(
        "\nThe goals, in CPU time. In brackets, between which values the middle half of the rounds is: a goal in between \
         is neither reached nor missed.\n\n| keyguard | goal | measured | |\n|---|---|---|---|\n",
    );
    let mut row = |name: &str, goal: f64, case: &str, contender: &str, other: &str| {
        let ratio = figures.ratio(case, contender, other, |round| round.cpu);
        let spread = figures.spread(case, contender, other, |round| round.cpu);
        if let (Some(ratio), Some((low, high))) = (ratio, spread) {
            let verdict = verdict(goal, low, high);
            let _ = writeln!(
                text,
                "| {name} | at most {goal:.2} | {ratio:.2} ({low:.2} to {high:.2}) | {verdict} |"
            );
        }
    };
    for (case, name) in [(HOT, "hot secret key"), ("hot-publishable", "hot publishable key")] {
        row(&format!("{name}, beside bare"), 1.12, case, KEYGUARD, BARE);
        row(&format!("{name}, beside cached JavaScript"), 1.0, case, KEYGUARD, CACHED);
        row(&format!("{name}, beside Hono"), 0.66, case, KEYGUARD, HONO);
    }
    for (case, name) in [("none", "no key"), ("malformed", "malformed"), ("unknown", "unknown key")]
    {
        row(&format!("refused, {name}, beside Hono"), 0.62, case, KEYGUARD, HONO);
        let beside = format!("refused, {name}, beside hand-written JavaScript");
        row(&beside, 1.0, case, KEYGUARD, JAVASCRIPT);
    }
    row("cold keys, beside hand-written JavaScript", 1.0, "cold", KEYGUARD, JAVASCRIPT);
    if let Some((added, (low, high))) = figures.assertion(HOT) {
        let verdict = verdict(ASSERTION_GOAL, low, high);
        let _ = writeln!(
            text,
            "| what the assertion adds, in bare requests | at most {ASSERTION_GOAL:.2} | {added:.2} ({low:.2} to {high:.2}) | {verdict} |"
        );
    }
}

/// What an assertion may add to a request, in bare ones.
const ASSERTION_GOAL: f64 = 0.06;

/// What of a refusal's cost is the runtime's alone, and what a guard adds that gives all of it.
fn refusal_table(text: &mut String, figures: &Figures) {
    let cases: Vec<&Case> = CASES.iter().filter(|case| figures.has(case.id, FLOOR)).collect();
    if cases.is_empty() {
        return;
    }
    let titles: Vec<&str> = cases.iter().map(|case| case.title).collect();
    let _ = writeln!(
        text,
        "\nWhat the goals of a refusal ask for, and what one costs at least:\n\n| | {} |\n|---|{}",
        titles.join(" | "),
        "---|".repeat(cases.len())
    );
    for (name, contender, other) in [
        ("constant refusal beside Hono", FLOOR, HONO),
        ("constant refusal beside hand-written JavaScript", FLOOR, JAVASCRIPT),
        ("keyguard beside the constant refusal", KEYGUARD, FLOOR),
        ("keyguard beside cached JavaScript", KEYGUARD, CACHED),
    ] {
        let cell = |case: &&Case| {
            let ratio = figures.ratio(case.id, contender, other, |round| round.cpu);
            let spread = figures.spread(case.id, contender, other, |round| round.cpu);
            let figure = ratio.zip(spread);
            figure.map_or_else(String::new, |(ratio, (low, high))| {
                format!("{ratio:.2} ({low:.2} to {high:.2})")
            })
        };
        let cells: Vec<String> = cases.iter().map(cell).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
}

/// A goal that lies within the spread can't be judged by these rounds.
pub(super) fn verdict(goal: f64, low: f64, high: f64) -> &'static str {
    if high <= goal {
        "reached"
    } else if low > goal {
        "missed"
    } else {
        "open"
    }
}

fn start_table(text: &mut String, starts: &BTreeMap<&'static str, Starts>) {
    let medians = |id: &str| {
        let starts = starts.get(id)?;
        Some((median(starts.loading.clone())?, median(starts.whole.clone())?))
    };
    let Some((bare_loading, bare_whole)) = medians(BARE) else { return };
    text.push_str(
        "\nFrom the start of workerd to the first answer, in milliseconds, how much of that is more than the bare one \
         takes, and how much of this is the loading of the modules:\n\n\
         | | first answer | more than bare | of it loading |\n|---|---|---|---|\n",
    );
    for contender in CONTENDERS {
        let Some((loading, whole)) = medians(contender.id) else { continue };
        let _ = writeln!(
            text,
            "| {} | {whole:.0} | {:.1} | {:.1} |",
            contender.title,
            whole - bare_whole,
            loading - bare_loading
        );
    }
}

fn size_table(text: &mut String, sizes: &[Size]) {
    text.push_str("\nWhat is deployed:\n\n| file | bytes | gzip |\n|---|---|---|\n");
    for (name, bytes, gzipped) in sizes {
        let _ = writeln!(text, "| `{name}` | {bytes} | {gzipped} |");
    }
}

/// The processor, and how much of it there is.
pub(super) fn processor() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo").context("the bench needs Linux")?;
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("a CPU without a name", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!("{cores} cores of {model}"))
}

fn machine(project: &Project, tools: &Tools, figures: &Figures, seconds: u32) -> Result<String> {
    let mut workerd =
        tools.command(project, &tools.modules().join("workerd/bin/workerd").to_string_lossy());
    workerd.arg("--version");
    let workerd = process::capture(workerd)?;
    Ok(format!(
        "Measured on {}, {}; {} rounds of {seconds} s.",
        processor()?,
        workerd.trim(),
        figures.count()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_within_the_spread_is_open() {
        assert_eq!(verdict(1.0, 0.8, 0.9), "reached");
        assert_eq!(verdict(1.0, 1.1, 1.2), "missed");
        assert_eq!(verdict(1.0, 0.9, 1.1), "open");
    }

    #[test]
    fn what_is_outside_the_markers_stays() {
        let page = "# Title\n<!-- b -->old<!-- e -->\nend\n";
        let new = between(page, "<!-- b -->", "<!-- e -->", "new\n").unwrap();
        assert_eq!(new, "# Title\n<!-- b -->\n\nnew\n\n<!-- e -->\nend\n");
        assert_eq!(between(&new, "<!-- b -->", "<!-- e -->", "new").unwrap(), new);
        assert_eq!(between("no markers", "<!-- b -->", "<!-- e -->", ""), None);
    }
}
