//! What the wasm exports: only what its glue asks for, under short names.
//!
//! wasm-bindgen exports what some module might need, and each name is there twice, in bytes that compress to nothing less.

use std::{collections::BTreeMap, ops::RangeInclusive};

use anyhow::{Context as _, Result, ensure};

/// Drops the exports that the glue doesn't name, and renames the others on both sides.
pub(super) fn shorten(wasm: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let mut rest = wasm;
    let mut output = take(&mut rest, HEADER)?.to_vec();
    let mut names = Names { short: 'a'..='z', given: BTreeMap::new() };
    while !rest.is_empty() {
        let id = byte(&mut rest)?;
        let length = number(&mut rest)?;
        let section = take(&mut rest, length)?;
        output.push(id);
        let section =
            if id == EXPORTS { exports(section, glue, &mut names)? } else { section.to_vec() };
        write_number(&mut output, section.len());
        output.extend(section);
    }
    Ok((output, names.written_into(glue)))
}

/// `\0asm` and the version.
const HEADER: usize = 8;
/// The id of the export section (WebAssembly Core, 5.5.10).
const EXPORTS: u8 = 7;

fn exports(mut section: &[u8], glue: &str, names: &mut Names) -> Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut count = 0_usize;
    for _ in 0..number(&mut section)? {
        let name = name(&mut section)?;
        let kind = byte(&mut section)?;
        let index = number(&mut section)?;
        if !named(glue).any(|named| named == name) {
            continue;
        }
        let short = names.give(name)?;
        write_number(&mut kept, short.len());
        kept.extend(short.bytes());
        kept.push(kind);
        write_number(&mut kept, index);
        count = count.saturating_add(1);
    }
    ensure!(section.is_empty(), "the wasm's export section goes on");
    let mut output = Vec::new();
    write_number(&mut output, count);
    output.extend(kept);
    Ok(output)
}

/// The exports that the glue names, as members of `wasm`.
fn named(glue: &str) -> impl Iterator<Item = &str> {
    glue.split(WASM).skip(1).map(identifier)
}

/// What wasm-bindgen calls the exports.
const WASM: &str = "wasm.";

fn identifier(text: &str) -> &str {
    let is_other = |char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '$'));
    text.split(is_other).next().unwrap_or_default()
}

/// The names that were given, by the long ones.
struct Names {
    short: RangeInclusive<char>,
    given: BTreeMap<String, String>,
}

impl Names {
    fn give(&mut self, name: &str) -> Result<String> {
        let short = self.short.next().context("more exports than names of one letter")?;
        self.given.insert(name.to_owned(), short.to_string());
        Ok(short.to_string())
    }

    fn written_into(&self, glue: &str) -> String {
        let mut parts = glue.split(WASM);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |mut glue, part| {
            let long = identifier(part);
            glue.push_str(WASM);
            glue.push_str(self.given.get(long).map_or(long, String::as_str));
            glue.push_str(part.strip_prefix(long).unwrap_or_default());
            glue
        })
    }
}

fn name<'a>(rest: &mut &'a [u8]) -> Result<&'a str> {
    let length = number(rest)?;
    std::str::from_utf8(take(rest, length)?).context("a name in the wasm is no text")
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length).context("the wasm ends early")?;
    *rest = left;
    Ok(taken)
}

fn byte(rest: &mut &[u8]) -> Result<u8> {
    let (byte, left) = rest.split_first().context("the wasm ends early")?;
    *rest = left;
    Ok(*byte)
}

/// An unsigned LEB128 number.
fn number(rest: &mut &[u8]) -> Result<usize> {
    let mut value = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = byte(rest)?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    anyhow::bail!("a number in the wasm is too long")
}

fn write_number(output: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0x7f);
        value >>= 7;
        if value == 0 {
            return output.push(low);
        }
        output.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_renamed_on_both_sides_and_the_rest_is_kept() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend(b"\x07\x18\x03\x04load\0\x05\x04left\0\x06\x06loaded\0\x07\x0a\x02xy");
        let glue = "wasm.loaded(wasm.load, load, wasm.other)";
        let (wasm, glue) = shorten(&wasm, glue).unwrap();
        assert_eq!(glue, "wasm.b(wasm.a, load, wasm.other)");
        assert_eq!(wasm, b"\0asm\x01\0\0\0\x07\x09\x02\x01a\0\x05\x01b\0\x07\x0a\x02xy");
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        assert!(shorten(b"\0asm", "").is_err());
        assert!(shorten(b"\0asm\x01\0\0\0\x07\x7f", "").is_err());
        assert!(shorten(b"\0asm\x01\0\0\0\x07\x80\x80\x80\x80\x80\x01", "").is_err());
    }

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 300, 65_535, 1 << 24] {
            let mut bytes = Vec::new();
            write_number(&mut bytes, value);
            assert_eq!(number(&mut bytes.as_slice()).unwrap(), value);
        }
    }
}
