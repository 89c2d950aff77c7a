//! How a dialogue begins: with a caller, with one whom another node has sent, with a branch that we have called, or with somebody whom a
//! campaign calls.

use std::time::Duration;

use super::service_time::GRACE;
use super::{Dialogue, Step, Timer};
use crate::domain::{BlockLevel, BranchCall, CampaignSays, Language, QueueWish};
use crate::ivr::io::DialogueOutput;
use crate::ivr::question::Card;
use crate::ivr::script::Kind;
use crate::ivr::{branch_call, campaign, greeting, queue, rider};

/// A call to a branch lasts no longer.
const BRANCH_CALL: Duration = Duration::from_secs(300);

impl Dialogue {
    /// A caller rings the hotline.
    pub(super) fn begin(&mut self, card: Box<Card>) {
        self.start(card);
        match self.card.block.filter(|level| *level != BlockLevel::NoCash) {
            Some(level) => self.goto(Step::Greeting(greeting::Step::Blocked(level))),
            // Riders dial the same number as diners; `*` leads them there too.
            None if self.card.rider.is_some() => self.goto(Step::Rider(rider::Step::Tail)),
            None => self.goto(Step::Node(self.script.start(&self.line))),
        }
    }

    /// A caller who wants a person comes from another node.
    pub(super) fn begin_handed(&mut self, card: Box<Card>, language: Language, wish: QueueWish) {
        self.start(card);
        self.language = language;
        self.me.keyed.clone_from(&wish.keyed_phone);
        self.queue.begin(wish);
        self.goto(Step::Queue(queue::Step::Start));
    }

    /// A branch has answered our call.
    pub(super) fn begin_branch_call(&mut self, call: Box<BranchCall>) {
        self.branch_call = Some(call);
        self.timers.start(Timer::Hard, self.now.instant + BRANCH_CALL);
        self.put(DialogueOutput::Collecting(true));
        self.goto(Step::Branch(branch_call::Step::Tell));
    }

    /// Somebody whom a campaign calls has answered.
    pub(super) fn begin_campaign(&mut self, card: Box<Card>, says: CampaignSays, language: Language) {
        let language = card.language.or(self.line_language()).unwrap_or(language);
        self.start(card);
        self.language = language;
        match says {
            CampaignSays::File(prompt) => {
                self.campaign.prompt = prompt;
                self.goto(Step::Campaign(campaign::Step::Play));
            }
            // A dialogue that was changed since, and has no such node any more, says nothing.
            CampaignSays::Flow(node) => match self.script.campaign(&node) {
                Some(node) => self.goto(Step::Node(node)),
                None => self.goto(Step::Campaign(campaign::Step::End)),
            },
        }
    }

    fn start(&mut self, card: Box<Card>) {
        if let Some(language) = card.language.or(self.line_language()) {
            self.language = language;
        }
        self.card = card;
        let settings = &self.script.settings;
        self.timers.start(Timer::SelfService, self.now.instant + settings.self_service);
        self.timers.start(Timer::Hard, self.now.instant + settings.self_service + GRACE);
        self.put(DialogueOutput::Collecting(true));
    }

    /// From a rider's report to where other callers begin.
    pub(in crate::ivr) fn leave_riders(&mut self) {
        let start = self.script.start(&self.line);
        let start = if self.script.node(start).kind == Kind::Rider { self.home() } else { start };
        self.goto(Step::Node(start));
    }
}
