//! Starting programs: each is named when it fails, and none outlives its time limit.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::count::Tally;
use crate::failure::{Failure, Outcome};

/// No step takes this long unless it hangs.
const TIME_LIMIT: Duration = Duration::from_secs(20 * 60);

/// A program with its arguments, not started yet.
pub struct Run {
    command: Command,
    line: String,
    limit: Duration,
}

/// A program of the `PATH`, or at a path.
pub fn run(program: impl AsRef<OsStr>) -> Run {
    let line = Path::new(program.as_ref())
        .file_name()
        .unwrap_or(program.as_ref())
        .to_string_lossy()
        .into_owned();
    Run { command: Command::new(program), line, limit: TIME_LIMIT }
}

/// The cargo that runs this task.
pub fn cargo(arguments: &[&str]) -> Run {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(cargo).args(arguments)
}

/// npm, under the name it has on this system.
pub fn npm(arguments: &[&str]) -> Run {
    run(if cfg!(windows) { "npm.cmd" } else { "npm" }).args(arguments)
}

impl Run {
    /// Adds arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        for argument in arguments {
            self.line.push(' ');
            self.line.push_str(&argument.as_ref().to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    /// Starts it in a folder.
    pub fn dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable out of its environment.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Gives it a time limit of its own.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it with its output shown.
    ///
    /// # Errors
    /// When it cannot be started, fails, or hangs.
    pub fn shown(mut self) -> Outcome {
        self.command.stdin(Stdio::null());
        let child = self.start()?;
        let status = self.wait(child, Instant::now() + self.limit)?;
        self.judged(status)
    }

    /// Runs it and gives back what it printed, without the last line end; errors stay shown.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub fn output(mut self) -> Outcome<String> {
        self.command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = self.command.output().map_err(|error| self.missing(&error))?;
        self.judged(output.status)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Whether it can be started and ends well; nothing is shown.
    pub fn succeeds(mut self) -> bool {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.command.status().is_ok_and(|status| status.success())
    }

    /// Runs a test program: shows what it prints and counts its results. The second part says what
    /// went wrong with the program as a whole.
    pub fn counted(self) -> (Tally, Outcome) {
        self.counted_on(&mut std::io::stdout())
    }

    fn counted_on(mut self, screen: &mut dyn Write) -> (Tally, Outcome) {
        let mut tally = Tally::default();
        let outcome = self.count_into(&mut tally, screen);
        (tally, outcome)
    }

    fn count_into(&mut self, tally: &mut Tally, screen: &mut dyn Write) -> Outcome {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped());
        let deadline = Instant::now() + self.limit;
        let mut child = self.start()?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            // It ends with the pipe, which may be later than the program: nobody joins it.
            thread::spawn(move || {
                let mut reader = BufReader::new(stdout);
                let mut line = Vec::new();
                while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    line.clear();
                    if sender.send(text).is_err() {
                        break;
                    }
                }
            });
        }
        loop {
            match lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => {
                    tally.read(&line);
                    // Without anyone to read the output, the exit code still tells the result.
                    let _ = screen.write_all(line.as_bytes()).and_then(|()| screen.flush());
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    // What it has left behind may hold the pipe open for ever.
                    if !matches!(child.try_wait(), Ok(None)) || Instant::now() >= deadline {
                        break;
                    }
                }
            }
        }
        let status = self.wait(child, deadline)?;
        self.judged(status)
    }

    fn start(&mut self) -> Outcome<Child> {
        self.command.spawn().map_err(|error| self.missing(&error))
    }

    fn missing(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("`{}` cannot be started: {error}", self.line))
    }

    fn wait(&self, mut child: Child, deadline: Instant) -> Outcome<ExitStatus> {
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() >= deadline => {
                    end_tree(&mut child);
                    return Err(Failure::new(format!(
                        "`{}` did not end within {} minutes",
                        self.line,
                        self.limit.as_secs() / 60
                    )));
                }
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(self.missing(&error)),
            }
        }
    }

    fn judged(&self, status: ExitStatus) -> Outcome {
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{}` failed ({status})", self.line)))
    }
}

/// Ends a program and all it started, so that a hanging browser does not outlive the tests.
pub fn end_tree(child: &mut Child) {
    if cfg!(unix) {
        let table = run("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap_or_default();
        let mut ids = vec![child.id()];
        let mut next = 0;
        while let Some(parent) = ids.get(next).copied() {
            ids.extend(children_of(parent, &table));
            next += 1;
        }
        for id in ids.iter().skip(1) {
            // It may have ended by itself in the meantime.
            let _ = run("kill").args(["-KILL", &id.to_string()]).succeeds();
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The processes that a table of "pid ppid" lines has below one.
fn children_of(parent: u32, table: &str) -> impl Iterator<Item = u32> + '_ {
    table.lines().filter_map(move |line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (id, above) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        (above == parent).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_failed_program_is_named_with_its_arguments() {
        let failure = run("node").args(["-e", "process.exit(7)"]).shown().unwrap_err();
        assert!(failure.to_string().starts_with("`node -e process.exit(7)` failed"), "{failure}");
        let failure = run("no-such-program-anywhere").args(["--flag"]).shown().unwrap_err();
        assert!(failure.to_string().contains("`no-such-program-anywhere --flag`"), "{failure}");
    }

    #[test]
    fn a_test_program_that_fails_keeps_its_counts() {
        let script = "console.log('# pass 2'); process.exit(3)";
        // Not on the screen: whoever counts the results of this very test would count it too.
        let mut screen = Vec::new();
        let (tally, outcome) = run("node").args(["-e", script]).counted_on(&mut screen);
        assert_eq!(screen, b"# pass 2\n");
        assert_eq!(tally, Tally { passed: 2, failed: 0, skipped: 0 });
        assert!(outcome.is_err());
    }

    #[test]
    fn a_program_that_leaves_another_behind_is_not_waited_for() {
        let script = "console.log('# fail 1');\
            const { spawn } = require('node:child_process');\
            const nap = 'setTimeout(() => {}, 15_000)';\
            spawn(process.execPath, ['-e', nap], { stdio: ['ignore', 'inherit', 'ignore'], detached: true }).unref();";
        let started = Instant::now();
        let (tally, _) = run("node").args(["-e", script]).counted_on(&mut Vec::new());
        assert_eq!(tally.failed, 1);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }

    #[test]
    fn children_are_read_from_the_process_table() {
        let table = "    1     0\n   20     1\n   21    20\n   22    20\n";
        assert_eq!(children_of(20, table).collect::<Vec<_>>(), [21, 22]);
        assert_eq!(children_of(22, table).count(), 0);
    }
}
