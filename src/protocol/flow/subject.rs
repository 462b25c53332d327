//! Who must come back from a step-up.

use super::event::Session;
use super::machine::{Context, Flow};
use crate::protocol::assurance::Subject;
use crate::protocol::border::{Export, Foreign, Import, import, put, tagged};
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::secret::Secret;
use crate::protocol::transaction::Hint;

/// The user this page is known to belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is.
    pub subject: Subject,
    /// The latest ID token about them, for `id_token_hint`.
    pub id_token: Option<Secret>,
    /// The session's ID token that was checked, so that each is checked once.
    pub session_token: Option<Secret>,
}

/// Whom the answer is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// This subject.
    Known(Subject),
    /// The subject of this ID token, which is yet to be checked.
    Claimed(Secret),
    /// Whoever signs in: the app allows it, or asked for a sign-in.
    Anyone,
}

impl Import for Who {
    fn blank() -> Self {
        Self::Anyone
    }

    fn fill<F: Foreign>(&mut self, from: &F) -> bool {
        if let Some(word) = from.text() {
            return word == "Anyone";
        }
        let known = import(&from.get("Known")).map(Self::Known);
        let who = known.or_else(|| import(&from.get("Claimed")).map(Self::Claimed));
        put(self, who)
    }
}

impl Export for Who {
    fn export<F: Foreign>(&self) -> F {
        match self {
            Self::Known(subject) => tagged("Known", subject),
            Self::Claimed(id_token) => tagged("Claimed", id_token),
            Self::Anyone => F::of_text("Anyone"),
        }
    }
}

impl Who {
    /// Decides whom to expect.
    ///
    /// # Errors
    ///
    /// `subject_unknown` where nobody is known and the app did not allow adopting the first.
    pub(super) fn decide(
        session: &Session,
        context: &Context<'_>,
        adopt: bool,
    ) -> Result<Self, Error> {
        let (config, user) = (context.config, context.user);
        if let (Some(token), Some(_)) = (&session.id_token, &config.provider) {
            return Ok(match (user, context.proof) {
                (Some(user), _) if user.session_token.as_ref() == Some(token) => {
                    Self::Known(user.subject.clone())
                }
                (_, Some(proof)) if proof.token == *token => Self::Known(proof.subject()),
                _ => Self::Claimed(token.clone()),
            });
        }
        if let Some(sub) = &session.sub {
            return Ok(Self::Known(Subject { iss: None, sub: sub.clone() }));
        }
        match user {
            Some(user) => Ok(Self::Known(user.subject.clone())),
            // Without a provider there will be no claims either: nothing to compare.
            // Where the app is signed in already, its user is somebody, told or not.
            None if (adopt && !session.signed_in)
                || config.adopt_first_subject
                || config.provider.is_none() =>
            {
                Ok(Self::Anyone)
            }
            None => Err(Error::new(
                ErrorCode::SubjectUnknown,
                "session() gives neither an idToken nor a sub",
            )),
        }
    }
}

impl Flow {
    /// Who must come back, where that is known.
    #[must_use]
    pub fn expected_sub(&self) -> Option<&str> {
        match &self.who {
            Some(Who::Known(subject)) => Some(&subject.sub),
            _ => None,
        }
    }
}

/// Whom to tell the provider about.
pub(super) fn hint(session: &Session, user: Option<&User>) -> Hint {
    let held = || user.and_then(|user| user.id_token.clone());
    // A hint about somebody else would be worse than none: the session's word goes first.
    match (&session.id_token, &session.login_hint) {
        (Some(token), _) => Hint::IdToken(token.clone()),
        (None, Some(login)) => Hint::Login(login.clone()),
        (None, None) => match user {
            Some(known) if session.sub.as_ref().is_none_or(|sub| *sub == known.subject.sub) => {
                held().map_or(Hint::None, Hint::IdToken)
            }
            _ => Hint::None,
        },
    }
}
