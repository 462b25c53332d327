//! Puts the npm package together in `pkg/`, and refuses to write one that would not load.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::build::{MODULES, bindings};
use crate::failure::{Failure, Outcome};
use crate::project::{self, Project};
use crate::run::run;

/// The files of the package by their path in it.
type Files = BTreeMap<String, Vec<u8>>;

/// Writes `pkg/` from the hand-written JavaScript and the two modules.
///
/// # Errors
/// When a part is missing, `exports` names a file that is not there, or a module awaits at its top.
pub fn write(project: &Project) -> Outcome {
    let files = collect(project)?;
    let absent = absent_exports(&files)?;
    if !absent.is_empty() {
        return Err(Failure::new(format!(
            "pkg.json exports what the package does not have: {}",
            absent.join(", ")
        ))
        .remedy("correct `exports` in pkg.json, or add the file to src/js"));
    }
    let staged = project.target.join("package");
    mirror(&files, &staged)?;
    refuse_top_level_await(project, &files, &staged)?;
    mirror(&files, &project.package())?;
    let size: usize = files.values().map(Vec::len).sum();
    println!("pkg/ has {} files, {} kB", files.len(), size / 1000);
    Ok(())
}

fn collect(project: &Project) -> Outcome<Files> {
    let mut files = Files::new();
    let scripts = project.root.join("src").join("js");
    for (name, contents) in read_folder(&scripts)? {
        if is_shipped(&name) {
            files.insert(name, contents);
        }
    }
    for (name, contents) in read_folder(&bindings(project))? {
        if name.ends_with(".d.ts") {
            continue;
        }
        let contents = if name.ends_with(".js") { without_types(contents) } else { contents };
        files.insert(name, contents);
    }
    for module in &MODULES {
        let wasm = format!("{}_bg.wasm", module.name);
        let bytes = files.get(&wasm).ok_or_else(|| Failure::new(format!("{wasm} was not made")))?;
        let inline = format!("export default \"{}\";\n", STANDARD.encode(bytes));
        files.insert(format!("{}_wasm_inline.js", module.name), inline.into_bytes());
    }
    files.insert("urlpattern.js".to_owned(), url_pattern(project)?);
    for name in ["README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        let text = project::read(&project.root.join(name))?;
        files.insert(name.to_owned(), links_within(&text).into_bytes());
    }
    let manifest = manifest(&project::read(&project.root.join("pkg.json"))?, &project.version()?)?;
    files.insert("package.json".to_owned(), manifest.into_bytes());
    Ok(files)
}

/// URL Pattern for browsers that lack it, under the notice that its licence wants kept.
fn url_pattern(project: &Project) -> Outcome<Vec<u8>> {
    let folder = project.root.join("node_modules").join("urlpattern-polyfill");
    let code = project::read(&folder.join("dist").join("urlpattern.js"))?;
    let licence = project::read(&folder.join("LICENSE"))?.replace("\r\n", "\n");
    Ok(format!("/*!\nurlpattern-polyfill\n\n{}\n*/\n{code}", licence.trim()).into_bytes())
}

/// A text whose links lead to files of the package; what is only in the repository is no link there.
fn links_within(text: &str) -> String {
    text.replace("](src/js/index.d.ts)", "](index.d.ts)")
        .replace("[ARCHITECTURE.md](ARCHITECTURE.md)", "ARCHITECTURE.md")
        .replace("[BENCHMARKS.md](BENCHMARKS.md)", "BENCHMARKS.md (in the repository)")
}

/// Whether a file of `src/js` belongs to the package; its tests do not.
fn is_shipped(name: &str) -> bool {
    [".js", ".d.ts", ".html"].iter().any(|end| name.ends_with(end)) && !name.ends_with(".test.js")
}

/// Every file below a folder by its path there, with `/` between the parts.
fn read_folder(folder: &Path) -> Outcome<Vec<(String, Vec<u8>)>> {
    let unreadable =
        |path: &Path, error| Failure::new(format!("{} cannot be read: {error}", path.display()));
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        for entry in fs::read_dir(&here).map_err(|error| unreadable(&here, error))? {
            let path = entry.map_err(|error| unreadable(&here, error))?.path();
            let relative = below.join(path.file_name().unwrap_or(OsStr::new("")));
            if path.is_dir() {
                folders.push(relative);
            } else {
                let contents = fs::read(&path).map_err(|error| unreadable(&path, error))?;
                found.push((relative.to_string_lossy().replace('\\', "/"), contents));
            }
        }
    }
    Ok(found)
}

/// The generated JavaScript without the comment that points to its types, which are not shipped.
fn without_types(script: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(script) {
        Ok(text) => match text.split_once('\n') {
            Some((first, rest)) if first.contains("@ts-self-types") => rest.as_bytes().to_vec(),
            _ => text.into_bytes(),
        },
        Err(error) => error.into_bytes(),
    }
}

