//! The answer of the token endpoint (RFC 6749 §5.1–5.2).

use super::border::{alike, record};
use super::details::Details;
use super::dpop::Thumbprint;
use super::error::{Error, ErrorCode};
use super::renewal::Refresh;
use super::requirement::Scope;
use super::response::error_name;
use super::secret::Secret;
use super::units::Seconds;

/// How long a token is used when the server does not say (RFC 6749 §5.1 leaves it open).
pub const DEFAULT_LIFETIME: Seconds = Seconds(300);

/// The longest lifetime that is believed.
const LONGEST: Seconds = Seconds(10 * 365 * 86_400);

/// The answer as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenAnswer {
    /// The access token.
    pub access_token: Option<Secret>,
    /// Its type.
    pub token_type: Option<String>,
    /// Its lifetime.
    pub expires_in: Option<Lifetime>,
    /// What was granted; absent where it is what was asked for.
    pub scope: Option<String>,
    /// The ID token.
    pub id_token: Option<Secret>,
    /// The refresh token. It never answers a step-up challenge (RFC 9470 §6.1).
    pub refresh_token: Option<Secret>,
    /// What it was granted in particular (RFC 9396 §7): the JSON text of `authorization_details`.
    pub authorization_details: Details,
    /// The error of a refusal.
    pub error: Option<String>,
}

record!(import TokenAnswer {
    access_token: "access_token",
    token_type: "token_type",
    expires_in: "expires_in",
    scope: "scope",
    id_token: "id_token",
    refresh_token: "refresh_token",
    error: "error";
    authorization_details: Default::default(),
});

/// A lifetime as servers write it: a number, of which the whole seconds count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetime(pub f64);

alike!(Lifetime);

impl Eq for Lifetime {}

impl Lifetime {
    pub(super) fn seconds(self) -> Seconds {
        // The cast saturates: negative and NaN become 0. What is longer than ten years is as good
        // as that, and stays a point in time that JavaScript can tell.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Seconds((self.0 as u64).min(LONGEST.0))
    }
}

/// Tokens that were issued and not yet judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSet {
    /// The access token.
    pub access_token: Secret,
    /// The ID token, where there is one.
    pub id_token: Option<Secret>,
    /// How long the access token lives.
    pub lifetime: Seconds,
    /// What it was granted.
    pub scope: Scope,
    /// What renews it, where the server gave that. It stays in this tab's memory.
    pub refresh: Option<Refresh>,
    /// What it was granted in particular.
    pub authorization_details: Details,
    /// The key that the access token is bound to; none for a Bearer token.
    pub key: Option<Thumbprint>,
}

record!(TokenSet {
    access_token: "access_token",
    id_token: "id_token",
    lifetime: "lifetime",
    scope: "scope",
    authorization_details: "authorization_details",
    key: "key";
    refresh: Default::default(),
});

