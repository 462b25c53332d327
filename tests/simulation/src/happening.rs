//! What can happen next.

use stepup::protocol::assertion::Post;
use stepup::protocol::claims::Expectation;
use stepup::protocol::coordinator::RenewalEvent;
use stepup::protocol::flow::{Choice, FlowEvent, FlowId, Target};
use stepup::protocol::held::Serial;

use crate::api::{Answer, Send};
use crate::browser::{PageId, Place, TabId, Visit};
use crate::locks::How;
use crate::page::{Call, PromiseId};
use crate::renewal::Asking;
use crate::store::{Found, Operation, Taking};
use crate::tabs::Message;
use crate::turn::TurnId;

/// Something on a page's own event loop. It is lost with the page, and waits while the page is frozen.
#[derive(Debug)]
pub enum Task {
    /// The app does something.
    Act,
    /// The app calls `resume()`.
    Resume,
    /// `session()` has told the token for a request that is to leave for the first time.
    SessionTold(Call, PromiseId),
    /// A request is through.
    Answered(u64, Answer),
    /// The engine is loaded, or cannot be.
    EngineLoaded(bool),
    /// What a challenge carries is read.
    OfferRead { call: Call, promise: PromiseId, answer: Answer, clears: u64 },
    /// A request leaves as any other after all: not in the middle of what else is being done.
    LetGo { call: Call, promise: PromiseId, clears: u64 },
    /// The answer of a request that was sent again is looked at.
    Judged { waiter: u32, answer: Answer },
    /// The caller's own signal fires.
    Abort(PromiseId),
    /// `session()` is asked, for a step-up.
    ReadSession(FlowId),
    /// The keys are here, and an ID token is judged.
    Verify { flow: FlowId, identity: String, expectation: Expectation, fresh: bool },
    /// The app's own `authenticate` has asked the user.
    Authenticated(FlowId, usize),
    /// A page has waited for others to renew.
    RenewalLate(u64),
    /// A renewal is through.
    RenewalOver { serial: Serial, number: u64, event: RenewalEvent },
    /// The keys are here, and the ID token of a renewal is judged.
    VerifyRenewed { serial: Serial, identity: String, expectation: Expectation, fresh: bool },
    /// Something has become of what the driver started.
    Tell(FlowId, FlowEvent),
    /// The driver's clock for the prompt.
    Deadline(FlowId),
    /// The driver looks after a window.
    Look(FlowId),
    /// The engine looks whether the wire is quiet.
    Poll(FlowId, u64),
    /// The store has saved, or not.
    Saved { flow: FlowId, state: String, until: Option<u64> },
    /// The store has given a record, or none; or it did not answer.
    Taken { taking: Taking, found: Result<Found, ()> },
    /// A request that was saved is to be sent after all.
    SendSaved { call: Call, clears: u64, until: u64 },
    /// A turn asks for its lock.
    TurnBegins(TurnId),
    /// Turns end, after what is handed over.
    TurnsEnd,
    /// The browser grants a lock, or says that it is not to be had now.
    LockAnswered(TurnId, How, bool),
    /// Another tab has been waited for, for long.
    Overdue(TurnId),
    /// Another page has written to `localStorage`, or what is written there has run out.
    StorageChanged(Option<TurnId>),
    /// A result is to be left for those that wait, in its text.
    Deliver(String),
    /// It is there, or cannot be.
    Delivered(bool),
    /// What is expired is deleted.
    Sweep,
    /// What another tab may have left was looked for.
    ResultFound { awaits: Option<TurnId>, then: Option<TurnId>, found: Option<String> },
    /// Another tab says something.
    Told(Message),
    /// By now what was saved under this state must be gone.
    Forgotten(String),
    /// The gate's script is loaded.
    GateLoaded,
    /// The user answers the question of this number.
    Chosen(u64, Choice),
    /// A callback page is heard.
    Heard { state: String, query: String },
    /// The passkey ceremony of this number is over.
    CeremonyOver(u64, bool),
    /// The other tab's logout is noticed by the app here.
    SignedOutElsewhere,
}

/// Something that happens anywhere.
#[derive(Debug)]
pub enum Happening {
    Task(PageId, Task),
    /// A request reaches an API.
    ApiGets(Send),
    /// A refresh token reaches the provider.
    RenewalGets(Asking),
    /// A lock is asked for.
    LockAsked(TurnId, How),
    /// Something posted by a driver reaches the provider or the backend.
    ServerGets {
        page: PageId,
        flow: FlowId,
        target: Target,
        post: Post,
    },
    /// The store does something.
    StoreDoes(Operation),
    /// The tab leaves its page for the provider, if nothing else came between.
    Commits {
        tab: TabId,
        navigation: u64,
        visit: Visit,
    },
    /// A window or a tab gets to the provider's or the backend's page.
    Arrives(Place, Visit),
    /// The user does something there, if it is still there.
    UserActs(Place, Visit),
    /// A window or a tab gets to the callback page.
    CallsBack(Place, String),
    /// A tab gets to a page of the app.
    Loads {
        tab: TabId,
        path: String,
        search: String,
    },
    /// A second tab is made of this one.
    Duplicate(TabId),
    /// Forward to the provider's page that the user went back from.
    Forward(TabId),
    /// A tab or the browser is meddled with.
    Mischief,
}
