//! Campaigns (C99): whom the house calls or writes to of its own accord, with what, in which hours, and what became of it.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{BranchNumber, CallId, ClockTime, Language, NoticeTexts, PhoneNumber, Timestamp};

/// Declares a closed set with its stable names.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$of])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// By its stable name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

named!(
    /// What those who are chosen get.
    CampaignKind {
        /// A text message.
        Message = "message",
        /// A call that plays one recording; 9 ends all campaigns for this number.
        VoiceFile = "voice_file",
        /// A call that begins at a node of the dialogue.
        VoiceFlow = "voice_flow",
    }
);

named!(
    /// How far a campaign is.
    CampaignStatus {
        Draft = "draft",
        /// A manager has said yes to the plan and to the list; nobody is contacted yet.
        Approved = "approved",
        Running = "running",
        Paused = "paused",
        /// Ended by a person.
        Stopped = "stopped",
        /// Everybody was reached or given up, or its last day is over.
        Done = "done",
    }
);

named!(
    /// Why somebody is left out, the gravest first.
    DropOut {
        /// No number that a campaign may use: not complete, a privacy number, for messages no mobile telephone.
        NoNumber = "no_number",
        /// They want to hear nothing of campaigns, or want no messages at all.
        Refused = "refused",
        Blocked = "blocked",
        NoConsent = "no_consent",
        /// As many campaigns as one number may get have had it.
        TooOften = "too_often",
        /// A complaint of theirs is open.
        OpenTicket = "open_ticket",
        /// They wait for an order.
        OpenOrder = "open_order",
        /// They spoke with us a short while ago.
        SpokeLately = "spoke_lately",
        /// The campaign ended before their turn came.
        Over = "over",
    }
);

impl DropOut {
    /// Whether it may be over tomorrow: such people are looked at again while the campaign lasts.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::OpenTicket | Self::OpenOrder | Self::SpokeLately)
    }
}

named!(
    /// What became of one try.
    TryOutcome {
        /// Somebody picked up.
        Answered = "answered",
        /// Somebody picked up and wants to hear nothing of campaigns any more.
        Refused = "refused",
        NoAnswer = "no_answer",
        Busy = "busy",
        /// The network says that there is no such number.
        NoNumber = "no_such_number",
        /// The rules of `[outbound]` forbid the number.
        Barred = "barred",
        /// It could not be put through.
        Failed = "failed",
        /// There was no line to spare: no try.
        NoLine = "no_line",
        /// The server was killed in the middle of it. Whether they were reached nobody knows: they are not called again.
        CutOff = "cut_off",
        /// A message is on its way out; the message log has the rest.
        HandedOver = "handed_over",
    }
);

/// Who is meant: customers by their last order, all conditions together. Without any, everybody who ever ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// Level of membership.
    pub level: Option<String>,
    /// No order for at least so many days.
    pub silent_days: Option<u32>,
    /// An order within so many days.
    pub ordered_days: Option<u32>,
    /// Branch of the last order.
    pub branch: Option<BranchNumber>,
    /// Delivery zone of the last order.
    pub zone: Option<String>,
    /// 1 to 12.
    pub birthday_month: Option<u8>,
}

/// One number of an imported list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedNumber {
    pub phone: PhoneNumber,
    pub name: String,
    /// How and when they agreed; empty when the list does not say.
    pub consent: String,
}

/// What a campaign is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignPlan {
    pub name: String,
    pub kind: CampaignKind,
    /// The `[[line]]` whose brand and language speak; empty for the usual ones.
    pub line: String,
    /// `voice_file`: the prompt that is played.
    pub prompt: String,
    /// `voice_flow`: the node where it begins.
    pub node: String,
    /// `message`.
    pub texts: NoticeTexts,
    pub language: Language,
    /// First and last day.
    pub days: (Date, Date),
    /// Of each day; the end is not in it.
    pub hours: (ClockTime, ClockTime),
    /// Calls at one time, on all nodes together.
    pub at_once: u32,
    pub per_minute: u32,
    /// For each number.
    pub tries: u32,
    /// An imported list instead of the segment.
    pub listed: bool,
    pub segment: Segment,
}

/// The longest name and the longest text of a message.
const LONGEST_NAME: usize = 60;
const LONGEST_TEXT: usize = 300;
/// A campaign lasts no longer.
const LONGEST_DAYS: i32 = 92;

