//! Makes of the pages in docs/ what rustdoc can show: their links lead to each other, to the core's sources or to the repository, and
//! their pictures are inside. A link that leads nowhere ends the build.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=..");
    let out = env::var("OUT_DIR")?;
    for entry in fs::read_dir("..")? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_some_and(|extension| extension == "md") {
            let page = page(&fs::read_to_string(&path)?)
                .map_err(|error| format!("docs/{name}: {error}"))?;
            fs::write(Path::new(&out).join(name), page)?;
        }
    }
    Ok(())
}

fn page(text: &str) -> Result<String, Box<dyn Error>> {
    let mut page = String::new();
    let mut is_code = false;
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            is_code = !is_code;
            // Code without a language would be taken for Rust.
            page.push_str(line);
            page.push_str(if is_code && language.is_empty() { "text" } else { "" });
        } else if is_code {
            page.push_str(line);
        } else {
            let mut parts = line.split("](");
            page.push_str(parts.next().unwrap_or_default());
            for part in parts {
                let (target, rest) = part.split_once(')').ok_or("a link without an end")?;
                write!(page, "]({}){rest}", link(target)?)?;
            }
        }
        page.push('\n');
    }
    Ok(page)
}

/// Where a link leads from a module's page.
fn link(target: &str) -> Result<String, Box<dyn Error>> {
    if target.contains("://") || target.starts_with('#') {
        return Ok(target.to_owned());
    }
    let (file, place) = target
        .split_once('#')
        .map_or((target, String::new()), |(file, place)| (file, format!("#{place}")));
    let path = Path::new("..").join(file);
    if !path.exists() {
        return Err(format!("a link to {file}, which is not there").into());
    }
    if let Some(page) = file.strip_suffix(".md").filter(|page| !page.contains('/')) {
        return Ok(format!("../{page}/index.html{place}"));
    }
    if path.extension().is_some_and(|extension| extension == "svg") {
        let picture = fs::read(&path)?;
        return Ok(picture.iter().fold("data:image/svg+xml,".to_owned(), |mut url, byte| {
            // A text takes whatever is written.
            let _ = write!(url, "%{byte:02X}");
            url
        }));
    }
    let in_repository =
        file.strip_prefix("../").map_or_else(|| format!("docs/{file}"), str::to_owned);
    // Files of tests alone are no part of the documentation.
    let source = in_repository.strip_prefix("src/").filter(|source| !source.ends_with("tests.rs"));
    Ok(match source {
        Some(source) => format!("../../src/keyguard/{source}.html"),
        None => format!("{}/blob/main/{in_repository}{place}", env!("CARGO_PKG_REPOSITORY")),
    })
}
