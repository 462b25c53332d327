//! A look at the session's own ID token before anybody is asked: who needs no more than it proves is
//! content with it.

use super::choose::impossible;
use super::effect::FlowEffect;
use super::event::Session;
use super::machine::{Context, Flow, State, Window};
use super::subject::Who;
use crate::protocol::assurance::{Subject, still_holds};
use crate::protocol::claims::Claims;
use crate::protocol::config::Config;
use crate::protocol::error::Error;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::secret::Secret;
use crate::protocol::units::EpochMillis;

/// What the session's own ID token proves, once it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionProof {
    /// The ID token: each is checked once.
    pub token: Secret,
    /// What it says.
    pub claims: Claims,
    /// What the session's access token may do, as far as that is told.
    pub scope: Scope,
    /// When it was checked.
    pub checked: EpochMillis,
}

impl SessionProof {
    pub(super) fn new(
        token: Secret,
        mut claims: Claims,
        session: &Session,
        context: &Context<'_>,
    ) -> Self {
        // Nobody knows how long it has lain about, and no nonce says that it is new: what has passed
        // since it was issued counts, by our clock.
        claims.iat = claims.iat.max(context.now.seconds());
        Self { token, claims, scope: told(session, context.config), checked: context.now }
    }

    /// Who it is about.
    pub(super) fn subject(&self) -> Subject {
        Subject { iss: Some(self.claims.iss.clone()), sub: self.claims.sub.clone() }
    }

    /// Until when it proves anything (OpenID Connect Core §2: it must not be accepted from then on).
    #[must_use]
    pub const fn until(&self) -> EpochMillis {
        self.claims.exp.millis()
    }

    /// Whether it is enough now: never for what is to be confirmed in particular, or claims
    /// that it was not asked for.
    #[must_use]
    pub fn satisfies(&self, requirement: &Requirement, now: EpochMillis) -> bool {
        now < self.until()
            && self.scope.contains_all(&requirement.scope)
            && !requirement.needs_a_token()
            && still_holds(&self.claims, self.checked, requirement, now)
    }
}

/// The scopes of the session's access token, as far as the app tells them.
fn told(session: &Session, config: &Config) -> Scope {
    match (session.signed_in, session.scope_unknown) {
        (true, false) if session.scope.is_empty() => config.scope.clone(),
        (true, false) => session.scope.clone(),
        _ => Scope::default(),
    }
}

impl Flow {
    /// Whether the session is still being looked at, and nobody has been asked.
    #[must_use]
    pub const fn is_looking(&self) -> bool {
        matches!(self.state, State::Looking)
    }

    /// Whom to expect. What an ID token proves is known only once it has been checked, even where
    /// its subject is known already.
    pub(super) fn expect(&self, session: &Session, context: &Context<'_>) -> Result<Who, Error> {
        let who = Who::decide(session, context, self.goal.adopt)?;
        match (&session.id_token, context.proof) {
            (Some(token), proof)
                if self.is_looking() && proof.is_none_or(|proof| proof.token != *token) =>
            {
                Ok(Who::Claimed(token.clone()))
            }
            _ => Ok(who),
        }
    }

    /// The look is over once it is known what the session proves, or that there is nothing to look
    /// at. Those who are not content with it are asked.
    pub(super) fn look(
        &mut self,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let (State::Looking, Some(session)) = (&self.state, &self.session) else { return Ok(()) };
        // Nobody waits for the check of what would be too little even if it were true.
        if let Some(Who::Claimed(token)) = &self.who
            && session.said.clone().is_none_or(|said| {
                SessionProof::new(token.clone(), said, session, context)
                    .satisfies(&self.goal.requirement, context.now)
            })
        {
            return Ok(());
        }
        if let Some(proof) = context.proof.filter(|it| Some(&it.token) == session.id_token.as_ref())
        {
            let mut proof = Box::new(proof.clone());
            proof.scope = told(session, context.config);
            effects.push(FlowEffect::Proved(proof));
        }
        effects.push(FlowEffect::Looked);
        self.state = State::Preparing;
        if !self.is_own(context.config) && self.method.is_none() {
            return Err(impossible(context.config, &self.goal));
        }
        if self.window == Window::Wanted {
            effects.push(FlowEffect::OpenWindow);
        }
        // Who is content with what there is need not wait for other tabs.
        effects.push(FlowEffect::TakeTurn { patience: context.config.turn_timeout });
        self.advance(context, effects);
        Ok(())
    }
}
