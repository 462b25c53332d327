//! The tests that are named after a threat: declarations, never comments or strings that look like one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::js_code::{Token, tokens};
use crate::project::{Project, read};
use crate::rust_code::code_only;

/// A test that holds threats.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ThreatTest {
    /// Where it runs, in the order of the table.
    pub level: Level,
    /// Its name as it is declared.
    pub name: String,
    /// The threats that its name begins with.
    pub numbers: Vec<u8>,
}

/// Where tests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Natively, in `src/protocol`.
    Core,
    /// Compiled to wasm, in a page.
    Wasm,
    /// The package, in Node and in a page.
    Package,
    /// The gate, in a page.
    Gate,
    /// A journey in three engines.
    Journey,
}

impl Level {
    const ALL: [(&str, Self); 5] = [
        ("src/protocol", Self::Core),
        ("src/browser", Self::Wasm),
        ("tests/package", Self::Package),
        ("tests/gate", Self::Gate),
        ("tests/e2e/src/journeys", Self::Journey),
    ];

    /// What the table calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Wasm => "wasm",
            Self::Package => "package",
            Self::Gate => "gate",
            Self::Journey => "journey",
        }
    }
}

/// Every test that is named after a threat and runs.
///
/// # Errors
/// When a file cannot be read, or declares such a test in a way that does not run.
pub fn all(project: &Project) -> Outcome<BTreeSet<ThreatTest>> {
    let mut found = BTreeSet::new();
    for (folder, level) in Level::ALL {
        for path in sources_below(&project.root.join(folder))? {
            let names = match level {
                Level::Core | Level::Wasm => in_rust(&read(&path)?, "#"),
                Level::Journey => in_rust(&read(&path)?, "journeys"),
                Level::Package | Level::Gate => in_js(&read(&path)?),
            };
            let names =
                names.map_err(|what| Failure::new(format!("{}: {what}", path.display())))?;
            if !names.is_empty() && level != Level::Package && level != Level::Gate {
                is_compiled(&project.root.join(folder), &path)?;
            }
            let tests =
                names.into_iter().map(|(name, numbers)| ThreatTest { level, name, numbers });
            found.extend(tests);
        }
    }
    Ok(found)
}

type Named = Vec<(String, Vec<u8>)>;

/// The numbers that a name begins with: `t30_t31_…`, `t54 t67 …`.
fn numbers(name: &str) -> Vec<u8> {
    let number = |word: &str| {
        let digits = word.strip_prefix('t').filter(|digits| digits.len() == 2)?;
        digits.parse::<u8>().ok()
    };
    name.split(['_', ' ', ':']).map_while(number).collect()
}

