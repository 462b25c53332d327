//! Claims that are asked for (OpenID Connect Core §5.5): by the app at all times, and by an API that
//! demands step-up with a `claims` parameter of its own, as Microsoft Entra's do.

use super::base64::from_either;
use super::border::alike;
use super::error::{Error, ErrorCode};
use super::json::Json;

/// The longest value of a challenge that is read, in base64.
pub const MAX_LENGTH: usize = 4096;

/// The value of the `claims` request parameter, as its JSON text; empty where no claims are asked for.
#[derive(Clone, Debug, Default)]
pub struct ClaimsRequest(String);

alike!(ClaimsRequest);

impl ClaimsRequest {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What a challenge carries: JSON in base64 of either alphabet, padded or not.
    #[must_use]
    pub fn carried(encoded: &str) -> Option<Self> {
        let request = Self(String::from_utf8(from_either(encoded)?).ok()?);
        request.read().is_some().then_some(request)
    }

    /// The same, if a server can be asked for it.
    ///
    /// # Errors
    ///
    /// `configuration_invalid` for what is no JSON object.
    pub fn checked(&self) -> Result<(), Error> {
        if self.is_empty() || self.read().is_some() {
            return Ok(());
        }
        Err(Error::new(ErrorCode::ConfigurationInvalid, "claims is no JSON object"))
    }

    /// Whether no claims are asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty() || self.0 == "{}"
    }

    /// The text to be sent, where there is something to be asked for.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|_| !self.is_empty())
    }

    /// Whether an answer to this is one to `other` as well.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.is_empty()
            || matches!((self.read(), other.read()), (Some(ours), Some(theirs)) if covers("", &ours, &theirs))
    }

    /// One request for both, if there can be one.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Option<Self> {
        if self.covers(other) {
            return Some(self.clone());
        }
        if self.is_empty() {
            return Some(other.clone());
        }
        Some(Self(merge("", &self.read()?, &other.read()?)?.text()))
    }

    /// The same and what the app asks for at all times; where they contradict each other, without that.
    #[must_use]
    pub fn beside(&self, always: &Self) -> Self {
        self.merge(always).unwrap_or_else(|| self.clone())
    }

    fn read(&self) -> Option<Json> {
        Json::parse(&self.0).filter(|json| matches!(json, Json::Object(_)))
    }
}

impl PartialEq for ClaimsRequest {
    /// By what they say.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || (self.is_empty() && other.is_empty()) || {
            let (ours, theirs) = (self.read(), other.read());
            ours.is_some() && ours == theirs
        }
    }
}

impl Eq for ClaimsRequest {}

fn is(json: &Json, word: &str) -> bool {
    matches!(json, Json::Word(it) if it == word)
}

/// What is asked for a claim: `null` asks for it in the default manner (§5.5.1).
fn covers(name: &str, ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (_, theirs) if is(theirs, "null") => true,
        (Json::Object(_), Json::Object(members)) => members
            .iter()
            .all(|(name, theirs)| ours.get(name).is_some_and(|ours| covers(name, ours, theirs))),
        (Json::List(ours), Json::List(theirs)) if name == "values" => {
            ours.iter().all(|one| theirs.contains(one))
        }
        _ => (name == "essential" && is(ours, "true")) || ours == theirs,
    }
}

