//! A page of the app: its script's state, as the loader, the engine and the driver keep it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use stepup::protocol::config::Config;
use stepup::protocol::coordinator::{Coordinator, Event, Published, WaiterId};
use stepup::protocol::flow::{FlowId, Question};
use stepup::protocol::metadata::Metadata;
use stepup::protocol::method::Method;
use stepup::protocol::requirement::Requirement;
use stepup::protocol::secret::Secret;

use crate::api::{Answer, RequestId};
use crate::browser::{TabId, WindowId};
use crate::mint::User;
use crate::tabs::Tabs;

/// Whether a page runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Alive,
    Frozen,
    Dead,
}

/// The app's own sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub user: User,
    pub access: String,
    pub identity: String,
}

/// The number of a promise that the app holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromiseId(pub usize);

/// A request as the loader keeps it.
#[derive(Clone, Debug)]
pub struct Call {
    pub request: RequestId,
    pub serial: Option<u32>,
    pub sent_at: u64,
    pub clicked_at: Option<u64>,
    pub methods: Option<Vec<Method>>,
    /// How often the page had been cleared when it began.
    pub epoch: u64,
    /// The state of the record that it came out of.
    pub saved_as: Option<String>,
    /// Whether it is told if it goes through.
    pub on_trial: bool,
}

/// A page.
pub struct Page {
    pub tab: TabId,
    pub life: Life,
    pub path: String,
    pub search: String,
    /// What the app knows of its own sign-in.
    pub session: Option<Session>,
    /// Whether the core knows whose session it is: not after a change that nobody told it of.
    pub told_user: bool,
    pub cleared_at: u64,
    /// When it was left last.
    pub hidden_at: u64,
    /// Until when the user's last gesture counts.
    pub active_until: u64,
    /// The last click, as far as somebody looks.
    pub clicked_at: Option<u64>,
    pub loader: Loader,
    pub engine: Option<Box<Engine>>,
    /// What waits while the page is frozen.
    pub backlog: Vec<crate::happening::Task>,
}

/// `loader.js`.
#[derive(Default)]
pub struct Loader {
    pub loading: bool,
    /// Who waits for the engine.
    pub waiting: Vec<Waiting>,
    pub epoch: u64,
    pub flying: u64,
    pub published: Vec<Option<Published>>,
    pub opening: Option<WindowId>,
    pub resuming: bool,
    /// Requests that were sent for the first time and have no answer yet.
    pub first: BTreeMap<u64, (Call, PromiseId)>,
}

/// Who waits for the engine, since which epoch.
pub struct Waiting {
    pub epoch: u64,
    pub promise: PromiseId,
    pub what: Wanted,
}

pub enum Wanted {
    Challenged(Call, Answer),
    Demanded { call: Call, wanted: Vec<Requirement>, window: Option<WindowId> },
    Ensured { requirement: Requirement, methods: Option<Vec<Method>>, window: Option<WindowId> },
    Resumed,
}

/// `engine.js`, with the wasm behind it.
pub struct Engine {
    pub waiters: BTreeMap<u32, Waiter>,
    pub last: u32,
    pub retrying: u64,
    pub clears: u64,
    /// Whether the wire was waited for in vain.
    pub impatient: bool,
    /// Answers whose body or demand is still looked at.
    pub looking: u64,
    /// Requests that were sent again and have no answer yet.
    pub again: BTreeMap<u64, u32>,
    pub asked: Option<Asked>,
    pub gate: GateState,
    pub questions: u64,
    pub tabs: Tabs,
    /// What is being saved at this moment, as long as somebody wants it.
    pub saving: BTreeSet<String>,
    /// What was saved last: under which state, and who waited for each request.
    pub saved_calls: (String, Vec<Option<PromiseId>>),
    pub driver: Driver,
}

/// A promise as the engine keeps it.
pub struct Waiter {
    pub promise: PromiseId,
    pub call: Option<Call>,
}

/// The question of now.
pub struct Asked {
    pub flow: FlowId,
    pub question: Question,
    pub methods: Vec<Method>,
    pub number: u64,
}

/// Whether the dialog is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateState {
    Absent,
    Opening,
    Shown,
}

/// `driver.rs`.
pub struct Driver {
    pub core: Coordinator,
    pub events: VecDeque<Event>,
    pub busy: bool,
    pub running: Option<Running>,
    /// Windows that came with an `ensure()` and have no step-up yet.
    pub spare: Vec<(WaiterId, WindowId)>,
    pub metadata: Option<Metadata>,
    /// The newest of the keys that were fetched.
    pub keys: Option<u64>,
    pub leaving: Vec<Leaving>,
}

/// A request that is to leave again.
pub struct Leaving {
    pub waiter: WaiterId,
    pub token: Option<Secret>,
}

/// What has been started for one step-up.
pub struct Running {
    pub flow: FlowId,
    pub window: Option<WindowId>,
    /// The state whose callback is listened for.
    pub listener: Option<String>,
    /// Whether the window is looked after, and nothing was told of it yet.
    pub watched: bool,
    pub deadline: bool,
    pub saved_as: Option<String>,
    pub ceremony: Option<u64>,
}

impl Running {
    pub const fn new(flow: FlowId) -> Self {
        Self {
            flow,
            window: None,
            listener: None,
            watched: false,
            deadline: false,
            saved_as: None,
            ceremony: None,
        }
    }
}

impl Page {
    pub fn new(tab: TabId, path: String, search: String, session: Option<Session>) -> Self {
        Self {
            tab,
            life: Life::Alive,
            path,
            search,
            session,
            told_user: true,
            cleared_at: 0,
            hidden_at: 0,
            active_until: 0,
            clicked_at: None,
            loader: Loader::default(),
            engine: None,
            backlog: Vec::new(),
        }
    }
}

impl Engine {
    pub fn start(config: Config) -> Option<Box<Self>> {
        let driver = Driver {
            core: Coordinator::new(config).ok()?,
            events: VecDeque::new(),
            busy: false,
            running: None,
            spare: Vec::new(),
            metadata: None,
            keys: None,
            leaving: Vec::new(),
        };
        Some(Box::new(Self {
            waiters: BTreeMap::new(),
            last: 0,
            retrying: 0,
            clears: 0,
            impatient: false,
            looking: 0,
            again: BTreeMap::new(),
            asked: None,
            gate: GateState::Absent,
            questions: 0,
            tabs: Tabs::default(),
            saving: BTreeSet::new(),
            saved_calls: (String::new(), Vec::new()),
            driver,
        }))
    }
}
