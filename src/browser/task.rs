//! Tasks: futures that wait for promises, and what carries them on.

use super::js::{Callback, Promise, callback, pending};
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use wasm_bindgen::prelude::*;

/// All tasks are of one type, so that what runs them is there once.
type Task = Pin<Box<dyn Future<Output = ()>>>;

// Cells, which cannot fail: what says how a `RefCell` did would be the largest part of this.
thread_local! {
    /// The tasks that wait, each with its number.
    static WAITING: Cell<Vec<(usize, Task)>> = const { Cell::new(Vec::new()) };
    static STARTED: Cell<usize> = const { Cell::new(0) };
}

/// Starts something that ends by itself: not within this call, but as soon as that is over.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Task = Box::pin(task);
    let number = STARTED.get().wrapping_add(1);
    STARTED.set(number);
    let late = async move {
        let _ = settled(&Promise::resolve(&JsValue::UNDEFINED)).await;
        task.await;
    };
    carry_on(number, Box::pin(late));
}

/// A promise for what something comes to.
pub fn promise(work: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let (promise, resolve, reject) = pending();
    spawn(async move {
        let (end, value) = match work.await {
            Ok(value) => (resolve, value),
            Err(reason) => (reject, reason),
        };
        let _ = end.call1(&JsValue::UNDEFINED, &value);
    });
    promise
}

fn carry_on(number: usize, mut task: Task) {
    let waker = Waker::from(Arc::new(Number(number)));
    if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        let mut waiting = WAITING.take();
        waiting.push((number, task));
        WAITING.set(waiting);
    }
}

/// The number of a task. Only one that waits is woken: nothing calls back while another is carried on.
struct Number(usize);

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        let mut waiting = WAITING.take();
        let task = waiting.iter().position(|(number, _)| *number == self.0);
        let task = task.map(|at| waiting.swap_remove(at).1);
        WAITING.set(waiting);
        if let Some(task) = task {
            carry_on(self.0, task);
        }
    }
}

/// The future of a promise. It has to be kept until that has settled, since it holds what is called then:
/// a task that waits is never dropped.
pub struct Settled {
    outcome: Rc<Outcome>,
    _told: (Callback, Callback),
}

#[derive(Default)]
struct Outcome {
    value: Cell<Option<Result<JsValue, JsValue>>>,
    waker: Cell<Option<Waker>>,
}

impl Outcome {
    fn told(self: &Rc<Self>, into: fn(JsValue) -> Result<JsValue, JsValue>) -> Callback {
        let outcome = Rc::clone(self);
        callback(move |value, _| {
            outcome.value.set(Some(into(value)));
            if let Some(waker) = outcome.waker.take() {
                waker.wake();
            }
        })
    }
}

/// What a promise comes to.
pub fn settled(promise: &Promise) -> Settled {
    let outcome = Rc::<Outcome>::default();
    let told = (outcome.told(Ok), outcome.told(Err));
    promise.then(told.0.as_ref(), told.1.as_ref());
    Settled { outcome, _told: told }
}

impl Future for Settled {
    type Output = Result<JsValue, JsValue>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.outcome.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.outcome.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}