fn merge(name: &str, ours: &Json, theirs: &Json) -> Option<Json> {
    match (ours, theirs) {
        (Json::Object(members), Json::Object(more)) => {
            let mut merged = Vec::new();
            for (name, ours) in members {
                let both = match theirs.get(name) {
                    Some(theirs) => merge(name, ours, theirs)?,
                    None => ours.clone(),
                };
                merged.push((name.clone(), both));
            }
            merged.extend(more.iter().filter(|(name, _)| ours.get(name).is_none()).cloned());
            Some(Json::Object(merged))
        }
        // Any one of the values is enough, so that those of both are.
        (Json::List(ours), Json::List(theirs)) if name == "values" => {
            let both: Vec<Json> = ours.iter().filter(|it| theirs.contains(it)).cloned().collect();
            Some(Json::List(both)).filter(|both| !matches!(both, Json::List(all) if all.is_empty()))
        }
        _ if covers(name, ours, theirs) => Some(ours.clone()),
        _ if covers(name, theirs, ours) => Some(theirs.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C1: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    const CAPABLE: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

    fn merged(one: &str, two: &str) -> Option<ClaimsRequest> {
        let (one, two) = (ClaimsRequest::new(one), ClaimsRequest::new(two));
        let both = one.merge(&two);
        let turned = two.merge(&one);
        assert_eq!(both, turned, "the order does not matter");
        if let Some(both) = &both {
            assert!(both.covers(&one) && both.covers(&two), "{both:?}");
        }
        both
    }

    #[test]
    fn a_challenge_carries_them_in_base64() {
        let entra = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19";
        assert_eq!(ClaimsRequest::carried(entra), Some(ClaimsRequest::new(C1)));
        // Either alphabet, padded or not.
        for text in ["eyJhIjoiPz8+In0=", "eyJhIjoiPz8+In0", "eyJhIjoiPz8-In0"] {
            assert_eq!(ClaimsRequest::carried(text), Some(ClaimsRequest::new(r#"{"a":"??>"}"#)));
        }
        for text in ["", "%%%", "WzFd", "bm9uc2Vuc2U=", "/w=="] {
            assert_eq!(ClaimsRequest::carried(text), None, "{text}");
        }
    }

    #[test]
    fn what_both_ask_for_is_asked_for_together() {
        let both = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}"#;
        assert_eq!(merged(C1, CAPABLE), Some(ClaimsRequest::new(both)));
        assert_eq!(merged(C1, "{}"), Some(ClaimsRequest::new(C1)));
        assert_eq!(merged("", CAPABLE), Some(ClaimsRequest::new(CAPABLE)));
        assert_eq!(
            merged(r#"{"id_token":{"acr":null}}"#, r#"{"id_token":{"acr":{"essential":true}}}"#),
            Some(ClaimsRequest::new(r#"{"id_token":{"acr":{"essential":true}}}"#))
        );
        assert_eq!(
            merged(r#"{"a":{"essential":false,"value":1}}"#, r#"{"a":{"essential":true}}"#),
            Some(ClaimsRequest::new(r#"{"a":{"essential":true,"value":1}}"#))
        );
        assert_eq!(
            merged(r#"{"a":{"values":["x","y"]}}"#, r#"{"a":{"values":["y","z"]}}"#),
            Some(ClaimsRequest::new(r#"{"a":{"values":["y"]}}"#))
        );
    }

    #[test]
    fn what_contradicts_itself_is_not_asked_for_together() {
        assert_eq!(merged(C1, &C1.replace("c1", "c2")), None);
        assert_eq!(merged(r#"{"a":{"values":["x"]}}"#, r#"{"a":{"values":["y"]}}"#), None);
        let own = ClaimsRequest::new(C1.replace("c1", "c2"));
        assert_eq!(ClaimsRequest::new(C1).beside(&own), ClaimsRequest::new(C1));
    }

    #[test]
    fn less_does_not_cover_more() {
        let covers =
            |one: &str, two: &str| ClaimsRequest::new(one).covers(&ClaimsRequest::new(two));
        assert!(covers(C1, "") && covers(C1, "{}") && !covers("", C1));
        assert!(!covers(CAPABLE, C1) && !covers(C1, CAPABLE));
        assert!(!covers(r#"{"a":{"essential":false}}"#, r#"{"a":{"essential":true}}"#));
        assert!(covers(r#"{"a":{"values":["x"]}}"#, r#"{"a":{"values":["x","y"]}}"#));
        assert!(!covers(r#"{"a":{"values":["x","y"]}}"#, r#"{"a":{"values":["x"]}}"#));
    }

    #[test]
    fn what_no_server_can_be_asked_for_is_refused() {
        for text in ["[]", "1", "nonsense", r#"{"a":"#] {
            assert!(ClaimsRequest::new(text).checked().is_err(), "{text}");
        }
        assert!(
            ClaimsRequest::new("").checked().is_ok() && ClaimsRequest::new(C1).checked().is_ok()
        );
    }
}
