//! How many tests passed, failed and were skipped, read from what the test programs print.

use std::fmt;
use std::ops::AddAssign;

/// Numbers of tests by their outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that ran and held.
    pub passed: u64,
    /// Tests that ran and did not hold, or were cut off.
    pub failed: u64,
    /// Tests that did not run.
    pub skipped: u64,
}

impl Tally {
    /// Counts what one line of output reports; other lines change nothing.
    pub fn read(&mut self, line: &str) {
        let line = plain(line);
        if let Some(found) = result_line(&line).or_else(|| node_line(&line)) {
            *self += found;
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, as libtest, libtest-mimic and
/// wasm-bindgen-test print it.
fn result_line(line: &str) -> Option<Tally> {
    let (_verdict, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut tally = Tally::default();
    for part in numbers.split(';') {
        // "finished in 0.01s" is the last part and has no number in front.
        let Some((number, word)) = part.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match word {
            "passed" => tally.passed += number,
            "failed" => tally.failed += number,
            "ignored" => tally.skipped += number,
            _ => {}
        }
    }
    Some(tally)
}

/// `# pass 3` of node:test's tap reporter, `ℹ pass 3` of its spec reporter. Only the lines of the
/// whole run stand at the margin.
fn node_line(line: &str) -> Option<Tally> {
    let rest = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.trim_end().parse().ok()?;
    let none = Tally::default();
    match word {
        "pass" => Some(Tally { passed: number, ..none }),
        "fail" | "cancelled" => Some(Tally { failed: number, ..none }),
        "skipped" | "todo" => Some(Tally { skipped: number, ..none }),
        _ => None,
    }
}

/// The line without terminal colours.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = escape.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    text.push_str(rest);
    text.trim_end_matches(['\r', '\n']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn counts(output: &str, passed: u64, failed: u64, skipped: u64) {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        assert_eq!(tally, Tally { passed, failed, skipped });
    }

    #[test]
    fn libtest_results_are_summed_over_the_binaries() {
        counts(
            "running 2 tests\n\
             test a ... ok\n\
             test b ... FAILED\n\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s\n\n\
             test result: ok. 40 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 12.30s\n",
            41,
            1,
            2,
        );
    }

    #[test]
    fn wasm_bindgen_test_results_are_counted() {
        counts(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 filtered out; finished in 0.05s\n",
            3,
            0,
            1,
        );
    }

    #[test]
    fn node_results_are_counted_in_both_reporters() {
        counts(
            "# tests 7\n# suites 1\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n# duration_ms 61.4\n",
            3,
            2,
            2,
        );
        counts("ℹ tests 5\nℹ pass 5\nℹ fail 0\nℹ skipped 0\nℹ duration_ms 61.4\n", 5, 0, 0);
    }

    #[test]
    fn colours_do_not_hide_a_result() {
        counts(
            "\u{1b}[34mℹ pass 2\u{1b}[39m\n\
             test result: \u{1b}[1;32mok\u{1b}[0m. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
            6,
            0,
            0,
        );
    }

    #[test]
    fn what_a_test_prints_is_no_result() {
        counts(
            "    # pass 9\n# pass nine\ntest pass ... ok\n# passed 3 of 4\nok 1 - pass 4\n",
            0,
            0,
            0,
        );
    }

    #[test]
    fn the_last_line_has_the_agreed_form() {
        let tally = Tally { passed: 12, failed: 0, skipped: 3 };
        assert_eq!(tally.to_string(), "12 passed, 0 failed, 3 skipped");
    }
}
