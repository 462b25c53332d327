//! A JSON object in which no name occurs twice.

use super::{Error, invalid};
use core::fmt;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;

/// The largest whole number that JavaScript has exactly; every time is well below it.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// The members of a JOSE header or a claims set. Names are unique (RFC 7515 §4, RFC 7519 §4): with
/// two `sub`, two readers could see two users.
pub(super) struct Members(BTreeMap<String, Value>);

impl Members {
    /// Parses a JSON text.
    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// A member. One that is `null` is as good as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether there is such a member, `null` or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A member that is a string if it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(format_args!("{name} is not a string"))),
        }
    }

    /// A member that is a string or a list of strings; none if it is not there.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Error> {
        let list: Option<Vec<String>> = match self.get(name) {
            None => Some(Vec::new()),
            Some(Value::String(text)) => Some(vec![text.clone()]),
            Some(Value::Array(values)) => {
                values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
            }
            Some(_) => None,
        };
        list.ok_or_else(|| invalid(format_args!("{name} is neither a string nor a list of them")))
    }

    /// A member that is a NumericDate if it is there (RFC 7519 §2): a fraction is floored, and what
    /// is beyond all times is cut.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, Error> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                // A cast of a float saturates.
                let floored =
                    number.as_i64().or_else(|| number.as_f64().map(|float| float.floor() as i64));
                Ok(floored.map(|time| time.clamp(-MAX_SAFE, MAX_SAFE)))
            }
            Some(_) => Err(invalid(format_args!("{name} is not a number"))),
        }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name occurs twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Unique)
    }
}
