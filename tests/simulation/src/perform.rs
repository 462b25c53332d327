//! What a step-up wants done: `perform.rs` of the product in all that matters, with the tasks of a page.

use stepup::protocol::claims::{Claims, Expectation, Source};
use stepup::protocol::coordinator::Event;
use stepup::protocol::error::{Error, ErrorCode};
use stepup::protocol::flow::{FlowEffect, FlowEvent, FlowId, OwnAnswer, Session};
use stepup::protocol::secret::Secret;
use stepup::protocol::transaction::{Entropy, Secrets};
use stepup::protocol::units::{EpochSeconds, Seconds};

use crate::browser::{PageId, Place};
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::mint::{Access, Identity};
use crate::scenario::{ISSUER, Tells};
use crate::store::Operation;
use crate::world::World;

/// How long a server may take to answer.
const LIMIT: u64 = 15_000;

impl World {
    /// A task of a page that runs.
    pub fn task(&mut self, page: PageId, task: Task) {
        match task {
            Task::Act => self.act(page),
            Task::Resume => self.resume(page),
            Task::SessionTold(call, promise) => self.session_told(page, call, promise),
            Task::Answered(number, answer) => self.answered(page, number, answer),
            Task::EngineLoaded(loaded) => self.engine_loaded(page, loaded),
            Task::LetGo { call, promise, clears } => self.goes(page, call, promise, clears),
            Task::OfferRead { call, promise, answer, clears } => {
                self.looked(page);
                self.offer_read(page, call, promise, answer, clears);
            }
            Task::Judged { waiter, answer } => {
                self.looked(page);
                self.judged(page, waiter, answer);
            }
            Task::Abort(promise) => self.abort(page, promise),
            Task::ReadSession(flow) => self.read_session(page, flow),
            Task::Verify { flow, identity, expectation, fresh } => {
                self.verify(page, flow, &identity, &expectation, fresh);
            }
            Task::Authenticated(flow, level) => self.own_authenticated(page, flow, level),
            Task::RenewalLate(number) => self.renewal_late(number),
            Task::RenewalOver { serial, number, event } => {
                self.renewal_over(page, serial, number, event);
            }
            Task::VerifyRenewed { serial, identity, expectation, fresh } => {
                self.verify_renewed(page, serial, &identity, &expectation, fresh);
            }
            Task::Tell(flow, event) => self.tell(page, flow, event),
            Task::Deadline(flow) => self.deadline(page, flow),
            Task::Look(flow) => self.look(page, flow),
            Task::Poll(flow, until) => self.poll(page, flow, until),
            Task::Saved { flow, state, until } => self.saved(page, flow, state, until),
            Task::Taken { taking, found } => self.taken(page, taking, found),
            Task::SendSaved { call, clears, until } => self.sends_saved(page, call, clears, until),
            Task::TurnBegins(turn) => self.turn_begins(turn),
            Task::TurnsEnd => self.turns_end(page),
            Task::LockAnswered(turn, how, granted) => self.lock_answered(turn, how, granted),
            Task::Overdue(turn) => self.overdue(turn),
            Task::StorageChanged(turn) => self.storage_changed(page, turn),
            Task::Deliver(result) => self.delivers(page, result),
            Task::Delivered(done) => self.delivered(page, Some(done)),
            Task::Sweep => self.ask_store(Operation::Sweep),
            Task::ResultFound { awaits, then, found } => {
                self.result_found(page, awaits, then, found);
            }
            Task::Told(message) => self.told(page, message),
            Task::Forgotten(state) => self.forgotten(page, &state),
            Task::GateLoaded => self.gate_loaded(page),
            Task::Chosen(number, choice) => self.chosen(page, number, choice),
            Task::Heard { state, query } => self.heard(page, &state, query),
            Task::CeremonyOver(number, used) => self.ceremony_over(page, number, used),
            Task::SignedOutElsewhere => self.signed_out_elsewhere(page),
        }
    }

