//! What holds for every header, found out with random ones.

use crate::protocol::challenge::grammar::{Challenge, Content, MAX_PARAMS, parse, steps};
use crate::protocol::challenge::{list, read};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Headers as they are, for mutation.
const REAL: &[&str] = &[
    r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
    r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
    r#"Bearer error="insufficient_user_authentication", acr_values="myACR other", max_age="5""#,
    r#"Bearer error="insufficient_user_authentication",error_description="x",max_age=60,acr_values=mfa"#,
    r#"Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
    r#"Bearer, DPoP algs="ES256 PS256", Negotiate YIIx/+==, NTLM"#,
    r#"Bearer error="insufficient_scope", scope="files:read files:write""#,
];

/// The octets at which something happens, and a few that are like any other.
const OCTETS: &[char] = &[
    '"',
    '\\',
    ',',
    '=',
    ' ',
    '\t',
    'a',
    'B',
    '0',
    '/',
    '!',
    '(',
    '@',
    '\0',
    '\n',
    '\u{1}',
    '\u{7f}',
    '\u{80}',
    'é',
    '\u{ff}',
    '\u{100}',
    '€',
    '\u{10ffff}',
];

fn token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}"
}

/// What a quoted-string can carry: any octet but NUL, CR and LF.
fn value() -> impl Strategy<Value = String> {
    let octet = prop_oneof![
        any::<u8>().prop_map(char::from),
        select(&['"', '\\', ',', '=', ' ', '\t', '\u{1}', '\u{80}'][..]),
    ];
    let octet = octet.prop_filter("no header has it", |char| !matches!(char, '\0' | '\r' | '\n'));
    vec(octet, 0..12).prop_map(String::from_iter)
}

/// The parameters of one challenge, each name once.
fn params() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((token(), value()), 1..MAX_PARAMS / 4).prop_map(|mut params| {
        let mut names: Vec<String> = Vec::new();
        params.retain(|(name, _)| {
            let name = name.to_ascii_lowercase();
            let new = !names.contains(&name);
            names.push(name);
            new
        });
        params
    })
}

/// A challenge before it is written down.
#[derive(Clone, Debug)]
enum Written {
    Empty,
    Token68(String),
    Params(Vec<(String, String)>),
}

fn written() -> impl Strategy<Value = (String, Written)> {
    let content = prop_oneof![
        Just(Written::Empty),
        "[0-9A-Za-z._~+/-]{1,8}={0,2}".prop_map(Written::Token68),
        params().prop_map(Written::Params),
    ];
    (token(), content)
}

/// A random choice among the ways of writing the same, made from one number after another.
struct Style<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Style<'_> {
    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[usize::from(*self.0.next().unwrap()) % choices.len()]
    }

    fn value(&mut self, value: &str) -> String {
        let is_token = !value.is_empty()
            && value
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char));
        if is_token && self.pick(&["token", "quoted"]) == "token" {
            return value.to_owned();
        }
        let mut quoted = String::from("\"");
        for char in value.chars() {
            if matches!(char, '"' | '\\') || self.pick(&["", "", "escape"]) == "escape" {
                quoted.push('\\');
            }
            quoted.push(char);
        }
        quoted + "\""
    }

    fn challenge(&mut self, (scheme, content): &(String, Written)) -> String {
        let mut header = scheme.clone();
        match content {
            Written::Empty => {}
            Written::Token68(token68) => {
                header += self.pick(&[" ", "   "]);
                header += token68;
            }
            Written::Params(params) => {
                header += self.pick(&[" ", "  ", " ,", " , , "]);
                for (index, (name, value)) in params.iter().enumerate() {
                    if index > 0 {
                        header += self.pick(&[",", ", ", " ,", ", ,\t"]);
                    }
                    header += name;
                    header += self.pick(&["=", " =", "= ", "\t=\t"]);
                    header += &self.value(value);
                }
            }
        }
        header
    }
}

/// What the parser must have made of it, told without the parser's own printing.
fn told((scheme, content): &(String, Written)) -> (String, Option<String>, Vec<(String, String)>) {
    match content {
        Written::Empty => (scheme.clone(), None, Vec::new()),
        Written::Token68(token68) => (scheme.clone(), Some(token68.clone()), Vec::new()),
        Written::Params(params) => {
            let lower =
                |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
            (scheme.clone(), None, params.iter().map(lower).collect())
        }
    }
}

fn read_back(challenge: &Challenge) -> (String, Option<String>, Vec<(String, String)>) {
    let scheme = challenge.scheme.clone();
    match &challenge.content {
        Content::Empty => (scheme, None, Vec::new()),
        Content::Token68(token68) => (scheme, Some(token68.clone()), Vec::new()),
        Content::Params(params) => {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            (scheme, None, params.iter().map(owned).collect())
        }
    }
}

