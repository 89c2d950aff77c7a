//! Who may be contacted by a campaign, when, and how often (C99): plain rules; the store asks them inside the transaction that claims.

use std::time::Duration;

use crate::domain::{CampaignKind, CampaignPlan, ClockTime, DateTime, DropOut, TryOutcome};

/// The earliest and the latest that a setting may allow: the hours that operators keep for calls that nobody asked for.
pub const WIDEST: (u16, u16) = (8, 21);

/// The house's rules: `[outreach]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Nobody is contacted outside these hours, whatever a campaign says; the end is not in them.
    pub window: (ClockTime, ClockTime),
    /// Rest at noon, when nobody is contacted either.
    pub rest: Option<(ClockTime, ClockTime)>,
    /// A number gets at most so many campaigns …
    pub most: u32,
    /// … within so many days.
    pub within_days: u32,
    /// Who spoke with us within this time is left in peace.
    pub spoke: Duration,
    /// Between two tries of one number.
    pub again: Duration,
    /// Days for which the evidence of each try is kept.
    pub keep_days: u32,
    /// Lines that stay free for callers.
    pub free_lines: u32,
    /// Campaigns are allowed at all.
    pub on: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let time = |hour, minute| ClockTime::new(hour, minute).unwrap_or_else(|| unreachable!("a time of day"));
        Self {
            window: (time(9, 0), time(20, 0)),
            rest: Some((time(12, 0), time(14, 0))),
            most: 2,
            within_days: 30,
            spoke: Duration::from_secs(24 * 3600),
            again: Duration::from_secs(4 * 3600),
            keep_days: 30,
            free_lines: 10,
            on: false,
        }
    }
}

/// What is known of somebody at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// A number that stands for one person and can be called.
    pub usable: bool,
    pub mobile: bool,
    pub refused: bool,
    pub blocked: bool,
    pub consent: bool,
    /// Other campaigns that have had this number within `within_days`.
    pub campaigns: u32,
    pub open_ticket: bool,
    pub open_order: bool,
    pub spoke_lately: bool,
}

/// What is under way of one campaign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Calls that are up, on all nodes.
    pub trying: u32,
    /// Tries begun within the last minute.
    pub last_minute: u32,
}

/// What follows from a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// This number is done with: `reached`, `refused` or `failed`.
    Over(&'static str),
    /// After a pause, when tries are left.
    Again,
    /// It was no try: soon, and it does not count.
    Back,
}

impl Rules {
    /// Until when people may be contacted without a break; `None` when not now.
    #[must_use]
    pub fn open_until(&self, plan: &CampaignPlan, local: DateTime) -> Option<ClockTime> {
        let (day, at) = (local.date(), ClockTime::of(local));
        let inside = |(from, until): (ClockTime, ClockTime)| from <= at && at < until;
        if !self.on || day < plan.days.0 || day > plan.days.1 || !inside(self.window) || !inside(plan.hours) {
            return None;
        }
        if self.rest.is_some_and(inside) {
            return None;
        }
        let rest = self.rest.map(|(from, _)| from).filter(|from| at < *from);
        [Some(self.window.1), Some(plan.hours.1), rest].into_iter().flatten().min()
    }

    /// Whether its last day, or the last hour of it, is over.
    #[must_use]
    pub fn is_over(&self, plan: &CampaignPlan, local: DateTime) -> bool {
        let end = self.window.1.min(plan.hours.1);
        local.date() > plan.days.1 || local.date() == plan.days.1 && ClockTime::of(local) >= end
    }

    /// Why somebody is left out now; the gravest reason, so that counts add up.
    #[must_use]
    pub fn drops_out(&self, kind: CampaignKind, facts: &Facts) -> Option<DropOut> {
        let no_number = !facts.usable || kind == CampaignKind::Message && !facts.mobile;
        [
            (no_number, DropOut::NoNumber),
            (facts.refused, DropOut::Refused),
            (facts.blocked, DropOut::Blocked),
            (!facts.consent, DropOut::NoConsent),
            (facts.campaigns >= self.most, DropOut::TooOften),
            (facts.open_ticket, DropOut::OpenTicket),
            (facts.open_order, DropOut::OpenOrder),
            (facts.spoke_lately, DropOut::SpokeLately),
        ]
        .into_iter()
        .find_map(|(holds, why)| holds.then_some(why))
    }

    /// Whether one more may begin.
    #[must_use]
    pub const fn has_room(plan: &CampaignPlan, load: Load) -> bool {
        load.last_minute < plan.per_minute && (matches!(plan.kind, CampaignKind::Message) || load.trying < plan.at_once)
    }
}

/// How many calls of campaigns may begin beside those who call us: `lines` are all, `busy` those in use. None while somebody waits
/// for a person.
#[must_use]
pub const fn spare(lines: usize, busy: usize, free: usize, waiting: usize) -> usize {
    if waiting > 0 { 0 } else { lines.saturating_sub(busy).saturating_sub(free) }
}

