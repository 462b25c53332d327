//! What users, browsers and attackers do to tabs at any moment.

use crate::browser::{Place, Showing, TabId};
use crate::coverage::Seen;
use crate::happening::Happening;
use crate::store::Operation;
use crate::world::World;

impl World {
    pub fn mischief(&mut self) {
        if self.honest || self.mischief_left == 0 {
            return;
        }
        self.mischief_left -= 1;
        let delay = self.random.weighted(&[(2, 200), (2, 8_000), (1, 60_000)]);
        let delay = self.random.between(1, delay);
        self.later(delay, Happening::Mischief);
        let open: Vec<_> = (0..self.tabs.len()).filter(|at| self.tabs[*at].open).collect();
        if open.is_empty() {
            return;
        }
        let tab = TabId(self.random.pick(&open));
        match self.random.below(14) {
            0..=2 => self.reload(tab),
            3..=5 => self.duplicate(tab),
            6 => self.back(tab),
            7 => self.forward(tab),
            8 => {
                self.seen.see(Seen::Deaths);
                self.close_tab(tab);
            }
            9 => self.ask_store(Operation::Evict),
            10 => {
                self.seen.see(Seen::Sleeps);
                let nap = self.random.between(1_000, 600_000);
                self.note(format_args!("the machine sleeps for {nap} ms"));
                self.now += nap;
                self.watch.promised.clear();
            }
            11 => {
                let tab = self.open_tab();
                self.later(1, Happening::Loads { tab, path: "/app".into(), search: String::new() });
            }
            12 => self.broadcast("guessed", "?code=evil&state=guessed"),
            // A link that an attacker made.
            _ => self.attacker_links(tab),
        }
    }

    fn attacker_links(&mut self, tab: TabId) {
        if let Showing::App(page) = self.tabs[tab.0].showing {
            self.put_behind(tab, page);
            let query = "?code=evil&state=guessed".to_owned();
            self.later(5, Happening::CallsBack(Place::Tab(tab), query));
        }
    }
}
