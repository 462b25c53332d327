//! `cargo xtask mutants`: changes `src/protocol` in one place after another, and says which changes no
//! unit test has noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::project::{Project, read, write};
use crate::run::{Run, run};
use crate::subcommands::{MUTANTS, ready};
use crate::verdicts::{Verdict, Verdicts};

const USAGE: &str = "cargo xtask mutants [--shard k/n] [--resume], with k below n";

/// However many there are.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    /// Every nth mutant, beginning with the kth, so that a shard has some of each file.
    shard: Option<String>,
    /// Whether what was found out before counts; what was missed is tried again.
    resume: bool,
}

/// Runs the command.
///
/// # Errors
/// When fewer than nine out of ten are caught, or not all could be tried.
pub fn command(project: &Project, arguments: &[String]) -> Outcome {
    let choice = choose(arguments)?;
    let program = ready(project, &MUTANTS)?;
    let bench = Bench { project, program, folder: project.target.join("mutation"), choice };
    let mutants = bench.list()?;
    let mut verdicts = bench.earlier()?;
    let open: Vec<&String> = mutants.iter().filter(|name| verdicts.is_open(name)).collect();
    println!("{} mutants, {} of them to be tried", mutants.len(), open.len());
    let mut tried = Ok(());
    if !open.is_empty() {
        tried = bench.try_out(&open);
        verdicts.add(&bench.told()?);
        write(&bench.ledger(), verdicts.to_string())?;
    }
    let score = verdicts.of(&mutants);
    for name in &score.missed {
        println!("missed  {name}");
    }
    println!("{score}");
    match score.is_whole() {
        true => score.judge(),
        // Else it ends with a failure just because some were missed.
        false => tried.and(Err(Failure::new("not all mutants were tried")
            .remedy("go on with `cargo xtask mutants --resume`"))),
    }
}

fn choose(arguments: &[String]) -> Outcome<Choice> {
    let wrong = || Failure::new(format!("mutants does not take {arguments:?}")).remedy(USAGE);
    let mut choice = Choice { shard: None, resume: false };
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        match flag.as_str() {
            "--resume" => choice.resume = true,
            "--shard" => {
                let shard = rest.next().filter(|shard| is_shard(shard)).ok_or_else(wrong)?;
                choice.shard = Some(shard.clone());
            }
            _ => return Err(wrong()),
        }
    }
    Ok(choice)
}

fn is_shard(text: &str) -> bool {
    let numbers = text.split_once('/').map(|(k, n)| (k.parse::<u32>(), n.parse::<u32>()));
    matches!(numbers, Some((Ok(k), Ok(n))) if k < n)
}

/// What the mutants are tried with.
struct Bench<'a> {
    project: &'a Project,
    program: PathBuf,
    folder: PathBuf,
    choice: Choice,
}

impl Bench<'_> {
    fn cargo_mutants(&self) -> Run {
        run(&self.program)
            .args(["mutants", "--package", "stepup", "--colors", "never"])
            .dir(&self.project.root)
    }

    /// The mutants that are to be judged, by their names.
    fn list(&self) -> Outcome<Vec<String>> {
        let mut list = self.cargo_mutants().args(["--list"]);
        if let Some(shard) = &self.choice.shard {
            list = list.args(["--sharding", "round-robin", "--shard", shard]);
        }
        Ok(list.output()?.lines().map(str::to_owned).collect())
    }

    fn ledger(&self) -> PathBuf {
        self.folder.join("verdicts.txt")
    }

    /// What was found out before, also by a run that was broken off.
    fn earlier(&self) -> Outcome<Verdicts> {
        let mut verdicts = Verdicts::default();
        if self.choice.resume {
            if self.ledger().is_file() {
                verdicts = Verdicts::parse(&read(&self.ledger())?);
            }
            verdicts.add(&self.told()?);
        } else if self.folder.is_dir() {
            let failed = |error| {
                Failure::new(format!("{} cannot be removed: {error}", self.folder.display()))
            };
            fs::remove_dir_all(&self.folder).map_err(failed)?;
        }
        Ok(verdicts)
    }

    /// What the last run has written down so far.
    fn told(&self) -> Outcome<BTreeMap<String, Verdict>> {
        let mut told = BTreeMap::new();
        for verdict in Verdict::ALL {
            let file = self.folder.join("mutants.out").join(format!("{}.txt", verdict.name()));
            if file.is_file() {
                told.extend(read(&file)?.lines().map(|name| (name.to_owned(), verdict)));
            }
        }
        Ok(told)
    }

    /// Exactly these. Its own way of going on, `--iterate`, forgets what was unviable, and makes other
    /// shards of what is left.
    fn try_out(&self, names: &[&String]) -> Outcome {
        let settings = read(&self.project.root.join(".cargo/mutants.toml"))?;
        let config = self.folder.join("mutants.toml");
        write(&config, [&settings, "\n", &examining(names)].concat())?;
        self.cargo_mutants()
            .args([Path::new("--config"), &config, Path::new("--output"), &self.folder])
            .args(["--jobs", "1", "--annotations", "none"])
            .within(A_DAY)
            .shown()
    }
}

/// The setting that leaves only these mutants.
fn examining(names: &[&String]) -> String {
    let exact = |name: &&String| format!("'''^{}$''',\n", escaped(name));
    ["examine_re = [\n", &names.iter().map(exact).collect::<String>(), "]\n"].concat()
}

/// A regular expression for this text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if r"\.+*?()|[]{}^$#&-~/".contains(char) {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn chosen(arguments: &[&str]) -> Outcome<Choice> {
        choose(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn all_mutants_are_tried_anew_unless_something_else_is_said() {
        assert_eq!(chosen(&[]), Ok(Choice { shard: None, resume: false }));
        let part = Choice { shard: Some("0/5".to_owned()), resume: true };
        assert_eq!(chosen(&["--resume", "--shard", "0/5"]), Ok(part));
        for wrong in [&["--shard"][..], &["--shard", "5/5"], &["--shard", "5"], &["--iterate"]] {
            let failure = chosen(wrong).unwrap_err();
            assert!(failure.to_string().contains("remedy: cargo xtask mutants"), "{failure}");
        }
    }

    #[test]
    fn a_mutant_is_examined_by_its_whole_name() {
        let name = "src/a.rs:1:2: replace f -> Vec<(u8, &str)> with vec![(0, \"\")]".to_owned();
        assert_eq!(
            examining(&[&name]),
            "examine_re = [\n'''^src\\/a\\.rs:1:2: replace f \\-> Vec<\\(u8, \\&str\\)> with \
             vec!\\[\\(0, \"\"\\)\\]$''',\n]\n"
        );
    }
}
