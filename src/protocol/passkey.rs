//! Why a passkey ceremony gave no credential, by the name of the exception.

use super::error::ErrorCode;

/// Which ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// An assertion: `navigator.credentials.get()` (WebAuthn Level 3 §5.1.4).
    Get,
    /// A registration: `navigator.credentials.create()` (WebAuthn Level 3 §5.1.3).
    Create,
}

impl Ceremony {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Get, Self::Create];

    /// The policy-controlled feature that allows it in a frame (WebAuthn Level 3 §5.9).
    #[must_use]
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Get => "publickey-credentials-get",
            Self::Create => "publickey-credentials-create",
        }
    }
}

/// Which failure an exception stands for; none if it is the caller's own abort.
///
/// `aborted` tells whether the caller's signal has fired: an engine may then end the ceremony by
/// any exception it was about to give.
#[must_use]
pub fn failure(ceremony: Ceremony, exception: &str, aborted: bool) -> Option<ErrorCode> {
    if aborted {
        return None;
    }
    Some(match (exception, ceremony) {
        // WebAuthn Level 3 §5.1.3.1, §5.1.4.3: "a catch-all error covering a wide range of possible
        // reasons": the user said no, nobody answered in time, there is no such passkey, a policy
        // forbids it, or another ceremony is under way (Credential Management §2.5.1). Which one it
        // was is hidden from pages on purpose (§14.5), so it is not guessed.
        ("NotAllowedError", _) => ErrorCode::PasskeyRefused,
        // §5.1.3.1: "recognized an entry in excludeCredentials after the user consented".
        ("InvalidStateError", Ceremony::Create) => ErrorCode::PasskeyExists,
        // Of a document that is not fully active (Credential Management §2.5.1): nobody is asked.
        ("InvalidStateError", Ceremony::Get) => ErrorCode::PasskeyRefused,
        // In no specification: Chromium's name for a ceremony that is pending already.
        ("OperationError", _) => ErrorCode::PasskeyBusy,
        // §5.1.3.1, §5.1.4.3: the origin's domain is none, or the rp id is not of it; related
        // origins do not list it (§5.11).
        ("SecurityError", _) => ErrorCode::ConfigurationInvalid,
        // §5.1.8, §5.1.9: base64url that is none; the second name is that of `atob` (HTML §8.3), where
        // a page has brought these functions itself.
        ("EncodingError" | "InvalidCharacterError", _) => ErrorCode::ConfigurationInvalid,
        // §5.1.3 step 5: the user id has 1 to 64 bytes. Web IDL §3.2: a member of another type.
        ("TypeError", _) => ErrorCode::ConfigurationInvalid,
        // Web IDL §2.8.1: a value out of bounds, a text that does not parse (§10.1.4, PRF's keys).
        ("RangeError" | "SyntaxError", _) => ErrorCode::ConfigurationInvalid,
        // §5.1.3.1: none of the algorithms is known; §10.1.4, §10.1.5: an extension that this
        // authenticator cannot serve as asked.
        ("NotSupportedError", _) => ErrorCode::PasskeyUnavailable,
        // §5.1.3.1: no authenticator has discoverable credentials, or user verification.
        ("ConstraintError", _) => ErrorCode::PasskeyUnavailable,
        // §5.6, of a signal that is not the caller's: Firefox ends one ceremony for another.
        ("AbortError", _) => ErrorCode::PasskeyRefused,
        // UnknownError, NotReadableError, and what engines will think of.
        _ => ErrorCode::PasskeyRefused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(exception: &str, get: ErrorCode, create: ErrorCode) {
        assert_eq!(failure(Ceremony::Get, exception, false), Some(get), "{exception}");
        assert_eq!(failure(Ceremony::Create, exception, false), Some(create), "{exception}");
    }

    #[test]
    fn every_exception_has_its_code() {
        use ErrorCode::*;
        check("InvalidStateError", PasskeyRefused, PasskeyExists);
        for wrong in ["SecurityError", "TypeError", "RangeError", "SyntaxError"] {
            check(wrong, ConfigurationInvalid, ConfigurationInvalid);
        }
        for text in ["EncodingError", "InvalidCharacterError"] {
            check(text, ConfigurationInvalid, ConfigurationInvalid);
        }
        for missing in ["NotSupportedError", "ConstraintError"] {
            check(missing, PasskeyUnavailable, PasskeyUnavailable);
        }
        for other in ["UnknownError", "NotReadableError", "TimeoutError", "", "notallowederror"] {
            check(other, PasskeyRefused, PasskeyRefused);
        }
    }

    /// Cancel, time limit, no such passkey, policy, a foreign ceremony: one name, one code.
    #[test]
    fn t42_what_not_allowed_error_hides_is_not_guessed() {
        check("NotAllowedError", ErrorCode::PasskeyRefused, ErrorCode::PasskeyRefused);
    }

    /// In no specification, but what Chromium says of a ceremony that is pending already.
    #[test]
    fn t44_what_the_browser_tells_of_a_pending_ceremony_is_busy() {
        check("OperationError", ErrorCode::PasskeyBusy, ErrorCode::PasskeyBusy);
    }

    #[test]
    fn t43_an_abort_is_the_caller_s_only_if_its_signal_fired() {
        for ceremony in Ceremony::ALL {
            for exception in ["AbortError", "NotAllowedError", "OperationError", "TypeError", ""] {
                assert_eq!(failure(ceremony, exception, true), None, "{exception}");
            }
            let foreign = failure(ceremony, "AbortError", false);
            assert_eq!(foreign, Some(ErrorCode::PasskeyRefused));
        }
    }

    #[test]
    fn each_ceremony_is_a_feature_of_its_own() {
        assert_eq!(
            Ceremony::ALL.map(Ceremony::feature),
            ["publickey-credentials-get", "publickey-credentials-create"]
        );
    }
}
