//! Where the memory of a wasm module comes from: an allocator of one kilobyte, in the place of the
//! standard one of eight.

use rlsf::{GlobalTlsf, GlobalTlsfOptions};

/// Grows into one stretch of memory, so that what was given back serves for anything.
struct Small;

impl GlobalTlsfOptions for Small {
    const ENABLE_REALLOCATION: bool = false;
    const COALESCE_POOLS: bool = true;
}

#[global_allocator]
static ALLOCATOR: GlobalTlsf<Small> = GlobalTlsf::new();
