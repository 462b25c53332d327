//! Checking ID tokens, and the last comparison before it is over.

use super::effect::{FlowEffect, Obtained, Success};
use super::event::OwnAnswer;
use super::look::SessionProof;
use super::machine::{Check, Context, Flow, State};
use super::subject::{User, Who};
use crate::protocol::assurance::{self, SKEW, Subject};
use crate::protocol::claims::{Claims, Expectation, Source};
use crate::protocol::config::{Arrangement, Provider};
use crate::protocol::details::Details;
use crate::protocol::encode::concat;
use crate::protocol::error::{Error, ErrorCode};
use crate::protocol::metadata::Metadata;
use crate::protocol::requirement::Scope;
use crate::protocol::secret::Secret;
use crate::protocol::token::{DEFAULT_LIFETIME, TokenAnswer, TokenSet};
use crate::protocol::units::{EpochMillis, EpochSeconds, Seconds};

/// How long keys that were just fetched again are believed to be all there are.
const KEYS_COOL_DOWN: Seconds = Seconds(60);

impl Flow {
    pub(super) fn verify_session(
        &mut self,
        fresh_keys: bool,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        if let (Some(Who::Claimed(token)), Some(metadata), Some(provider)) =
            (&self.who, &self.metadata, &context.config.provider)
        {
            let expectation = expectation(provider, Source::Session, context);
            effects.push(verify(token, expectation, metadata, fresh_keys));
            self.session_check = Check::Asked { fresh_keys };
        }
    }

    pub(super) fn session_verified(
        &mut self,
        outcome: Result<Claims, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        // One verdict is given, and nothing that comes later changes it.
        let (Some(Who::Claimed(token)), Check::Asked { fresh_keys }) =
            (&self.who, self.session_check)
        else {
            return Ok(());
        };
        match outcome {
            Ok(claims) => {
                let session = self.session.clone().unwrap_or_default();
                let proof = SessionProof::new(token.clone(), claims, &session, context);
                let subject = proof.subject();
                self.check_who_began(&subject)?;
                effects.push(FlowEffect::Proved(Box::new(proof)));
                self.who = Some(Who::Known(subject));
                self.advance(context, effects);
                self.look(context, effects)?;
                self.compare(context, effects)
            }
            Err(error) if may_refetch(&error, fresh_keys, context.keys_refetched, context.now) => {
                self.verify_session(true, context, effects);
                Ok(())
            }
            Err(error) => Err(match error.code {
                ErrorCode::ProviderUnreachable | ErrorCode::TimedOut => error,
                _ => Error::new(
                    ErrorCode::SubjectUnknown,
                    concat(&["the session's ID token does not hold: ", error.code.code()]),
                ),
            }),
        }
    }

    /// Tokens are here. What vouches for them?
    pub(super) fn answered(
        &mut self,
        mut tokens: TokenSet,
        source: Source,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        // Also where what was saved for a redirect knows of no key.
        if context.config.dpop && tokens.key.is_none() {
            return Err(ErrorCode::DowngradeRefused.into());
        }
        // RFC 9396 §7: what was granted is told with the token.
        let asked = &self.goal.requirement.authorization_details;
        if !asked.are_granted_by(&tokens.authorization_details) {
            return Err(ErrorCode::AuthorizationDetailsRefused.into());
        }
        if let (Some(refresh), Source::Response { nonce, .. }) = (&mut tokens.refresh, &source) {
            refresh.nonce = Some(nonce.clone());
        }
        let own = matches!(context.config.arrangement, Arrangement::Own | Arrangement::OwnInWindow);
        match (&tokens.id_token, &context.config.provider) {
            (Some(_), Some(_)) => {
                self.state = State::Verifying { tokens, source, check: Check::Due };
                self.verify_answer(false, context, effects);
                Ok(())
            }
            // Leaving the ID token out must not be a way around the comparison of subjects.
            _ if context.config.require_verified
                || (!own && !matches!(self.who, Some(Who::Anyone))) =>
            {
                Err(Error::new(ErrorCode::AssuranceUnverifiable, "there is no ID token to check"))
            }
            _ => {
                self.state = State::Comparing { tokens, claims: None };
                self.compare(context, effects)
            }
        }
    }

    pub(super) fn verify_answer(
        &mut self,
        fresh_keys: bool,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) {
        if let (State::Verifying { tokens, source, check }, Some(metadata), Some(provider)) =
            (&mut self.state, &self.metadata, &context.config.provider)
            && let Some(token) = &tokens.id_token
        {
            let expectation = expectation(provider, source.clone(), context);
            effects.push(verify(token, expectation, metadata, fresh_keys));
            *check = Check::Asked { fresh_keys };
        }
    }

