//! The protocol names no browser type, clock or source of randomness. It is told the time, is given
//! random bytes, and says what is to be done.

use crate::rust_code::code_only;

/// What no line of code below `src/protocol` may name.
const FORBIDDEN: [&str; 17] = [
    "web_sys",
    "js_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "serde_wasm_bindgen",
    "gloo",
    "gloo_net",
    "std::time",
    "SystemTime",
    "Instant",
    "Instant::now",
    "getrandom",
    "rand::",
    "Date",
    "async",
    "await",
    "std::thread",
];

/// The forbidden names in a source file, each with its line number. Comments and strings may
/// mention them.
fn impurities(source: &str) -> Vec<(usize, &'static str)> {
    let code = code_only(source);
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        for name in FORBIDDEN {
            if names(line, name) {
                found.push((index + 1, name));
            }
        }
    }
    found
}

/// Whether a line has `name` as a whole word.
fn names(line: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && (name.ends_with(':') || !after.is_some_and(is_word))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rust_code::sources_below;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_protocol_names_no_browser_type_clock_or_randomness() {
        let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/protocol");
        let sources = sources_below(&protocol);
        assert!(!sources.is_empty(), "{} has no sources", protocol.display());
        let mut found = Vec::new();
        for path in sources {
            for (line, name) in impurities(&fs::read_to_string(&path).unwrap()) {
                found.push(format!("{}:{line} names {name}", path.display()));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn each_forbidden_name_is_found_in_code() {
        for name in FORBIDDEN {
            let source = format!("fn f() {{\n    let x = {name}::y();\n}}\n");
            assert!(impurities(&source).contains(&(2, name)), "{name}");
        }
    }

    #[test]
    fn comments_and_strings_may_name_anything() {
        let source = r####"
            //! No Date here, nor std::time.
            /* SystemTime /* getrandom */ Date */
            /// "js_sys
            const A: &str = "Date: \" Date";
            const B: &str = r#"web_sys " Date"#;
            const C: &[u8] = b"Date";
            const D: char = '"';
            const E: char = '\'';
            fn f<'a>(x: &'a str) -> &'a str { x }
        "####;
        assert_eq!(impurities(source), []);
    }

    #[test]
    fn code_after_a_string_a_quote_or_a_comment_is_still_read() {
        for source in [
            "let a = \"x\"; let b = Date::now();",
            "let a = '\"'; let b = Date::now();",
            "fn f<'a>(x: &'a Date) {}",
            "/* a */ Date",
            "let a = r\"\\\"; Date",
        ] {
            assert_eq!(impurities(source), [(1, "Date")], "{source}");
        }
    }

    #[test]
    fn only_whole_words_count() {
        assert_eq!(impurities("let update = candidate; let Dated = brand::new();"), []);
        assert_eq!(impurities("let operand = 1; let glooms = 2; let awaited = 3;"), []);
    }
}
