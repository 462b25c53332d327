//! The three browser engines: which programs they need and how a session of each is started.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::process::Process;
use crate::scratch::Scratch;
use crate::wait::until_true;
use crate::webdriver::{Driver, Session};

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Blink, driven by chromedriver.
    Chromium,
    /// Gecko, driven by geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser, driven by WebKitWebDriver on a virtual display.
    Webkit,
}

impl Engine {
    /// Every engine, in the order they run.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Webkit];

    /// What the engine is called on the command line and in test names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// Finds the engine's programs.
    ///
    /// # Errors
    /// Names the program that is missing and the variable that may point to it.
    pub fn tools(self) -> Result<Tools, String> {
        let (driver, browser) = match self {
            Self::Chromium => (
                find("CHROMEDRIVER", &["chromedriver"], &[])?,
                find("CHROMIUM", &["chromium", "chromium-browser", "google-chrome"], &[])?,
            ),
            Self::Firefox => (
                find("GECKODRIVER", &["geckodriver"], &[built_tool("geckodriver")])?,
                find("FIREFOX", &["firefox-esr", "firefox"], &[])?,
            ),
            Self::Webkit => {
                find("XVFB", &["Xvfb"], &[])?;
                (
                    find("WEBKITWEBDRIVER", &["WebKitWebDriver"], &[])?,
                    find("MINIBROWSER", &["MiniBrowser"], &mini_browsers())?,
                )
            }
        };
        Ok(Tools { engine: self, driver, browser })
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|engine| engine.name() == name);
        known.ok_or_else(|| format!("no engine is called {name:?}: chromium, firefox or webkit"))
    }
}

/// The programs of one engine that are on this machine.
#[derive(Debug, Clone)]
pub struct Tools {
    engine: Engine,
    driver: PathBuf,
    browser: PathBuf,
}

/// A driver with one browser session; both end when it is dropped.
pub struct Browser {
    /// The engine, for what differs between them.
    pub engine: Engine,
    /// The session that commands go to.
    pub session: Session,
    driver: Process,
    _scratch: Scratch,
}

impl Tools {
    /// Whose programs these are.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Starts a driver of its own and a browser with an empty profile.
    ///
    /// # Errors
    /// What the driver said when it did not start.
    pub fn start(&self) -> Result<Browser, String> {
        let scratch = Scratch::new().map_err(|error| error.to_string())?;
        let mut command = Command::new(&self.driver);
        // Nothing of the user who runs the tests is read or written.
        for variable in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, scratch.path());
        }
        let (driver, port) = match self.engine {
            Engine::Chromium => {
                command.args(["--port=0", "--log-level=WARNING"]);
                let driver = Process::start(&mut command)?;
                let port = driver.line(|line| {
                    let port = line.split("started successfully on port ").nth(1)?;
                    port.trim_end_matches('.').parse().ok()
                })?;
                (driver, port)
            }
            Engine::Firefox => {
                command.args(["--port", "0", "--websocket-port", "0", "--log", "info"]);
                command.arg("--profile-root").arg(scratch.path());
                let driver = Process::start(&mut command)?;
                let port = driver.line(|line| {
                    line.split("Listening on 127.0.0.1:").nth(1)?.trim().parse().ok()
                })?;
                (driver, port)
            }
            Engine::Webkit => {
                command.env("DISPLAY", display()?);
                command.envs([("GDK_BACKEND", "x11"), ("NO_AT_BRIDGE", "1")]);
                command.envs([("GSETTINGS_BACKEND", "memory"), ("LIBGL_ALWAYS_SOFTWARE", "1")]);
                command.env("MESA_SHADER_CACHE_DISABLE", "true");
                on_free_port(&mut command)?
            }
        };
        let client = Driver::on_port(port);
        until_true("the driver accepts commands", || client.is_ready());
        let session = client
            .session(&self.capabilities(scratch.path()))
            .map_err(|failure| format!("{failure}\n{}", driver.said()))?;
        let timeouts = json!({ "script": 60_000, "pageLoad": 60_000, "implicit": 0 });
        session.post("/timeouts", &timeouts).map_err(|failure| failure.to_string())?;
        Ok(Browser { engine: self.engine, session, driver, _scratch: scratch })
    }

    /// Capabilities with real popup blocking, which every driver switches off by default.
    fn capabilities(&self, profile: &Path) -> Value {
        let browser = self.browser.to_string_lossy();
        match self.engine {
            Engine::Chromium => json!({
                "goog:chromeOptions": {
                    "binary": browser,
                    "excludeSwitches": ["disable-popup-blocking"],
                    "args": [
                        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                        "--no-first-run", "--disable-background-networking",
                        "--disable-component-update", "--disable-sync",
                        "--disable-dev-shm-usage", "--window-size=1100,900",
                        format!("--user-data-dir={}", profile.join("profile").display()),
                    ],
                },
                "goog:loggingPrefs": { "browser": "ALL" },
            }),
            Engine::Firefox => json!({
                "moz:firefoxOptions": {
                    "binary": browser,
                    "args": ["-headless"],
                    "prefs": {
                        "dom.disable_open_during_load": true,
                        "security.webauth.webauthn_enable_softtoken": true,
                        "security.webauth.webauthn_enable_usbtoken": false,
                    },
                },
            }),
            Engine::Webkit => json!({
                "webkitgtk:browserOptions": {
                    "binary": browser,
                    "args": ["--automation"],
                },
            }),
        }
    }
}

