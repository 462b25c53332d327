//! The browser: tabs with what they remember, and windows.

use crate::api::Send;
use crate::coverage::Seen;
use crate::happening::{Happening, Task};
use crate::invariant::Invariant;
use crate::page::{Life, Page};
use crate::world::World;

/// The number of a page: one document, from its load to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageId(pub usize);

/// The number of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TabId(pub usize);

/// The number of a window that a page opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowId(pub usize);

/// Where the provider's pages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Tab(TabId),
    Window(WindowId),
}

/// A visit at the provider, or at the backend: what was asked for, and which visit it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub url: String,
    pub number: u64,
}

/// What a tab shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Showing {
    Nothing,
    App(PageId),
    Away(Visit),
}

/// What a tab awaits.
#[derive(Clone, Debug)]
pub struct Awaited {
    pub state: String,
    /// The way back.
    pub returns_to: String,
    pub until: u64,
    /// The requests that were aborted after they had been saved.
    pub without: Vec<usize>,
    /// Whether the step-up has ended in the page that saved it.
    pub given_up: bool,
}

/// A tab.
#[derive(Clone, Debug)]
pub struct Tab {
    pub open: bool,
    pub showing: Showing,
    /// `sessionStorage`: what is awaited.
    pub awaited: Option<Awaited>,
    /// `sessionStorage`: the response that the callback page put aside.
    pub response: Option<String>,
    /// `sessionStorage`: the state whose record a page of this tab takes.
    pub taking: Option<String>,
    /// Until when the user may be asked elsewhere, having left this tab for that.
    pub asks_until: Option<u64>,
    /// `sessionStorage`: the absence that is this tab's own.
    pub away: Option<u64>,
    /// The page before the provider's, with its path: perhaps kept by the browser.
    pub behind: Option<(PageId, String)>,
    /// The provider's page that the user went back from.
    pub ahead: Option<Visit>,
    /// Counts navigations, so that the last one wins.
    pub navigation: u64,
}

/// A window that a page opened.
#[derive(Clone, Debug)]
pub struct Window {
    pub opener: PageId,
    pub closed: bool,
    /// Cut off by an opener policy: it reads as closed, and cannot be closed from outside.
    pub severed: bool,
    pub showing: Option<Visit>,
}

impl World {
    pub fn open_tab(&mut self) -> TabId {
        self.tabs.push(Tab {
            open: true,
            showing: Showing::Nothing,
            awaited: None,
            response: None,
            taking: None,
            asks_until: None,
            away: None,
            behind: None,
            ahead: None,
            navigation: 0,
        });
        TabId(self.tabs.len() - 1)
    }

    /// A page of the app loads in a tab; what was shown there before is gone.
    pub fn load(&mut self, tab: TabId, path: String, search: String) {
        if !self.tabs[tab.0].open {
            return;
        }
        if let Showing::App(before) = self.tabs[tab.0].showing {
            self.kill(before);
        }
        let page = PageId(self.pages.len());
        self.note(format_args!("{page:?} loads in {tab:?}: {path}{search}"));
        let session = self.session.clone();
        self.pages.push(Page::new(tab, path, search, session));
        let shown = &mut self.tabs[tab.0];
        shown.navigation += 1;
        shown.asks_until = None;
        shown.showing = Showing::App(page);
        let returns = self.tabs[tab.0].response.is_some();
        self.app_starts(page);
        if returns && self.mishap(self.plan.trouble.mischief / 3) {
            let delay = self.random.between(0, 80);
            self.later(delay, Happening::Duplicate(tab));
        }
    }

    /// A page begins to leave for elsewhere.
    pub fn leave(&mut self, page: PageId, url: &str) {
        let tab = self.pages[page.0].tab;
        let delay = self.random.between(1, 400);
        self.tabs[tab.0].navigation += 1;
        let navigation = self.tabs[tab.0].navigation;
        // The user may stop it, and the network may.
        if self.mishap(3) {
            return self.note(format_args!("{page:?} is not left after all"));
        }
        let visit = self.visit(url);
        self.later(delay, Happening::Commits { tab, navigation, visit });
    }

    pub fn commits(&mut self, tab: TabId, navigation: u64, visit: Visit) {
        let shown = &self.tabs[tab.0];
        let Showing::App(page) = shown.showing else { return };
        if !shown.open || shown.navigation != navigation {
            return;
        }
        self.seen.see(Seen::Redirects);
        self.put_behind(tab, page);
        self.later(1, Happening::Arrives(Place::Tab(tab), visit));
    }

