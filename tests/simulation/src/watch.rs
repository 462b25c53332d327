//! What is known of a life from the outside, and what must hold of what the core says and does.

use std::collections::{BTreeMap, BTreeSet};

use stepup::protocol::config::Api;
use stepup::protocol::coordinator::{Effect, Event, Notice, Outcome, WaiterId};
use stepup::protocol::flow::{FlowEffect, FlowId};
use stepup::protocol::method::Method;
use stepup::protocol::requirement::Requirement;

use crate::api::RequestId;
use crate::browser::PageId;
use crate::coverage::Seen;
use crate::invariant::Invariant;
use crate::page::PromiseId;
use crate::world::{What, World};

/// What somebody who waits demands.
#[derive(Clone, Debug, PartialEq)]
struct Demand {
    need: Requirement,
    resource: Option<String>,
    methods: Option<Vec<Method>>,
}

/// Somebody who waits in a page.
#[derive(Debug)]
struct Waits {
    /// Unknown of those that come out of the store.
    demand: Option<Demand>,
    /// Whether its request is on the wire again.
    sent: bool,
    /// Whether a step-up has failed while it waited: others' demands may have spoiled it.
    spoiled: bool,
}

/// What is known of a page's core.
#[derive(Debug, Default)]
struct Core {
    waiting: BTreeMap<u32, Waits>,
    running: Option<FlowId>,
    /// How many have waited here.
    all: usize,
    /// Whether the step-up under way was wanted by somebody who has left.
    mixed: bool,
    /// How many step-ups were begun for whom.
    led: BTreeMap<u32, usize>,
}

/// What is known.
#[derive(Debug, Default)]
pub struct Watch {
    cores: BTreeMap<PageId, Core>,
    /// Who asks the user.
    pub prompting: BTreeMap<PageId, FlowId>,
    /// What a page hands over.
    pub handed: BTreeMap<PageId, (Requirement, Option<String>)>,
    /// Step-ups for which another tab has left what they want.
    pub promised: BTreeMap<PageId, (FlowId, u64)>,
    /// Records that were too old when the core got them.
    pub expired: BTreeSet<String>,
    /// Requests whose promise has ended without a response.
    pub ended: BTreeMap<RequestId, PromiseId>,
}

impl Watch {
    /// Whether all who wait in a page demand exactly this.
    pub fn demands_only(&self, page: PageId, need: &Requirement, resource: Option<&str>) -> bool {
        let Some(core) = self.cores.get(&page).filter(|core| !core.mixed) else { return false };
        let is_it = |waits: &Waits| {
            let demand = waits.demand.as_ref();
            demand.is_some_and(|it| it.need == *need && it.resource.as_deref() == resource)
        };
        core.waiting.values().filter(|waits| !waits.sent).all(is_it)
    }
}

impl World {
    /// The core of a page is about to be told something.
    pub fn watch_event(&mut self, page: PageId, event: &Event) {
        let resource_of =
            |url: &str| self.plan.config.api_of(url).and_then(|api| api.resource.clone());
        let first = self.plan.config.apis.first();
        // Where a token is good for one request, each has a prompt of its own.
        let shares = |api: Option<&Api>| !api.is_some_and(Api::is_single_use);
        let waits = |demand| Waits { demand, sent: false, spoiled: false };
        let core = self.watch.cores.entry(page).or_default();
        let before = core.waiting.len();
        match event {
            Event::Challenged { waiter, call, requirement, .. } => {
                let demand = Demand {
                    need: requirement.clone(),
                    resource: resource_of(&call.url),
                    methods: call.methods.clone(),
                };
                let shares = shares(self.plan.config.api_of(&call.url));
                core.waiting.insert(waiter.0, waits(Some(demand).filter(|_| shares)));
            }
            Event::Ensured { waiter, requirement, methods, .. } => {
                self.seen.see(Seen::Ensures);
                let (need, methods) = (requirement.clone(), methods.clone());
                let resource = first.and_then(|api| api.resource.clone());
                let demand = Demand { need, resource, methods };
                core.waiting.insert(waiter.0, waits(Some(demand).filter(|_| shares(first))));
            }
            Event::Demanded { waiter, call, wanted, .. } => {
                // What is demanded of one request may be more than one rule's, or remembered.
                let need = wanted.first().filter(|_| wanted.len() == 1).cloned();
                let shares =
                    !self.plan.config.remember && shares(self.plan.config.api_of(&call.url));
                let (resource, methods) = (resource_of(&call.url), call.methods.clone());
                let demand = need.map(|need| Demand { need, resource, methods });
                core.waiting.insert(waiter.0, waits(demand.filter(|_| shares)));
            }
            Event::TokenInvalid { waiter, .. } => {
                core.waiting.insert(waiter.0, waits(None));
            }
            Event::TokenInvalidAgain { waiter } => {
                if let Some(waits) = core.waiting.get_mut(&waiter.0) {
                    waits.sent = false;
                    waits.demand = None;
                }
            }
            Event::Resumed { waiter, waiters, .. } => {
                self.seen.see(Seen::Resumes);
                for id in waiters.iter().flatten().chain([waiter]) {
                    core.waiting.insert(id.0, waits(None));
                }
            }
            Event::ChallengedAgain { waiter, requirement, .. } => {
                if let Some(waits) = core.waiting.get_mut(&waiter.0) {
                    waits.sent = false;
                    if let Some(demand) = &mut waits.demand {
                        demand.need = requirement.clone();
                    }
                }
            }
            Event::Aborted { .. } => core.mixed = true,
            _ => {}
        }
        core.all += core.waiting.len() - before;
    }

