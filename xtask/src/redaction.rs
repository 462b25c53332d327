//! What is secret has a type that prints `[redacted]`: no field of the crate holds it as plain text.

/// What fields that hold secrets are called.
const SECRET: [&str; 17] = [
    "access_token",
    "id_token",
    "refresh_token",
    "session_token",
    "token",
    "code",
    "authorization_code",
    "code_verifier",
    "verifier",
    "nonce",
    "credential",
    "assertion",
    "auth_session",
    "body",
    "cookie",
    "password",
    "query",
];

/// Fields that are called so and hold something else: an endpoint, the code of an error, and a server's
/// nonce for proofs, which is worth nothing without the key.
const OTHERWISE: [(&str, &str); 4] = [
    ("src/protocol/config.rs", "token"),
    ("src/browser/provider.rs", "code"),
    ("src/protocol/dpop.rs", "nonce"),
    ("src/browser/network.rs", "nonce"),
];

/// What prints as it is.
const PLAIN: [&str; 5] = ["String", "str", "Vec<u8>", "Value", "JsValue"];

/// The fields of structs and enums that hold a secret as plain text, each with its line number.
fn plain_secrets(source: &str) -> Vec<(usize, String)> {
    let code = crate::rust_code::code_only(source);
    let mut found = Vec::new();
    // How deep the braces are, and at which depth the fields of a type are.
    let (mut depth, mut fields) = (0_usize, Vec::new());
    for (index, line) in code.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_type = words.iter().any(|word| matches!(*word, "struct" | "enum"));
        // A short variant has its fields on its own line.
        for (name, kind) in line.split([',', '{', '}']).filter_map(|field| field.split_once(':')) {
            if fields.is_empty() {
                continue;
            }
            let name = name.split_whitespace().last().unwrap_or_default();
            let kind = kind.trim();
            let inner = kind.strip_prefix("Option<").map_or(kind, |it| it.trim_end_matches('>'));
            let inner = inner.trim_start_matches("&'a ");
            if SECRET.contains(&name) && PLAIN.contains(&inner) {
                found.push((index + 1, format!("{name}: {kind}")));
            }
        }
        for mark in line.chars() {
            match mark {
                '{' => {
                    depth += 1;
                    if is_type && fields.is_empty() {
                        fields.push(depth);
                    }
                }
                '}' => {
                    if fields.last() == Some(&depth) {
                        fields.pop();
                    }
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rust_code::sources_below;
    use std::path::Path;

    #[test]
    fn no_field_holds_a_secret_as_plain_text() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
        let mut found = Vec::new();
        for path in sources_below(&source) {
            let known = |field: &str| {
                OTHERWISE.iter().any(|(file, name)| path.ends_with(file) && field.starts_with(name))
            };
            let fields = plain_secrets(&std::fs::read_to_string(&path).unwrap());
            for (line, field) in fields.into_iter().filter(|(_, field)| !known(field)) {
                found.push(format!("{}:{line} {field}", path.display()));
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn plain_fields_are_found_in_structs_and_enums() {
        let source = "pub struct A {\n    pub nonce: String,\n    pub id_token: Option<Secret>,\n}\n\
                      enum B {\n    C { code: Option<String>, },\n    D {\n        body: Vec<u8>,\n    },\n}\n\
                      fn f(nonce: String) {\n    let g = G { token: String };\n}\n\
                      struct H<'a> {\n    verifier: &'a str,\n    // cookie: String,\n}\n";
        let found = plain_secrets(source);
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 6, 8, 15], "{found:?}");
    }
}
