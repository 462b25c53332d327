//! A server on another port, for foreign origins: it records what reaches it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What is answered at a path: a content type, further header lines and a body.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The status line's number; 200 where it is 0.
    pub status: u16,
    /// Header lines without their ends, for example `content-type: text/html`.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
}

/// A request that arrived here: its first line, its headers (names in lower case), its body.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Method, target and version.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: HashMap<String, String>,
}

/// A running foreign server, under every name that resolves to loopback.
pub struct Elsewhere {
    /// Its port.
    pub port: u16,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Elsewhere {
    /// Serves the given pages; anything else is an empty 200 that every origin may read.
    #[track_caller]
    pub fn start(pages: impl IntoIterator<Item = (&'static str, Page)>) -> Self {
        let pages: HashMap<&'static str, Page> = pages.into_iter().collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&arrived);
        let pages = Arc::new(pages);
        // The thread waits in `accept` until the process ends: there are few, and they cost nothing.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, record) = (Arc::clone(&pages), Arc::clone(&record));
                thread::spawn(move || answer(stream, &pages, &record));
            }
        });
        Self { port, arrived }
    }

    /// The origin under a name such as `evil.localhost`.
    pub fn origin(&self, host: &str) -> String {
        format!("http://{host}:{}", self.port)
    }

    /// Every request so far.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().map(|all| all.clone()).unwrap_or_default()
    }
}

/// Answers one request and closes the connection; a broken one is the browser's business.
fn answer(
    mut stream: TcpStream,
    pages: &HashMap<&'static str, Page>,
    record: &Mutex<Vec<Arrived>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let path = target.split('?').next().unwrap_or("/");
    let page = pages.get(path).cloned().unwrap_or_default();
    let origin = headers.get("origin").cloned().unwrap_or_else(|| "*".into());
    record.lock().ok()?.push(Arrived { line: line.trim_end().into(), headers });
    // A preflight is let through whatever comes after it (Fetch §4.8).
    let preflight = line.starts_with("OPTIONS ");
    let status = if page.status == 0 || preflight { 200 } else { page.status };
    let extra: String = page.headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n\
         access-control-allow-origin: {origin}\r\naccess-control-allow-credentials: true\r\n\
         access-control-allow-methods: GET, POST, PUT, DELETE\r\n\
         access-control-allow-headers: authorization, content-type\r\n{extra}\r\n",
        page.body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(page.body.as_bytes()).ok()
}