    /// A page is about to be left, with all that waits there.
    pub fn watch_save(&mut self, page: PageId, saved: &[WaiterId]) {
        let Some(engine) = self.pages[page.0].engine.as_ref().filter(|it| !it.impatient) else {
            return;
        };
        let waits = |promise: PromiseId| {
            let of = |id: &&WaiterId| {
                engine.waiters.get(&id.0).is_some_and(|waiter| waiter.promise == promise)
            };
            saved.iter().any(|id| of(&id))
        };
        let left = self.promises.iter().enumerate().find(|(at, promise)| {
            let request = match promise.what {
                What::Fetch(request) | What::Resumed(request) => request,
                What::Ensure | What::Resume => return false,
            };
            let ours =
                self.requests[request.0].api.is_some() && self.requests[request.0].replayable;
            let open = promise.page == page && promise.ends == 0 && !promise.aborted;
            ours && open && !waits(PromiseId(*at))
        });
        if let Some((at, promise)) = left {
            let detail = format!("{:?}, {:?}", PromiseId(at), promise.what);
            self.breach(Invariant::NothingLeftBehind, detail);
        }
    }

    /// The core of a page wants this done.
    pub fn watch_effects(&mut self, page: PageId, effects: &[Effect]) {
        let once = self.plan.config.apis.iter().any(Api::is_single_use);
        let all = self.watch.cores.get(&page).map_or(0, |core| core.all);
        // Where a token serves one request, a prompt that is begun for one may serve another.
        let most = self.plan.config.max_rounds + 1 + if once { all } else { 0 };
        let leader =
            self.pages[page.0].engine.as_ref().and_then(|engine| engine.driver.core.leader());
        let core = self.watch.cores.entry(page).or_default();
        let mut broken = Vec::new();
        let mut succeeded = false;
        let mut served = Vec::new();
        let (mut prompts, mut over) = (Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Flow(id, FlowEffect::StartDeadline(_)) => {
                    self.seen.see(Seen::StepUps);
                    core.mixed = false;
                    if let Some(running) = core.running.replace(*id).filter(|it| it != id) {
                        let detail = format!("{id:?} beside {running:?} in {page:?}");
                        broken.push((Invariant::OneStepUp, detail));
                    }
                    // What is taken up after a redirect was counted by the page that left.
                    let Some(WaiterId(leader)) = leader else { continue };
                    let led = core.led.entry(leader).or_default();
                    *led += 1;
                    if *led > most {
                        let detail = format!("{led} for waiter {leader} in {page:?}");
                        broken.push((Invariant::BoundedPrompts, detail));
                    }
                }
                Effect::EndFlow(id) => {
                    core.running = core.running.filter(|running| running != id);
                    over.push(*id);
                }
                Effect::HandOver { result, .. } => {
                    let handed = (result.proved.clone(), result.resource.clone());
                    self.watch.handed.insert(page, handed);
                }
                Effect::Notice(Notice::Prompt { flow, .. }) => prompts.push(*flow),
                Effect::Notice(Notice::Authenticated { .. }) => succeeded = true,
                Effect::Notice(Notice::Settled { waiter, outcome, .. }) => {
                    match outcome {
                        Outcome::Error(_) => self.seen.see(Seen::Failures),
                        Outcome::Response(_) => self.seen.see(Seen::Successes),
                        Outcome::Assurance | Outcome::Aborted => {}
                    }
                    match core.waiting.remove(&waiter.0) {
                        Some(waits) if *outcome == Outcome::Assurance => {
                            served.extend(waits.demand)
                        }
                        Some(_) => {}
                        None => {
                            let detail = format!("{waiter:?} in {page:?} is settled again");
                            broken.push((Invariant::EndsOnce, detail));
                        }
                    }
                }
                Effect::LetGo { waiter, .. } => {
                    core.waiting.remove(&waiter.0);
                }
                Effect::Retry { waiter, .. } => {
                    self.seen.see(Seen::Retries);
                    if let Some(waits) = core.waiting.get_mut(&waiter.0) {
                        waits.sent = true;
                        served.extend(waits.demand.clone());
                    }
                }
                _ => {}
            }
        }
        let ended = effects.iter().any(|effect| matches!(effect, Effect::EndFlow(_)));
        let rest = core.waiting.iter_mut().filter(|(_, waits)| !waits.sent);
        for (waiter, waits) in rest {
            let left = waits.demand.as_ref().is_some_and(|demand| served.contains(demand));
            if succeeded && left && !waits.spoiled {
                let detail = format!("waiter {waiter} in {page:?} waits on");
                broken.push((Invariant::OnePromptForEquals, detail));
            }
            waits.spoiled |= ended && !succeeded;
        }
        for flow in over {
            self.prompt_ends(page, flow, succeeded);
        }
        for flow in prompts {
            self.prompts(page, flow);
        }
        for (invariant, detail) in broken {
            self.breach(invariant, detail);
        }
    }
}
