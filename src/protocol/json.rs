//! JSON texts that are compared by what they say (RFC 8259). They come from `JSON.stringify`, which
//! writes each number in one way; so a number is its text, and no arithmetic is needed.

use super::border::{Export, Foreign, Import, import};
use super::encode::json_string;
use core::fmt;
use core::iter::Peekable;
use core::str::Chars;

/// What a text says.
#[derive(Clone, Debug)]
pub enum Json {
    /// A number, `true`, `false` or `null`, as it is written.
    Word(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object: its members, each name once.
    Object(Vec<(String, Json)>),
}

impl PartialEq for Json {
    /// The order of members does not matter.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Word(one), Self::Word(two)) | (Self::Text(one), Self::Text(two)) => one == two,
            (Self::List(one), Self::List(two)) => one == two,
            (Self::Object(one), Self::Object(two)) => {
                one.len() == two.len()
                    && one.iter().all(|(name, value)| other.get(name) == Some(value))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// How deep arrays and objects may be in each other.
const DEEPEST: usize = 32;
/// How many members an object may have.
const MOST_MEMBERS: usize = 4096;

impl Json {
    /// The value as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, into: &mut String) {
        match self {
            Self::Word(word) => into.push_str(word),
            Self::Text(text) => into.push_str(&json_string(text)),
            Self::List(items) => {
                let mut before = '[';
                for item in items {
                    into.push(before);
                    before = ',';
                    item.write(into);
                }
                into.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            Self::Object(members) => {
                let mut before = '{';
                for (name, value) in members {
                    into.push(before);
                    before = ',';
                    into.push_str(&json_string(name));
                    into.push(':');
                    value.write(into);
                }
                into.push_str(if members.is_empty() { "{}" } else { "}" });
            }
        }
    }

    /// Reads a text: one value, nothing beside it, no member twice.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader(text.chars().peekable());
        let value = reader.value(0)?;
        reader.space();
        reader.0.next().is_none().then_some(value)
    }

    /// A member of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(of, _)| of == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// Reads one of the core's types; none where the text does not have its form.
#[must_use]
pub fn read<T: Import>(text: &str) -> Option<T> {
    import(&Json::parse(text)?)
}

/// Writes one of the core's types.
#[must_use]
pub fn write(value: &impl Export) -> String {
    value.export::<Json>().text()
}

impl Foreign for Json {
    fn get(&self, name: &str) -> Self {
        self.get(name).cloned().unwrap_or_else(Self::undefined)
    }

    fn is_object(&self) -> bool {
        matches!(self, Self::Object(_) | Self::List(_))
    }

    fn is_undefined(&self) -> bool {
        matches!(self, Self::Word(word) if word.is_empty())
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Word(word) if word == "null")
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Word(word) => word.parse().ok(),
            _ => None,
        }
    }

    fn flag(&self) -> Option<bool> {
        match self {
            Self::Word(word) => word.parse().ok(),
            _ => None,
        }
    }

    fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(items) => Some(items.clone()),
            _ => None,
        }
    }

    /// JSON has no such word.
    fn undefined() -> Self {
        Self::Word(String::new())
    }

    fn of_text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn of_number(number: f64) -> Self {
        Self::Word(number.to_string())
    }

    fn of_flag(flag: bool) -> Self {
        Self::Word(flag.to_string())
    }

    fn of_items(items: Vec<Self>) -> Self {
        Self::List(items)
    }

    fn object() -> Self {
        Self::Object(Vec::new())
    }

    fn set(&mut self, name: &str, value: Self) {
        if let Self::Object(members) = self
            && !value.is_undefined()
        {
            members.push((name.to_owned(), value));
        }
    }
}

struct Reader<'a>(Peekable<Chars<'a>>);

