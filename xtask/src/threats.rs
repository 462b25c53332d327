//! `cargo xtask threats`: writes into SECURITY.md which tests hold which threat.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::failure::{Failure, Outcome};
use crate::project::{self, Project};
use crate::threat_tests::{self, ThreatTest};

/// The table's first line; what follows it up to an empty line is the table.
const HEAD: &str = "| no. | threat | what happens | tests |\n| --- | --- | --- | --- |\n";

/// So many threats there are, numbered from 1.
const THREATS: u8 = 70;

/// Runs the command.
///
/// # Errors
/// When SECURITY.md has no such table, or a threat has no test.
pub fn command(project: &Project) -> Outcome {
    let path = project.root.join("SECURITY.md");
    let text = project::read(&path)?;
    let tests = threat_tests::all(project)?;
    project::write(&path, written(&text, &tests)?)?;
    let faults = faults(&text, &tests)?;
    if faults.is_empty() {
        println!("{THREATS} threats, {} tests", tests.len());
        return Ok(());
    }
    Err(Failure::new(faults.join("\n")))
}

/// A line of the table without its last cell.
struct Row<'a> {
    number: u8,
    said: &'a str,
}

/// The rows, and what stands before and after them.
fn split(text: &str) -> Outcome<(&str, Vec<Row<'_>>, &str)> {
    let missing = || Failure::new("SECURITY.md has no table of threats").remedy(HEAD);
    let (before, rest) = text.split_once(HEAD).ok_or_else(missing)?;
    let end = rest.find("\n\n").map_or(rest.len(), |at| at + 1);
    let (rows, after) = rest.split_at_checked(end).ok_or_else(missing)?;
    let row = |line| row(line).ok_or_else(|| Failure::new(format!("this is no row: {line}")));
    Ok((before, rows.lines().map(row).collect::<Outcome<_>>()?, after))
}

/// `| 1 | threat | what happens | tests |`
fn row(line: &str) -> Option<Row<'_>> {
    let (said, _tests) = line.strip_suffix(" |").or(line.strip_suffix('|'))?.rsplit_once(" | ")?;
    let mut cells = said.strip_prefix("| ")?.split(" | ");
    let number = cells.next()?.parse().ok()?;
    (cells.count() == 2).then_some(Row { number, said })
}

/// The text with each row's tests as they are.
fn written(text: &str, tests: &BTreeSet<ThreatTest>) -> Outcome<String> {
    let (before, rows, after) = split(text)?;
    let mut table = String::new();
    for Row { number, said } in rows {
        // A String takes whatever it is given.
        let _ = writeln!(table, "{said} | {} |", cell(number, tests));
    }
    Ok([before, HEAD, &table, after].concat())
}

/// The names of the tests that hold a threat, by where they run.
fn cell(number: u8, tests: &BTreeSet<ThreatTest>) -> String {
    let mut cell = String::new();
    let mut level = None;
    for test in tests.iter().filter(|test| test.numbers.contains(&number)) {
        let between = match level {
            Some(last) if last == test.level => ", ".to_owned(),
            Some(_) => format!("; {}: ", test.level.name()),
            None => format!("{}: ", test.level.name()),
        };
        level = Some(test.level);
        let name = test.name.replace('`', "'").replace('|', "\\|");
        let _ = write!(cell, "{between}`{name}`");
    }
    cell
}

/// What is wrong: numbers that are missing or repeated, threats without a test, tests of no threat.
fn faults(text: &str, tests: &BTreeSet<ThreatTest>) -> Outcome<Vec<String>> {
    let (_, rows, _) = split(text)?;
    let numbers: Vec<u8> = rows.iter().map(|row| row.number).collect();
    let mut faults = Vec::new();
    if numbers != (1..=THREATS).collect::<Vec<_>>() {
        faults.push(format!("the rows are not 1 to {THREATS}: {numbers:?}"));
    }
    for number in &numbers {
        if !tests.iter().any(|test| test.numbers.contains(number)) {
            faults.push(format!("threat {number} has no test"));
        }
    }
    for test in tests {
        for number in test.numbers.iter().filter(|number| !numbers.contains(number)) {
            faults.push(format!("{:?} is of no threat: there is no {number}", test.name));
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::threat_tests::Level;

    fn project() -> Project {
        Project::find().unwrap()
    }

    #[test]
    fn every_threat_has_a_test() {
        let text = project::read(&project().root.join("SECURITY.md")).unwrap();
        let tests = threat_tests::all(&project()).unwrap();
        assert_eq!(faults(&text, &tests).unwrap(), Vec::<String>::new());
    }

    /// So no test is named there that is gone or does not run, and none is left out.
    #[test]
    fn the_table_names_the_tests_that_there_are() {
        let text = project::read(&project().root.join("SECURITY.md")).unwrap();
        let tests = threat_tests::all(&project()).unwrap();
        let written = written(&text, &tests).unwrap();
        for (is, should_be) in text.lines().zip(written.lines()) {
            assert_eq!(is, should_be, "run `cargo xtask threats`");
        }
        assert_eq!(text, written);
    }

    fn test(level: Level, name: &str, numbers: &[u8]) -> ThreatTest {
        ThreatTest { level, name: name.to_owned(), numbers: numbers.to_vec() }
    }

    fn table(numbers: impl Iterator<Item = u8>) -> String {
        let rows: String = numbers.map(|n| format!("| {n} | a | b |  |\n")).collect();
        format!("before\n\n{HEAD}{rows}\nafter\n")
    }

    #[test]
    fn a_row_gets_its_tests_by_where_they_run() {
        let tests = BTreeSet::from([
            test(Level::Journey, "t01_t02_c", &[1, 2]),
            test(Level::Core, "t01_b", &[1]),
            test(Level::Core, "t01_a", &[1]),
            test(Level::Package, "t02 `x` | y", &[2]),
        ]);
        let text = table([1, 2].into_iter());
        let expected = format!(
            "before\n\n{HEAD}| 1 | a | b | core: `t01_a`, `t01_b`; journey: `t01_t02_c` |\n\
             | 2 | a | b | package: `t02 'x' \\| y`; journey: `t01_t02_c` |\n\nafter\n"
        );
        let once = written(&text, &tests).unwrap();
        assert_eq!(once, expected);
        assert_eq!(written(&once, &tests).unwrap(), once);
    }

    #[test]
    fn what_is_missing_is_told() {
        let all = (1..=THREATS).collect::<Vec<_>>();
        let tests = BTreeSet::from([test(Level::Core, "t01_all", &all)]);
        assert_eq!(faults(&table(1..=THREATS), &tests).unwrap(), Vec::<String>::new());
        let short = faults(&table(1..=THREATS - 1), &tests).unwrap();
        assert!(short[0].starts_with("the rows are not 1 to 70"), "{short:?}");
        assert_eq!(short[1], "\"t01_all\" is of no threat: there is no 70");
        let fewer = BTreeSet::from([test(Level::Core, "t01_most", all.get(1..).unwrap())]);
        assert_eq!(faults(&table(1..=THREATS), &fewer).unwrap(), ["threat 1 has no test"]);
        let twice = faults(&table((1..=THREATS).chain([70])), &tests).unwrap();
        assert_eq!(twice.len(), 1);
        assert!(split("no table").is_err());
    }
}
