//! The names by which a wasm module and its JavaScript know each other: wasm-bindgen makes them of a
//! word and a hash, and no compression makes a hash small.

use crate::failure::{Failure, Outcome};
use std::collections::HashMap;

/// A module and its JavaScript with short names in the place of long ones. What the module tells of the
/// compiler's settings is left out as well.
///
/// # Errors
/// When they are not what wasm-bindgen writes.
pub fn shorten(module: &[u8], script: &str) -> Outcome<(Vec<u8>, String)> {
    let mut shortener = Shortener::default();
    let module = shortener.module(module).ok_or_else(|| unreadable("the wasm module"))?;
    let script = shortener.script(script)?;
    Ok((module, script))
}

fn unreadable(what: &str) -> Failure {
    Failure::new(format!("{what} is not what wasm-bindgen writes"))
}

/// How the names of exports begin that wasm-bindgen makes for itself. The others are those of the crate's
/// own functions, by which stack traces and tests know them.
const INNER: [&str; 2] = ["__", "wasm_bindgen__"];
/// Sections of a module (WebAssembly Core §5.5).
const CUSTOM: u8 = 0;
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;

#[derive(Default)]
struct Shortener {
    /// The module that imports come from.
    from: String,
    imports: HashMap<String, String>,
    exports: HashMap<String, String>,
}

impl Shortener {
    fn module(&mut self, module: &[u8]) -> Option<Vec<u8>> {
        let mut reader = Reader(module);
        let mut out = reader.take(8)?.to_vec();
        while !reader.0.is_empty() {
            let id = reader.byte()?;
            let size = reader.number()?;
            let content = reader.take(size)?;
            let content = match id {
                CUSTOM if Reader(content).name()? == "target_features" => continue,
                IMPORTS => self.import_section(content)?,
                EXPORTS => self.export_section(content)?,
                _ => content.to_vec(),
            };
            out.push(id);
            put_number(&mut out, content.len());
            out.extend(content);
        }
        Some(out)
    }

    fn import_section(&mut self, section: &[u8]) -> Option<Vec<u8>> {
        let (mut reader, mut out) = (Reader(section), Vec::new());
        let count = reader.number()?;
        put_number(&mut out, count);
        for _ in 0..count {
            self.from = reader.name()?.to_owned();
            let name = reader.name()?.to_owned();
            let short = short(self.imports.len());
            // Functions only: what else there is, is the module's own.
            if reader.byte()? != 0 {
                return None;
            }
            put_name(&mut out, ".");
            put_name(&mut out, &short);
            out.push(0);
            put_number(&mut out, reader.number()?);
            self.imports.insert(name, short);
        }
        Some(out)
    }

    fn export_section(&mut self, section: &[u8]) -> Option<Vec<u8>> {
        let (mut reader, mut out) = (Reader(section), Vec::new());
        let count = reader.number()?;
        put_number(&mut out, count);
        for _ in 0..count {
            let name = reader.name()?.to_owned();
            let inner = INNER.iter().any(|start| name.starts_with(start));
            let new = if inner { short(self.exports.len()) } else { name.clone() };
            put_name(&mut out, &new);
            out.push(reader.byte()?);
            put_number(&mut out, reader.number()?);
            self.exports.insert(name, new);
        }
        Some(out)
    }

    /// Imports are the members of one object, each on a line of its own; exports are members of `wasm`.
    fn script(&self, script: &str) -> Outcome<String> {
        let mut out = String::with_capacity(script.len());
        let (mut renamed, mut from) = (0, 0);
        for line in script.split_inclusive('\n') {
            let member = line.trim_start().split_once(": function(");
            let line = match member.and_then(|(name, rest)| Some((self.imports.get(name)?, rest))) {
                Some((short, rest)) => {
                    renamed += 1;
                    format!("{short}: function({rest}")
                }
                None => line.to_owned(),
            };
            let module = format!("\"{}\": import0", self.from);
            from += line.matches(&module).count();
            let line = line.replace(&module, "\".\": import0");
            self.members_of_wasm(&line, &mut out)?;
        }
        if (renamed, from) != (self.imports.len(), 1) {
            return Err(unreadable("its JavaScript"));
        }
        Ok(out)
    }