    pub fn tell(&mut self, page: PageId, flow: FlowId, event: FlowEvent) {
        if let FlowEvent::MetadataRead(Ok(metadata)) = &event
            && let Some(driver) = self.driver(page)
        {
            driver.metadata = Some(metadata.clone());
        }
        self.dispatch(page, Event::Flow(flow, event));
    }

    fn tell_later(&mut self, delay: u64, page: PageId, flow: FlowId, event: FlowEvent) {
        self.later(delay, Happening::Task(page, Task::Tell(flow, event)));
    }

    /// Does what a step-up wants done.
    pub fn perform_for(&mut self, page: PageId, flow: FlowId, effect: FlowEffect) {
        match effect {
            FlowEffect::StartDeadline(limit) => {
                self.with_running(page, flow, |running| running.deadline = true);
                self.later(limit.millis().0, Happening::Task(page, Task::Deadline(flow)));
            }
            FlowEffect::ReadSession => {
                let delay = self.random.weighted(&[(4, 0), (2, 3), (1, 400)]);
                self.later(delay, Happening::Task(page, Task::ReadSession(flow)));
            }
            FlowEffect::ReadMetadata => self.read_metadata(page, flow),
            FlowEffect::DrawSecrets => {
                let bytes = self.random.bytes::<96>();
                let mut digest = [0; 32];
                // The provider here compares the verifier with its own bytes.
                digest.copy_from_slice(&bytes[64..]);
                let secrets = Secrets::draw(&Entropy(bytes));
                self.tell_later(0, page, flow, FlowEvent::SecretsDrawn(secrets, digest));
            }
            FlowEffect::TakeTurn { patience } => {
                self.asks_for_turn(page, flow, patience.millis().0);
            }
            FlowEffect::ForceTurn => self.forces_turn(page),
            FlowEffect::OpenWindow => {
                let opened = self.open_window(page);
                let event = match opened {
                    Some(_) => FlowEvent::WindowOpened,
                    None => FlowEvent::WindowBlocked,
                };
                if opened.is_some() {
                    self.with_running(page, flow, |running| running.window = opened);
                    self.watch_window(page, flow);
                }
                self.tell(page, flow, event);
            }
            FlowEffect::ShowGate { question, methods } => {
                self.show_gate(page, flow, question, methods);
            }
            FlowEffect::HideGate => self.hide_gate(page),
            FlowEffect::CheckGesture | FlowEffect::CheckLeave => {
                let alive = self.now < self.pages[page.0].active_until;
                self.tell(page, flow, FlowEvent::GestureRead(alive));
            }
            FlowEffect::Assert { .. } => self.assert(page, flow),
            FlowEffect::EndCeremony => {
                let mut ceremony = None;
                self.with_running(page, flow, |running| ceremony = running.ceremony.take());
                self.end_ceremony(page, ceremony);
            }
            FlowEffect::GoTo { url, state } => {
                let mut window = None;
                self.with_running(page, flow, |running| {
                    window = running.window;
                    if window.is_some() {
                        running.listener = Some(state);
                    }
                });
                if let Some(window) = window {
                    let visit = self.visit(url.expose());
                    let delay = self.lag();
                    self.later(delay, Happening::Arrives(Place::Window(window), visit));
                }
                self.watch_window(page, flow);
            }
            FlowEffect::AwaitQuiet => self.await_quiet(page, flow),
            FlowEffect::Leave { url, .. } => {
                self.leaves_tab(page);
                self.leave(page, url.expose());
            }
            FlowEffect::FocusWindow => {}
            FlowEffect::CloseWindow => self.callback_is_through(page, flow),
            FlowEffect::Send { target, post } => {
                let delay = self.lag();
                if delay > LIMIT {
                    let late = Err(Error::from(ErrorCode::TimedOut));
                    let event = crate::provider::told(target, post.backend, late);
                    self.tell_later(LIMIT, page, flow, event);
                } else if self.mishap(self.plan.trouble.network / 2) {
                    self.seen.see(Seen::NetworkErrors);
                    let lost = Err(Error::from(ErrorCode::ProviderUnreachable));
                    let event = crate::provider::told(target, post.backend, lost);
                    self.tell_later(delay, page, flow, event);
                } else {
                    self.later(delay, Happening::ServerGets { page, flow, target, post });
                }
            }
            FlowEffect::Verify { id_token, expectation, fresh_keys, .. } => {
                let known = self.driver(page).and_then(|driver| driver.keys).is_some();
                let delay = if known && !fresh_keys { 1 } else { self.lag() };
                let (identity, fresh) = (id_token.expose().to_owned(), fresh_keys);
                let task = Task::Verify { flow, identity, expectation, fresh };
                self.later(delay, Happening::Task(page, task));
            }
            FlowEffect::Authenticate { requirement, .. } => {
                self.own_authenticate(page, flow, &requirement);
            }
            FlowEffect::Save(_)
            | FlowEffect::Proved(_)
            | FlowEffect::ReadKeys { .. }
            | FlowEffect::Prepared(_)
            | FlowEffect::Looked
            | FlowEffect::Done(_) => {}
        }
    }

