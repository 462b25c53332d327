//! Options for a passkey, fetched ahead of the step-up that will use them.
//!
//! It is the beginning of a step-up by passkey, and no more: it has no turn among the tabs, shows nothing,
//! and ends when the options are there. What the server was told with the request for them, the step-up
//! that uses them goes on with: the nonce, and for a challenge endpoint the whole transaction.

use super::choose::possible;
use super::effect::FlowEffect;
use super::machine::{Check, Context, Flow, FlowId, Goal, Offered, State};
use super::subject::hint;
use super::turn::Turn;
use crate::protocol::assertion::Offer;
use crate::protocol::config::{Arrangement, Config, PasskeyServer};
use crate::protocol::method::Method;
use crate::protocol::requirement::{Requirement, Scope};
use crate::protocol::transaction::{Hint, Secrets};

/// Options for a passkey that were fetched ahead, and what they were asked for with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    requirement: Requirement,
    resource: Option<String>,
    pub(super) scope: Scope,
    pub(super) hint: Hint,
    pub(super) secrets: (Secrets, [u8; 32]),
    pub(super) offer: Offer,
}

impl Prepared {
    /// Whether a step-up can go on with them. A challenge endpoint has been told what is demanded; the
    /// other servers are told when they get the passkey's answer.
    #[must_use]
    pub fn serves(&self, goal: &Goal, config: &Config) -> bool {
        let same = self.requirement == goal.requirement;
        let enough = match is_first_party(config) {
            true => same,
            false => same || self.requirement.covers(&goal.requirement),
        };
        enough && self.resource == goal.resource
    }
}

fn is_first_party(config: &Config) -> bool {
    config.passkey.as_ref().is_some_and(|passkey| passkey.server == PasskeyServer::FirstParty)
}

impl Flow {
    /// Whether a step-up begins with a passkey whose options must be asked for.
    #[must_use]
    pub fn wants_options(goal: &Goal, config: &Config) -> bool {
        goal.offer.is_none()
            && !matches!(config.arrangement, Arrangement::Own | Arrangement::OwnInWindow)
            && possible(config, goal).first() == Some(&Method::Passkey)
    }

    /// Begins to fetch options, and what else can be had ahead.
    #[must_use]
    pub fn prepare(id: FlowId, goal: Goal, context: &Context<'_>) -> (Box<Self>, Vec<FlowEffect>) {
        let (mut flow, started) = Self::start(id, goal, false, context);
        flow.ahead = true;
        flow.turn = Turn::Ours;
        // It is checked when somebody is asked.
        flow.session_check = Check::Asked { fresh_keys: false };
        let gathers = |effect: &FlowEffect| {
            matches!(
                effect,
                FlowEffect::ReadSession | FlowEffect::ReadMetadata | FlowEffect::DrawSecrets
            )
        };
        (flow, started.into_iter().filter(gathers).collect())
    }

    /// Whether it is about to ask for options.
    #[must_use]
    pub fn lacks_options(&self) -> bool {
        self.method == Some(Method::Passkey)
            && matches!((&self.state, &self.offered), (State::Preparing, Offered::No))
    }

    /// It has options, and with them the secrets that they were asked for with.
    pub fn goes_on_with(&mut self, prepared: Prepared) {
        self.prepared_for = Some((prepared.scope, prepared.hint));
        self.secrets = Some(prepared.secrets);
        self.offered = Offered::Here(prepared.offer);
    }

    /// The options are here: that is all.
    pub(super) fn is_prepared(&mut self, context: &Context<'_>, effects: &mut Vec<FlowEffect>) {
        let (Some(scope), Some(session), Some(secrets), Offered::Here(offer)) =
            (self.asked_scope(context), &self.session, &self.secrets, &self.offered)
        else {
            return;
        };
        let prepared = Prepared {
            requirement: self.goal.requirement.clone(),
            resource: self.goal.resource.clone(),
            scope,
            hint: hint(session, context.user),
            secrets: secrets.clone(),
            offer: offer.clone(),
        };
        self.state = State::Ended;
        effects.push(FlowEffect::Prepared(Box::new(prepared)));
    }

    /// Options that were fetched for somebody else, or for fewer scopes, are not used.
    pub(super) fn check_prepared(&mut self, context: &Context<'_>) {
        let (Some(session), Some(scope)) = (&self.session, self.asked_scope(context)) else {
            return;
        };
        if let Some((told, whom)) = self.prepared_for.take()
            && (told != scope || whom != hint(session, context.user))
        {
            self.offered = Offered::No;
        }
    }
}
