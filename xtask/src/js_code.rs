//! JavaScript as words, texts and marks, as far as finding declarations takes.

/// A piece of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// An identifier, a keyword or a number.
    Word(&'a str),
    /// What stands between the quotes of a string, or of a template as it is written.
    Text(&'a str),
    /// Any other character; a pattern counts as one slash.
    Mark(char),
}

/// The code without its comments.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_pattern = first == '/' && may_begin(tokens.last());
        let length = length(rest, first, is_pattern);
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = after;
        if first.is_whitespace() || taken.starts_with("//") || taken.starts_with("/*") {
            continue;
        }
        tokens.push(match first {
            '"' | '\'' | '`' => Token::Text(taken.get(1..taken.len() - 1).unwrap_or_default()),
            _ if is_word(first) => Token::Word(taken),
            _ => Token::Mark(first),
        });
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether a slash after this begins a pattern, and does not divide.
fn may_begin(last: Option<&Token>) -> bool {
    match last {
        Some(Token::Word(word)) => ["return", "typeof", "case", "of", "in", "await"].contains(word),
        Some(Token::Text(_)) => false,
        Some(Token::Mark(mark)) => ![')', ']', '}'].contains(mark),
        None => true,
    }
}

fn length(text: &str, first: char, is_pattern: bool) -> usize {
    let until = |end: &str| text.find(end).unwrap_or(text.len());
    if text.starts_with("//") {
        return until("\n");
    }
    if text.starts_with("/*") {
        return (until("*/") + 2).min(text.len());
    }
    match first {
        '"' | '\'' => quoted(text, first),
        '`' => template(text),
        '/' if is_pattern => pattern(text),
        _ if is_word(first) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        _ => first.len_utf8(),
    }
}

/// How long a string is, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return at + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

/// How long a regular expression is, without its flags. A slash in a class does not end it.
fn pattern(text: &str) -> usize {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {}
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return at + 1,
            '\n' => return at,
            _ => {}
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

/// How long a template is, with all that is put into it.
fn template(text: &str) -> usize {
    let mut at = 1;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with('`') {
            return at + 1;
        }
        if rest.starts_with('\\') {
            at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
        } else if rest.starts_with("${") {
            at += 2 + inserted(rest.get(2..).unwrap_or_default());
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// How long the code inside `${…}` is, with its closing brace.
fn inserted(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some((rest, first)) =
        text.get(at..).and_then(|rest| Some((rest, rest.chars().next()?)))
    {
        match first {
            '{' => depth += 1,
            '}' if depth == 0 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
        at += length(rest, first, false);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        let text = |token| if let Token::Text(text) = token { Some(text) } else { None };
        tokens(source).into_iter().filter_map(text).collect()
    }

    #[test]
    fn texts_are_found_and_nothing_in_comments_or_patterns() {
        assert_eq!(texts(r#"a("b", 'c"', /* "d" */ "e\"f") // "g""#), ["b", "c\"", "e\\\"f"]);
        assert_eq!(texts(r#"x = /["'`]/g; y = a / 2 + "z" / 3;"#), ["z"]);
        assert_eq!(texts(r#"f(/[/"]/, "a"); return /"/.test("b")"#), ["a", "b"]);
    }

    #[test]
    fn a_template_is_one_text_whatever_is_put_into_it() {
        assert_eq!(
            texts("`a ${f({ b: `c ${d}` })} \\` e` + 'g'"),
            ["a ${f({ b: `c ${d}` })} \\` e", "g"]
        );
    }

    #[test]
    fn code_that_is_cut_off_ends() {
        for source in ["\"a", "`a ${b", "/*", "/a", "a\\"] {
            tokens(source);
        }
    }
}
