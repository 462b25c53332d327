//! A JSON object as its members in their order, so that a name that occurs twice is seen.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// All members of an object, the repeated ones too.
pub struct Pairs(pub Vec<(String, Value)>);

impl Pairs {
    /// Reads an object, or nothing else.
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Whether each name occurs once.
    pub fn are_unique(&self) -> bool {
        let names: std::collections::BTreeSet<_> = self.0.iter().map(|(name, _)| name).collect();
        names.len() == self.0.len()
    }

    /// A member, unless it is missing or null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value);
        found.filter(|value| !value.is_null())
    }

    /// A member that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(All)
    }
}
