//! What is wrong with a part of the header, and where.

use crate::protocol::encode::concat;
use core::fmt;

/// How many characters of the header are shown on either side of a fault.
const EXCERPT: usize = 32;

/// Why a part of the header is no challenge. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Neither a scheme nor a parameter begins like this.
    ExpectedScheme,
    /// The name of a scheme goes on with a character that no token has (RFC 9110 §5.6.2).
    ExpectedSpace,
    /// What follows the scheme is neither a token68 nor a parameter (RFC 9110 §11.2).
    ExpectedEquals,
    /// After `=` there is neither a token nor a quoted-string.
    ExpectedValue,
    /// Something stands between a value and the next comma.
    ExpectedComma,
    /// A quoted-string never ends.
    UnterminatedString,
    /// NUL, CR, LF or a code point beyond one octet inside a quoted-string (RFC 9110 §5.5).
    ForbiddenOctet,
    /// The second parameter of one name in one challenge (RFC 9110 §11.2).
    DuplicateParameter,
    /// A parameter that no scheme precedes, or that follows a token68.
    StrayParameter,
}

impl What {
    const fn text(self) -> &'static str {
        match self {
            Self::ExpectedScheme => "expected a scheme",
            Self::ExpectedSpace => "expected a space or a comma after the scheme",
            Self::ExpectedEquals => "expected a token68 or a parameter",
            Self::ExpectedValue => "expected a token or a quoted string",
            Self::ExpectedComma => "expected a comma",
            Self::UnterminatedString => "the quoted string never ends",
            Self::ForbiddenOctet => "a character that no quoted string may have",
            Self::DuplicateParameter => "the parameter occurs twice",
            Self::StrayParameter => "the parameter belongs to no challenge",
        }
    }
}

/// A malformed part of the header. It prints with an excerpt that points at the place:
/// `the quoted string never ends: Bearer error=(HERE-->)"abc`.
///
/// The excerpt is for developers only: it may show any part of the header, `error_description`
/// among them. Whatever is not visible US-ASCII appears in it as `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in octets of the header as UTF-8.
    pub at: usize,
    /// What is wrong there.
    pub what: What,
    excerpt: String,
}

impl Fault {
    pub(super) fn new(header: &str, at: usize, what: What) -> Self {
        let before = header.get(..at).unwrap_or_default();
        let after = header.get(at..).unwrap_or_default();
        let from = before.char_indices().rev().nth(EXCERPT - 1).map_or(0, |(from, _)| from);
        let to = after.char_indices().nth(EXCERPT).map_or(after.len(), |(to, _)| to);
        let mut excerpt = String::new();
        if from > 0 {
            excerpt.push('…');
        }
        push_visible(&mut excerpt, before.get(from..).unwrap_or_default());
        excerpt.push_str("(HERE-->)");
        push_visible(&mut excerpt, after.get(..to).unwrap_or_default());
        if to < after.len() {
            excerpt.push('…');
        }
        Self { at, what, excerpt }
    }

    /// The fault for a developer to read.
    #[must_use]
    pub fn text(&self) -> String {
        concat(&[self.what.text(), ": ", &self.excerpt])
    }
}

fn push_visible(excerpt: &mut String, text: &str) {
    excerpt.extend(text.chars().map(|char| if matches!(char, ' '..='~') { char } else { '?' }));
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
