//! What fills a module: the crates that its functions come from.

use std::{cmp::Reverse, collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// The crates of the most code in a module as wasm-bindgen left it, with the bytes of each, the largest first.
///
/// Before wasm-opt, after which no function has a name; cargo's own output holds much that wasm-bindgen takes out.
pub(super) fn crates(wasm: &Path) -> Result<Vec<(String, u64)>> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let mut imported = 0_u32;
    let mut sizes = Vec::new();
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if matches!(import?.ty, TypeRef::Func(_)) {
                        imported = imported.saturating_add(1);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(u64::try_from(body.as_bytes().len())?),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(subsections) = section.as_known() {
                    for subsection in subsections {
                        let Name::Function(functions) = subsection? else { continue };
                        for function in functions {
                            let function = function?;
                            names.insert(function.index, function.name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for (index, size) in (imported..).zip(sizes) {
        let name = names.get(&index).copied().unwrap_or_default();
        let sum = sums.entry(crate_of(name)).or_default();
        *sum = sum.saturating_add(size);
    }
    let mut crates: Vec<_> = sums.into_iter().collect();
    crates.sort_by_key(|(_, size)| Reverse(*size));
    Ok(crates)
}

/// The crate that a function is from: of a trait's method, that of the type. What is exported has a name of its own.
fn crate_of(name: &str) -> String {
    let start = name.find(|first: char| first.is_ascii_alphanumeric() || first == '_');
    let path = start.and_then(|start| name.get(start..)).unwrap_or_default();
    let path = path.trim_start_matches("mut ").trim_start_matches("dyn ");
    let end = path.find(|next: char| !next.is_ascii_alphanumeric() && next != '_');
    let (first, rest) = path.split_at(end.unwrap_or(path.len()));
    match first {
        "core" | "alloc" | "std" | "str" | "char" | "u8" => "core, alloc and std".to_owned(),
        // One kind of names says which crate of this name it is: `core[c5930c85a12de822]::fmt`.
        _ if rest.starts_with("::") || rest.starts_with('[') => first.to_owned(),
        _ if rest.is_empty() && !first.is_empty() => "exports".to_owned(),
        _ => "other".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_its_crates_or_its_types() {
        for (name, expected) in [
            ("keyguard::decide::decide::h0123456789abcdef", "keyguard"),
            ("<keyguard::time::UnixTime as core::fmt::Debug>::fmt::h0123456789abcdef", "keyguard"),
            ("<&mut serde_json::de::Deserializer<R> as serde::Deserializer>::end", "serde_json"),
            ("core::fmt::write::h0123456789abcdef", "core, alloc and std"),
            ("core[c5930c85a12de822]::fmt::float::float_to_decimal::<f64>", "core, alloc and std"),
            ("<char>::escape_debug_ext", "core, alloc and std"),
            (
                "<dlmalloc[e24a27700634d609]::dlmalloc::Dlmalloc<dlmalloc[e24a27700634d609]::sys::System>>::free",
                "dlmalloc",
            ),
            ("<T as serde_core::Serialize>::serialize", "other"),
            ("fetch", "exports"),
            ("", "other"),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }
}