    fn read_metadata(&mut self, page: PageId, flow: FlowId) {
        let known = self.driver(page).and_then(|driver| driver.metadata.clone());
        if let Some(known) = known {
            return self.tell_later(0, page, flow, FlowEvent::MetadataRead(Ok(known)));
        }
        let delay = self.lag().min(LIMIT);
        let read = match delay == LIMIT || self.mishap(self.plan.trouble.network / 4) {
            true => Err(ErrorCode::ProviderUnreachable.into()),
            false => Ok(self.provider.metadata()),
        };
        self.tell_later(delay, page, flow, FlowEvent::MetadataRead(read));
    }

    fn read_session(&mut self, page: PageId, flow: FlowId) {
        if self.mishap(self.plan.trouble.user / 20) {
            let failed = Err(ErrorCode::ConfigurationInvalid.into());
            return self.tell(page, flow, FlowEvent::SessionRead(failed));
        }
        let scope_told = self.plan.scope_told;
        let told = self.pages[page.0].session.clone().map(|session| {
            let scope = self.mint.access(&session.access).map(|access| access.scope.clone());
            let said = self.mint.identity(&session.identity).map(claims);
            Session {
                id_token: (self.plan.tells == Tells::IdToken)
                    .then(|| Secret::new(session.identity.clone())),
                said: said.filter(|_| self.plan.tells == Tells::IdToken),
                sub: (self.plan.tells == Tells::Sub).then(|| session.user.sub().to_owned()),
                scope: scope.filter(|_| scope_told).unwrap_or_default(),
                scope_unknown: !scope_told,
                signed_in: true,
                ..Session::default()
            }
        });
        // What an ID token claims, the core knows when it is checked.
        self.pages[page.0].told_user |= self.plan.tells != Tells::IdToken;
        self.tell(page, flow, FlowEvent::SessionRead(Ok(told.unwrap_or_default())));
    }

    /// The second module's verdict about an ID token.
    fn verify(
        &mut self,
        page: PageId,
        flow: FlowId,
        identity: &str,
        expectation: &Expectation,
        fresh: bool,
    ) {
        let outcome = self.checks(page, identity, expectation, fresh);
        let event = match expectation.source {
            Source::Session => {
                // It may be of a session that has been another's since, or of a step-up that is over.
                let running = self.driver(page).and_then(|driver| driver.running.as_ref());
                let heard = outcome.is_ok() && running.is_some_and(|it| it.flow == flow);
                let here = &mut self.pages[page.0];
                let now = here.session.as_ref().is_some_and(|it| it.identity == identity);
                here.told_user |= heard && now;
                FlowEvent::SessionVerified(outcome)
            }
            _ => FlowEvent::AnswerVerified(outcome),
        };
        self.tell(page, flow, event);
    }

