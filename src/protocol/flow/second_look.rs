//! The second look at the app's session, before anything that came back is believed.

use super::effect::FlowEffect;
use super::event::Session;
use super::machine::{Check, Context, Flow, SecondLook, State};
use super::subject::Who;
use crate::protocol::assurance::Subject;
use crate::protocol::config::Arrangement;
use crate::protocol::error::{Error, ErrorCode};

impl Flow {
    /// Whether the session has been looked at again, or need not be. It is asked for where it is due.
    pub(super) fn has_looked_again(
        &mut self,
        context: &Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> bool {
        // Whose session it is, is the backend's business.
        let needless = context.config.arrangement == Arrangement::Backend;
        if self.second_look == SecondLook::Due && !needless {
            self.second_look = SecondLook::Asked;
            effects.push(FlowEffect::ReadSession);
        }
        needless || self.second_look == SecondLook::Taken
    }

    /// The app's session as it is now. On a page that was left and come back to, an app that has not
    /// restored its own sign-in yet tells nothing, and what was known before counts; elsewhere that
    /// means that the user has signed out.
    pub(super) fn session_read_again(
        &mut self,
        session: Session,
        context: &mut Context<'_>,
        effects: &mut Vec<FlowEffect>,
    ) -> Result<(), Error> {
        self.second_look = SecondLook::Taken;
        let told = |session: &Session| session.id_token.is_some() || session.sub.is_some();
        let before = self.session.as_ref();
        let signed_out = !self.resumed && !told(&session) && before.is_some_and(told);
        let another = match (&self.who, &session.sub) {
            (Some(Who::Known(before)), Some(sub)) => before.sub != *sub,
            _ => false,
        };
        if signed_out || another {
            return Err(ErrorCode::SessionChanged.into());
        }
        let is_new = before.is_none_or(|before| before.id_token != session.id_token);
        let token =
            session.id_token.clone().filter(|_| is_new && context.config.provider.is_some());
        if let (Some(token), Some(Who::Known(before))) = (token, &self.who) {
            self.began_as = Some(before.clone());
            self.who = Some(Who::Claimed(token));
            self.session_check = Check::Due;
        }
        if session != Session::default() {
            self.session = Some(session);
        }
        self.advance(context, effects);
        self.compare(context, effects)?;
        if self.handed.is_none() && !matches!(self.state, State::Comparing { .. }) {
            self.look_again_later();
        }
        Ok(())
    }

    /// What another tab has handed over was not enough: what comes of a prompt is looked at anew.
    pub(super) fn look_again_later(&mut self) {
        if self.second_look == SecondLook::Taken && !self.resumed {
            self.second_look = SecondLook::Due;
        }
    }

    /// Whether the checked session is still of the user with whom it began.
    pub(super) fn check_who_began(&self, now: &Subject) -> Result<(), Error> {
        match &self.began_as {
            Some(before) if before.sub != now.sub => Err(ErrorCode::SessionChanged.into()),
            _ => Ok(()),
        }
    }
}