impl TokenAnswer {
    /// The tokens in the answer. `asked` is what was granted where the server does not say, `key` what
    /// the access token must be bound to, where it must.
    ///
    /// # Errors
    ///
    /// `authorization_details_refused` for `invalid_authorization_details` (RFC 9396 §5);
    /// `token_refused` for another OAuth error, an access token that is missing or that no header can
    /// carry, or a token type that was not asked for; `downgrade_refused` for a Bearer token in the
    /// place of a bound one (RFC 9449 §5).
    pub fn tokens(self, asked: &Scope, key: Option<&Thumbprint>) -> Result<TokenSet, Error> {
        let refused = |what: String| Err(Error::new(ErrorCode::TokenRefused, what));
        if let Some(error) = self.error {
            if error == "invalid_authorization_details" {
                return Err(ErrorCode::AuthorizationDetailsRefused.into());
            }
            return refused(error_name(&error));
        }
        let Some(access_token) = self.access_token.filter(|token| !token.expose().is_empty())
        else {
            return refused("the answer has no access token".into());
        };
        // RFC 6749, appendix A.12: printable ASCII.
        if !access_token.expose().bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return refused("the access token has characters that it must not have".into());
        }
        // RFC 6749 §5.1: the value is case-insensitive, and a client must not use a type that it
        // does not understand (§7.1).
        let is =
            |kind: &str| self.token_type.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(kind));
        match key {
            Some(_) if is("DPoP") => {}
            None if is("Bearer") => {}
            Some(_) if is("Bearer") => return Err(ErrorCode::DowngradeRefused.into()),
            _ => return refused("the token type is none that was asked for".into()),
        }
        Ok(TokenSet {
            access_token,
            id_token: self.id_token,
            lifetime: self.expires_in.map_or(DEFAULT_LIFETIME, Lifetime::seconds),
            scope: self.scope.map_or_else(|| asked.clone(), |scope| Scope::parse(&scope)),
            refresh: self.refresh_token.map(Refresh::new),
            authorization_details: self.authorization_details,
            key: key.cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: Result<(&str, u64, &str), ErrorCode>) {
        let answer: TokenAnswer = json::read(json).unwrap_or_default();
        let tokens = answer.tokens(&Scope::parse("a b"), None);
        let tokens = tokens
            .as_ref()
            .map(|t| (t.access_token.expose(), t.lifetime.0, t.scope.to_string()))
            .map_err(|error| error.code);
        assert_eq!(tokens, expect.map(|(token, life, scope)| (token, life, scope.to_owned())));
    }

    #[test]
    fn answers_are_read_as_servers_write_them() {
        check(r#"{"access_token":"t","token_type":"bearer"}"#, Ok(("t", 300, "a b")));
        check(
            r#"{"access_token":"t","token_type":"Bearer","expires_in":59.9,"scope":"a","x":{}}"#,
            Ok(("t", 59, "a")),
        );
        check(r#"{"access_token":"t","token_type":"Bearer","expires_in":-5}"#, Ok(("t", 0, "a b")));
        let endless = r#"{"access_token":"t","token_type":"Bearer","expires_in":1e300}"#;
        check(endless, Ok(("t", LONGEST.0, "a b")));
    }

    #[test]
    fn refusals_and_unknown_types_are_errors() {
        check(r#"{"error":"invalid_grant"}"#, Err(ErrorCode::TokenRefused));
        let details = Err(ErrorCode::AuthorizationDetailsRefused);
        check(r#"{"error":"invalid_authorization_details"}"#, details);
        check(r#"{"access_token":"","token_type":"Bearer"}"#, Err(ErrorCode::TokenRefused));
        check(r#"{"access_token":"t"}"#, Err(ErrorCode::TokenRefused));
        check(r#"{"access_token":"t","token_type":"DPoP"}"#, Err(ErrorCode::TokenRefused));
        check(r"{}", Err(ErrorCode::TokenRefused));
    }

    #[test]
    fn t10_a_bearer_token_where_a_bound_one_was_required_is_a_downgrade() {
        let key = Thumbprint("jkt-1".into());
        let kind = |kind: &str| {
            let answer = TokenAnswer {
                access_token: Some(Secret::new("t")),
                token_type: Some(kind.to_owned()),
                ..TokenAnswer::default()
            };
            let tokens = answer.tokens(&Scope::default(), Some(&key));
            tokens.map(|tokens| tokens.key).map_err(|error| error.code)
        };
        for bound in ["DPoP", "dpop", "DPOP"] {
            assert_eq!(kind(bound), Ok(Some(key.clone())));
        }
        for bearer in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(kind(bearer), Err(ErrorCode::DowngradeRefused));
        }
        assert_eq!(kind("mac"), Err(ErrorCode::TokenRefused));
        // Nothing is told about it: it may be anything.
        let untold = TokenAnswer { access_token: Some(Secret::new("t")), ..TokenAnswer::default() };
        let code = untold.tokens(&Scope::default(), Some(&key)).map_err(|error| error.code);
        assert_eq!(code, Err(ErrorCode::TokenRefused));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        for token in [r"a\r\nX-Evil: 1", r"a\u0000", "\u{e9}", r"\ud83d\ude00"] {
            let json = format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#);
            check(&json, Err(ErrorCode::TokenRefused));
        }
        check(r#"{"access_token":"~ !","token_type":"Bearer"}"#, Ok(("~ !", 300, "a b")));
    }
}
