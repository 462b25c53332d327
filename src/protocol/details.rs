//! What one token is to be good for in particular (RFC 9396): this payment, to that payee.

use super::border::alike;
use super::error::{Error, ErrorCode};
use super::json::Json;
use super::list::take;

/// Authorization details: a JSON array of objects with a `type` (RFC 9396 §2), as its text; empty where
/// nothing in particular is asked for.
#[derive(Clone, Debug, Default)]
pub struct Details(String);

alike!(Details);

impl Details {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same, if a server can be asked for it.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` for what is no array of objects with a `type`.
    pub fn checked(&self) -> Result<(), Error> {
        let is_detail = |detail: &Json| match detail.get("type") {
            Some(Json::Text(kind)) => !kind.is_empty(),
            _ => false,
        };
        if self.is_empty() || self.read().is_some_and(|all| all.iter().all(is_detail)) {
            return Ok(());
        }
        let detail = "authorizationDetails is no array of objects with a type";
        Err(Error::new(ErrorCode::ConfigurationInvalid, detail))
    }

    /// Whether nothing in particular is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty() || self.0 == "[]"
    }

    /// The text to be sent, where there is something to be asked for.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|_| !self.is_empty())
    }

    /// Whether each of these is among what was granted. The provider may add to what was asked for, and
    /// fill a list that was asked for empty (RFC 9396 §7.1); it may not change anything.
    #[must_use]
    pub fn are_granted_by(&self, granted: &Self) -> bool {
        if self.is_empty() {
            return true;
        }
        let (Some(asked), Some(granted)) = (self.read(), granted.read()) else { return false };
        pair_off(&asked, granted, keeps)
    }

    fn read(&self) -> Option<Vec<Json>> {
        match Json::parse(Some(&self.0).filter(|text| text.len() <= LONGEST)?)? {
            Json::List(details) => Some(details),
            _ => None,
        }
    }
}

/// The longest text that is compared.
const LONGEST: usize = 65_536;

/// Whether each of the first finds one of its own among the others.
fn pair_off(first: &[Json], mut others: Vec<Json>, fit: fn(&Json, &Json) -> bool) -> bool {
    first.iter().all(|one| take(&mut others, |other| fit(one, other)).is_some())
}

/// Whether what was granted says all that was asked.
fn keeps(asked: &Json, granted: &Json) -> bool {
    match (asked, granted) {
        (Json::Object(members), Json::Object(_)) => members
            .iter()
            .all(|(name, asked)| granted.get(name).is_some_and(|granted| keeps(asked, granted))),
        (Json::List(asked), Json::List(granted)) => {
            asked.is_empty()
                || (asked.len() == granted.len()
                    && asked.iter().zip(granted).all(|(asked, granted)| keeps(asked, granted)))
        }
        _ => asked == granted,
    }
}

impl PartialEq for Details {
    /// By what they say: neither the order of members nor that of the details matters.
    fn eq(&self, other: &Self) -> bool {
        if self.0 == other.0 || (self.is_empty() && other.is_empty()) {
            return true;
        }
        let (Some(ours), Some(theirs)) = (self.read(), other.read()) else { return false };
        ours.len() == theirs.len() && pair_off(&ours, theirs, |one, two| one == two)
    }
}

impl Eq for Details {}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSFER: &str =
        r#"[{"type":"transfer","payee":"rent","amount":{"value":"25.50","currency":"EUR"}}]"#;

    #[test]
    fn details_are_equal_by_what_they_say() {
        let same = |one: &str, two: &str| Details::new(one) == Details::new(two);
        let turned = r#"[ {"amount":{"currency":"EUR","value":"25.50"}, "type":"transfer","payee":"rent"} ]"#;
        assert!(same(TRANSFER, turned));
        assert!(same(r#"[{"type":"a"},{"type":"b"}]"#, r#"[{"type":"b"},{"type":"a"}]"#));
        assert!(same("", "[]"));
        assert!(!same(TRANSFER, &TRANSFER.replace("25.50", "25.51")));
        assert!(!same(TRANSFER, ""));
        assert!(!same(r#"[{"type":"a"}]"#, r#"[{"type":"a"},{"type":"a"}]"#));
        assert!(!same(r#"[{"type":"a"},{"type":"a"}]"#, r#"[{"type":"a"},{"type":"b"}]"#));
        assert!(!same("nonsense", "other nonsense"));
    }

    #[test]
    fn each_detail_is_granted_by_one_of_its_own() {
        let two = r#"[{"type":"a"},{"type":"a"}]"#;
        let granted = |asked: &str, by: &str| Details::new(asked).are_granted_by(&Details::new(by));
        assert!(granted(two, two) && granted(two, r#"[{"type":"a","n":1},{"type":"a","n":2}]"#));
        assert!(
            !granted(two, r#"[{"type":"a"}]"#) && !granted(two, r#"[{"type":"a"},{"type":"b"}]"#)
        );
        let same = |one: &str, two: &str| Details::new(one) == Details::new(two);
        let [aab, abb] = [
            r#"[{"type":"a"},{"type":"a"},{"type":"b"}]"#,
            r#"[{"type":"a"},{"type":"b"},{"type":"b"}]"#,
        ];
        assert!(same(aab, aab) && !same(aab, abb));
    }

    #[test]
    fn a_text_without_end_is_not_compared() {
        let long = [r#"[{"type":"a"}"#, &" ".repeat(LONGEST), "]"].concat();
        assert!(!Details::new(r#"[{"type":"a"}]"#).are_granted_by(&Details::new(long)));
    }

    #[test]
    fn what_no_server_can_be_asked_for_is_refused() {
        let fine = |text: &str| Details::new(text).checked().is_ok();
        assert!(fine("") && fine("[]") && fine(TRANSFER));
        for text in [
            "{}",
            "[1]",
            "[{}]",
            r#"[{"type":""}]"#,
            r#"[{"type":1}]"#,
            r#"{"type":"a"}"#,
            "nonsense",
        ] {
            let refused = Details::new(text).checked().map_err(|error| error.code);
            assert_eq!(refused, Err(ErrorCode::ConfigurationInvalid), "{text}");
        }
    }

    #[test]
    fn t09_what_was_granted_is_compared_with_what_was_asked() {
        let granted =
            |asked: &str, granted: &str| Details::new(asked).are_granted_by(&Details::new(granted));
        let more = TRANSFER.replace(r#""payee""#, r#""id":"1","payee""#);
        assert!(granted(TRANSFER, TRANSFER) && granted(TRANSFER, &more));
        let beside = TRANSFER.replace("}]", r#"},{"type":"other"}]"#);
        assert!(granted(TRANSFER, &beside), "beside something else");
        // RFC 9396 §7.1: the user chose the accounts.
        let asked = r#"[{"type":"account_information","access":{"accounts":[]}}]"#;
        assert!(granted(asked, &asked.replace("[]", r#"[{"iban":"DE1"}]"#)));
        assert!(granted("", TRANSFER));
        for changed in [
            TRANSFER.replace("25.50", "2550"),
            TRANSFER.replace("rent", "savings"),
            TRANSFER.replace("transfer", "account"),
            TRANSFER.replace(r#""25.50""#, "25.50"),
            TRANSFER.replace(r#""payee":"rent","#, ""),
            r#"{"type":"transfer"}"#.into(),
            "[]".into(),
            String::new(),
        ] {
            assert!(!granted(TRANSFER, &changed), "{changed}");
        }
        let list = r#"[{"type":"a","actions":["read"]}]"#;
        assert!(!granted(list, r#"[{"type":"a","actions":["read","write"]}]"#));
        assert!(!granted(list, r#"[{"type":"a","actions":[]}]"#));
    }
}