impl Browser {
    /// What the driver and its browser have printed.
    pub fn said(&self) -> String {
        self.driver.said()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser in good order; what is left of it is killed with the driver.
        let _ = self.session.delete("");
    }
}

/// Starts a driver that does not tell which port it chose, on one that was free a moment ago.
fn on_free_port(command: &mut Command) -> Result<(Process, u16), String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    drop(listener);
    Ok((Process::start(command.arg(format!("--port={port}")))?, port))
}

/// The one virtual display of this run.
static DISPLAY: Mutex<Option<(Process, String)>> = Mutex::new(None);

/// The name of the virtual display, which is started when the first window needs it.
fn display() -> Result<String, String> {
    let mut display = DISPLAY.lock().map_err(|error| error.to_string())?;
    if let Some((_, name)) = &*display {
        return Ok(name.clone());
    }
    let mut command = Command::new(find("XVFB", &["Xvfb"], &[])?);
    command.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
    let server = Process::start(&mut command)?;
    let number: u32 = server.line(|line| line.trim().parse().ok())?;
    let name = format!(":{number}");
    *display = Some((server, name.clone()));
    Ok(name)
}

/// Ends the virtual display; a static would outlive `main` and never be dropped.
pub fn stop_display() {
    if let Ok(mut display) = DISPLAY.lock() {
        *display = None;
    }
}

/// A program by its variable, then in `places`, then on the PATH.
fn find(variable: &str, names: &[&str], places: &[PathBuf]) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
        return path
            .is_file()
            .then_some(path.clone())
            .ok_or_else(|| format!("{variable} points to {}, which is no file", path.display()));
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&paths)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    places.iter().cloned().chain(on_path).find(|path| path.is_file()).ok_or_else(|| {
        format!("{} is not on this machine (set {variable} to its path)", names.join(" or "))
    })
}

/// Where `cargo xtask test` puts a tool it has built.
fn built_tool(name: &str) -> PathBuf {
    crate::workspace().join("target/tools").join(name).join("bin").join(name)
}

/// Debian keeps MiniBrowser below its library folder, the newest series last.
fn mini_browsers() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec"]
            .into_iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flat_map(|entries| entries.flatten())
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("webkit2gtk-4"))
            .map(|entry| entry.path().join("MiniBrowser"))
            .collect();
    found.sort();
    found.reverse();
    found
}
