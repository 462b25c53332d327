//! The `WWW-Authenticate` header as a list of challenges (RFC 9110 §11.6.1), whatever their scheme.
//!
//! Matches the ABNF except as follows:
//!
//! - §5.5, §5.6.4: a control character other than NUL, CR and LF is kept inside a quoted-string, as
//!   §5.5 allows. Who uses the value judges it.
//! - §5.6.1.2, §11.2: whitespace may stand before the first element and after the last, and the
//!   number of empty elements has no bound of its own.
//! - §11.2: one parameter twice is no challenge. (The ABNF cannot say so; the prose does.)
//! - §11.6.1: the spaces after a scheme may be tabs, and may be missing where only empty elements
//!   separate the scheme from its first parameter: `Basic, realm="x"` is `Basic , realm="x"`.
//! - §11.6.1: one malformed challenge does not spoil the others. It becomes a [`Fault`], and reading
//!   goes on after the next comma that is in no quoted-string, at the next element that does not
//!   begin as a parameter does (token, BWS, `=`): that can only be a challenge. A quote anywhere in
//!   the malformed part opens a quoted-string; one that never ends swallows all that follows.
//! - §11.6.1: an element that begins as neither a challenge nor a parameter ends the challenge before
//!   it, which stands; parameters after it belong to nobody. A parameter after a token68 spoils the
//!   challenge that has the token68.
//! - Bounds, beyond which nothing of the header is used: [`MAX_LENGTH`], [`MAX_CHALLENGES`] and
//!   [`MAX_PARAMS`].

use super::cursor::Cursor;
use super::fault::{Fault, What};
use crate::protocol::border::{Export, Foreign};
use crate::protocol::error::{Error, ErrorCode};
use core::fmt;

/// The longest header that is read, in octets of UTF-8.
pub const MAX_LENGTH: usize = 16 * 1024;
/// How many challenges a header may have, the malformed ones counted.
pub const MAX_CHALLENGES: usize = 64;
/// How many parameters one challenge may have.
pub const MAX_PARAMS: usize = 32;

/// One challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme as it was written. Compare with [`Challenge::is`].
    pub scheme: String,
    /// What follows the scheme.
    pub content: Content,
}

/// What follows the scheme of a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Empty,
    /// One value, as Negotiate has it.
    Token68(String),
    /// Named values; at least one.
    Params(Params),
}

/// The parameters of one challenge, in their order, each name once and in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The value of the parameter of this name, which is given in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|&(held, _)| held == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Export for Params {
    fn export<F: Foreign>(&self) -> F {
        let mut object = F::object();
        for (name, value) in self.iter() {
            object.set(name, F::of_text(value));
        }
        object
    }
}

impl Challenge {
    /// Whether the scheme is this one, without regard to case (RFC 9110 §11.1).
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of a parameter, whose name is given in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match &self.content {
            Content::Params(params) => params.get(name),
            Content::Empty | Content::Token68(_) => None,
        }
    }
}

/// The canonical form, which reads back as the same challenge: one space, values quoted.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        match &self.content {
            Content::Empty => Ok(()),
            Content::Token68(token68) => {
                f.write_str(" ")?;
                f.write_str(token68)
            }
            Content::Params(params) => {
                let mut separator = " ";
                for (name, value) in params.iter() {
                    f.write_str(separator)?;
                    f.write_str(name)?;
                    f.write_str("=\"")?;
                    for piece in value.split_inclusive(['"', '\\']) {
                        let plain = piece.trim_end_matches(['"', '\\']);
                        f.write_str(plain)?;
                        if plain.len() < piece.len() {
                            f.write_str("\\")?;
                            f.write_str(piece.get(plain.len()..).unwrap_or_default())?;
                        }
                    }
                    f.write_str("\"")?;
                    separator = ", ";
                }
                Ok(())
            }
        }
    }
}

/// All that a header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The well-formed challenges, in their order.
    pub challenges: Vec<Challenge>,
    /// One for each malformed part, in their order.
    pub faults: Vec<Fault>,
}

/// Which bound a header exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// [`MAX_LENGTH`].
    Header,
    /// [`MAX_CHALLENGES`].
    Challenges,
    /// [`MAX_PARAMS`].
    Params,
}

impl From<TooLarge> for Error {
    fn from(bound: TooLarge) -> Self {
        let detail = match bound {
            TooLarge::Header => "WWW-Authenticate is too long",
            TooLarge::Challenges => "WWW-Authenticate has too many challenges",
            TooLarge::Params => "a challenge has too many parameters",
        };
        Self::new(ErrorCode::ChallengeRejected, detail)
    }
}