impl Reader<'_> {
    fn space(&mut self) {
        while self.0.next_if(|it| matches!(it, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn is(&mut self, wanted: char) -> bool {
        self.space();
        self.0.next_if_eq(&wanted).is_some()
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        self.space();
        if depth > DEEPEST {
            return None;
        }
        match self.0.peek()? {
            '{' => self.object(depth),
            '[' => self.list(depth),
            '"' => self.text().map(Json::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.0.next();
        if !self.is('}') {
            loop {
                self.space();
                let name = self.text()?;
                let is_new = members.iter().all(|(held, _)| *held != name);
                if !self.is(':') || !is_new || members.len() == MOST_MEMBERS {
                    return None;
                }
                members.push((name, self.value(depth + 1)?));
                if self.is('}') {
                    break;
                }
                if !self.is(',') {
                    return None;
                }
            }
        }
        Some(Json::Object(members))
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut items = Vec::new();
        self.0.next();
        if !self.is(']') {
            loop {
                items.push(self.value(depth + 1)?);
                if self.is(']') {
                    break;
                }
                if !self.is(',') {
                    return None;
                }
            }
        }
        Some(Json::List(items))
    }

    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        self.0.next_if_eq(&'"')?;
        loop {
            match self.0.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escaped()?),
                '\u{0}'..='\u{1f}' => return None,
                character => text.push(character),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                let rest = matches!(unit, 0xd800..=0xdbff);
                let pair = match rest && self.0.next()? == '\\' && self.0.next()? == 'u' {
                    true => [unit, self.unit()?].to_vec(),
                    false => vec![unit],
                };
                // A half of a pair alone is no character; two texts with one are not compared.
                char::decode_utf16(pair).next()?.ok()?
            }
            character @ ('"' | '\\' | '/') => character,
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + self.0.next()?.to_digit(16)?;
        }
        u16::try_from(unit).ok()
    }

    fn word(&mut self) -> Option<Json> {
        let mut word = String::new();
        while let Some(character) =
            self.0.next_if(|it| it.is_ascii_alphanumeric() || matches!(it, '+' | '-' | '.'))
        {
            word.push(character);
        }
        let is_one = matches!(word.as_str(), "null" | "true" | "false") || is_number(&word);
        is_one.then_some(Json::Word(word))
    }
}

/// RFC 8259 §6.
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = word.split_once(['e', 'E']).unwrap_or((word, "0"));
    let (whole, fraction) = mantissa.split_once(['.']).unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole)
        && digits(fraction)
        && digits(exponent)
        && (whole.len() == 1 || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(one: &str, two: &str) -> bool {
        Json::parse(one).is_some() && Json::parse(one) == Json::parse(two)
    }

    #[test]
    fn texts_that_say_the_same_are_equal() {
        assert!(same(r#"{"a":1,"b":[true,null]}"#, "{ \"b\" : [ true , null ] ,\n\"a\":1 }"));
        assert!(same(r#""\u00e9\ud83d\ude00\n\/""#, "\"é😀\\u000a/\""));
        assert!(same("-1.5e+30", " -1.5e+30 "));
        assert!(!same("[1,2]", "[2,1]"));
        assert!(!same(r#"{"a":"1"}"#, r#"{"a":1}"#));
        assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":null}"#));
    }

    #[test]
    fn what_is_no_json_says_nothing() {
        for text in [
            "",
            "{",
            "[1,]",
            "[1 2]",
            r#"{"a"}"#,
            r#"{"a":1,}"#,
            r#"{a:1}"#,
            "nul",
            "NaN",
            "+1",
            "1x",
            "01",
            "1.",
            ".5",
            "1e",
            "1-2",
            "--1",
            "1.2.3",
            "1e5e5",
            "1e5.5",
            "-",
            "inf",
            r#""\x""#,
            r#""\ud83d""#,
            r#""\ud83dx""#,
            "\"\n\"",
            "1 2",
            "'a'",
            r#"{"a":1,"a":1}"#,
        ] {
            assert_eq!(Json::parse(text), None, "{text}");
        }
        let deep = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(Json::parse(&deep(DEEPEST)).is_some());
        assert_eq!(Json::parse(&deep(100_000)), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".*") {
            let _ = Json::parse(&text);
        }

        #[test]
        fn what_serde_json_writes_is_read_as_it_was(text in ".*", number in any::<i32>()) {
            let written = serde_json::json!({ "z": text, "a": [number, { "b": false }] }).to_string();
            let read = Json::parse(&written);
            let item = Json::Object(vec![("b".into(), Json::Word("false".into()))]);
            let list = Json::List(vec![Json::Word(number.to_string()), item]);
            let whole = Json::Object(vec![("a".into(), list), ("z".into(), Json::Text(text))]);
            let again = read.as_ref().and_then(|read| Json::parse(&read.to_string()));
            prop_assert_eq!(&again, &read);
            prop_assert_eq!(read, Some(whole));
        }
    }
}
