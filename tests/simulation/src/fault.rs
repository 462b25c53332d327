//! Faults that are planted around the core, to see that they are found.

/// A planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The turn to ask the user is granted to everybody.
    MissingLock,
    /// What is taken out of the store stays in it.
    ReplayWithoutConsuming,
    /// One of the effects that end a wait is not performed.
    LostWaiter,
}

impl Fault {
    /// Every fault, by its name on the command line.
    pub const ALL: [(&'static str, Self); 3] = [
        ("missing-lock", Self::MissingLock),
        ("replay-without-consuming", Self::ReplayWithoutConsuming),
        ("lost-waiter", Self::LostWaiter),
    ];
}
