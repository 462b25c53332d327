//! The end of a life: a fresh tab, with everybody honest, steps up.

use stepup::protocol::requirement::Requirement;

use crate::browser::TabId;
use crate::coverage::Seen;
use crate::invariant::Invariant;
use crate::mint::User;
use crate::scenario::{Gate, Popups, Tells};
use crate::world::{End, What, World};

impl World {
    pub fn begin_finale(&mut self) -> TabId {
        self.note(format_args!("from here on everybody is honest"));
        self.plan.popups = Popups::WithGesture;
        self.plan.gate = Gate::BuiltIn;
        self.plan.no_session_storage = false;
        if self.plan.tells == Tells::Nothing {
            self.plan.tells = Tells::Sub;
        }
        self.sign_in(User::Alice);
        let tab = self.open_tab();
        self.load(tab, "/fresh".to_owned(), String::new());
        let page = crate::browser::PageId(self.pages.len() - 1);
        self.click(page);
        let need = Requirement { acr_values: vec!["AL2".to_owned()], ..Requirement::default() };
        self.ensure(page, need, None);
        tab
    }

    pub fn end_finale(&mut self, tab: TabId) {
        if self.breach.is_some() {
            return;
        }
        let succeeded = self.promises.iter().any(|promise| {
            self.pages[promise.page.0].tab == tab
                && matches!(promise.what, What::Ensure | What::Resume)
                && promise.how == Some(End::Assurance)
        });
        if succeeded {
            self.seen.see(Seen::Finales);
        } else {
            let detail = format!("in {tab:?}");
            self.breach(Invariant::NothingStuck, detail);
        }
    }
}
