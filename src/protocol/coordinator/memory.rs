//! What challenges have taught, where the app wants it remembered: the next request of the same kind asks
//! first. A kind is a method, an origin and a path.
//!
//! What was demanded of one request may have been for its body alone, an amount for one, and another
//! request of the kind would go through without a prompt. Nobody learns that from a request that has
//! asked first. So a lesson is put to the test: when it has led to as many prompts as it is trusted
//! for, the next request that would need one leaves as it is. If it is challenged, the lesson holds, and
//! is trusted for twice as many; if it goes through, nothing is learned of that kind any more.

use super::event::Call;
use crate::protocol::list::take_at;
use crate::protocol::origin;
use crate::protocol::requirement::Requirement;

/// Kinds that are remembered at most; the oldest go first.
const MOST: usize = 50;
/// Prompts that a lesson leads to at most between two tests.
const MOST_TRUST: u8 = 4;

/// What challenges have taught.
#[derive(Debug, Default)]
pub(super) struct Memory {
    lessons: Vec<Lesson>,
}

#[derive(Debug)]
struct Lesson {
    method: String,
    /// Origin and path.
    place: String,
    need: Requirement,
    /// Prompts that it may lead to between two tests.
    trust: u8,
    /// Those that are left of them.
    left: u8,
    /// Whether a request of the kind went through without what was demanded of another.
    varies: bool,
}

/// What is known of a kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Recalled {
    /// Nothing.
    Nothing,
    /// A request of this kind is known to need this.
    Need(Requirement),
    /// It has needed this, and whether it does still is to be seen.
    OnTrial(Requirement),
}

impl Memory {
    /// What is known of requests like this one.
    pub(super) fn recall(&self, call: &Call) -> Recalled {
        match self.lessons.iter().find(|lesson| lesson.is_about(&call.method, &call.url)) {
            None => Recalled::Nothing,
            Some(lesson) if lesson.varies => Recalled::Nothing,
            Some(Lesson { need, left: 0, .. }) => Recalled::OnTrial(need.clone()),
            Some(Lesson { need, .. }) => Recalled::Need(need.clone()),
        }
    }

    /// A request was challenged.
    pub(super) fn learn(&mut self, call: &Call, need: &Requirement) {
        match self.of(&call.method, &call.url) {
            Some(lesson) if lesson.varies => {}
            Some(lesson) if lesson.need.covers(need) => {
                if lesson.left == 0 {
                    lesson.trust = lesson.trust.saturating_mul(2).min(MOST_TRUST);
                    lesson.left = lesson.trust;
                }
            }
            // Which of two demands the next one needs is not known: the last is as good a guess as any.
            Some(lesson) => (lesson.need, lesson.trust, lesson.left) = (need.clone(), 1, 1),
            None => {
                if self.lessons.len() >= MOST {
                    take_at(&mut self.lessons, 0);
                }
                self.lessons.push(Lesson {
                    method: call.method.clone(),
                    place: origin::without_query(&call.url).to_owned(),
                    need: need.clone(),
                    trust: 1,
                    left: 1,
                    varies: false,
                });
            }
        }
    }

    /// It was challenged again, with what it had been demanded first: the kind needs both.
    pub(super) fn learn_more(&mut self, call: &Call, need: &Requirement) {
        if let Some(lesson) = self.of(&call.method, &call.url) {
            lesson.need = lesson.need.merge(need).unwrap_or_else(|| need.clone());
        }
    }

    /// The user was asked on its word.
    pub(super) fn was_believed(&mut self, call: &Call) {
        if let Some(lesson) = self.of(&call.method, &call.url) {
            lesson.left = lesson.left.saturating_sub(1);
        }
    }

    /// A request of the kind, which had left as it was, went through.
    pub(super) fn was_refuted(&mut self, method: &str, url: &str) {
        if let Some(lesson) = self.of(method, url)
            && lesson.left == 0
        {
            lesson.varies = true;
        }
    }

    /// The user was asked on its word and it came to nothing: the next one leaves as it is.
    pub(super) fn forget(&mut self, call: &Call) {
        self.lessons.retain(|lesson| lesson.varies || !lesson.is_about(&call.method, &call.url));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.lessons.clear();
    }

    fn of(&mut self, method: &str, url: &str) -> Option<&mut Lesson> {
        self.lessons.iter_mut().find(|lesson| lesson.is_about(method, url))
    }
}

impl Lesson {
    fn is_about(&self, method: &str, url: &str) -> bool {
        self.method == method && self.place == origin::without_query(url)
    }
}
