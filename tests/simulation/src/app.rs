//! The app in a page: what it calls, and how its users come and go.

use stepup::protocol::method::Method;
use stepup::protocol::requirement::{Requirement, Scope};
use stepup::protocol::units::Seconds;

use crate::api::{Request, RequestId};
use crate::browser::PageId;
use crate::coverage::Seen;
use crate::gate::GESTURE;
use crate::happening::{Happening, Task};
use crate::mint::{Access, User, level_name};
use crate::page::{PromiseId, Session};
use crate::provider::Cookie;
use crate::scenario::{API, ELSEWHERE, FILES, ISSUER};
use crate::world::World;

impl World {
    /// The user signs in, and opens the app in some tabs.
    pub fn begin(&mut self) {
        self.sign_in(User::Alice);
        for _ in 0..self.plan.tabs {
            let tab = self.open_tab();
            let delay = self.random.between(0, 10_000);
            self.later(delay, Happening::Loads { tab, path: "/app".into(), search: String::new() });
        }
        if self.mischief_left > 0 {
            let delay = self.random.between(10, 60_000);
            self.later(delay, Happening::Mischief);
        }
    }

    /// The app starts in a page.
    pub fn app_starts(&mut self, page: PageId) {
        if self.honest || !self.random.chance(4) {
            let delay = self.random.between(0, 50);
            self.later(delay, Happening::Task(page, Task::Resume));
        }
        if self.random.chance(20) {
            // Effects of some frameworks run twice.
            let delay = self.random.between(0, 100);
            self.later(delay, Happening::Task(page, Task::Resume));
        }
        if !self.honest {
            let delay = self.random.between(10, 5_000);
            self.later(delay, Happening::Task(page, Task::Act));
        }
    }

    /// The app does something, and something else later.
    pub fn act(&mut self, page: PageId) {
        if self.acts_left == 0 || self.honest {
            return;
        }
        self.acts_left -= 1;
        let delay = self.random.weighted(&[(3, 3), (3, 2_000), (2, 30_000)]);
        let delay = self.random.between(1, delay);
        self.later(delay, Happening::Task(page, Task::Act));
        if self.random.chance(50) {
            self.click(page);
        }
        match self.random.below(20) {
            0..=9 => {
                for _ in 0..self.random.weighted(&[(4, 1), (2, 2), (1, 5)]) {
                    self.fetch_something(page);
                }
            }
            10..=14 => {
                let need = self.some_need();
                let methods = self.some_methods();
                self.ensure(page, need, methods);
                if self.random.chance(20) {
                    let promise = PromiseId(self.promises.len() - 1);
                    self.abort_later(page, promise);
                }
            }
            15 | 16 => self.abort_something(page),
            17 if self.random.chance(60) => self.sign_out(page),
            18 if self.random.chance(40) => self.another_user_signs_in(page),
            _ => {}
        }
    }

    pub fn click(&mut self, page: PageId) {
        let now = self.now;
        let here = &mut self.pages[page.0];
        here.active_until = now + GESTURE;
        // Nobody looks before the engine is loaded.
        if here.engine.is_some() {
            here.clicked_at = Some(now);
        }
    }

    fn fetch_something(&mut self, page: PageId) {
        let at = self.random.below(self.plan.policies.len() as u64) as usize;
        let (origin, api) = match (at % 2, self.random.chance(4)) {
            (_, true) => (ELSEWHERE, None),
            (0, _) => (API, Some(0)),
            _ => (FILES, Some(1)),
        };
        self.requests.push(Request {
            url: format!("{origin}/endpoint-{at}?q=1"),
            api,
            policy: self.plan.policies[at].clone(),
            method: self.random.pick(&["POST", "GET"]),
            replayable: !self.random.chance(8),
            deliveries: 0,
            challenges: 0,
            invalid: false,
        });
        let request = RequestId(self.requests.len() - 1);
        let methods = self.some_methods();
        self.fetch(page, request, methods);
        if self.random.chance(10) {
            let promise = PromiseId(self.promises.len() - 1);
            self.abort_later(page, promise);
        }
    }

    fn some_methods(&mut self) -> Option<Vec<Method>> {
        let all = self.plan.config.methods.clone();
        let some = self.random.chance(8) && !all.is_empty();
        some.then(|| vec![self.random.pick(&all)])
    }

    pub fn some_need(&mut self) -> Requirement {
        let level = self.random.below(4) as usize;
        let acr = (level > 0).then(|| level_name(level).to_owned());
        Requirement {
            acr_values: acr.into_iter().collect(),
            max_age: self.random.weighted(&[
                (4, None),
                (1, Some(Seconds(0))),
                (1, Some(Seconds(60))),
            ]),
            scope: Scope::parse(self.random.pick(&["", "", "a", "b"])),
            ..Requirement::default()
        }
    }

    fn abort_later(&mut self, page: PageId, promise: PromiseId) {
        let delay = self.random.weighted(&[(1, 100), (2, 3_000), (1, 60_000)]);
        let delay = self.random.between(0, delay);
        self.later(delay, Happening::Task(page, Task::Abort(promise)));
    }

    fn abort_something(&mut self, page: PageId) {
        let open = |at: &usize| {
            let promise = &self.promises[*at];
            let apps =
                matches!(promise.what, crate::world::What::Fetch(_) | crate::world::What::Ensure);
            promise.page == page && promise.ends == 0 && apps
        };
        let open: Vec<usize> = (0..self.promises.len()).filter(open).collect();
        if !open.is_empty() {
            let promise = PromiseId(self.random.pick(&open));
            self.abort(page, promise);
        }
    }

    /// The app's own sign-in, kept for all tabs.
    pub fn sign_in(&mut self, user: User) {
        let auth_time = self.seconds();
        let access = self.mint.issue(Access {
            user,
            level: 1,
            auth_time,
            scope: Scope::parse("openid a"),
            resource: None,
            minted: self.now,
            until: u64::MAX,
            session: true,
            bad: None,
            uses: 0,
            sent: 0,
        });
        let identity = self.identify(user.sub(), 1, None, ISSUER);
        self.session = Some(Session { user, access, identity });
        self.cookie = Some(Cookie { level: 1, auth_time });
        self.note(format_args!("{user:?} is signed in"));
    }

    fn sign_out(&mut self, page: PageId) {
        self.seen.see(Seen::Logouts);
        self.note(format_args!("the user signs out in {page:?}"));
        self.session = None;
        self.cookie = None;
        self.pages[page.0].session = None;
        self.clear(page);
        self.others_notice(page);
    }

    fn another_user_signs_in(&mut self, page: PageId) {
        self.seen.see(Seen::UserChanges);
        let user = self.session.as_ref().map_or(User::Alice, |session| session.user.other());
        self.sign_in(user);
        self.pages[page.0].session = self.session.clone();
        match self.random.chance(80) {
            true => self.clear(page),
            // The app tells nobody; the core finds out when it asks.
            false => self.pages[page.0].told_user = false,
        }
        self.others_notice(page);
    }

    /// The app in other tabs sees it some time later, or does not.
    fn others_notice(&mut self, page: PageId) {
        for other in self.living() {
            if other != page && self.random.chance(80) {
                let delay = self.random.between(1, 20_000);
                self.later(delay, Happening::Task(other, Task::SignedOutElsewhere));
            }
        }
    }

    pub fn signed_out_elsewhere(&mut self, page: PageId) {
        self.pages[page.0].session = self.session.clone();
        self.clear(page);
    }
}
