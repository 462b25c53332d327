//! The bank, its API and its provider as one process, and what it has recorded.

use std::collections::HashSet;
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::authenticator::passkey;
use crate::base64::decode_base64;
use crate::process::Process;

/// The ports of all servers so far. A browser that is used again still has what pages of an ended
/// server have stored, so that a port given out twice would be an origin with a past.
static PORTS: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A server with its own port, ledger and log.
pub struct Server {
    /// The page's origin, without a slash at the end.
    pub app: String,
    /// The API's origin.
    pub api: String,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The one port that all hosts share.
    pub port: u16,
    agent: ureq::Agent,
    process: Process,
}

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its place in the order of arrival.
    pub n: u64,
    /// Who was asked: `app`, `api` or `auth`.
    pub role: String,
    /// The method as it was on the wire.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query without its question mark.
    pub query: String,
    /// The status that was answered.
    pub status: u64,
    /// Everything the server noted, headers among it.
    pub raw: Value,
}

impl Seen {
    /// A header's value, the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw.get("headers")?.get(name)?.as_str()
    }

    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| percent_decode(value))
    }

    /// `METHOD path status`, for comparing whole conversations.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.status)
    }
}

/// Starts the process, again where its port belonged to an earlier one, and gives its ready line.
fn start_on_a_new_port(options: &Value) -> Result<(Process, Value, u16), String> {
    // Those on a used port run on until a new one is found, or they would be given it again.
    let mut discarded = Vec::new();
    loop {
        let mut command = Command::new("node");
        command.arg(crate::workspace().join("www/server/main.js"));
        command.args(["--port", "0", "--control", "--options", &options.to_string()]);
        let process = Process::start(&mut command)?;
        let ready: Value =
            process.line(|line| serde_json::from_str(line).ok().filter(Value::is_object))?;
        let port = ready.get("port").and_then(Value::as_u64).and_then(|port| port.try_into().ok());
        let port: u16 = port.ok_or("the ready line has no port")?;
        if PORTS.lock().map_err(|error| error.to_string())?.insert(port) {
            return Ok((process, ready, port));
        }
        discarded.push(process);
    }
}

impl Server {
    /// Starts the server; alice has the fixture's passkey unless the options say otherwise.
    ///
    /// # Errors
    /// What the server printed instead of its ready line.
    pub fn start(options: &Value) -> Result<Self, String> {
        let mut all = json!({
            "mounts": { "/e2e/": crate::workspace().join("tests/e2e/pages") },
            "passkeys": [{
                "user": passkey("user"),
                "credentialId": passkey("credentialId"),
                "publicKey": passkey("publicKey"),
                "counter": 0,
            }],
        });
        if let Some(folder) = std::env::var_os("E2E_PACKAGE") {
            // Another package than `pkg/`, for example one with a fault that a journey must find.
            all["mounts"]["/stepup/"] = Value::from(folder.to_string_lossy());
        }
        for (name, value) in options.as_object().into_iter().flatten() {
            match value.as_object().filter(|_| name == "mounts") {
                // Besides those that are there, or in the place of the same ones.
                Some(more) => {
                    more.iter().for_each(|(path, to)| all["mounts"][path] = to.clone());
                }
                None => all[name] = value.clone(),
            }
        }
        let (process, ready, port) = start_on_a_new_port(&all)?;
        let field = |name: &str| {
            let value = ready.get(name).and_then(Value::as_str).unwrap_or_default();
            value.trim_end_matches('/').to_owned()
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(15)))
            .proxy(None)
            .build();
        Ok(Self {
            app: field("app"),
            api: field("api"),
            issuer: field("issuer"),
            port,
            agent: config.into(),
            process,
        })
    }

    /// Every request so far to the app, the API and the provider, in order of arrival.
    #[track_caller]
    pub fn log(&self) -> Vec<Seen> {
        let entries = self.read("/log");
        let entries = entries.as_array().expect("the log is a list");
        entries
            .iter()
            .map(|entry| {
                let field = |name: &str| {
                    entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
                };
                Seen {
                    n: entry.get("n").and_then(Value::as_u64).unwrap_or_default(),
                    role: field("role"),
                    method: field("method"),
                    path: field("path"),
                    query: field("query"),
                    status: entry.get("status").and_then(Value::as_u64).unwrap_or_default(),
                    raw: entry.clone(),
                }
            })
            .collect()
    }

    /// The requests to `app`, `api` or `auth`.
    #[track_caller]
    pub fn log_of(&self, role: &str) -> Vec<Seen> {
        self.log().into_iter().filter(|seen| seen.role == role).collect()
    }

    /// The requests of one kind, preflights apart.
    #[track_caller]
    pub fn requests(&self, role: &str, method: &str, path: &str) -> Vec<Seen> {
        let mut log = self.log_of(role);
        log.retain(|seen| seen.method == method && seen.path == path);
        log
    }

    /// Forgets the log.
    #[track_caller]
    pub fn forget(&self) {
        let request = self.agent.delete(self.control("/log")).header("host", self.control_host());
        request.call().expect("the server forgets its log");
    }

    /// Ends every access token that the API has seen so far.
    #[track_caller]
    pub fn revoke(&self) {
        let request = self.agent.post(self.control("/revoke")).header("host", self.control_host());
        request.send_empty().expect("the server revokes the tokens");
    }

    /// Ends every connection that a browser has with it. Nothing is to be under way.
    #[track_caller]
    pub fn disconnect(&self) {
        let url = self.control("/disconnect");
        let request = self.agent.post(url).header("host", self.control_host());
        request.send_empty().expect("the server ends its connections");
    }

    /// Changes options while it runs.
    #[track_caller]
    pub fn change(&self, options: &Value) {
        let request = self.agent.post(self.control("/options")).header("host", self.control_host());
        request.send_json(options).expect("the server takes the options");
    }

    /// Every transfer that was made.
    #[track_caller]
    pub fn ledger(&self) -> Vec<Value> {
        self.read("/ledger").as_array().cloned().expect("the ledger is a list")
    }

    /// What the server has printed.
    pub fn said(&self) -> String {
        self.process.said()
    }

    #[track_caller]
    fn read(&self, path: &str) -> Value {
        let request = self.agent.get(self.control(path)).header("host", self.control_host());
        let mut response = request.call().expect("the server answers its control host");
        response.body_mut().read_json().expect("the control host answers in JSON")
    }

    /// `*.localhost` resolves in browsers only, so the address is loopback and the host is named.
    fn control(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn control_host(&self) -> String {
        format!("control.localhost:{}", self.port)
    }
}

/// What a form-encoded value stands for.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&hex, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The claims of the one JWT access token that a request carried (RFC 9068 §2.2).
#[track_caller]
pub fn access_token_claims(seen: &Seen) -> Value {
    let authorization = seen.header("authorization").unwrap_or_default();
    let token = authorization.split_once(' ').map(|(_, token)| token).unwrap_or_default();
    jwt(token, 1)
}

/// Header and claims of the one proof that a request carried (RFC 9449 §4.1).
#[track_caller]
pub fn proof(seen: &Seen) -> (Value, Value) {
    let proof = seen.header("dpop").unwrap_or_default();
    (jwt(proof, 0), jwt(proof, 1))
}

/// A part of a JWT: its header is the first, its claims are the second.
#[track_caller]
fn jwt(token: &str, part: usize) -> Value {
    assert_eq!(token.split('.').count(), 3, "one JWT was expected in {token:?}");
    let bytes = token.split('.').nth(part).and_then(decode_base64).unwrap_or_default();
    serde_json::from_slice(&bytes).expect("it is JSON")
}
