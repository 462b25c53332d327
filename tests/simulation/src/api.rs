//! The APIs: what they demand, what they do, and what they count.

use stepup::protocol::requirement::Scope;

use crate::browser::PageId;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::invariant::Invariant;
use crate::mint::level_name;
use crate::random::Random;
use crate::scenario::API;
use crate::world::World;

/// What an endpoint demands.
#[derive(Clone, Debug)]
pub enum Policy {
    /// Whoever is signed in.
    Open,
    /// A level, exactly or at least, perhaps a recent one, perhaps a scope.
    Level { level: usize, exactly: bool, max_age: Option<u64>, scope: &'static str },
    /// Something else each time.
    Alternating(usize, usize),
    /// The same, whatever comes.
    Looping(usize),
    /// More and more.
    Escalating,
    /// A token is good for one request.
    Once(usize),
}

impl Policy {
    pub fn draw(random: &mut Random) -> Self {
        let level = random.weighted(&[(1, 1), (3, 2), (2, 3)]);
        let kind = random.below(16);
        match kind {
            0 => Self::Open,
            1 => Self::Alternating(2, 3),
            2 => Self::Looping(level),
            3 => Self::Escalating,
            4 => Self::Once(level),
            _ => Self::Level {
                level,
                exactly: random.chance(30),
                max_age: random.weighted(&[(4, None), (1, Some(0)), (1, Some(60)), (1, Some(300))]),
                scope: random.weighted(&[(4, ""), (1, "a"), (1, "b")]),
            },
        }
    }
}

/// The number of a request: one call of the app, however often it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub usize);

/// A request, and what the API has counted.
#[derive(Debug)]
pub struct Request {
    pub url: String,
    /// Its place in the app's list, if it has one.
    pub api: Option<usize>,
    pub policy: Policy,
    pub method: &'static str,
    pub replayable: bool,
    /// How often it has come.
    pub deliveries: u64,
    /// How often it was answered with a challenge.
    pub challenges: u64,
    /// Whether it was answered once that the held token which it carried is invalid.
    pub invalid: bool,
}

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Send {
    pub page: PageId,
    pub request: RequestId,
    pub token: Option<String>,
    /// By which it is known when the answer comes.
    pub number: u64,
}

/// What comes back.
#[derive(Clone, Debug)]
pub enum Answer {
    Response {
        status: u16,
        header: Option<String>,
        offer: bool,
    },
    /// Nothing, or nothing that the page may read.
    Failed,
}

impl World {
    /// A request leaves a page.
    pub fn send(&mut self, send: Send) {
        self.trace_send(&send);
        if self.mishap(self.plan.trouble.network) && self.random.chance(50) {
            self.seen.see(Seen::NetworkErrors);
            let task = Task::Answered(send.number, Answer::Failed);
            let delay = self.lag();
            return self.later(delay, Happening::Task(send.page, task));
        }
        let delay = self.lag();
        self.later(delay, Happening::ApiGets(send));
    }

    /// A request arrives.
    pub fn api_gets(&mut self, send: Send) {
        // Of a page that has gone, some requests still arrive.
        if self.is_dead(send.page) && self.random.chance(50) {
            return;
        }
        let answer = self.api_answers(&send);
        let lost = self.mishap(self.plan.trouble.network);
        let answer = match lost {
            true => {
                self.seen.see(Seen::NetworkErrors);
                Answer::Failed
            }
            false => answer,
        };
        let delay = self.lag();
        self.later(delay, Happening::Task(send.page, Task::Answered(send.number, answer)));
    }

