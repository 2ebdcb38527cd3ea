//! The house in order: no module grows beyond what is read at once, and no modules know each other in circles.
//!
//! What is longer is named, with a bound of its own, and an exception that is no longer needed fails, so that they only get fewer.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Lines of code, without blank lines, comments and a module's own tests.
const MOST_LINES: usize = 250;
/// What is longer, by what it may have at most: lists of one thing each, and what would be read no better in two.
const LONGER: &[(&str, usize)] = &[
    ("src/life.rs", 280),
    ("worker/src/accounts/front.rs", 260),
    ("xtask/src/dev.rs", 360),
    ("xtask/src/suite.rs", 420),
    ("xtask/src/main.rs", 330),
    ("xtask/src/tools.rs", 340),
];
/// Where the products and tasks live.
const ROOMS: [&str; 6] = ["src", "worker/src", "www/src", "www/scan/src", "cli/src", "xtask/src"];

#[test]
fn no_module_is_longer_than_what_is_read_at_once() {
    let longer: BTreeMap<_, _> = LONGER.iter().copied().collect();
    let mut faults = Vec::new();
    for (file, source) in ROOMS.iter().flat_map(|room| sources(room)) {
        let lines = lines_of_code(&source);
        let most = longer.get(file.as_str()).copied();
        if lines > most.unwrap_or(MOST_LINES) {
            faults.push(format!(
                "{file}: {lines} lines of code, {} allowed",
                most.unwrap_or(MOST_LINES)
            ));
        }
        if most.is_some() && lines <= MOST_LINES {
            faults.push(format!("{file}: {lines} lines of code: take its exception away"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_modules_know_each_other_in_circles() {
    for room in ROOMS {
        let graph = graph(&sources(room));
        let circle: Vec<_> =
            graph.keys().filter(|module| reaches(&graph, module, module)).collect();
        assert!(circle.is_empty(), "{room}: {circle:?} know each other in circles");
    }
}

#[test]
fn the_read_side_knows_nothing_of_the_write_side() {
    for (file, source) in sources("worker/src") {
        if file.starts_with("worker/src/guard") {
            assert!(!code(&source).any(|line| line.contains("accounts::")), "{file}");
        }
    }
}

#[test]
fn lines_and_circles_are_told_as_they_are() {
    let source = "//! a\nuse b;\n\n// c\nfn d() {}\n#[cfg(test)]\nmod tests {\n    fn e() {}\n}\n";
    assert_eq!(lines_of_code(source), 2);
    let file = |name: &str, text: &str| (format!("src/{name}.rs"), text.to_owned());
    let circle = graph(&[
        file("lib", "mod a;\nmod b;\nmod c;\npub use b::Thing;"),
        file("a", "use crate::{Thing, c::{One, Two}};"),
        file("b", "fn f() { crate::a::g() }"),
        file("c", "struct One;"),
    ]);
    assert!(reaches(&circle, "a", "a") && reaches(&circle, "b", "b"));
    assert!(!reaches(&circle, "c", "c") && reaches(&circle, "b", "c"));
}

/// The files of a room: path from the top of the project, and text. Files of tests are left out.
fn sources(room: &str) -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![top.join(room)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_stem().is_some_and(|stem| stem != "tests")
            {
                let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}

fn code(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .map(str::trim)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
}

fn lines_of_code(source: &str) -> usize {
    code(source).count()
}

/// Which top modules of a crate name which others: as `crate::module`, or by what the root takes from them.
fn graph(files: &[(String, String)]) -> BTreeMap<String, BTreeSet<String>> {
    let is_root = |file: &str| file.ends_with("/lib.rs") || file.ends_with("/main.rs");
    let root = files.iter().filter(|(file, _)| is_root(file)).min_by_key(|(file, _)| file.len());
    let root: String = code(&root.unwrap().1).collect::<Vec<_>>().join(" ");
    let mut home = BTreeMap::new();
    let statements: Vec<Vec<_>> = root.split(';').map(|part| words(part).collect()).collect();
    let after = |words: &[&str], keyword: &str| words.iter().position(|word| *word == keyword);
    for statement in &statements {
        let module = after(statement, "mod").and_then(|at| statement.get(at.saturating_add(1)));
        home.extend(module.map(|module| (*module, *module)));
    }
    for statement in &statements {
        let Some(at) = after(statement, "use") else { continue };
        let Some(module) = statement.get(at.saturating_add(1)) else { continue };
        if home.get(module) == Some(module) {
            for name in statement.iter().skip(at.saturating_add(2)) {
                home.entry(name).or_insert(module);
            }
        }
    }
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, source) in files {
        let place = file.rsplit_once("src/").unwrap().1;
        let module = place.split(['/', '.']).next().unwrap().to_owned();
        let text: String = code(source).collect::<Vec<_>>().join(" ");
        let on = graph.entry(module.clone()).or_default();
        for rest in text.split("crate::").skip(1) {
            let named = firsts(rest).into_iter().filter_map(|name| home.get(name));
            on.extend(named.filter(|other| **other != module).map(|other| (*other).to_owned()));
        }
    }
    graph
}

/// The first name after `crate::`, or the first of each part in its braces.
fn firsts(rest: &str) -> Vec<&str> {
    let Some(list) = rest.strip_prefix('{') else { return words(rest).take(1).collect() };
    let (mut depth, mut is_first, mut names) = (0_usize, true, Vec::new());
    for word in list.split_inclusive(['{', '}', ',']) {
        if is_first && depth == 0 {
            names.extend(words(word).next());
        }
        is_first = word.ends_with(',');
        if word.ends_with('{') {
            depth = depth.saturating_add(1);
        } else if word.ends_with('}') {
            if depth == 0 {
                break;
            }
            depth = depth.saturating_sub(1);
        }
    }
    names
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether one module comes to another by one step or more.
fn reaches(graph: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in graph.get(module).into_iter().flatten() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}
