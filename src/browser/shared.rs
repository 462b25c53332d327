//! What several have a hand in: a `RefCell` without the text that says how it was borrowed twice.

use std::cell::{Ref, RefCell, RefMut};

/// A value that is changed by one at a time.
#[derive(Default)]
pub struct Shared<T>(RefCell<T>);

impl<T> Shared<T> {
    /// Begins with this.
    pub const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// To look at.
    pub fn borrow(&self) -> Ref<'_, T> {
        match self.0.try_borrow() {
            Ok(value) => value,
            Err(_) => twice(),
        }
    }

    /// To change.
    pub fn borrow_mut(&self) -> RefMut<'_, T> {
        match self.0.try_borrow_mut() {
            Ok(value) => value,
            Err(_) => twice(),
        }
    }
}

/// Ends the instance, as a `RefCell` does: `on_panic` tells it.
#[cold]
fn twice() -> ! {
    unreachable!("borrowed twice")
}