    pub(super) fn answer_verified(
        &mut self,
        outcome: Result<Claims, Error>,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let State::Verifying { tokens, source, check: Check::Asked { fresh_keys } } = &self.state
        else {
            return Ok(());
        };
        match outcome {
            Ok(mut claims) => {
                let tokens = tokens.clone();
                if matches!(source, Source::Authenticate { .. }) {
                    // No nonce says that this ID token is new: the time since it was issued counts.
                    let now = context.now.seconds().0.saturating_sub(SKEW.0);
                    claims.iat = claims.iat.max(EpochSeconds(now));
                }
                self.state = State::Comparing { tokens, claims: Some(claims) };
                self.compare(context, effects)
            }
            Err(error) if may_refetch(&error, *fresh_keys, context.keys_refetched, context.now) => {
                self.verify_answer(true, context, effects);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Compares, once it is known with whom.
    pub(super) fn compare(
        &mut self,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        if !matches!(self.state, State::Comparing { .. })
            || matches!(self.who, Some(Who::Claimed(_)))
            || !self.has_looked_again(context, effects)
        {
            return Ok(());
        }
        let State::Comparing { tokens, claims } = &self.state else { return Ok(()) };
        let (tokens, claims) = (tokens.clone(), claims.clone());
        self.finish(tokens, claims, context, effects)
    }

    /// The last comparison: the same user, strong enough, fresh enough.
    fn finish(
        &mut self,
        tokens: TokenSet,
        claims: Option<Claims>,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        let mut user = context.user.cloned();
        if let Some(claims) = &claims {
            if let Some(Who::Known(subject)) = &self.who {
                subject.check(claims)?;
            }
            assurance::check(claims, &self.goal.requirement, context.now.seconds())?;
            user = Some(self.user_of(claims, tokens.id_token.clone()));
        }
        self.done(Obtained::Tokens(tokens), claims, user, effects);
        Ok(())
    }

    pub(super) fn done(
        &mut self,
        obtained: Obtained,
        claims: Option<Claims>,
        user: Option<User>,
        effects: &mut Vec<FlowEffect>,
    ) {
        self.state = State::Ended;
        let success = Success { obtained, claims, user, handed_over: None };
        effects.push(FlowEffect::Done(Ok(Box::new(success))));
    }

    /// Who the user is, as checked claims say.
    pub(super) fn user_of(&self, claims: &Claims, id_token: Option<Secret>) -> User {
        User {
            subject: Subject { iss: Some(claims.iss.clone()), sub: claims.sub.clone() },
            id_token,
            session_token: self.session.as_ref().and_then(|session| session.id_token.clone()),
        }
    }
}

/// Whether the keys are to be fetched once more: for an unknown key only, once per step-up, and not
/// again within the cool-down, so that forged key ids do not hammer the provider.
pub(in crate::protocol) fn may_refetch(
    error: &Error,
    already: bool,
    refetched: &mut Option<EpochMillis>,
    now: EpochMillis,
) -> bool {
    let cooled = refetched.is_none_or(|last| now.since(last) >= KEYS_COOL_DOWN.millis());
    if error.code != ErrorCode::KeyUnknown || already || !cooled {
        return false;
    }
    *refetched = Some(now);
    true
}

fn expectation(provider: &Provider, source: Source, context: &Context<'_>) -> Expectation {
    Expectation {
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        source,
        algorithms: context.config.id_token_algs.clone(),
        now: context.now.seconds(),
    }
}

fn verify(
    token: &Secret,
    expectation: Expectation,
    metadata: &Metadata,
    fresh_keys: bool,
) -> FlowEffect {
    FlowEffect::Verify {
        id_token: token.clone(),
        expectation,
        jwks_uri: metadata.jwks_uri.clone(),
        fresh_keys,
    }
}

pub(super) fn own_tokens(
    answer: OwnAnswer,
    asked: &Scope,
    details: &Details,
) -> Result<TokenSet, Error> {
    let answered = TokenAnswer {
        access_token: answer.access_token,
        token_type: answer.token_type.or_else(|| Some("Bearer".to_owned())),
        id_token: answer.id_token,
        authorization_details: answer.authorization_details.unwrap_or_else(|| details.clone()),
        ..TokenAnswer::default()
    };
    let mut tokens = answered.tokens(&answer.scope.unwrap_or_else(|| asked.clone()), None)?;
    tokens.lifetime = answer.expires_in.unwrap_or(DEFAULT_LIFETIME);
    Ok(tokens)
}
