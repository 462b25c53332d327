//! `cargo xtask mutants`: changes `src/protocol` in one place after another, and says which changes no
//! unit test has noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
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
    /// The kth of n shards.
    shard: (u64, u64),
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
    let bench = Bench { project, program, folder: project.target.join("mutation") };
    let all = bench.list()?;
    let mutants: Vec<String> =
        all.iter().filter(|name| is_in(choice.shard, name)).cloned().collect();
    let mut verdicts = bench.earlier(choice.resume)?;
    let open = mutants.iter().filter(|name| verdicts.is_open(name)).count();
    println!("{} mutants, {} of them in this shard, {open} to be tried", all.len(), mutants.len());
    let mut tried = Ok(());
    if open > 0 {
        let is_open = |name: &&String| mutants.contains(name) && verdicts.is_open(name);
        let (_, others): (Vec<&String>, Vec<&String>) = all.iter().partition(is_open);
        tried = bench.try_all_but(&others);
        verdicts = bench.earlier(true)?;
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
    let mut choice = Choice { shard: (0, 1), resume: false };
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        match flag.as_str() {
            "--resume" => choice.resume = true,
            "--shard" => {
                choice.shard = rest.next().and_then(|text| shard(text)).ok_or_else(wrong)?;
            }
            _ => return Err(wrong()),
        }
    }
    Ok(choice)
}

fn shard(text: &str) -> Option<(u64, u64)> {
    let (k, n) = text.split_once('/')?;
    let (k, n) = (k.parse().ok()?, n.parse().ok()?);
    (k < n).then_some((k, n))
}

/// Whether a mutant is in a shard: as good as at random, and the same however the code around it moves,
/// so that a shard stays one while tests are written for it.
fn is_in((k, n): (u64, u64), name: &str) -> bool {
    // `file:line:column: what is changed`
    let mut parts = name.splitn(4, ':');
    let (file, what) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
    // FNV-1a.
    let hash = file.bytes().chain(what.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of such a hash are its worst.
    (hash >> 32) % n == k
}

/// What the mutants are tried with.
struct Bench<'a> {
    project: &'a Project,
    program: PathBuf,
    folder: PathBuf,
}

impl Bench<'_> {
    fn cargo_mutants(&self) -> Run {
        run(&self.program)
            .args(["mutants", "--package", "stepup", "--colors", "never"])
            .dir(&self.project.root)
    }

    /// All mutants there are, by their names.
    fn list(&self) -> Outcome<Vec<String>> {
        let list = self.cargo_mutants().args(["--list"]).output()?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    /// What was found out before, also by a run that was broken off; nothing, to begin anew.
    fn earlier(&self, resume: bool) -> Outcome<Verdicts> {
        if !resume {
            self.remove("")?;
            return Ok(Verdicts::default());
        }
        let ledger = self.folder.join("verdicts.txt");
        let mut verdicts = match ledger.is_file() {
            true => Verdicts::parse(&read(&ledger)?),
            false => Verdicts::default(),
        };
        verdicts.add(&self.told()?);
        write(&ledger, verdicts.to_string())?;
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

    /// Its own shards are of what is left, and its expressions do not hold for every kind of mutant; so it
    /// is told that these were caught before.
    fn try_all_but(&self, others: &[&String]) -> Outcome {
        let others: String = others.iter().map(|name| format!("{name}\n")).collect();
        self.remove("mutants.out")?;
        write(&self.folder.join("mutants.out/previously_caught.txt"), others)?;
        self.cargo_mutants()
            .args(["--iterate", "--jobs", "1", "--annotations", "none", "--output"])
            .args([&self.folder])
            // What the crate depends on is compiled once, however often this is resumed.
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .within(A_DAY)
            .shown()
    }

    fn remove(&self, name: &str) -> Outcome {
        let path = self.folder.join(name);
        if !path.exists() {
            return Ok(());
        }
        fs::remove_dir_all(&path)
            .map_err(|error| Failure::new(format!("{} cannot be removed: {error}", path.display())))
    }
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
        assert_eq!(chosen(&[]), Ok(Choice { shard: (0, 1), resume: false }));
        let part = Choice { shard: (0, 5), resume: true };
        assert_eq!(chosen(&["--resume", "--shard", "0/5"]), Ok(part));
        for wrong in [&["--shard"][..], &["--shard", "5/5"], &["--shard", "0/0"], &["--iterate"]] {
            let failure = chosen(wrong).unwrap_err();
            assert!(failure.to_string().contains("remedy: cargo xtask mutants"), "{failure}");
        }
    }

    #[test]
    fn a_shard_is_a_random_part_that_does_not_move_with_the_code() {
        let names = (0..1000).map(|n| format!("src/a.rs:{n}:5: replace f{n} with ()"));
        let names: Vec<String> = names.collect();
        for k in 0..5 {
            let members = names.iter().filter(|name| is_in((k, 5), name)).count();
            assert!((150..250).contains(&members), "{members}");
        }
        let name = "src/a.rs:1:2: replace < with <= in <T as U>::f";
        let moved = name.replace("1:2", "30:7");
        assert!((0..5).all(|k| is_in((k, 5), name) == is_in((k, 5), &moved)));
        assert_eq!((0..5).filter(|k| is_in((*k, 5), name)).count(), 1);
        assert!(is_in((0, 1), name));
    }
}
