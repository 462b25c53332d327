//! The JOSE header of an ID token.

use crate::protocol::encode::concat;

use super::{Algorithm, Error, Members, decode, invalid, quoted};

/// Explicitly typed tokens that are something else (RFC 8725 §3.11): an access token (RFC 9068),
/// a logout token, a DPoP proof (RFC 9449), a security event (RFC 8417).
const OTHER_TYPES: [&str; 4] = ["at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt"];

/// What the header tells: how the token is signed, and with which key.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

impl Header {
    /// Reads the first part of a token. Key material in the header (`jwk`, `jku`, `x5c`, `x5u`) is
    /// not looked at: only the provider's own set tells its keys.
    pub(super) fn parse(encoded: &str) -> Result<Self, Error> {
        let members = decode(encoded).and_then(|json| Members::from_json(&json));
        let members =
            members.ok_or_else(|| invalid("its header is no JSON object of unique names"))?;
        // RFC 7515 §4.1.11: an extension that is not understood must be refused; none is.
        if members.has("crit") {
            return Err(invalid("crit is not supported"));
        }
        if let Some(typ) = members.text("typ")? {
            let typ = typ.to_ascii_lowercase();
            if OTHER_TYPES.contains(&typ.strip_prefix("application/").unwrap_or(&typ)) {
                return Err(invalid(&concat(&["it is of type ", &quoted(&typ)])));
            }
        }
        let name = members.text("alg")?.unwrap_or_default();
        let algorithm = Algorithm::from_name(name)
            .ok_or_else(|| invalid(&concat(&["algorithm ", &quoted(name), " is not accepted"])))?;
        let kid = members.text("kid")?.map(str::to_owned);
        Ok(Self { algorithm, kid })
    }
}
