//! Text forms on the wire: form encoding, JSON strings.

/// Texts one after the other.
#[must_use]
pub fn concat(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

/// Texts with something between them.
#[must_use]
pub fn joined(parts: &[impl AsRef<str>], between: &str) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        text.push_str(part.as_ref());
    }
    text
}

/// Parameters as `application/x-www-form-urlencoded` (RFC 6749, appendix B).
#[derive(Clone, Default)]
pub struct Form(String);

/// What is sent to a provider has secrets in it.
impl core::fmt::Debug for Form {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Form {
    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        percent(&mut self.0, name);
        self.0.push('=');
        percent(&mut self.0, value);
        self
    }

    /// Adds a parameter if there is a value for it.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The encoded text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The endpoint with these parameters in its query, beside those it has already
    /// (RFC 6749 §3.1).
    #[must_use]
    pub fn onto(self, endpoint: &str) -> String {
        let joint = match endpoint.split_once(['?']) {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        concat(&[endpoint, joint, &self.0])
    }
}

fn percent(out: &mut String, text: &str) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.extend(HEX.get(usize::from(byte >> 4)));
                out.extend(HEX.get(usize::from(byte & 15)));
            }
        }
    }
}

/// Reads a query string; `+` is a space, and what is not UTF-8 after decoding is replaced.
#[must_use]
pub fn parse_form(query: &str) -> Vec<(String, String)> {
    query
        .trim_start_matches(['?', '#'])
        .split(['&'])
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once(['=']).unwrap_or((pair, ""));
            (unpercent(name), unpercent(value))
        })
        .collect()
}

fn unpercent(text: &str) -> String {
    let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        out.push(match (byte, hex(ahead.next()), hex(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes = ahead;
                u8::try_from(high * 16 + low).unwrap_or(b'?')
            }
            (b'+', ..) => b' ',
            _ => byte,
        });
    }
    readable(&out)
}

/// Octets as text; what is no UTF-8 becomes U+FFFD (Encoding §4.1), piece by piece.
fn readable(mut octets: &[u8]) -> String {
    let mut text = String::new();
    loop {
        let (sound, rest) = match str::from_utf8(octets) {
            Ok(sound) => (sound, None),
            Err(error) => {
                let sound = octets.get(..error.valid_up_to()).unwrap_or_default();
                let broken = error.error_len().map(|length| error.valid_up_to() + length);
                let rest = broken.and_then(|end| octets.get(end..)).unwrap_or_default();
                (str::from_utf8(sound).unwrap_or_default(), Some(rest))
            }
        };
        text.push_str(sound);
        let Some(rest) = rest else { return text };
        text.push('\u{fffd}');
        octets = rest;
    }
}

/// A JSON string literal (RFC 8259 §7).
#[must_use]
pub fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\u{0}'..='\u{1f}' => {
                let code = u32::from(character);
                out.push_str("\\u00");
                out.extend(
                    [code >> 4, code & 15].into_iter().filter_map(|it| char::from_digit(it, 16)),
                );
            }
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_join_the_query_that_is_there() {
        let form = || Form::default().with("a b", "ä&=").with_some("none", None);
        assert_eq!(form().onto("https://x.test/y"), "https://x.test/y?a%20b=%C3%A4%26%3D");
        assert_eq!(form().onto("https://x.test/y?z=1"), "https://x.test/y?z=1&a%20b=%C3%A4%26%3D");
        assert_eq!(form().onto("https://x.test/y?"), "https://x.test/y?a%20b=%C3%A4%26%3D");
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(unpercent("%zz%4"), "%zz%4");
        assert_eq!(unpercent("a+b%2B"), "a b+");
        assert_eq!(unpercent("%ff"), "\u{fffd}");
    }

    #[test]
    fn json_strings_are_escaped() {
        assert_eq!(json_string("a\"b\\c\n\u{1f}"), r#""a\"b\\c\u000a\u001f""#);
    }

    proptest! {
        #[test]
        fn what_is_no_utf_8_is_replaced_as_browsers_do(octets: Vec<u8>) {
            prop_assert_eq!(readable(&octets), String::from_utf8_lossy(&octets));
        }

        #[test]
        fn what_was_encoded_decodes_to_the_same(name in ".*", value in ".*") {
            let text = Form::default().with(&name, &value).into_string();
            prop_assert_eq!(parse_form(&text), vec![(name, value)]);
        }

        #[test]
        fn a_json_string_reads_back_as_the_same(text in "[\\x00-\\x22\\\\a\u{7f}\u{2028}é€]*") {
            let read: Option<String> = serde_json::from_str(&json_string(&text)).ok();
            prop_assert_eq!(read, Some(text));
        }

        #[test]
        fn decoding_never_panics(text in ".*") {
            let _ = parse_form(&text);
        }
    }
}
