//! The lexical rules that challenges are made of (RFC 9110 §5.6, §11.2), read from left to right.

use super::fault::What;

/// A position in the header. It only ever stands before an ASCII character, before the first octet
/// of another, or at the end.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// How many octets were looked at, so that tests can tell linear from quadratic.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) steps: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            #[cfg(any(test, feature = "fuzzing"))]
            steps: 0,
        }
    }

    /// Where the cursor stands, in octets.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Goes back to where the cursor stood before.
    pub(super) fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// Steps over an ASCII character.
    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    /// Accounts for work; nothing outside of tests.
    #[inline]
    pub(super) fn tick(&mut self, _octets: usize) {
        #[cfg(any(test, feature = "fuzzing"))]
        {
            self.steps += _octets;
        }
    }

    /// The octet at the cursor.
    pub(super) fn peek(&mut self) -> Option<u8> {
        self.tick(1);
        self.text.as_bytes().get(self.at).copied()
    }

    fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    fn take(&mut self, wanted: fn(u8) -> bool) -> &'a str {
        let from = self.at;
        while self.peek().is_some_and(wanted) {
            self.bump();
        }
        self.since(from)
    }

    /// OWS and BWS (RFC 9110 §5.6.3).
    pub(super) fn whitespace(&mut self) {
        self.take(|octet| matches!(octet, b' ' | b'\t'));
    }

    /// A token (RFC 9110 §5.6.2); empty if there is none.
    pub(super) fn token(&mut self) -> &'a str {
        self.take(is_tchar)
    }

    /// A token68 that is all of the list element (RFC 9110 §11.2); otherwise the cursor stays.
    pub(super) fn token68(&mut self) -> Option<&'a str> {
        let from = self.at;
        let body = self.take(|octet| {
            octet.is_ascii_alphanumeric()
                || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        });
        if !body.is_empty() {
            self.take(|octet| octet == b'=');
            let whole = self.since(from);
            if self.at_end_of_element() {
                return Some(whole);
            }
        }
        self.rewind(from);
        None
    }

    /// Skips whitespace and tells whether a comma or the end comes next.
    pub(super) fn at_end_of_element(&mut self) -> bool {
        self.whitespace();
        matches!(self.peek(), None | Some(b','))
    }

    /// The value of a parameter: a token or a quoted-string (RFC 9110 §11.2).
    pub(super) fn value(&mut self) -> Result<String, (usize, What)> {
        if self.peek() == Some(b'"') {
            return self.quoted_string();
        }
        match self.token() {
            "" => Err((self.at, What::ExpectedValue)),
            token => Ok(token.to_owned()),
        }
    }

    /// A quoted-string without its quotes and backslashes (RFC 9110 §5.6.4); the cursor stands on
    /// the opening quote. It goes to the closing one also past an octet that spoils the value, so
    /// that nothing inside is ever taken for a challenge.
    fn quoted_string(&mut self) -> Result<String, (usize, What)> {
        let opening = self.at;
        let mut value = String::new();
        let mut spoiled = None;
        self.bump();
        let mut from = self.at;
        loop {
            let octet = match self.peek() {
                Some(b'"') => break,
                // quoted-pair (RFC 9110 §5.6.4): the backslash goes, the next octet is itself.
                Some(b'\\') => {
                    value.push_str(self.since(from));
                    self.bump();
                    from = self.at;
                    self.peek()
                }
                octet => octet,
            };
            match octet {
                None => return Err((opening, What::UnterminatedString)),
                // RFC 9110 §5.5: CR, LF and NUL are dangerous everywhere. From U+0100 on, UTF-8
                // begins with 0xC4 or more; a header has octets, U+0000 to U+00FF.
                Some(b'\0' | b'\r' | b'\n' | 0xC4..) => {
                    spoiled.get_or_insert(self.at);
                }
                Some(_) => {}
            }
            self.bump();
        }
        value.push_str(self.since(from));
        self.bump();
        match spoiled {
            Some(at) => Err((at, What::ForbiddenOctet)),
            None => Ok(value),
        }
    }

    /// Goes on to the next comma that is in no quoted-string.
    pub(super) fn skip_element(&mut self) {
        loop {
            match self.peek() {
                None | Some(b',') => return,
                Some(b'"') => drop(self.quoted_string()),
                Some(_) => self.bump(),
            }
        }
    }
}

/// tchar (RFC 9110 §5.6.2).
fn is_tchar(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
