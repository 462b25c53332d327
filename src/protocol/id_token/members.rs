//! A JSON object in which no name occurs twice.

use super::{Error, invalid};
use crate::protocol::encode::concat;
use crate::protocol::json::Json;

/// The largest whole number that JavaScript has exactly; every time is well below it.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// The members of a JOSE header or a claims set. Names are unique (RFC 7515 §4, RFC 7519 §4): with
/// two `sub`, two readers could see two users.
pub(super) struct Members(Json);

impl Members {
    /// Parses a JSON text.
    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let json = Json::parse(str::from_utf8(json).ok()?)?;
        matches!(json, Json::Object(_)).then_some(Self(json))
    }

    /// A member. One that is `null` is as good as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name).filter(|value| !matches!(value, Json::Word(word) if word == "null"))
    }

    /// Whether there is such a member, `null` or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// A member that is a string if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(&concat(&[name, " is not a string"]))),
        }
    }

    /// A member that is a string or a list of strings; none if it is not there.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Error> {
        let mut list = Vec::new();
        let items = match self.get(name) {
            None => &[][..],
            Some(Json::List(items)) => items,
            Some(item) => core::slice::from_ref(item),
        };
        for item in items {
            let Json::Text(text) = item else {
                let wrong = concat(&[name, " is neither a string nor a list of them"]);
                return Err(invalid(&wrong));
            };
            list.push(text.clone());
        }
        Ok(list)
    }

    /// A member that is a NumericDate if it is there (RFC 7519 §2): a fraction is floored, and what
    /// is beyond all times is cut.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Json::Word(word)) if !matches!(word.as_str(), "true" | "false") => {
                Ok(Some(floored(word)))
            }
            Some(_) => Err(invalid(&concat(&[name, " is not a number"]))),
        }
    }
}

/// A JSON number, floored and cut, by its digits: no float rounds it.
fn floored(number: &str) -> i64 {
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once(['.']).unwrap_or((mantissa, ""));
    // One that is beyond all numbers has the effect of a large one.
    let least = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let exponent: i64 = exponent.parse().unwrap_or(least);
    let length = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let mut left = length.saturating_add(exponent);
    let (mut value, mut rest) = (0_i64, false);
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = i64::from(digit.saturating_sub(b'0'));
        match left > 0 {
            true => value = value.saturating_mul(10).saturating_add(digit),
            false => rest |= digit > 0,
        }
        left = left.saturating_sub(1);
    }
    while left > 0 && (1..=MAX_SAFE).contains(&value) {
        value = value.saturating_mul(10);
        left -= 1;
    }
    match negative {
        true => value.saturating_add(i64::from(rest)).min(MAX_SAFE).saturating_neg(),
        false => value.min(MAX_SAFE),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]
    use super::{MAX_SAFE, floored};
    use proptest::prelude::*;

    #[test]
    fn times_are_floored_and_cut() {
        for (number, time) in [
            ("0", 0),
            ("-0", 0),
            ("1800000000", 1_800_000_000),
            ("1800000000.999", 1_800_000_000),
            ("1.8e9", 1_800_000_000),
            ("1.8000000009E+9", 1_800_000_000),
            ("18000000005e-1", 1_800_000_000),
            ("-0.5", -1),
            ("-5e-400", -1),
            ("-2.0", -2),
            ("5e-1", 0),
            ("1e400", MAX_SAFE),
            ("-1e400", -MAX_SAFE),
            ("0e99999999999999999999", 0),
            ("1e-99999999999999999999", 0),
            ("99999999999999999999", MAX_SAFE),
        ] {
            assert_eq!(floored(number), time, "{number}");
        }
    }

    proptest! {
        #[test]
        fn floats_are_floored_as_floats(number in -1.0e18..1.0e18_f64) {
            let expected = (number.floor() as i64).clamp(-MAX_SAFE, MAX_SAFE);
            prop_assert_eq!(floored(&number.to_string()), expected);
            prop_assert_eq!(floored(&format!("{number:e}")), expected);
        }
    }
}
