//! Short names for what the wasm imports.
//!
//! wasm-bindgen puts a hash into each, so that modules can be linked; in a finished package they are bytes that
//! compress to nothing less, twice over.

use anyhow::{Context as _, Result, ensure};

/// Renames the imports of a module, and the same names in its glue.
pub(super) fn shorten(wasm: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let mut rest = wasm;
    let mut output = take(&mut rest, HEADER)?.to_vec();
    let mut glue = glue.to_owned();
    while !rest.is_empty() {
        let id = byte(&mut rest)?;
        let length = number(&mut rest)?;
        let mut section = take(&mut rest, length)?;
        output.push(id);
        if id == IMPORTS {
            let renamed = imports(&mut section, &mut glue)?;
            write_number(&mut output, renamed.len());
            output.extend(renamed);
        } else {
            write_number(&mut output, section.len());
            output.extend(section);
        }
    }
    Ok((output, glue))
}

/// `\0asm` and the version.
const HEADER: usize = 8;
/// The id of the import section (WebAssembly Core, 5.5.5).
const IMPORTS: u8 = 2;
/// The kind of an imported function.
const FUNCTION: u8 = 0;

fn imports(section: &mut &[u8], glue: &mut String) -> Result<Vec<u8>> {
    let mut output = Vec::new();
    let count = number(section)?;
    write_number(&mut output, count);
    for (_, short) in (0..count).zip(short_names()) {
        let module = name(section)?;
        let long = name(section)?;
        ensure!(byte(section)? == FUNCTION, "the wasm imports {long}, which is no function");
        let signature = number(section)?;
        // In the glue it is the key of an object; a longer name that ends or goes on the same would be changed as well.
        ensure!(
            glue.matches(long).count() == 1 && long.starts_with("__wb"),
            "wasm-bindgen's glue doesn't name {long} as it used to"
        );
        *glue = glue.replace(long, &short);
        for text in [module, &short] {
            write_number(&mut output, text.len());
            output.extend(text.bytes());
        }
        output.push(FUNCTION);
        write_number(&mut output, signature);
    }
    ensure!(section.is_empty(), "the wasm's import section goes on");
    Ok(output)
}

/// `a` to `z`, then `a1` and so on.
fn short_names() -> impl Iterator<Item = String> {
    (0_usize..).flat_map(|round| {
        ('a'..='z').map(
            move |letter| {
                if round == 0 { letter.to_string() } else { format!("{letter}{round}") }
            },
        )
    })
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
    fn imports_are_renamed_on_both_sides_and_the_rest_is_kept() {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend(b"\x02\x1a\x02\x01m\x09__wbg_a_1\0\x05\x01m\x06__wbgb\0\x06\x0a\x02xy");
        let glue = "{ __wbg_a_1: 1, __wbgb: 2, b: __other }";
        let (wasm, glue) = shorten(&wasm, glue).unwrap();
        assert_eq!(glue, "{ a: 1, b: 2, b: __other }");
        assert_eq!(wasm, b"\0asm\x01\0\0\0\x02\x0d\x02\x01m\x01a\0\x05\x01m\x01b\0\x06\x0a\x02xy");
    }

    #[test]
    fn what_is_no_wasm_is_refused() {
        assert!(shorten(b"\0asm", "").is_err());
        assert!(shorten(b"\0asm\x01\0\0\0\x02\x7f", "").is_err());
        assert!(shorten(b"\0asm\x01\0\0\0\x02\x80\x80\x80\x80\x80\x01", "").is_err());
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