    fn api_answers(&mut self, send: &Send) -> Answer {
        let id = send.request;
        let request = &mut self.requests[id.0];
        let unasked = request.deliveries > request.challenges + u64::from(request.invalid);
        request.deliveries += 1;
        let (count, challenges) = (request.deliveries, request.challenges);
        self.note(format_args!("api gets {id:?}, for the {count}. time"));
        if unasked {
            let detail =
                format!("{id:?} came {count} times, and was challenged {challenges} times");
            self.breach(Invariant::DeliveredOnce, detail);
        }
        let revoked = if self.plan.config.renew { 10 } else { 0 };
        if self.mishap(self.plan.trouble.network / 3 + revoked) {
            return self.bare(send);
        }
        let Some((level, auth_time, scope)) = self.presented(send) else {
            return self.bare(send);
        };
        let policy = self.requests[id.0].policy.clone();
        match demand(&policy, count, level, self.seconds().saturating_sub(auth_time), &scope) {
            None => {
                self.note(format_args!("api does {id:?}"));
                Answer::Response { status: 200, header: None, offer: false }
            }
            Some(header) => {
                self.seen.see(Seen::Challenges);
                let request = &mut self.requests[id.0];
                request.challenges += 1;
                let carries = self.plan.config.apis.first().is_some_and(|api| api.passkey_server);
                let offer = carries && request.url.starts_with(API);
                self.note(format_args!("api challenges {id:?}: {header}"));
                Answer::Response { status: 401, header: Some(header), offer }
            }
        }
    }

    fn bare(&mut self, send: &Send) -> Answer {
        self.seen.see(Seen::BareRefusals);
        let token = send.token.as_deref().and_then(|token| self.mint.access(token));
        if token.is_some_and(|access| !access.session) {
            // It may be renewed, once.
            self.requests[send.request.0].invalid = true;
        }
        let header = Some("Bearer error=\"invalid_token\"".to_owned());
        Answer::Response { status: 401, header, offer: false }
    }

    /// How strongly and how recently whoever sends this has authenticated, and what they may do.
    fn presented(&mut self, send: &Send) -> Option<(usize, u64, Scope)> {
        if self.plan.is_backend() {
            let cookie = self.cookie.as_ref()?;
            return Some((cookie.level, cookie.auth_time, Scope::parse("openid a b")));
        }
        let request = &self.requests[send.request.0];
        let api = request.api.and_then(|at| self.plan.config.apis.get(at));
        let once =
            matches!(request.policy, Policy::Once(_)) || api.is_some_and(|api| api.is_single_use());
        if once {
            self.seen.see(Seen::SingleUses);
        }
        let now = self.now;
        let access = self.mint.access(send.token.as_deref()?)?;
        access.uses += 1;
        let used_up = once && !access.session && access.uses > 1;
        let fine = now < access.until && !used_up;
        fine.then(|| (access.level, access.auth_time, access.scope.clone()))
    }
}

/// The challenge to this token, if there is one.
fn demand(policy: &Policy, count: u64, level: usize, age: u64, has: &Scope) -> Option<String> {
    let challenge = |acr: &str| {
        format!("Bearer error=\"insufficient_user_authentication\", acr_values=\"{acr}\"")
    };
    match policy {
        Policy::Open => None,
        Policy::Level { level: wanted, exactly, max_age, scope } => {
            let enough = if *exactly { level == *wanted } else { level >= *wanted };
            // A few seconds for the way, as good servers give.
            let fresh = max_age.is_none_or(|most| age <= most + 10);
            let scoped = has.contains_all(&Scope::parse(scope));
            match (enough && fresh, scoped) {
                (true, true) => None,
                (true, false) => {
                    Some(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))
                }
                (false, _) => {
                    let most = if *exactly { *wanted } else { 3 };
                    let acr: Vec<_> = (*wanted..=most).map(level_name).collect();
                    let mut header = challenge(&acr.join(" "));
                    if let Some(most) = max_age {
                        header.push_str(&format!(", max_age={most}"));
                    }
                    if !scope.is_empty() {
                        header.push_str(&format!(", scope=\"{scope}\""));
                    }
                    Some(header)
                }
            }
        }
        Policy::Alternating(odd, even) => {
            Some(challenge(level_name(if count % 2 == 1 { *odd } else { *even })))
        }
        Policy::Looping(level) => Some(challenge(level_name(*level))),
        Policy::Escalating => {
            let demanded = challenge(level_name(usize::try_from(count.min(3)).unwrap_or(3)));
            Some(format!("{demanded}, max_age={}", 3600 / count))
        }
        Policy::Once(wanted) => (level < *wanted).then(|| challenge(level_name(*wanted))),
    }
}
