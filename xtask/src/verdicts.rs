//! What has come of mutants, and what that says of the tests.

use std::collections::BTreeMap;
use std::fmt;

use crate::failure::{Failure, Outcome};

/// So many of a hundred viable mutants must be noticed.
const WANTED: usize = 90;

/// What has come of one mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A test failed.
    Caught,
    /// No test failed.
    Missed,
    /// The tests did not end, which is noticed as well.
    Timeout,
    /// It did not compile.
    Unviable,
}

impl Verdict {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Caught, Self::Missed, Self::Timeout, Self::Unviable];

    /// Its name, which is that of the file in which such mutants are listed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Missed => "missed",
            Self::Timeout => "timeout",
            Self::Unviable => "unviable",
        }
    }
}

/// What is known so far. Prints as the text that [`Verdicts::parse`] reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdicts(BTreeMap<String, Verdict>);

impl Verdicts {
    /// Reads them: on each line the verdict, a space, and the mutant.
    pub fn parse(text: &str) -> Self {
        let parse = |line: &str| {
            let (word, name) = line.split_once(' ')?;
            let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.name() == word)?;
            Some((name.to_owned(), verdict))
        };
        Self(text.lines().filter_map(parse).collect())
    }

    /// Adds what is newer.
    pub fn add(&mut self, told: &BTreeMap<String, Verdict>) {
        self.0.extend(told.iter().map(|(name, verdict)| (name.clone(), *verdict)));
    }

    /// Whether a mutant is to be tried: it has not been, or the tests of that time have missed it.
    pub fn is_open(&self, name: &str) -> bool {
        matches!(self.0.get(name), None | Some(Verdict::Missed))
    }

    /// What they say of these mutants.
    pub fn of(&self, mutants: &[String]) -> Score {
        let mut score = Score::default();
        for name in mutants {
            match self.0.get(name) {
                Some(Verdict::Caught) => score.caught += 1,
                Some(Verdict::Timeout) => score.timeout += 1,
                Some(Verdict::Unviable) => score.unviable += 1,
                Some(Verdict::Missed) => score.missed.push(name.clone()),
                None => score.open += 1,
            }
        }
        score
    }
}

impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, verdict)| writeln!(f, "{} {name}", verdict.name()))
    }
}

/// How many mutants came to what.
#[derive(Debug, Default)]
pub struct Score {
    caught: usize,
    timeout: usize,
    unviable: usize,
    /// Those that no test has noticed.
    pub missed: Vec<String>,
    open: usize,
}

impl Score {
    /// Whether each was tried.
    pub const fn is_whole(&self) -> bool {
        self.open == 0
    }

    /// Whether enough were noticed.
    ///
    /// # Errors
    /// When they were not.
    pub fn judge(&self) -> Outcome {
        if self.noticed() * 100 >= self.viable() * WANTED {
            return Ok(());
        }
        Err(Failure::new(format!("fewer than {WANTED} % of the viable mutants are caught"))
            .remedy("write a test that fails for one that was missed"))
    }

    const fn noticed(&self) -> usize {
        self.caught + self.timeout
    }

    const fn viable(&self) -> usize {
        self.noticed() + self.missed.len()
    }
}

impl fmt::Display for Score {
    #[allow(clippy::cast_precision_loss)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caught, timeout, unviable, missed, open } = self;
        let missed = missed.len();
        write!(f, "{caught} caught, {timeout} timed out, {missed} missed, {unviable} unviable")?;
        if *open > 0 {
            write!(f, ", {open} not tried")?;
        }
        if self.viable() > 0 {
            let score = self.noticed() as f64 * 100.0 / self.viable() as f64;
            write!(f, ": {score:.1} % of the viable ones are caught")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "caught a: replace + with -\nmissed b\ntimeout c\nunviable d\nodd e\n";

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_missed_or_never_tried_is_tried_again() {
        let verdicts = Verdicts::parse(KNOWN);
        assert_eq!(Verdicts::parse(&verdicts.to_string()), verdicts);
        let open = |name: &&str| verdicts.is_open(name);
        let all = ["a: replace + with -", "b", "c", "d", "e"];
        assert_eq!(all.iter().filter(|name| open(name)).count(), 2);
        assert!(open(&"b") && open(&"e"));
    }

    #[test]
    fn a_newer_verdict_counts() {
        let mut verdicts = Verdicts::parse(KNOWN);
        verdicts.add(&BTreeMap::from([("b".to_owned(), Verdict::Caught)]));
        assert!(!verdicts.is_open("b"));
    }

    #[test]
    fn the_score_is_of_the_viable_mutants_that_are_asked_for() {
        let verdicts = Verdicts::parse(KNOWN);
        let score = verdicts.of(&names(&["a: replace + with -", "b", "c", "d"]));
        assert!(score.is_whole());
        assert_eq!(
            score.to_string(),
            "1 caught, 1 timed out, 1 missed, 1 unviable: 66.7 % of the viable ones are caught"
        );
        assert!(score.judge().is_err());
        let part = verdicts.of(&names(&["c", "e"]));
        assert_eq!((part.is_whole(), part.judge()), (false, Ok(())));
    }

    #[test]
    fn nine_out_of_ten_are_enough() {
        let score = |caught| Score { caught, missed: names(&["m"]), ..Score::default() };
        assert_eq!(score(9).judge(), Ok(()));
        assert!(score(8).judge().is_err());
    }
}
