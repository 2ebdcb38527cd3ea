//! `keyguard scan` as a developer, a git hook and a build server call it.
#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod support;

use std::{fs, io::Write as _, process::Command};

use data_encoding::BASE64;
use flate2::{Compression, write::GzEncoder};
use keyguard::Mode;
use serde_json::{Value, json};

use support::{Folder, issued, scan, scan_with};

#[test]
fn finding_names_place_and_kind_and_shows_no_key() {
    let folder = Folder::new();
    let key = issued(Mode::Live);
    folder.write("src/pay.js", &format!("// pay\nconst key = \"{key}\";\n"));
    folder.write("src/clean.js", "const task = 'task_vYZCAeHawUqDCmVpEKh2U';\n");
    let outcome = scan(&folder, &["."]).exits(1);
    outcome.prints("src/pay.js:2:14: error: live secret key, certain");
    outcome.prints(&format!("sk_…{}", &key[key.len() - 4..]));
    outcome.prints("keyguard key rotate");
    outcome.says("1 finding in 2 files");
    for arguments in [&["."][..], &[".", "--json"], &[".", "--sarif"]] {
        let outcome = scan(&folder, arguments).exits(1);
        assert!(!outcome.stdout.contains(&key[3..30]) && !outcome.stderr.contains(&key[3..30]));
    }
    scan(&folder, &["src/clean.js"]).exits(0).says("no secret key in 1 file");
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let folder = Folder::new();
    folder.write("a.js", "1;\n");
    scan(&folder, &["a.js", "missing.js"]).exits(2).says("missing.js");
    scan(&folder, &[]).exits(2);
    scan(&folder, &["a.js", "--baseline", "missing.json"]).exits(2).says("missing.json");
}

#[test]
fn confidence_is_chosen() {
    let folder = Folder::new();
    folder.write("a.js", "'sk_internationalisation'");
    folder.write("b.js", "'sk_vYZCAeHawUqDCmVpEKh2U'");
    folder.write("c.js", &format!("'{}'", issued(Mode::Test)));
    for (level, files) in [("possible", 3), ("likely", 2), ("certain", 1)] {
        let outcome = scan(&folder, &[".", "--json", "--confidence", level]).exits(1);
        assert_eq!(outcome.json()["findings"].as_array().unwrap().len(), files, "{level}");
    }
}

#[test]
fn json_has_what_the_package_has() {
    let folder = Folder::new();
    let key = issued(Mode::Test);
    folder.write("a.env", &format!("ü=1\nKEY={key}\n"));
    let json = scan(&folder, &["a.env", "--json"]).exits(1).json();
    let finding = &json["findings"][0];
    assert_eq!((json["files"].clone(), finding["file"].clone()), (json!(1), json!("a.env")));
    assert_eq!(finding["rule"], "keyguard-test-secret-key");
    assert_eq!(
        (&finding["severity"], &finding["confidence"]),
        (&json!("warning"), &json!("certain"))
    );
    assert_eq!((&finding["line"], &finding["column"]), (&json!(2), &json!(5)));
    assert_eq!((&finding["start"], &finding["end"]), (&json!(9), &json!(9 + key.len())));
    assert_eq!(finding["disguise"], "none");
}

