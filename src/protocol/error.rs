//! Why a step-up failed: one enum, one code for each.

use core::fmt;

macro_rules! errors {
    ($($(#[doc = $doc:literal])+ $name:ident => $code:literal,)+) => {
        /// Why a step-up failed. The code is the public name; the text is for developers only.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $name,)+
        }

        impl ErrorCode {
            /// Every code there is, in the order of the public list.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name used in JavaScript, in the documentation and in tests.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The code of this name.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.code() == code)
            }
        }
    };
}

errors! {
    /// The SDK itself ended the step-up; a caller's own abort rejects with its `signal.reason`.
    Aborted => "aborted",
    /// The answer's `acr` is missing, or none of those asked for, nor of a higher level; or it may have
    /// been phished.
    AssuranceNotMet => "assurance_not_met",
    /// The user authenticated longer ago than `max_age` allows.
    AssuranceStale => "assurance_stale",
    /// The provider says that it cannot reach what was asked for (RFC 9470 §5).
    AssuranceUnavailable => "assurance_unavailable",
    /// `auth_time` is missing or makes no sense although `max_age` was asked for.
    AssuranceUnverifiable => "assurance_unverifiable",
    /// The app's own `authenticate` failed; its reason is the `cause`.
    AuthenticateFailed => "authenticate_failed",
    /// What was granted is not what was asked for in particular (RFC 9396 §7).
    AuthorizationDetailsRefused => "authorization_details_refused",
    /// The provider answered the authorization request with an error (RFC 6749 §4.1.2.1).
    AuthorizationRefused => "authorization_refused",
    /// The user said no.
    Cancelled => "cancelled",
    /// A challenge beyond all bounds: too long, too many values, or control characters in them.
    ChallengeRejected => "challenge_rejected",
    /// The options given to this SDK cannot work.
    ConfigurationInvalid => "configuration_invalid",
    /// A Bearer token came where one that is bound to a key was asked for (RFC 9449 §5).
    DowngradeRefused => "downgrade_refused",
    /// The page is framed by another origin, where no dialog is shown that could be covered.
    EmbeddingBlocked => "embedding_blocked",
    /// The ID token is not one: signature, algorithm, audience, nonce, or time (OIDC Core §3.1.3.7).
    IdTokenInvalid => "id_token_invalid",
    /// The WebAssembly instance has died; plain requests still work.
    InstanceDead => "instance_dead",
    /// The page came back from the browser's cache while the user was away for it (HTML §7.4.6).
    Interrupted => "interrupted",
    /// The answer comes from another issuer (RFC 9207 §2.4).
    IssuerMismatch => "issuer_mismatch",
    /// The ID token names a key that the provider does not publish.
    KeyUnknown => "key_unknown",
    /// The API demands again what was just proved, or keeps changing its mind.
    LoopDetected => "loop_detected",
    /// The provider's metadata is unusable: wrong issuer, missing or unsafe endpoints.
    MetadataInvalid => "metadata_invalid",
    /// A token would have gone where it must not.
    OriginNotAllowed => "origin_not_allowed",
    /// Another passkey ceremony is under way, also after one wait (Credential Management §2.5.1).
    PasskeyBusy => "passkey_busy",
    /// The authenticator holds a passkey for this user already (WebAuthn Level 3 §5.1.3).
    PasskeyExists => "passkey_exists",
    /// No passkey was used: the user, the authenticator, or a time limit; engines do not tell which.
    PasskeyRefused => "passkey_refused",
    /// This browser has no passkeys, or none that can do what is asked for.
    PasskeyUnavailable => "passkey_unavailable",
    /// The user came back when the saved request had expired, or was gone.
    PendingExpired => "pending_expired",
    /// The browser does not open a window.
    PopupBlocked => "popup_blocked",
    /// An API asks for more prompts than a user should see: after a refusal, or too many in a minute.
    PromptSuppressed => "prompt_suppressed",
    /// The provider did not answer, or not with what was asked for.
    ProviderUnreachable => "provider_unreachable",
    /// The request cannot be sent a second time; the new token is kept.
    ReplayUnavailable => "replay_unavailable",
    /// Requests that were pushed to the provider expired before they were used (RFC 9126 §2.2).
    RequestExpired => "request_expired",
    /// The metadata of an API is another's, or names another provider (RFC 9728 §3.3).
    ResourceMismatch => "resource_mismatch",
    /// The authorization response contradicts itself (RFC 6749 §3.1: no parameter twice).
    ResponseMalformed => "response_malformed",
    /// A demanded scope is above the API's ceiling, or was not granted.
    ScopeRefused => "scope_refused",
    /// Logout, or another user, while the step-up was under way.
    SessionChanged => "session_changed",
    /// The authorization response carries a state that is not awaited.
    StateMismatch => "state_mismatch",
    /// The request cannot be saved, so the page is not left.
    StorageUnavailable => "storage_unavailable",
    /// Another user came back.
    SubjectMismatch => "subject_mismatch",
    /// Nobody is known to compare the answer's subject with.
    SubjectUnknown => "subject_unknown",
    /// A time limit passed.
    TimedOut => "timed_out",
    /// The token endpoint refused (RFC 6749 §5.2).
    TokenRefused => "token_refused",
    /// The WebAssembly did not load; plain requests still work.
    WasmUnavailable => "wasm_unavailable",
}

/// A failure: its code, and a sentence for the developer. Never carries a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which failure it is.
    pub code: ErrorCode,
    /// What a developer wants to know besides. May be empty; never compared.
    pub detail: String,
}

impl Error {
    /// A failure with a sentence that says more.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self { code, detail: String::new() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.code())?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_told_by_its_name() {
        for &code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_code(code.code()), Some(code));
        }
        assert_eq!(ErrorCode::from_code("no such thing"), None);
    }

    /// The table in the README and this enum say the same.
    #[test]
    fn the_readme_lists_the_same_codes() {
        let readme = include_str!("../../README.md");
        let table = readme
            .split_once("| code | what happened |")
            .map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default())
            .unwrap_or_default();
        let rows = table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next());
        let listed: Vec<&str> = rows.collect();
        let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(listed, codes);
    }

    /// The public list in the types and this enum say the same.
    #[test]
    fn the_published_types_list_the_same_codes() {
        let types = include_str!("../js/index.d.ts");
        let list: Vec<&str> = types
            .split_once("export type StepUpErrorCode =")
            .and_then(|(_, rest)| rest.split_once(';'))
            .map(|(list, _)| list.split('"').skip(1).step_by(2).collect())
            .unwrap_or_default();
        let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(list, codes);
    }
}
