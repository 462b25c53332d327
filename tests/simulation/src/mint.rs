//! Every token that was ever issued in a world, and what is wrong with it.

use std::collections::BTreeMap;

use stepup::protocol::requirement::Scope;

/// Who can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum User {
    Alice,
    Bob,
}

impl User {
    pub const fn sub(self) -> &'static str {
        match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        }
    }

    pub const fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Access {
    pub user: User,
    /// How strongly the user has authenticated, from 1.
    pub level: usize,
    pub auth_time: u64,
    pub scope: Scope,
    pub resource: Option<String>,
    pub minted: u64,
    pub until: u64,
    /// Whether it is of the app's own session, not obtained by a step-up.
    pub session: bool,
    /// Why it must never be used.
    pub bad: Option<&'static str>,
    /// How often an API has taken it.
    pub uses: u64,
    /// How often a page has sent it.
    pub sent: u64,
}

/// An ID token, as far as its checks depend on it.
#[derive(Clone, Debug)]
pub struct Identity {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub nonce: Option<String>,
    pub acr: Option<String>,
    pub auth_time: Option<i64>,
    pub iat: u64,
    pub exp: u64,
    /// The number of the key that it is signed with.
    pub key: u64,
}

/// What was issued.
#[derive(Debug, Default)]
pub struct Mint {
    access: BTreeMap<String, Access>,
    identities: BTreeMap<String, Identity>,
}

impl Mint {
    pub fn issue(&mut self, access: Access) -> String {
        let name = format!("access-{}", self.access.len() + 1);
        self.access.insert(name.clone(), access);
        name
    }

    pub fn identify(&mut self, identity: Identity) -> String {
        let name = format!("identity-{}", self.identities.len() + 1);
        self.identities.insert(name.clone(), identity);
        name
    }

    pub fn access(&mut self, token: &str) -> Option<&mut Access> {
        self.access.get_mut(token)
    }

    pub fn identity_mut(&mut self, token: &str) -> Option<&mut Identity> {
        self.identities.get_mut(token)
    }

    pub fn identity(&self, token: &str) -> Option<&Identity> {
        self.identities.get(token)
    }
}

/// The levels by their names, the lowest first.
pub const LEVELS: [&str; 3] = ["AL1", "AL2", "AL3"];

/// The name of a level, from 1.
pub fn level_name(level: usize) -> &'static str {
    LEVELS[level - 1]
}

/// The level of a name.
pub fn level_of(name: &str) -> Option<usize> {
    LEVELS.iter().position(|level| *level == name).map(|at| at + 1)
}