#[test]
fn sarif_is_one_run_whose_results_point_at_its_rules() {
    let folder = Folder::new();
    folder.write("a b/ü.js", &format!("'{}'", issued(Mode::Live)));
    let sarif = scan(&folder, &[".", "--sarif"]).exits(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.js");
    assert_eq!(
        (&place["region"]["startLine"], &place["region"]["startColumn"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(result["level"], "error");
    let clean: Value = scan(&folder, &["-", "--sarif"]).exits(0).json();
    assert_eq!(clean["runs"][0]["results"], json!([]));
}

#[test]
fn baseline_silences_what_it_lists_and_nothing_else() {
    let folder = Folder::new();
    let (old, new) = (issued(Mode::Live), issued(Mode::Live));
    folder.write("old.js", &format!("'{old}'"));
    scan(&folder, &["old.js", "--write-baseline", "known.json"]).exits(0).says("1 findings");
    let known = fs::read_to_string(folder.path("known.json")).unwrap();
    assert!(!known.contains(&old[3..20]), "{known}");
    folder.write("old.js", &format!("// moved down\n\n\"{old}\""));
    scan(&folder, &["old.js", "--baseline", "known.json"]).exits(0);
    folder.write("old.js", &format!("'{old}' + '{new}'"));
    let json = scan(&folder, &["old.js", "--json", "--baseline", "known.json"]).exits(1).json();
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    folder.write("other.js", &format!("'{old}'"));
    scan(&folder, &["other.js", "--baseline", "known.json"]).exits(1);
}

#[test]
fn standard_input_is_a_file_too() {
    let folder = Folder::new();
    let text = format!("key: {}", issued(Mode::Live));
    scan_with(&folder, &["-"], text.as_bytes()).exits(1).prints("-:1:6: error");
}

#[test]
fn compressed_files_and_archives_are_looked_into() {
    let folder = Folder::new();
    let text = format!("{}\nk = '{}'", "x = 1;\n".repeat(20_000), issued(Mode::Live));
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let tar = |name: &str, bytes: &[u8]| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, name, bytes).unwrap();
        builder.into_inner().unwrap()
    };
    folder.write_bytes("a.js.gz", &gzip(text.as_bytes()));
    folder.write_bytes("no-extension", &gzip(&gzip(text.as_bytes())));
    folder.write_bytes(
        "a.js.zst",
        &ruzstd::encoding::compress_to_vec(
            text.as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        ),
    );
    let package = tar("package/dist/index.js", text.as_bytes());
    folder.write_bytes("package.tgz", &gzip(&package));
    folder.write_bytes("outer.tar", &tar("inner.tgz", &gzip(&package)));
    let json = scan(&folder, &[".", "--json"]).exits(1).json();
    let files: Vec<&str> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["file"].as_str().unwrap())
        .collect();
    assert_eq!(
        files,
        [
            "a.js.gz",
            "a.js.zst",
            "no-extension",
            "outer.tar!inner.tgz!package/dist/index.js",
            "package.tgz!package/dist/index.js",
        ]
    );
    assert_eq!(json["findings"][0]["line"], 20_002);
}

#[test]
fn brotli_is_known_by_its_name() {
    let folder = Folder::new();
    let key = issued(Mode::Live);
    // A stream of one uncompressed block and an empty last one (RFC 7932 §9.2), as every encoder may write it.
    let text = format!("k='{key}'").into_bytes();
    // WBITS 16, not the last, four digits of length, the length less one, uncompressed.
    let bits = ((text.len() as u64 - 1) << 4) | (1 << 20);
    let mut bytes = bits.to_le_bytes()[..3].to_vec();
    bytes.extend(&text);
    bytes.push(0b11);
    folder.write_bytes("a.js.br", &bytes);
    scan(&folder, &["a.js.br"]).exits(1).prints("a.js.br:1:4");
}

#[test]
fn bomb_is_left_after_a_bound() {
    let folder = Folder::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..300 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.write_all(issued(Mode::Live).as_bytes()).unwrap();
    folder.write_bytes("bomb.gz", &encoder.finish().unwrap());
    scan(&folder, &["bomb.gz"]).exits(0).says("its first 256 MB only");
}

#[test]
fn broken_archive_is_told_of_and_looked_at_as_far_as_it_goes() {
    let folder = Folder::new();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder
        .write_all(format!("'{}'\n{}", issued(Mode::Live), "x".repeat(100_000)).as_bytes())
        .unwrap();
    let bytes = encoder.finish().unwrap();
    folder.write_bytes("half.gz", &bytes[..bytes.len() / 2]);
    scan(&folder, &["half.gz"]).exits(1).says("as far as it could be decompressed");
}

#[test]
fn finding_in_a_source_map_names_the_source() {
    let folder = Folder::new();
    let key = issued(Mode::Live);
    let map = json!({
        "version": 3, "sources": ["src/a.ts", "src/pay.ts"], "names": [], "mappings": "",
        "sourcesContent": ["export {};\n", format!("// pay\nexport const key = \"{key}\";\n")],
    })
    .to_string();
    folder.write("bundle.js.map", &map);
    folder.write(
        "bundle.js",
        &format!(
            "run();\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{}\n",
            BASE64.encode(map.as_bytes())
        ),
    );
    let json = scan(&folder, &[".", "--json"]).exits(1).json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "{json}");
    for finding in findings {
        assert_eq!(finding["source"], "src/pay.ts");
        assert_eq!((&finding["line"], &finding["column"]), (&json!(2), &json!(21)));
    }
    scan(&folder, &["bundle.js.map"]).exits(1).prints("bundle.js.map (src/pay.ts:2:21)");
}

