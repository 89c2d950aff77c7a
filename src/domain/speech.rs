//! What is to be said, before it becomes sound: prompts by name, with values in their slots.

use std::borrow::Cow;

use super::{BranchNumber, ClockTime, MenuNumber, Money, RecordingId};

/// A language that callers are spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// Mandarin, the home market's.
    #[default]
    Mandarin,
    /// English.
    English,
}

impl Language {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Mandarin, Self::English];

    /// Its tag, which is also the name of its folder below `prompts/`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Mandarin => "zh-CN",
            Self::English => "en",
        }
    }

    /// By its tag (`zh-CN` or `zh`, `en`).
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "zh-CN" | "zh" => Some(Self::Mandarin),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Mandarin => Self::English,
            Self::English => Self::Mandarin,
        }
    }
}

/// One prompt of the catalogue with the values for its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Its id, such as `order.dish_qty`.
    pub prompt: Cow<'static, str>,
    /// Slot name and value, such as `("dish", Arg::Dish(18))`.
    pub args: Vec<(&'static str, Arg)>,
}

impl Phrase {
    /// A prompt without slots.
    #[must_use]
    pub fn plain(prompt: impl Into<Cow<'static, str>>) -> Self {
        Self { prompt: prompt.into(), args: Vec::new() }
    }

    /// Fills one slot.
    #[must_use]
    pub fn with(mut self, slot: &'static str, arg: Arg) -> Self {
        self.args.push((slot, arg));
        self
    }
}

/// A value in a slot; how it is spoken in each language is decided by `voice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// 一百零二元五角
    Money(Money),
    /// A counted number: 两千四百五十
    Number(u64),
    /// Digit by digit in groups: member 3+3, mobile 3+4+4, order tail 4.
    Digits(String),
    /// 两份
    Quantity(u16),
    /// The number of a dish: 十八号, in the slot before 号 as well as with it, as the prompt's text asks.
    DishNumber(MenuNumber),
    /// The name of a dish.
    Dish(MenuNumber),
    /// Several dishes in a row: at most two names, then 等三道菜.
    Dishes(Vec<MenuNumber>),
    /// The name of a category.
    Category(String),
    /// The name of a membership level.
    Level(String),
    /// The text of an offer.
    Offer(String),
    /// The name of a branch.
    Branch(BranchNumber),
    /// The address of a branch.
    BranchAddress(BranchNumber),
    /// How to get to a branch.
    BranchTransit(BranchNumber),
    /// A saved address: the clip of that name, else the caller's own recording, else its label.
    Address { clip: Option<String>, recording: Option<RecordingId>, label: String },
    /// 四十五分钟
    Minutes(u32),
    /// 晚上六点半
    Time(ClockTime),
    /// 今天, 十一月二十一号
    Day(DayWord),
    /// A key to press: 1 to 9.
    Key(u8),
    /// An option of a dish, such as `size1`, `spice3`: prompt `order.opt.size1`.
    Option(String),
}

/// A day as it is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayWord {
    /// 今天
    Today,
    /// 明天
    Tomorrow,
    /// 后天
    DayAfter,
    /// 十一月二十一号
    Date { month: u8, day: u8 },
}
