//! What docs/threats.md and docs/requirements.md claim names a test, and that test is there.
//!
//! A claim is a row of a table. A test is named by a link whose text is the test's name and whose target is its file.
//! Names that a loop makes are named as they come out (`refuses: alg: none`), or with `…` for what the loop fills in.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::panic, clippy::unwrap_used)]

use std::{collections::BTreeMap, fs, path::Path};

const PAGES: [(&str, &str); 2] = [
    ("threats", include_str!("../docs/threats.md")),
    ("requirements", include_str!("../docs/requirements.md")),
];

#[test]
fn every_claim_names_a_test_that_is_there() {
    let mut files = BTreeMap::new();
    let mut faults = Vec::new();
    for (page, text) in PAGES {
        let claims: Vec<_> = claims(text).collect();
        assert!(claims.len() > 20, "{page} has {} claims", claims.len());
        for (number, row) in claims {
            let tests: Vec<_> = links(row).filter(|(_, file)| is_source(file)).collect();
            if tests.is_empty() {
                faults.push(format!("docs/{page}.md:{number}: names no test"));
            }
            for (name, file) in tests {
                let source = files.entry(file).or_insert_with(|| Source::read(file));
                if !source.has(&name) {
                    faults.push(format!("docs/{page}.md:{number}: no test `{name}` in {file}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The rows of a page's tables with their lines' numbers, without the tables' heads.
fn claims(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<_> = page.lines().collect();
    let is_head = move |index: usize| {
        lines.get(index.saturating_add(1)).is_some_and(|next| next.starts_with("|---"))
    };
    page.lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with('|') && !line.starts_with("|---"))
        .filter(move |(index, _)| !is_head(*index))
        .map(|(index, line)| (index.saturating_add(1), line))
}

/// The links of a row: text and target, as a path from the top of the project.
fn links(row: &str) -> impl Iterator<Item = (String, &str)> {
    row.split("](../").zip(row.split("](../").skip(1)).map(move |(before, after)| {
        let text = before.rsplit_once('[').unwrap_or_else(|| panic!("no link text: {row}")).1;
        (text.trim_matches('`').replace("\\|", "|"), after.split(')').next().unwrap())
    })
}

fn is_source(file: &str) -> bool {
    [".rs", ".mjs"].iter().any(|extension| file.ends_with(extension))
}

/// The tests of a file.
struct Source {
    text: String,
    names: Vec<Vec<String>>,
}

impl Source {
    fn read(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        // A file that is not there has no tests.
        let text = fs::read_to_string(&path).unwrap_or_default();
        let names = if file.starts_with("tests/compile_fail/") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            // What must not compile says how it doesn't.
            if path.with_extension("stderr").is_file() { vec![vec![name]] } else { vec![] }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            rust_tests(&text)
        } else {
            node_tests(&text)
        };
        Self { text, names }
    }

    /// Whether a test has this name, or would have it with texts of its file in place of what a loop fills in.
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|parts| self.is_filled(name, parts))
    }

    fn is_filled(&self, name: &str, parts: &[String]) -> bool {
        let Some((first, rest)) = parts.split_first() else { return false };
        let Some(after) = name.strip_prefix(first.as_str()) else { return false };
        if rest.is_empty() {
            return after.is_empty();
        }
        let cuts = after.char_indices().map(|(at, _)| at).chain([after.len()]);
        cuts.filter_map(|at| after.split_at_checked(at)).any(|(filled, after)| {
            (filled == "…" || self.is_quoted(filled)) && self.is_filled(after, rest)
        })
    }

    fn is_quoted(&self, text: &str) -> bool {
        ['\'', '"', '`'].iter().any(|quote| self.text.contains(&format!("{quote}{text}{quote}")))
    }
}

/// The functions that are marked as tests.
fn rust_tests(source: &str) -> Vec<Vec<String>> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim_start) {
        is_test |= line.starts_with("#[test]") || line.starts_with("#[wasm_bindgen_test]");
        let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) else { continue };
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        names.push(vec![rest.split_at(end).0.to_owned()]);
        is_test = false;
    }
    names
}

/// The names that `test`, `describe`, and functions and objects that make tests, are given: the parts between what a
/// template fills in.
fn node_tests(source: &str) -> Vec<Vec<String>> {
    const BEFORE: [&str; 4] = ["test(", "describe(", "both(", "\n  async "];
    let starts = BEFORE.iter().flat_map(|before| {
        source.match_indices(before).filter_map(|(at, _)| {
            let rest = source.split_at_checked(at.checked_add(before.len())?)?.1.trim_start();
            let quote = rest.chars().next().filter(|quote| "'\"`".contains(*quote))?;
            literal(rest.split_at_checked(1)?.1, quote)
        })
    });
    starts.collect()
}

/// A string literal up to its quote, cut at its `${…}`.
fn literal(text: &str, quote: char) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == quote {
            return Some(parts);
        }
        if character == '$' && quote == '`' && characters.peek() == Some(&'{') {
            let mut depth = 0_usize;
            for inner in characters.by_ref() {
                match inner {
                    '{' => depth = depth.checked_add(1)?,
                    '}' => depth = depth.checked_sub(1)?,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            parts.push(String::new());
            continue;
        }
        let character = if character == '\\' { characters.next()? } else { character };
        parts.last_mut()?.push(character);
    }
    None
}

#[test]
fn names_are_read_as_they_are_written() {
    let node = "test('plain', f); describe(\n  \"it's\", f); test(`a ${b.map((c) => `${c}`)}: ${d}`, f); x('no', f);\n  async 'told'() {";
    let node = Source { text: format!("{node} ['one', \"two\"]"), names: node_tests(node) };
    for name in ["plain", "it's", "a one: two", "a …: …", "told"] {
        assert!(node.has(name), "{name}");
    }
    for name in ["no", "a one: three", "a : ", "plai", "plainly", ""] {
        assert!(!node.has(name), "{name}");
    }
    let rust = rust_tests(
        "#[test]\nfn one() {}\nfn two() {}\n  #[test]\n  #[ignore]\n  fn three(a in 0..1) {",
    );
    assert_eq!(rust, [["one"], ["three"]]);
}

#[test]
fn rows_are_claims_and_heads_are_none() {
    let page = "# A\n| a | b |\n|---|---|\n| c | [`d`](../e.rs), [f](../g.mjs) |\n\ntext\n";
    let found: Vec<_> = claims(page).collect();
    assert_eq!(found, [(4, "| c | [`d`](../e.rs), [f](../g.mjs) |")]);
    let named: Vec<_> = links(found[0].1).collect();
    assert_eq!(named, [("d".to_owned(), "e.rs"), ("f".to_owned(), "g.mjs")]);
}