#[test]
fn ignored_files_are_left_out_unless_asked_for() {
    let folder = Folder::new();
    folder.git(&["init", "-q"]);
    folder.write(".gitignore", "secret.js\n");
    folder.write("secret.js", &format!("'{}'", issued(Mode::Live)));
    scan(&folder, &["."]).exits(0);
    scan(&folder, &[".", "--no-ignore"]).exits(1).prints("secret.js:1:2");
    scan(&folder, &["secret.js"]).exits(1);
    folder.write(".env", &format!("KEY={}", issued(Mode::Live)));
    scan(&folder, &["."]).exits(1).prints(".env:1:5");
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    elsewhere.write("a.js", &format!("'{}'", issued(Mode::Live)));
    std::os::unix::fs::symlink(elsewhere.path("."), folder.path("link")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path("a.js"), folder.path("a.js")).unwrap();
    scan(&folder, &["."]).exits(0);
}

#[test]
fn staged_content_is_what_is_looked_at() {
    let folder = Folder::new();
    folder.git(&["init", "-q"]);
    let key = issued(Mode::Live);
    folder.write("ä pay.js", &format!("'{key}'"));
    folder.write("other.js", &format!("'{key}'"));
    scan(&folder, &["--staged"]).exits(0);
    folder.git(&["add", "ä pay.js"]);
    // What is staged counts, not what is there now, nor what is not staged.
    folder.write("ä pay.js", "clean()");
    let json = scan(&folder, &["--staged", "--json"]).exits(1).json();
    assert_eq!(json["findings"].as_array().unwrap().len(), 1);
    assert_eq!(json["findings"][0]["file"], "ä pay.js");
    folder.git(&["add", "ä pay.js"]);
    scan(&folder, &["--staged"]).exits(0);
    scan(&Folder::new(), &["--staged"]).exits(2).says("git");
}

#[test]
fn git_hook_of_the_manual_refuses_the_commit() {
    let folder = Folder::new();
    folder.git(&["init", "-q"]);
    let manual = include_str!("../../../docs/scan.md");
    let hook = manual.split("```sh hook\n").nth(1).unwrap().split("```").next().unwrap();
    let hook = hook.replace("keyguard scan", &format!("{} scan", env!("CARGO_BIN_EXE_keyguard")));
    folder.write(".git/hooks/pre-commit", &hook);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(
            folder.path(".git/hooks/pre-commit"),
            fs::Permissions::from_mode(0o755),
        )
        .unwrap();
    }
    folder.write("pay.js", &format!("'{}'", issued(Mode::Live)));
    folder.git(&["add", "pay.js"]);
    let commit = |folder: &Folder| {
        Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b.example",
                "commit",
                "-q",
                "-m",
                "pay",
            ])
            .current_dir(folder.path("."))
            .output()
            .unwrap()
    };
    let refused = commit(&folder);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("pay.js:1:2"), "{refused:?}");
    folder.write("pay.js", "'pk_WeHsNn87r4gtNc5BQT9Mj'");
    folder.git(&["add", "pay.js"]);
    let done = commit(&folder);
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn manual_lists_every_rule() {
    let manual = include_str!("../../../docs/scan.md");
    for vendor in keyguard::scan::file::VENDORS {
        let rule = vendor.rule();
        let row = format!("| {} | `{}` | `{}` |", rule.name, vendor.prefix(), rule.id);
        assert!(manual.contains(&row), "{row}");
    }
}
