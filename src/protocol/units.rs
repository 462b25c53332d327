//! Durations and points in time, each in a type of its own.

use super::border::alike;

/// A whole number of seconds, as `max_age` and `expires_in` have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(pub u64);

alike!(Seconds);

/// A whole number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

alike!(Millis);

/// A point in time: milliseconds since the Unix epoch. The core never reads a clock; it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochMillis(pub u64);

alike!(EpochMillis);

/// A point in time as a JWT has it: seconds since the Unix epoch (RFC 7519 §2, NumericDate), floored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochSeconds(pub u64);

alike!(EpochSeconds);

impl Seconds {
    /// The same duration in milliseconds; the largest one there is instead of an overflow.
    #[must_use]
    pub const fn millis(self) -> Millis {
        Millis(self.0.saturating_mul(1000))
    }
}

impl EpochMillis {
    /// The second this point lies in.
    #[must_use]
    pub const fn seconds(self) -> EpochSeconds {
        EpochSeconds(self.0 / 1000)
    }

    /// The point `later` milliseconds after this one.
    #[must_use]
    pub const fn plus(self, later: Millis) -> Self {
        Self(self.0.saturating_add(later.0))
    }

    /// The point `earlier` milliseconds before this one.
    #[must_use]
    pub const fn minus(self, earlier: Millis) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// How much time has passed since `earlier`; none if that lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl EpochSeconds {
    /// The first millisecond of this second.
    #[must_use]
    pub const fn millis(self) -> EpochMillis {
        EpochMillis(self.0.saturating_mul(1000))
    }

    /// How many seconds have passed since `earlier`; none if that lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_overflows_and_never_runs_backwards() {
        assert_eq!(Seconds(u64::MAX).millis(), Millis(u64::MAX));
        assert_eq!(EpochMillis(5).since(EpochMillis(9)), Millis(0));
        assert_eq!(EpochMillis(u64::MAX).plus(Millis(1)), EpochMillis(u64::MAX));
        assert_eq!(EpochMillis(5).minus(Millis(9)), EpochMillis(0));
        assert_eq!(EpochMillis(1_999).seconds(), EpochSeconds(1));
        assert_eq!(EpochSeconds(7).since(EpochSeconds(2)), Seconds(5));
    }
}
