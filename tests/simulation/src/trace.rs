//! What happened, as a number that two runs can be compared by, and as lines when somebody reads them.

use std::fmt::{self, Write};

/// The record of one life.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub fn new(kept: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, lines: kept.then(Vec::new) }
    }

    pub fn note(&mut self, since: u64, what: fmt::Arguments<'_>) {
        // Nothing can fail here: it is a number that is written to.
        let _ = writeln!(Hasher(&mut self.hash), "{since} {what}");
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>9}.{:03}  {what}", since / 1000, since % 1000));
        }
    }

    pub const fn hash(&self) -> u64 {
        self.hash
    }

    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

/// FNV-1a.
struct Hasher<'a>(&'a mut u64);

impl Write for Hasher<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            *self.0 = (*self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        Ok(())
    }
}