impl CampaignPlan {
    /// As the store keeps it and the API shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let segment = &self.segment;
        json!({
            "name": self.name,
            "kind": self.kind.name(),
            "line": self.line,
            "prompt": self.prompt,
            "node": self.node,
            "text_zh": self.texts.zh,
            "text_en": self.texts.en,
            "language": self.language.tag(),
            "from": self.days.0.to_string(),
            "until": self.days.1.to_string(),
            "hours": format!("{}-{}", self.hours.0, self.hours.1),
            "at_once": self.at_once,
            "per_minute": self.per_minute,
            "tries": self.tries,
            "listed": self.listed,
            "segment": {
                "level": segment.level,
                "silent_days": segment.silent_days,
                "ordered_days": segment.ordered_days,
                "branch": segment.branch.map(BranchNumber::get),
                "zone": segment.zone,
                "birthday_month": segment.birthday_month,
            },
        })
    }

    /// Reads what [`CampaignPlan::to_json`] writes.
    ///
    /// # Errors
    /// A sentence about the first thing that does not fit; its first word is the key.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let text = |key: &str| value[key].as_str().unwrap_or("").trim().to_owned();
        let number = |key: &str, least: u64, most: u64, usual: u64| match &value[key] {
            Value::Null => Ok(u32::try_from(usual).unwrap_or(u32::MAX)),
            given => given
                .as_u64()
                .filter(|number| (least..=most).contains(number))
                .and_then(|number| u32::try_from(number).ok())
                .ok_or_else(|| format!("{key} is a whole number from {least} to {most}")),
        };
        let day = |key: &str| text(key).parse::<Date>().map_err(|_| format!("{key} is a day such as 2026-12-01"));
        let kind = CampaignKind::from_name(&text("kind")).ok_or("kind is message, voice_file or voice_flow")?;
        let hours = text("hours");
        let hours = hours
            .split_once('-')
            .and_then(|(from, until)| Some((ClockTime::parse(from.trim())?, ClockTime::parse(until.trim())?)))
            .filter(|(from, until)| from < until)
            .ok_or("hours are such as 10:00-20:00")?;
        let plan = Self {
            name: text("name"),
            kind,
            line: text("line"),
            prompt: text("prompt"),
            node: text("node"),
            texts: NoticeTexts { zh: text("text_zh"), en: text("text_en") },
            language: Language::from_tag(&text("language")).unwrap_or_default(),
            days: (day("from")?, day("until")?),
            hours,
            at_once: number("at_once", 1, 200, 2)?,
            per_minute: number("per_minute", 1, 600, 10)?,
            tries: number("tries", 1, 3, 1)?,
            listed: value["listed"].as_bool().unwrap_or(false),
            segment: Segment::from_json(&value["segment"])?,
        };
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<(), String> {
        let length = |text: &str| text.chars().count();
        if !(1..=LONGEST_NAME).contains(&length(&self.name)) {
            return Err(format!("name has 1 to {LONGEST_NAME} characters"));
        }
        let needed = match self.kind {
            CampaignKind::Message => &self.texts.zh,
            CampaignKind::VoiceFile => &self.prompt,
            CampaignKind::VoiceFlow => &self.node,
        };
        if needed.is_empty() {
            let key = ["text_zh", "prompt", "node"][self.kind as usize];
            return Err(format!("{key} is missing: a campaign of this kind says nothing without it"));
        }
        if [&self.texts.zh, &self.texts.en].into_iter().any(|text| length(text) > LONGEST_TEXT) {
            return Err(format!("text_zh and text_en have at most {LONGEST_TEXT} characters"));
        }
        // Whoever may be written to must be told how to be left alone.
        if self.kind == CampaignKind::Message {
            let ways = |text: &str| text.is_empty() || text.to_uppercase().contains("TD") || text.contains("退订");
            if !ways(&self.texts.zh) || !ways(&self.texts.en) {
                return Err("text_zh tells how to refuse: end it with 回T退订 or 拒收请回复TD, in English \"TD to opt out\"".into());
            }
        }
        let lasts = self.days.0.until(self.days.1).map_or(i32::MAX, |span| span.get_days());
        if !(0..=LONGEST_DAYS).contains(&lasts) {
            return Err(format!("until lies behind from, by at most {LONGEST_DAYS} days"));
        }
        Ok(())
    }
}

