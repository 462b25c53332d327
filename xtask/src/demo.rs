//! `cargo xtask demo`: builds the package and opens the bank on this machine.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::build::{self, Profile};
use crate::failure::{Failure, Outcome};
use crate::project::Project;
use crate::run::end_tree;
use crate::setup;

const PORT: u16 = 8080;

/// Runs the command until Ctrl-C: `--port N` for another port.
///
/// # Errors
/// When the port is taken, or what the set-up and the build say.
pub fn command(project: &Project, arguments: &[String]) -> Outcome {
    let port = port(arguments)?;
    free(port)?;
    let tools = build::set_up(project)?;
    setup::npm_packages(project, "www")?;
    build::build(project, &tools, Profile::Release)?;
    serve(project, port)
}

fn port(arguments: &[String]) -> Outcome<u16> {
    let usage = "cargo xtask demo [--port N], with N from 1 to 65535";
    match arguments {
        [] => Ok(PORT),
        [flag, number] if flag == "--port" => number
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| Failure::new(format!("{number:?} is no port")).remedy(usage)),
        _ => Err(Failure::new(format!("demo does not take {arguments:?}")).remedy(usage)),
    }
}

fn free(port: u16) -> Outcome {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).map_err(|error| {
        let other = if port == u16::MAX { PORT } else { port + 1 };
        Failure::new(format!("port {port} cannot be used: {error}"))
            .remedy(format!("choose another: cargo xtask demo --port {other}"))
    })
}

fn serve(project: &Project, port: u16) -> Outcome {
    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        // Nobody listens any more when the server has ended by itself.
        let _ = stop.send(());
    })
    .map_err(|error| Failure::new(format!("Ctrl-C cannot be caught: {error}")))?;
    // The server says itself where it is and what to click.
    let mut server = Command::new("node")
        .args(["www/server/main.js", "--human", "--port", &port.to_string()])
        .current_dir(&project.root)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| Failure::new(format!("the server cannot be started: {error}")))?;
    loop {
        match stopped.recv_timeout(Duration::from_millis(100)) {
            Ok(()) => return end(&mut server),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::new("the handler of Ctrl-C is gone"));
            }
        }
        if let Ok(Some(status)) = server.try_wait() {
            // A terminal sends Ctrl-C to the server too, which may be the first to act on it.
            if stopped.recv_timeout(Duration::from_millis(200)).is_ok() {
                return Ok(());
            }
            return Err(Failure::new(format!("the server ended ({status})")));
        }
    }
}

/// Waits for a server that is ending by itself, and ends one that is not.
fn end(server: &mut Child) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(1);
    while Instant::now() < deadline {
        if matches!(server.try_wait(), Ok(Some(_))) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    end_tree(server);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_taken_port_is_answered_with_how_to_choose_another() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let failure = free(port).unwrap_err().to_string();
        assert!(failure.contains("remedy: choose another: cargo xtask demo --port"), "{failure}");
        drop(taken);
        assert_eq!(free(port), Ok(()));
    }

    #[test]
    fn the_port_is_a_number_that_can_be_listened_on() {
        let given = |arguments: &[&str]| {
            port(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(given(&[]), Ok(PORT));
        assert_eq!(given(&["--port", "9000"]), Ok(9000));
        for wrong in [&["--port", "0"][..], &["--port", "70000"], &["--port"], &["9000"]] {
            assert!(given(wrong).is_err(), "{wrong:?}");
        }
    }
}
