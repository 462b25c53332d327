//! The user: what they answer, if they answer.

use stepup::protocol::flow::{Choice, Question};
use stepup::protocol::method::Method;

use crate::browser::{Place, Visit};
use crate::coverage::Seen;
use crate::happening::Happening;
use crate::world::World;

impl World {
    /// How long the user takes for something.
    pub fn think(&mut self) -> u64 {
        match self.mishap(self.plan.trouble.user / 2) {
            true => self.random.between(5_000, 400_000),
            false => self.random.between(200, 8_000),
        }
    }

    /// What the user chooses in the gate; nothing if they walk away.
    pub fn chooses(&mut self, question: Question, methods: &[Method]) -> Option<Choice> {
        if self.mishap(self.plan.trouble.user) {
            if self.random.chance(40) {
                self.seen.see(Seen::WalkAways);
                return None;
            }
            return Some(Choice::Cancel);
        }
        Some(match question {
            Question::Choose if methods == [Method::Popup] => Choice::Open,
            Question::Choose if methods.is_empty() => Choice::Cancel,
            Question::Choose => Choice::Use(self.random.pick(methods)),
            // Somebody who is patient, or somebody who goes on here.
            Question::Elsewhere { overdue: true } if self.honest || self.random.chance(50) => {
                Choice::Here
            }
            Question::Elsewhere { .. } => return None,
            Question::Waiting if self.random.chance(20) => Choice::Another,
            Question::Waiting | Question::Busy => return None,
            Question::Lost => self.random.pick(&[Choice::Continue, Choice::Open, Choice::Open]),
            Question::Failed(_) => self.random.pick(&[Choice::Retry, Choice::Another]),
        })
    }

    /// Whether the user uses their passkey, and when that is known.
    pub fn uses_passkey(&mut self) -> (u64, bool) {
        if self.mishap(self.plan.trouble.user) {
            if self.random.chance(40) {
                self.seen.see(Seen::WalkAways);
                return (120_000, false);
            }
            self.seen.see(Seen::Cancels);
            return (self.think(), false);
        }
        self.seen.see(Seen::Approvals);
        (self.think(), true)
    }

    /// A window or a tab gets to the provider's or the backend's page.
    pub fn arrives(&mut self, place: Place, visit: Visit) {
        match place {
            Place::Tab(tab) => {
                if !self.tabs[tab.0].open {
                    return;
                }
                self.tabs[tab.0].showing = crate::browser::Showing::Away(visit.clone());
            }
            Place::Window(window) => {
                let here = &mut self.windows[window.0];
                if here.closed {
                    return;
                }
                here.showing = Some(visit.clone());
                if self.plan.severs && !std::mem::replace(&mut here.severed, true) {
                    self.window_changed(window);
                }
            }
        }
        self.note(format_args!("the user is away in {place:?}: visit {}", visit.number));
        let delay = self.think();
        self.later(delay, Happening::UserActs(place, visit));
    }

    /// The user does something at the provider's or the backend's page.
    pub fn user_acts(&mut self, place: Place, visit: Visit) {
        if !self.shows(place, &visit) {
            return;
        }
        if self.mishap(self.plan.trouble.user) {
            match self.random.below(5) {
                0 => {
                    self.seen.see(Seen::WalkAways);
                    return;
                }
                1 | 2 => return self.user_turns_back(place),
                3 => return self.wrong_user_comes(place, &visit),
                _ => {
                    self.seen.see(Seen::Cancels);
                    return self.visit_ends(place, &visit, Err("access_denied"));
                }
            }
        }
        self.seen.see(Seen::Approvals);
        self.user_signs_in(place, &visit, false);
    }

    fn user_turns_back(&mut self, place: Place) {
        match place {
            Place::Tab(tab) => {
                self.back(tab);
                if self.random.chance(40) {
                    // And changes their mind again.
                    let delay = self.random.between(100, 10_000);
                    self.later(delay, Happening::Forward(tab));
                }
            }
            Place::Window(window) => {
                self.seen.see(Seen::WindowsClosed);
                self.close_window(window);
            }
        }
    }

    fn wrong_user_comes(&mut self, place: Place, visit: &Visit) {
        self.seen.see(Seen::WrongUsers);
        self.user_signs_in(place, visit, true);
    }
}