/// `package.json`: `pkg.json` with the version after the name.
fn manifest(template: &str, version: &str) -> Outcome<String> {
    let template: Value = serde_json::from_str(template)
        .map_err(|error| Failure::new(format!("pkg.json is no JSON: {error}")))?;
    let Value::Object(fields) = template else {
        return Err(Failure::new("pkg.json is no object"));
    };
    if fields.contains_key("version") {
        return Err(Failure::new("pkg.json has a version")
            .remedy("take it out: the version is the one of Cargo.toml"));
    }
    let mut manifest = serde_json::Map::new();
    for (name, value) in fields {
        let is_name = name == "name";
        manifest.insert(name, value);
        if is_name {
            manifest.insert("version".to_owned(), Value::from(version));
        }
    }
    if !manifest.contains_key("version") {
        return Err(Failure::new("pkg.json has no name"));
    }
    serde_json::to_string_pretty(&manifest)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(format!("package.json cannot be written: {error}")))
}

/// The files that `exports` names and the package lacks.
fn absent_exports(files: &Files) -> Outcome<Vec<String>> {
    let manifest: Value = files
        .get("package.json")
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .ok_or_else(|| Failure::new("the package has no package.json"))?;
    let mut named = Vec::new();
    paths(manifest.get("exports").unwrap_or(&Value::Null), &mut named);
    if named.is_empty() {
        return Err(Failure::new("pkg.json exports nothing"));
    }
    named.retain(|path| !files.contains_key(path.trim_start_matches("./")));
    Ok(named)
}

fn paths(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(path) => found.push(path.clone()),
        Value::Object(conditions) => conditions.values().for_each(|value| paths(value, found)),
        _ => {}
    }
}

/// A module that awaits at its top cannot be bundled for every target: esbuild says so when it
/// turns one into a plain function.
fn refuse_top_level_await(project: &Project, files: &Files, staged: &Path) -> Outcome {
    let scripts: Vec<_> =
        files.keys().filter(|name| name.ends_with(".js")).map(|name| staged.join(name)).collect();
    run(project.npm_command(".", "esbuild"))
        .args(&scripts)
        .args(["--format=iife", "--log-level=error", "--log-override:empty-import-meta=silent"])
        .args([format!("--outdir={}", project.target.join("functions").display())])
        .output()
        .map(drop)
        .map_err(|_| Failure::new("a module of the package awaits at its top level (see above)"))
}

/// Makes a folder hold exactly these files; those that are the same are left alone.
fn mirror(files: &Files, folder: &Path) -> Outcome {
    if folder.is_dir() {
        for (name, _) in read_folder(folder)? {
            if !files.contains_key(&name) {
                let path = folder.join(&name);
                fs::remove_file(&path).map_err(|error| {
                    Failure::new(format!("{} cannot be removed: {error}", path.display()))
                })?;
            }
        }
    }
    for (name, contents) in files {
        let path = folder.join(name);
        if fs::read(&path).ok().as_ref() != Some(contents) {
            project::write(&path, contents)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn package(exports: &str, others: &[&str]) -> Files {
        let manifest = format!("{{\"name\":\"stepup\",\"exports\":{exports}}}");
        let mut files: Files = others.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        files.insert("package.json".to_owned(), manifest.into_bytes());
        files
    }

    #[test]
    fn an_export_without_its_file_is_found_below_conditions() {
        let exports = r#"{".":{"types":"./index.d.ts","node":"./node.js","default":"./index.js"}}"#;
        let files = package(exports, &["index.js", "index.d.ts"]);
        assert_eq!(absent_exports(&files).unwrap(), ["./node.js"]);
        let files = package(exports, &["index.js", "index.d.ts", "node.js"]);
        assert!(absent_exports(&files).unwrap().is_empty());
        assert!(absent_exports(&package("{}", &[])).is_err());
    }

    #[test]
    fn the_manifest_keeps_its_order_and_gets_the_version() {
        let template = r#"{"name":"stepup","type":"module","exports":{"types":"a","default":"b"}}"#;
        let made = manifest(template, "0.1.0").unwrap();
        assert_eq!(
            made.split_whitespace().collect::<String>(),
            r#"{"name":"stepup","version":"0.1.0","type":"module","exports":{"types":"a","default":"b"}}"#
        );
        assert!(manifest(r#"{"name":"stepup","version":"1.0.0"}"#, "0.1.0").is_err());
        assert!(manifest(r#"{"type":"module"}"#, "0.1.0").is_err());
    }

    #[test]
    fn only_what_a_page_or_a_compiler_reads_is_shipped() {
        for name in ["index.js", "index.d.ts", "callback.html"] {
            assert!(is_shipped(name), "{name}");
        }
        for name in ["index.test.js", "tsconfig.json", "notes.md"] {
            assert!(!is_shipped(name), "{name}");
        }
    }

    #[test]
    fn the_pointer_to_types_that_are_not_shipped_is_dropped() {
        let script = b"/* @ts-self-types=\"./stepup.d.ts\" */\nlet wasm;\n".to_vec();
        assert_eq!(without_types(script), b"let wasm;\n");
        assert_eq!(without_types(b"let wasm;\n".to_vec()), b"let wasm;\n");
    }
}