/// What follows from a try, the `tries`th of at most `most`.
#[must_use]
pub const fn after(outcome: TryOutcome, tries: u32, most: u32) -> Next {
    match outcome {
        TryOutcome::Answered | TryOutcome::HandedOver => Next::Over("reached"),
        TryOutcome::Refused => Next::Over("refused"),
        TryOutcome::NoNumber | TryOutcome::Barred | TryOutcome::CutOff => Next::Over("failed"),
        TryOutcome::NoLine => Next::Back,
        TryOutcome::NoAnswer | TryOutcome::Busy | TryOutcome::Failed if tries < most => Next::Again,
        TryOutcome::NoAnswer | TryOutcome::Busy | TryOutcome::Failed => Next::Over("failed"),
    }
}

/// Whether a message says that its sender wants no more of ours: the words that operators prescribe.
#[must_use]
pub fn is_refusal(text: &str) -> bool {
    let plain = |c: char| c.is_whitespace() || "。.!！,，\"“”".contains(c);
    let text: String = text.chars().filter(|c| !plain(*c)).collect::<String>().to_uppercase();
    matches!(text.as_str(), "T" | "TD" | "N" | "R" | "退订" | "拒收" | "取消" | "STOP" | "UNSUBSCRIBE" | "0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> CampaignPlan {
        let json = serde_json::json!({ "name": "a", "kind": "voice_file", "prompt": "p", "from": "2026-11-23", "until": "2026-11-24", "hours": "08:30-19:00",
            "at_once": 2, "per_minute": 3, "tries": 2 });
        CampaignPlan::from_json(&json).unwrap()
    }

    fn rules() -> Rules {
        Rules { on: true, ..Rules::default() }
    }

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn c99_nobody_is_contacted_outside_the_legal_hours_whatever_the_campaign_says() {
        let until = |text: &str| rules().open_until(&plan(), at(text)).map(|time| time.to_string());
        for closed in [
            "2026-11-22T10:00:00", // the day before
            "2026-11-23T08:45:00", // the campaign's hours, but not the house's
            "2026-11-23T12:00:00", // rest
            "2026-11-23T13:59:59",
            "2026-11-23T19:00:00", // the house's hours, but not the campaign's
            "2026-11-25T10:00:00",
        ] {
            assert_eq!(until(closed), None, "{closed}");
        }
        assert_eq!(until("2026-11-23T09:00:00").as_deref(), Some("12:00"));
        assert_eq!(until("2026-11-23T18:59:59").as_deref(), Some("19:00"));
        assert_eq!(Rules { on: false, ..rules() }.open_until(&plan(), at("2026-11-23T10:00:00")), None);
        assert!(!rules().is_over(&plan(), at("2026-11-24T18:59:00")) && rules().is_over(&plan(), at("2026-11-24T19:00:00")));
    }

    #[test]
    fn c99_the_gravest_reason_is_told_and_each_alone_leaves_out() {
        let good = Facts { usable: true, mobile: true, consent: true, ..Facts::default() };
        let voice = |facts: Facts| rules().drops_out(CampaignKind::VoiceFile, &facts);
        assert_eq!(voice(good), None);
        assert_eq!(voice(Facts { campaigns: 1, ..good }), None);
        for (facts, why) in [
            (Facts { usable: false, refused: true, ..good }, DropOut::NoNumber),
            (Facts { refused: true, consent: false, ..good }, DropOut::Refused),
            (Facts { blocked: true, ..good }, DropOut::Blocked),
            (Facts { consent: false, open_order: true, ..good }, DropOut::NoConsent),
            (Facts { campaigns: 2, ..good }, DropOut::TooOften),
            (Facts { open_ticket: true, ..good }, DropOut::OpenTicket),
            (Facts { open_order: true, ..good }, DropOut::OpenOrder),
            (Facts { spoke_lately: true, ..good }, DropOut::SpokeLately),
        ] {
            assert_eq!(voice(facts), Some(why));
        }
        let landline = Facts { mobile: false, ..good };
        assert_eq!(voice(landline), None);
        assert_eq!(rules().drops_out(CampaignKind::Message, &landline), Some(DropOut::NoNumber));
    }

    #[test]
    fn c99_callers_come_first_and_the_pace_is_kept() {
        assert_eq!(spare(100, 20, 10, 0), 70);
        assert_eq!(spare(100, 95, 10, 0), 0);
        assert_eq!(spare(100, 20, 10, 1), 0, "somebody waits for a person");
        let room = |trying, last_minute| Rules::has_room(&plan(), Load { trying, last_minute });
        assert!(room(1, 2) && !room(2, 2) && !room(1, 3));
    }

    #[test]
    fn c99_who_was_reached_or_may_have_been_is_not_called_again() {
        assert_eq!(after(TryOutcome::Answered, 1, 3), Next::Over("reached"));
        assert_eq!(after(TryOutcome::CutOff, 1, 3), Next::Over("failed"));
        assert_eq!(after(TryOutcome::Busy, 1, 2), Next::Again);
        assert_eq!(after(TryOutcome::Busy, 2, 2), Next::Over("failed"));
        assert_eq!(after(TryOutcome::NoLine, 9, 2), Next::Back);
    }

    #[test]
    fn c99_the_words_of_refusal() {
        for yes in ["TD", "td", " T ", "退订", "退订。", "0000", "stop"] {
            assert!(is_refusal(yes), "{yes}");
        }
        for no in ["", "谢谢", "TDD", "我要退订单", "订一份"] {
            assert!(!is_refusal(no), "{no}");
        }
    }
}
