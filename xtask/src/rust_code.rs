//! Rust's code without its comments and strings, and where the product's is.

#[cfg(test)]
use std::path::{Path, PathBuf};

/// The sources below a folder, apart from tests: those make keys and threads, and are no part of the product.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub fn sources_below(folder: &Path) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            sources.extend(sources_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    sources
}

/// The source with comments and the insides of strings taken out, line by line.
pub fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let taken = skipped(rest);
        if taken == 0 {
            code.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or("");
        } else {
            let (gone, kept) = rest.split_at_checked(taken).unwrap_or((rest, ""));
            code.push(' ');
            code.extend(gone.chars().filter(|c| *c == '\n'));
            rest = kept;
        }
    }
    code
}

/// How long the comment, string or character is that `text` begins with; 0 for code.
fn skipped(text: &str) -> usize {
    let to = |end: &str, from: usize| {
        text.get(from..).and_then(|rest| rest.find(end)).map_or(text.len(), |at| from + at)
    };
    if text.starts_with("//") {
        return to("\n", 0);
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    let raw = text.strip_prefix('b').unwrap_or(text);
    if let Some(after) = raw.strip_prefix('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after.trim_start_matches('#').starts_with('"') {
            let start = text.len() - after.len() + hashes + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            return (to(&end, start) + end.len()).min(text.len());
        }
    }
    if raw.starts_with('"') {
        return quoted(text, text.len() - raw.len() + 1, '"');
    }
    if text.starts_with('\'') {
        let mut inner = text.chars().skip(1);
        return match (inner.next(), inner.next()) {
            (Some('\\'), _) | (Some(_), Some('\'')) => quoted(text, 1, '\''),
            // A lifetime.
            _ => 0,
        };
    }
    0
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn quoted(text: &str, start: usize, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < start) {
        if !escaped && c == end {
            return at + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}