/// The tests of a Rust file: functions below `#[test]`, or the entries of a list of journeys.
fn in_rust(source: &str, list: &str) -> Result<Named, String> {
    let code = code_only(source);
    let words = words(&code);
    let mut named = Named::new();
    let mut attributes: Vec<&str> = Vec::new();
    let mut is_list = false;
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).copied();
        match *word {
            "[" if before == Some("#") => attributes.push("["),
            // What an attribute says of the function that follows.
            "test" | "wasm_bindgen_test" | "ignore" | "cfg" if !attributes.is_empty() => {
                attributes.push(word);
            }
            ";" | "{" | "}" => attributes.clear(),
            "journeys" => is_list = words.get(at + 1) == Some(&"!"),
            "]" if is_list => is_list = false,
            name if !numbers(name).is_empty() => {
                let is_test = attributes.iter().any(|it| it.ends_with("test"));
                let runs = !attributes.iter().any(|it| *it == "ignore" || *it == "cfg");
                match (list, before) {
                    ("journeys", _) if is_list => named.push((name.to_owned(), numbers(name))),
                    ("#", Some("fn")) if is_test && runs => {
                        named.push((name.to_owned(), numbers(name)));
                    }
                    ("#", Some("fn")) => return Err(format!("{name} does not run")),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Ok(named)
}

/// Identifiers and single marks.
fn words(code: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if !first.is_whitespace() {
            words.push(word);
        }
        rest = after;
    }
    words
}

/// The tests of a file for Node's test runner: `test("t01 …", …)`.
fn in_js(source: &str) -> Result<Named, String> {
    let tokens = tokens(source);
    let at = |index: usize| tokens.get(index);
    let mut named = Named::new();
    let mut skips = None;
    for (index, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        let before = index.checked_sub(1).and_then(at);
        match (*word, before, at(index + 1), at(index + 2)) {
            ("skip" | "todo" | "only", Some(Token::Mark('.')), ..)
            | ("skip" | "todo" | "only", _, Some(Token::Mark(':')), Some(Token::Word("true")))
            | ("skip" | "todo", _, Some(Token::Mark(':')), Some(Token::Text(_))) => {
                skips = Some(*word);
            }
            (_, Some(Token::Mark('.')), ..) => {}
            ("test", _, Some(Token::Mark('(')), Some(Token::Text(name)))
                if !numbers(name).is_empty() =>
            {
                named.push(((*name).to_owned(), numbers(name)));
            }
            ("suite", _, Some(Token::Mark('(')), Some(Token::Text(name)))
                if !numbers(name).is_empty() =>
            {
                return Err(format!("the suite {name:?} is no test: number the tests in it"));
            }
            _ => {}
        }
    }
    match skips {
        Some(word) if !named.is_empty() => Err(format!("with {word:?} its tests may not run")),
        _ => Ok(named),
    }
}

/// A file that no `mod` names is not compiled, and nobody says so.
fn is_compiled(top: &Path, path: &Path) -> Outcome {
    let mut path = path.to_path_buf();
    while path.parent().is_some_and(|folder| folder.starts_with(top)) {
        if path.file_stem().is_some_and(|stem| stem == "mod") {
            path.pop();
        }
        let Some((folder, stem)) = path.parent().zip(path.file_stem()) else { break };
        let stem = stem.to_string_lossy();
        let parents = [folder.join("mod.rs"), folder.with_extension("rs"), folder.join("lib.rs")];
        let Some(parent) = parents.into_iter().find(|parent| parent.is_file()) else { break };
        let code = code_only(&read(&parent)?);
        if !words(&code).windows(2).any(|pair| *pair == ["mod", &*stem]) {
            return Err(Failure::new(format!("{} has no `mod {stem}`", parent.display())));
        }
        path = parent;
    }
    Ok(())
}

fn sources_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let failed = |error| Failure::new(format!("{} cannot be listed: {error}", folder.display()));
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "node_modules" {
            sources.extend(sources_below(&path)?);
        } else if name.ends_with(".rs") || name.ends_with(".test.js") {
            sources.push(path);
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(named: Result<Named, String>) -> Vec<String> {
        named.unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_name_may_begin_with_several_numbers() {
        assert_eq!(numbers("t30_t31_the_callback"), [30, 31]);
        assert_eq!(numbers("t54 t67 what was saved"), [54, 67]);
        for other in ["the_t30", "t3_x", "t301_x", "test_30", "to 30", "t30s end"] {
            assert!(numbers(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn a_rust_test_is_a_function_with_the_attribute() {
        let source = r##"
            // #[test] fn t01_in_a_comment() {}
            const A: &str = r#"#[test] fn t02_in_a_string() {}"#;
            #[test]
            fn t03_natively() {}
            #[wasm_bindgen_test]
            async fn t04_t05_in_a_page() { t06_called(); }
            #[test] #[allow(clippy::panic)]
            pub fn t07_with_more_of_them() {}
        "##;
        assert_eq!(
            names(in_rust(source, "#")),
            ["t03_natively", "t04_t05_in_a_page", "t07_with_more_of_them"]
        );
    }

    #[test]
    fn a_rust_test_that_does_not_run_is_told() {
        for source in [
            "fn t01_plain() {}",
            "#[test]\n#[ignore]\nfn t01_ignored() {}",
            "#[ignore = \"slow\"]\n#[test]\nfn t01_ignored() {}",
            "#[test]\n#[cfg(any())]\nfn t01_left_out() {}",
            "#[test]\nfn other() {}\nfn t01_after_one() {}",
        ] {
            assert!(in_rust(source, "#").is_err(), "{source}");
        }
    }

    #[test]
    fn a_journey_is_an_entry_of_the_list() {
        let source = "const JOURNEYS: X = journeys![\n t01_listed,\n // t02_commented,\n t03_too];\n\
                      fn t01_listed() {}\nfn t02_commented() {}\nfn f() { [t04_an_item]; }";
        assert_eq!(names(in_rust(source, "journeys")), ["t01_listed", "t03_too"]);
    }

    #[test]
    fn a_test_in_javascript_is_a_call_with_a_text() {
        let source = r#"
            // test("t01 in a comment", () => {});
            /* test("t02 in another", () => {}); */
            const a = 'test("t03 in a string")', b = /test("t04 in a pattern")/, c = `test("t05")`;
            test("t06 plain", () => {});
            for (const x of [1, 2]) test(`t07 t08 for ${x}: "y"`, options, () => {});
            regex.test("t09 a method"); contest("t10 another function");
            suite("no number", () => { test('t11 in it', () => {}); });
        "#;
        let expected = ["t06 plain", "t07 t08 for ${x}: \"y\"", "t11 in it"];
        assert_eq!(names(in_js(source)), expected);
    }

    #[test]
    fn a_test_in_javascript_that_may_not_run_is_told() {
        for source in [
            "test.skip('t01 x', () => {}); test('t02 y', () => {});",
            "suite.skip('all', () => { test('t01 x', () => {}); });",
            "test('t01 x', { skip: true }, () => {});",
            "test('t01 x', { todo: 'later' }, () => {});",
            "test('t01 x', (t) => t.skip());",
            "suite('t01 all', () => { test('x', () => {}); });",
            "test.only('t01 x', () => {}); test('t02 y', () => {});",
        ] {
            assert!(in_js(source).is_err(), "{source}");
        }
        assert!(in_js("test('t01 x', { skip: noBrowser }, () => {});").is_ok());
    }
}