/// Something with at least one fault, whose quotes are balanced, and which begins as neither a
/// parameter nor a challenge, or as a challenge.
fn garbage() -> impl Strategy<Value = String> {
    let noise = prop_oneof![
        select(
            &["(", ")", "@", "a", "=", "a=", "b=c", ",", " ", "d e", "/", "é", "\\", "\u{1}"][..]
        )
        .prop_map(str::to_owned),
        value().prop_map(|value| {
            format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
        }),
    ];
    (select(&["@", "(", "X@", "X a b", "X a=b c", "X a=@", "\"x\""][..]), vec(noise, 0..6))
        .prop_map(|(start, noise)| start.to_owned() + &noise.concat())
}

/// A real header after a few insertions, deletions and replacements.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..3u8, select(OCTETS));
    (select(REAL), vec(edit, 0..8)).prop_map(|(header, edits)| {
        let mut chars: Vec<char> = header.chars().collect();
        for (index, kind, char) in edits {
            let at = index.index(chars.len());
            match kind {
                0 => chars.insert(at, char),
                1 if chars.len() > 1 => drop(chars.remove(at)),
                _ => chars[at] = char,
            }
        }
        chars.into_iter().collect()
    })
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        vec(select(OCTETS), 0..200).prop_map(String::from_iter),
        mutated(),
        vec(mutated(), 1..6).prop_map(|headers| headers.join(", ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_header_is_read_as_it_was_meant_however_it_is_written(
        meant in vec(written(), 1..5),
        style in vec(any::<u8>(), 1..64),
    ) {
        let mut style = Style(style.iter().cycle());
        let mut header = String::from(style.pick(&["", "", ",", " "]));
        for (index, challenge) in meant.iter().enumerate() {
            if index > 0 {
                header += style.pick(&[", ", ",", " , ", ",,"]);
            }
            header += &style.challenge(challenge);
        }
        let parsed = parse(&header).unwrap();
        prop_assert_eq!(&parsed.faults, &[], "{}", header);
        let read: Vec<_> = parsed.challenges.iter().map(read_back).collect();
        let meant: Vec<_> = meant.iter().map(told).collect();
        prop_assert_eq!(read, meant, "{}", header);
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same(header in anything()) {
        let Ok(parsed) = parse(&header) else { return Ok(()) };
        for challenge in &parsed.challenges {
            let again = parse(&challenge.to_string()).unwrap();
            prop_assert_eq!(std::slice::from_ref(challenge), again.challenges.as_slice());
            prop_assert_eq!(again.faults, []);
        }
        let printed: Vec<String> = parsed.challenges.iter().map(ToString::to_string).collect();
        let again = parse(&printed.join(", ")).unwrap();
        prop_assert_eq!(again.challenges, parsed.challenges);
    }

    #[test]
    fn nothing_panics_and_every_fault_is_inside_the_header(header in anything(), status: u16) {
        let _ = list(&header);
        let _ = read(status, &header);
        let _ = read(401, &header).map(|reading| {
            reading.reports.iter().map(ToString::to_string).collect::<String>()
        });
        if let Ok(parsed) = parse(&header) {
            for fault in parsed.faults {
                prop_assert!(header.is_char_boundary(fault.at), "{} in {:?}", fault.at, header);
                prop_assert!(fault.to_string().is_ascii() || fault.to_string().contains('…'));
            }
        }
    }

    #[test]
    fn reading_takes_a_bounded_number_of_steps_for_each_octet(header in anything()) {
        prop_assert!(steps(&header) <= (4 + MAX_PARAMS / 2) * (header.len() + 1));
    }

    #[test]
    fn garbage_does_not_hide_the_challenge_beside_it(
        before in vec(garbage(), 0..3),
        after in vec(garbage(), 0..3),
        good in written(),
    ) {
        let printed = Style([0].iter().cycle()).challenge(&good);
        let mut parts = before.clone();
        parts.push(printed);
        parts.extend(after.iter().cloned());
        let header = parts.join(", ");
        let parsed = parse(&header).unwrap();
        let found = parsed.challenges.iter().any(|challenge| read_back(challenge) == told(&good));
        prop_assert!(found, "{} in {:?}", header, parsed);
        prop_assert!(parsed.faults.len() >= before.len() + after.len(), "{}", header);
    }

    #[test]
    fn a_quoted_string_never_becomes_a_challenge(
        before in garbage(),
        scheme in token(),
        after in garbage(),
    ) {
        // The commas around it let it pass for an element of the list, if the quotes are overlooked.
        let bait = ", Evil error=insufficient_user_authentication, ";
        for quoted in [
            format!("{before} \"{bait}\", {after}"),
            format!("{before}, {scheme} a=\"{bait}\", {after}"),
            format!("{scheme} a=b \"\\\"{bait}\" , {after}"),
            format!("{before}, {scheme} \"a\"=\"\n{bait}\""),
            format!("{scheme} a=b, a=\"{bait}\", c=@\"{bait}\""),
        ] {
            let parsed = parse(&quoted).unwrap();
            prop_assert!(!parsed.challenges.iter().any(|challenge| challenge.is("Evil")), "{}", quoted);
        }
    }
}