impl Segment {
    fn from_json(value: &Value) -> Result<Self, String> {
        let text = |key: &str| value[key].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let number = |key: &str, most: u64| match &value[key] {
            Value::Null => Ok(None),
            given => given
                .as_u64()
                .filter(|number| (1..=most).contains(number))
                .map(Some)
                .ok_or_else(|| format!("segment.{key} is a whole number from 1 to {most}")),
        };
        let days = |key: &str| number(key, 3650).map(|days| days.and_then(|days| u32::try_from(days).ok()));
        Ok(Self {
            level: text("level"),
            silent_days: days("silent_days")?,
            ordered_days: days("ordered_days")?,
            branch: number("branch", 9999)?.and_then(|branch| u16::try_from(branch).ok()).and_then(BranchNumber::new),
            zone: text("zone"),
            birthday_month: number("birthday_month", 12)?.and_then(|month| u8::try_from(month).ok()),
        })
    }
}

/// What somebody who picks up hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignSays {
    /// One prompt.
    File(String),
    /// The dialogue from this node on.
    Flow(String),
}

/// One call of a campaign, claimed by this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignCall {
    /// The try's id.
    pub id: String,
    pub campaign: String,
    pub phone: PhoneNumber,
    pub line: String,
    pub language: Language,
    pub says: CampaignSays,
}

/// How a call of a campaign went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignTried {
    /// The try's id.
    pub id: String,
    pub outcome: TryOutcome,
    /// The reason why the call ended, by its stable name.
    pub why: String,
    /// What was pressed, at most 64 keys.
    pub keys: String,
    pub call: Option<CallId>,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Timestamp,
}

/// What a customer has said about being contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactWish {
    pub phone: PhoneNumber,
    /// They agree; false: they want to hear nothing.
    pub agrees: bool,
    /// `agent`, `import`, `key`, `reply`.
    pub how: String,
    /// What was said, signed or pressed.
    pub words: String,
    pub by: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CampaignKind, CampaignPlan, DropOut, TryOutcome};

    fn plan() -> serde_json::Value {
        json!({ "name": "秋季新品", "kind": "voice_file", "prompt": "promo.autumn", "from": "2026-11-23", "until": "2026-11-30", "hours": "10:00-20:00",
            "segment": { "silent_days": 60, "branch": 1 } })
    }

    #[test]
    fn c99_a_plan_is_read_as_it_is_written() {
        let read = CampaignPlan::from_json(&plan()).unwrap();
        assert_eq!((read.kind, read.at_once, read.per_minute, read.tries), (CampaignKind::VoiceFile, 2, 10, 1));
        assert_eq!(CampaignPlan::from_json(&read.to_json()).unwrap(), read);
        for set in [DropOut::ALL.len(), TryOutcome::ALL.len()] {
            assert!(set > 5);
        }
        assert_eq!(DropOut::from_name("no_consent"), Some(DropOut::NoConsent));
    }

    #[test]
    fn c99_a_plan_that_cannot_be_carried_out_is_refused_with_a_reason() {
        for (key, value, part) in [
            ("kind", json!("fax"), "kind"),
            ("name", json!(""), "name"),
            ("prompt", json!(""), "prompt"),
            ("hours", json!("20:00-10:00"), "hours"),
            ("until", json!("2026-11-22"), "until"),
            ("until", json!("2027-11-22"), "until"),
            ("from", json!("morgen"), "from"),
            ("tries", json!(4), "tries"),
            ("at_once", json!(0), "at_once"),
            ("segment", json!({ "birthday_month": 13 }), "birthday_month"),
        ] {
            let mut wrong = plan();
            wrong[key] = value;
            let said = CampaignPlan::from_json(&wrong).unwrap_err();
            assert!(said.contains(part), "{key}: {said}");
        }
        // A message that does not tell how to refuse more of them may not be sent.
        let mut message = plan();
        message["kind"] = json!("message");
        message["text_zh"] = json!("新品八折");
        assert!(CampaignPlan::from_json(&message).unwrap_err().contains("退订"));
        message["text_zh"] = json!("新品八折，拒收请回复TD");
        assert!(CampaignPlan::from_json(&message).is_ok());
    }
}
