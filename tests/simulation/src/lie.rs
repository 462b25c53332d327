//! How a provider does not tell the truth, or not all of it.

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A lower acr than was asked for.
    Lower,
    NoAcr,
    Stale,
    NoAuthTime,
    Future,
    Subject,
    NoIdentity,
    Nonce,
    IdentityIssuer,
    /// Signed by a key that is published, but newer than those fetched before.
    KeyRotated,
    /// Signed by a key that nobody publishes.
    KeyUnknown,
    Narrower,
    /// Not a bearer token.
    Type,
    /// In the callback: another state, another issuer, none, a repeated parameter.
    State,
    Issuer,
    NoIssuer,
    Twice,
}

impl Lie {
    pub const ALL: [Self; 17] = [
        Self::Lower,
        Self::NoAcr,
        Self::Stale,
        Self::NoAuthTime,
        Self::Future,
        Self::Subject,
        Self::NoIdentity,
        Self::Nonce,
        Self::IdentityIssuer,
        Self::KeyRotated,
        Self::KeyUnknown,
        Self::Narrower,
        Self::Type,
        Self::State,
        Self::Issuer,
        Self::NoIssuer,
        Self::Twice,
    ];

    /// Whether it is told in the callback, so that it takes one.
    pub const fn is_in_callback(self) -> bool {
        matches!(self, Self::State | Self::Issuer | Self::NoIssuer | Self::Twice)
    }

    /// Why a token that came with it must not be used; `aged` if an age was demanded.
    pub fn spoils(self, aged: bool) -> Option<&'static str> {
        let reason = match self {
            Self::Stale | Self::NoAuthTime | Self::Future if aged => "its age does not hold",
            Self::NoIdentity => "nothing vouches for it",
            Self::Nonce => "its nonce is another",
            Self::IdentityIssuer => "its issuer is another",
            Self::KeyUnknown => "its key is unknown",
            Self::Type => "it is no bearer token",
            Self::State | Self::Issuer | Self::NoIssuer | Self::Twice => {
                "it came by a forged response"
            }
            _ => return None,
        };
        Some(reason)
    }
}