    /// The page is left: the browser keeps it, or not.
    pub fn put_behind(&mut self, tab: TabId, page: PageId) {
        let path = self.pages[page.0].path.clone();
        // A page that holds a lock is not kept.
        let kept = self.plan.bfcache && self.random.chance(70) && !self.is_locked(page);
        match kept {
            true => {
                self.note(format_args!("{page:?} is frozen"));
                self.pages[page.0].life = Life::Frozen;
                self.page_hides(page);
                // What is on the wire does not survive that.
                self.lose_requests(page);
            }
            false => self.kill(page),
        }
        self.forget_behind(tab);
        self.tabs[tab.0].behind = Some((page, path));
        self.tabs[tab.0].showing = Showing::Nothing;
    }

    fn forget_behind(&mut self, tab: TabId) {
        if let Some((page, _)) = self.tabs[tab.0].behind.take() {
            self.kill(page);
        }
    }

    /// Back from the provider.
    pub fn back(&mut self, tab: TabId) {
        let Showing::Away(visit) = self.tabs[tab.0].showing.clone() else { return };
        let Some((page, path)) = self.tabs[tab.0].behind.take() else { return };
        self.seen.see(Seen::Backs);
        self.tabs[tab.0].ahead = Some(visit);
        self.tabs[tab.0].showing = Showing::Nothing;
        if self.pages[page.0].life != Life::Frozen {
            return self.later(5, Happening::Loads { tab, path, search: String::new() });
        }
        self.note(format_args!("{page:?} comes back from the browser's cache"));
        self.seen.see(Seen::Interrupted);
        self.tabs[tab.0].navigation += 1;
        self.tabs[tab.0].showing = Showing::App(page);
        self.pages[page.0].life = Life::Alive;
        self.page_shown(page);
        for task in std::mem::take(&mut self.pages[page.0].backlog) {
            self.later(0, Happening::Task(page, task));
        }
        let delay = self.random.between(1, 20_000);
        self.later(delay, Happening::Task(page, Task::Act));
    }

    /// Forward to the provider again.
    pub fn forward(&mut self, tab: TabId) {
        let Showing::App(page) = self.tabs[tab.0].showing else { return };
        let Some(visit) = self.tabs[tab.0].ahead.take() else { return };
        self.put_behind(tab, page);
        self.later(5, Happening::Arrives(Place::Tab(tab), visit));
    }

    pub fn close_tab(&mut self, tab: TabId) {
        if let Showing::App(page) = self.tabs[tab.0].showing {
            self.kill(page);
        }
        self.forget_behind(tab);
        self.tabs[tab.0].open = false;
        self.tabs[tab.0].showing = Showing::Nothing;
    }

    /// A second tab like this one: with the same address, and a copy of what it remembers.
    pub fn duplicate(&mut self, tab: TabId) {
        let Showing::App(page) = self.tabs[tab.0].showing else { return };
        self.seen.see(Seen::Duplicates);
        let (path, search) = (self.pages[page.0].path.clone(), self.pages[page.0].search.clone());
        self.copy_tab(tab, path, search);
    }

    /// A second tab with a copy of what this one remembers, at this address.
    pub fn copy_tab(&mut self, tab: TabId, path: String, search: String) {
        let copy = self.open_tab();
        self.note(format_args!("{copy:?} is a copy of {tab:?}"));
        self.tabs[copy.0].awaited = self.tabs[tab.0].awaited.clone();
        self.tabs[copy.0].response = self.tabs[tab.0].response.clone();
        self.tabs[copy.0].taking = self.tabs[tab.0].taking.clone();
        self.tabs[copy.0].away = self.tabs[tab.0].away;
        // A copy takes the other's absence for its own: it does not wait for it, and ends it.
        self.tabs[tab.0].asks_until = None;
        self.later(0, Happening::Loads { tab: copy, path, search });
    }

    pub fn reload(&mut self, tab: TabId) {
        let Showing::App(page) = self.tabs[tab.0].showing else { return };
        self.seen.see(Seen::Reloads);
        let (path, search) = (self.pages[page.0].path.clone(), self.pages[page.0].search.clone());
        self.load(tab, path, search);
    }

    pub fn kill(&mut self, page: PageId) {
        if self.pages[page.0].life == Life::Dead {
            return;
        }
        self.note(format_args!("{page:?} dies"));
        self.page_hides(page);
        let page = &mut self.pages[page.0];
        page.life = Life::Dead;
        page.engine = None;
        page.backlog.clear();
    }

    /// The browser's own dialog ends with its page.
    fn page_hides(&mut self, page: PageId) {
        self.ceremony = self.ceremony.filter(|(of, _)| *of != page);
        self.pages[page.0].hidden_at = self.now;
        self.release_all(page);
        self.renewals_end(page);
    }

