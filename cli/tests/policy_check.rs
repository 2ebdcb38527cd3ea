//! The tool as an operator calls it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn keyguard(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyguard")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn project(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).display().to_string()
}

/// A file with this text, in a folder of the test's own.
fn file(name: &str, content: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.replace('.', "-"));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

#[track_caller]
fn refused(name: &str, content: &str, reason: &str) {
    let output = keyguard(&["policy", "check", file(name, content).to_str().unwrap()]);
    let shown = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains(reason), "{shown}");
}

#[test]
fn the_projects_own_policies_hold() {
    let output = keyguard(&["policy", "check", &project("worker/wrangler.toml")]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(shown.contains("route POST /collect/payment_sessions"), "{shown}");
    assert!(!shown.contains("plain http"), "{shown}");

    let output = keyguard(&["policy", "check", &project("worker/.dev.vars")]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("plain http"), "the exception is named");
}

#[test]
fn what_is_wrong_is_named() {
    refused("a.json", "{", "EOF while parsing");
    refused("b.json", "not json", "expected");
    refused(
        "c.json",
        r#"{"upstream":{"live":"http://api.example.com"}}"#,
        "field upstream.live: must be",
    );
    refused("d.toml", "name = 1", "holds no POLICY");
    refused("e.toml", "[vars.POLICY]\nupstreams = 1", "field upstreams: unknown field `upstreams`");
    refused("f.toml", "name =", "TOML parse error");
    refused(
        "g.toml",
        "[env.eu.vars.POLICY]\nupstream = { live = \"https://a\" }\nstore_cache_ttl = 5",
        "[env.eu.vars] POLICY: field store_cache_ttl: must be 30 to 86400",
    );
    refused("h.vars", "POLICY='{}'", "missing field `upstream`");
}

#[test]
fn policy_as_json_is_read_from_any_file() {
    let path = file("policy.json", r#"{"upstream":{"test":"https://api.example.com"}}"#);
    let output = keyguard(&["policy", "check", path.to_str().unwrap()]);
    let shown = text(&output.stdout);
    assert!(shown.contains("test keys go to https://api.example.com"), "{shown}");
    assert!(shown.contains("live keys are refused"), "{shown}");
    assert!(shown.contains("publishable keys may do nothing"), "{shown}");
}

#[test]
fn file_that_is_not_there_is_named() {
    let output = keyguard(&["policy", "check", "no-such-file.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("no-such-file.toml: "));
}

#[test]
fn calls_that_make_no_sense_show_the_usage() {
    for arguments in [&[][..], &["policy"], &["policy", "check", "--fast"], &["key"]] {
        let output = keyguard(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).starts_with("usage: keyguard"));
    }
    assert!(keyguard(&["--help"]).status.success());
}