    fn members_of_wasm(&self, line: &str, out: &mut String) -> Outcome {
        let mut pieces = line.split("wasm.");
        out.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
            let end = piece.find(|c| !word(c)).unwrap_or(piece.len());
            let (name, rest) = piece.split_at(end);
            // A file's name ends so as well.
            let new = match out.ends_with(word) || out.ends_with('.') {
                true => name,
                false => self.exports.get(name).ok_or_else(|| unreadable("its JavaScript"))?,
            };
            for part in ["wasm.", new, rest] {
                out.push_str(part);
            }
        }
        Ok(())
    }
}

/// The name of this number: `a`, `b` … `Z`, `aa` …
fn short(number: usize) -> String {
    const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut name = String::new();
    let mut rest = number + 1;
    while let Some(left) = rest.checked_sub(1) {
        name.push(char::from(LETTERS.get(left % 52).copied().unwrap_or(b'_')));
        rest = left / 52;
    }
    name
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// Unsigned LEB128 (WebAssembly Core §5.2.2).
    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn name(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

fn put_number(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let byte = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    put_number(out, name.len());
    out.extend(name.bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SCRIPT: &str = r#"
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_now_1a2b: function(arg0) {
            return wasm.client_new(arg0) + wasm.memory.buffer;
        },
        __wbg_then_3c4d: function() { wasm.__wbindgen_free(); },
    };
    return { "./x_bg.js": import0 };
}
const url = 'x_bg.wasm';
"#;

    /// A module with two imports, three exports, and a section that says what wrote it.
    fn module(imports: &[&str]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, content: &[u8]| {
            module.push(id);
            put_number(&mut module, content.len());
            module.extend(content);
        };
        let mut content = Vec::new();
        put_number(&mut content, imports.len());
        for name in imports {
            put_name(&mut content, "./x_bg.js");
            put_name(&mut content, name);
            content.extend([0, 7]);
        }
        section(IMPORTS, &content);
        let mut content = vec![3];
        for name in ["memory", "client_new", "__wbindgen_free"] {
            put_name(&mut content, name);
            content.extend([0, 0x81, 1]);
        }
        section(EXPORTS, &content);
        section(CUSTOM, b"\x0ftarget_features\x01");
        section(CUSTOM, b"\x04name\x01");
        module
    }

    #[test]
    fn both_sides_get_the_same_short_names() {
        let (module, script) =
            shorten(&module(&["__wbg_then_3c4d", "__wbg_now_1a2b"]), SCRIPT).unwrap();
        let expected = [
            &b"\0asm\x01\0\0\0"[..],
            b"\x02\x0d\x02\x01.\x01a\0\x07\x01.\x01b\0\x07",
            b"\x07\x1e\x03\x06memory\0\x81\x01\x0aclient_new\0\x81\x01\x01c\0\x81\x01",
            b"\0\x06\x04name\x01",
        ];
        assert_eq!(module, expected.concat());
        assert!(script.contains("\nb: function(arg0) {\n"), "{script}");
        assert!(script.contains("wasm.client_new(arg0) + wasm.memory.buffer"), "{script}");
        assert!(script.contains("\na: function() { wasm.c(); },"), "{script}");
        assert!(script.contains(r#"{ ".": import0 }"#), "{script}");
        assert!(script.contains("'x_bg.wasm'"), "{script}");
    }

    #[test]
    fn what_one_side_does_not_know_is_a_failure() {
        assert!(shorten(&module(&["__wbg_then_3c4d"]), SCRIPT).is_ok());
        assert!(shorten(&module(&["__wbg_then_3c4d", "__wbg_gone_5e6f"]), SCRIPT).is_err());
        let unknown = SCRIPT.replace("client_new", "client_old");
        assert!(shorten(&module(&["__wbg_then_3c4d"]), &unknown).is_err());
        let elsewhere = SCRIPT.replace("./x_bg.js", "./y_bg.js");
        assert!(shorten(&module(&["__wbg_then_3c4d"]), &elsewhere).is_err());
        assert!(shorten(b"\0asm", SCRIPT).is_err());
    }

    #[test]
    fn every_number_has_a_name_of_its_own() {
        let names: std::collections::HashSet<_> = (0..3000).map(short).collect();
        assert_eq!(names.len(), 3000);
        assert_eq!((short(0), short(51), short(52)), ("a".into(), "Z".into(), "aa".into()));
    }
}