    pub fn is_dead(&self, page: PageId) -> bool {
        self.pages[page.0].life == Life::Dead
    }

    /// The pages that live, and are not frozen.
    pub fn living(&self) -> Vec<PageId> {
        let alive = |page: &PageId| self.pages[page.0].life == Life::Alive;
        (0..self.pages.len()).map(PageId).filter(alive).collect()
    }

    /// A window opens, if the browser lets it at this very moment.
    pub fn open_window(&mut self, page: PageId) -> Option<WindowId> {
        let active = self.now < self.pages[page.0].active_until;
        if !active || self.plan.popups == crate::scenario::Popups::Never {
            self.seen.see(Seen::WindowsBlocked);
            return None;
        }
        // Opening uses the gesture up (HTML §7.2.2.1).
        self.pages[page.0].active_until = 0;
        self.seen.see(Seen::Windows);
        self.windows.push(Window { opener: page, closed: false, severed: false, showing: None });
        Some(WindowId(self.windows.len() - 1))
    }

    /// The opener, or the user, closes a window.
    pub fn close_window(&mut self, window: WindowId) {
        if std::mem::replace(&mut self.windows[window.0].closed, true) {
            return;
        }
        self.note(format_args!("{window:?} closes"));
        self.window_changed(window);
    }

    /// Its opener looks at it every now and then.
    pub fn window_changed(&mut self, window: WindowId) {
        let opener = self.windows[window.0].opener;
        let Some(flow) = self.flow_of_window(opener, window) else { return };
        let delay = self.random.between(1, 400);
        self.later(delay, Happening::Task(opener, Task::Look(flow)));
    }

    pub fn visit(&mut self, url: &str) -> Visit {
        self.numbers += 1;
        let url = self.in_full(url);
        Visit { url, number: self.numbers }
    }

    /// Whether this place still shows this visit.
    pub fn shows(&self, place: Place, visit: &Visit) -> bool {
        match place {
            Place::Tab(tab) => {
                let tab = &self.tabs[tab.0];
                tab.open && tab.showing == Showing::Away(visit.clone())
            }
            Place::Window(window) => {
                let window = &self.windows[window.0];
                !window.closed && window.showing.as_ref() == Some(visit)
            }
        }
    }

    /// A broadcast on the channel of this state reaches every page that listens there.
    pub fn broadcast(&mut self, state: &str, query: &str) {
        for page in self.living() {
            let delay = self.random.between(0, 20);
            let task = Task::Heard { state: state.to_owned(), query: query.to_owned() };
            self.later(delay, Happening::Task(page, task));
        }
    }

    /// What leaves a page is looked at: whose token, and where it goes.
    pub fn trace_send(&mut self, send: &Send) {
        let token = send.token.as_deref().unwrap_or("no token");
        self.note(format_args!("{:?} sends {:?} with {token}", send.page, send.request));
        let Some(token) = &send.token else { return };
        let api = self.requests[send.request.0].api;
        let at = api.map(|at| &self.plan.config.apis[at]);
        let resource = at.and_then(|api| api.resource.clone());
        let single_use = at.is_some_and(|api| api.is_single_use());
        let page = &self.pages[send.page.0];
        let (cleared, user) = (page.cleared_at, page.session.as_ref().map(|session| session.user));
        let told = page.told_user && self.plan.tells != crate::scenario::Tells::Nothing;
        let (checked, own) = (self.plan.is_checked(), self.plan.is_own());
        let Some(access) = self.mint.access(token) else { return };
        if access.session {
            return;
        }
        access.sent += 1;
        let again = single_use && access.sent > 1;
        let (bad, of, minted) = (access.bad, access.user, access.minted);
        let fits = api.is_some() && (own || access.resource == resource);
        if !fits {
            let detail = format!("{token}, sent with {:?}", send.request);
            self.breach(Invariant::TokenInPlace, detail);
        } else if again {
            let detail = format!("{token}, with {:?}", send.request);
            self.breach(Invariant::UsedOnce, detail);
        } else if let Some(bad) = bad.filter(|_| checked) {
            self.breach(Invariant::TokenChecked, format!("{token}: {bad}"));
        } else if minted < cleared {
            let detail = format!("{token} is from before the logout");
            self.breach(Invariant::TokenOfTheUser, detail);
        } else if checked && told && user.is_some_and(|user| user != of) {
            self.breach(Invariant::TokenOfTheUser, format!("{token} is of {of:?}"));
        }
    }
}