/// Reads a header, given as a browser's `Headers` gives it: repeated ones joined by `, `, one code
/// point for each octet.
///
/// # Errors
/// A header beyond the bounds: `challenge_rejected`.
pub fn parse(header: &str) -> Result<Parsed, TooLarge> {
    let mut reader = Reader::new(header);
    reader.run()?;
    Ok(reader.parsed)
}

/// How many octets are looked at to read this header.
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
#[must_use]
pub fn steps(header: &str) -> usize {
    let mut reader = Reader::new(header);
    let _ = reader.run();
    reader.cursor.steps
}

struct Reader<'a> {
    header: &'a str,
    cursor: Cursor<'a>,
    parsed: Parsed,
    /// The challenge that a parameter would belong to.
    open: Option<Challenge>,
    /// Whether a malformed part was the last: its parameters are skipped without another fault.
    broken: bool,
}

impl<'a> Reader<'a> {
    fn new(header: &'a str) -> Self {
        let cursor = Cursor::new(header);
        Self { header, cursor, parsed: Parsed::default(), open: None, broken: false }
    }

    /// `#challenge`, where the parameters of a challenge are elements of the same list
    /// (RFC 9110 §5.6.1.2, §11.6.1).
    fn run(&mut self) -> Result<(), TooLarge> {
        if self.header.len() > MAX_LENGTH {
            return Err(TooLarge::Header);
        }
        loop {
            self.cursor.whitespace();
            match self.cursor.peek() {
                None => return self.close(),
                Some(b',') => self.cursor.bump(),
                Some(_) => self.element()?,
            }
        }
    }

    fn element(&mut self) -> Result<(), TooLarge> {
        let start = self.cursor.at();
        let token = self.cursor.token();
        if token.is_empty() {
            self.close()?;
            return self.fault((start, What::ExpectedScheme));
        }
        let end = self.cursor.at();
        self.cursor.whitespace();
        let next = self.cursor.peek();
        if next == Some(b'=') {
            self.cursor.rewind(start);
            return self.parameter();
        }
        self.close()?;
        let mut challenge = Challenge { scheme: token.to_owned(), content: Content::Empty };
        if matches!(next, None | Some(b',')) {
            self.open = Some(challenge);
            return Ok(());
        }
        if self.cursor.at() == end {
            return self.fault((end, What::ExpectedSpace));
        }
        if let Some(token68) = self.cursor.token68() {
            challenge.content = Content::Token68(token68.to_owned());
            self.open = Some(challenge);
            return Ok(());
        }
        self.open = Some(challenge);
        self.parameter()
    }

    /// auth-param (RFC 9110 §11.2), added to the open challenge.
    fn parameter(&mut self) -> Result<(), TooLarge> {
        if self.broken {
            self.cursor.skip_element();
            return Ok(());
        }
        match self.try_parameter() {
            Ok(count) if count > MAX_PARAMS => Err(TooLarge::Params),
            Ok(_) => Ok(()),
            Err(fault) => self.fault(fault),
        }
    }

    /// Returns how many parameters the challenge has now.
    fn try_parameter(&mut self) -> Result<usize, (usize, What)> {
        let start = self.cursor.at();
        let name = self.cursor.token().to_ascii_lowercase();
        self.cursor.whitespace();
        if name.is_empty() || self.cursor.peek() != Some(b'=') {
            return Err((self.cursor.at(), What::ExpectedEquals));
        }
        self.cursor.bump();
        self.cursor.whitespace();
        let value = self.cursor.value()?;
        if !self.cursor.at_end_of_element() {
            return Err((self.cursor.at(), What::ExpectedComma));
        }
        let stray = Err((start, What::StrayParameter));
        let Some(challenge) = &mut self.open else { return stray };
        if let Content::Empty = challenge.content {
            challenge.content = Content::Params(Params::default());
        }
        let Content::Params(params) = &mut challenge.content else { return stray };
        self.cursor.tick(name.len() * params.0.len());
        if params.get(&name).is_some() {
            return Err((start, What::DuplicateParameter));
        }
        params.0.push((name, value));
        Ok(params.0.len())
    }

    /// Ends the open challenge, which is whole.
    fn close(&mut self) -> Result<(), TooLarge> {
        self.broken = false;
        if let Some(challenge) = self.open.take() {
            self.room()?;
            self.parsed.challenges.push(challenge);
        }
        Ok(())
    }

    /// Drops the open challenge and skips what is left of the element.
    fn fault(&mut self, (at, what): (usize, What)) -> Result<(), TooLarge> {
        self.room()?;
        self.parsed.faults.push(Fault::new(self.header, at, what));
        self.open = None;
        self.broken = true;
        self.cursor.skip_element();
        Ok(())
    }

    fn room(&self) -> Result<(), TooLarge> {
        if self.parsed.challenges.len() + self.parsed.faults.len() < MAX_CHALLENGES {
            Ok(())
        } else {
            Err(TooLarge::Challenges)
        }
    }
}