    /// What an ID token says, once it has been checked by the keys that are there or are fetched anew.
    pub fn checks(
        &mut self,
        page: PageId,
        identity: &str,
        expectation: &Expectation,
        fresh: bool,
    ) -> Result<Claims, Error> {
        let newest = self.provider.newest_key;
        let fails = self.mishap(self.plan.trouble.network / 5);
        let unreachable = || Error::from(ErrorCode::ProviderUnreachable);
        let driver = self.driver(page).ok_or_else(unreachable)?;
        let keys = match driver.keys.filter(|_| !fresh) {
            Some(keys) => keys,
            None if fails => return Err(unreachable()),
            None => *driver.keys.insert(newest),
        };
        self.verdict(identity, expectation, keys)
    }

    fn verdict(&self, identity: &str, expect: &Expectation, keys: u64) -> Result<Claims, Error> {
        let invalid = || Error::from(ErrorCode::IdTokenInvalid);
        let identity = self.mint.identity(identity).ok_or_else(invalid)?;
        if identity.key > keys {
            return Err(ErrorCode::KeyUnknown.into());
        }
        if identity.iss != expect.issuer {
            return Err(ErrorCode::IssuerMismatch.into());
        }
        let nonce = match &expect.source {
            Source::Response { nonce, .. } => Some(nonce.expose()),
            Source::Renewal { .. } | Source::Session | Source::Authenticate { .. } => None,
        };
        let late = expect.now.0 > identity.exp + 60 && expect.source != Source::Session;
        if identity.aud != expect.client_id
            || nonce.is_some_and(|nonce| identity.nonce.as_deref() != Some(nonce))
            || late
        {
            return Err(invalid());
        }
        Ok(claims(identity))
    }

    /// The app's own `authenticate` asks the user, and gives a token.
    fn own_authenticate(
        &mut self,
        page: PageId,
        flow: FlowId,
        asked: &stepup::protocol::requirement::Requirement,
    ) {
        let delay = self.think();
        if self.mishap(self.plan.trouble.user) {
            if self.random.chance(40) {
                self.seen.see(Seen::WalkAways);
                return;
            }
            self.seen.see(Seen::Cancels);
            let failed = Err(ErrorCode::AuthenticateFailed.into());
            return self.tell_later(delay, page, flow, FlowEvent::OwnAnswered(failed));
        }
        self.seen.see(Seen::Approvals);
        let level = crate::provider::level_for(&asked.acr_values);
        self.later(delay, Happening::Task(page, Task::Authenticated(flow, level)));
    }

    fn own_authenticated(&mut self, page: PageId, flow: FlowId, level: usize) {
        let Some(session) = self.pages[page.0].session.clone() else {
            let failed = Err(ErrorCode::AuthenticateFailed.into());
            return self.tell(page, flow, FlowEvent::OwnAnswered(failed));
        };
        let token = self.mint.issue(Access {
            user: session.user,
            level,
            auth_time: self.now / 1000,
            scope: stepup::protocol::requirement::Scope::parse("openid a b"),
            // An app's own library knows nothing of resources here.
            resource: None,
            minted: self.now,
            until: self.now + self.plan.lifetime * 1000,
            session: false,
            bad: None,
            uses: 0,
            sent: 0,
        });
        let with_identity = self.plan.config.provider.is_some();
        let identity = with_identity.then(|| {
            let nonce = None;
            self.identify(session.user.sub(), level, nonce, ISSUER)
        });
        let answer = OwnAnswer {
            access_token: Some(Secret::new(token)),
            id_token: identity.map(Secret::new),
            expires_in: Some(Seconds(self.plan.lifetime)),
            scope: None,
            token_type: None,
            authorization_details: None,
        };
        self.tell(page, flow, FlowEvent::OwnAnswered(Ok(answer)));
    }
}

/// What an ID token says.
fn claims(identity: &Identity) -> Claims {
    Claims {
        iss: identity.iss.clone(),
        sub: identity.sub.clone(),
        acr: identity.acr.iter().cloned().collect(),
        amr: Vec::new(),
        auth_time: identity.auth_time,
        iat: EpochSeconds(identity.iat),
        exp: EpochSeconds(identity.exp),
    }
}
