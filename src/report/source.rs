//! Where the figures of reports come from: sources of sums, each with the columns that it can be grouped by.

use crate::domain::Timestamp;

/// A set of sums that the store can add up over days and by some columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Calls as the trunks saw them.
    Lines,
    /// Callers by whether they had rung about it before.
    Contacts,
    /// Stays in queues.
    Queues,
    /// What agents did in calls.
    Agents,
    /// What agents did with their time.
    Shifts,
    /// Planned shifts, and whether their people were at work.
    Plans,
    /// Ways through the dialogue.
    Nodes,
    /// How far orders by keypad came.
    Funnel,
    /// How agents summed calls up.
    Codes,
    /// Orders by what they are.
    Orders,
    /// Orders by when they were placed.
    OrderTimes,
    /// Dishes sold.
    Dishes,
    /// Food brought to people, by where and by whom.
    Deliveries,
    /// The same by when the order was placed.
    DeliveryTimes,
    /// What became of orders.
    Outcomes,
    /// How branches take orders on.
    Kitchens,
    /// What people wanted and did not get.
    Unserved,
    /// Calls that met the block list.
    Blocked,
    /// Complaints and messages.
    Tickets,
    /// Discounts in orders.
    Offers,
    /// Orders by whether the customer is new, or a member.
    Guests,
    /// Sound and keys of calls.
    Quality,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Lines,
        Self::Contacts,
        Self::Queues,
        Self::Agents,
        Self::Shifts,
        Self::Plans,
        Self::Nodes,
        Self::Funnel,
        Self::Codes,
        Self::Orders,
        Self::OrderTimes,
        Self::Dishes,
        Self::Deliveries,
        Self::DeliveryTimes,
        Self::Outcomes,
        Self::Kitchens,
        Self::Unserved,
        Self::Blocked,
        Self::Tickets,
        Self::Offers,
        Self::Guests,
        Self::Quality,
    ];

    /// Name of its table in the store.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Lines => "roll_lines",
            Self::Contacts => "roll_contacts",
            Self::Queues => "roll_queues",
            Self::Agents => "roll_agents",
            Self::Shifts => "agent_times",
            Self::Plans => "planned_shifts",
            Self::Nodes => "roll_nodes",
            Self::Funnel => "roll_funnel",
            Self::Codes => "roll_codes",
            Self::Orders => "roll_orders",
            Self::OrderTimes => "roll_order_times",
            Self::Dishes => "roll_dishes",
            Self::Deliveries => "roll_deliveries",
            Self::DeliveryTimes => "roll_delivery_times",
            Self::Outcomes => "roll_outcomes",
            Self::Kitchens => "roll_kitchens",
            Self::Unserved => "roll_unserved",
            Self::Blocked => "block_hits",
            Self::Tickets => "tickets",
            Self::Offers => "roll_offers",
            Self::Guests => "roll_guests",
            Self::Quality => "roll_quality",
        }
    }

    /// What it can be grouped and filtered by, besides the day. `slot` is the quarter of an hour after midnight.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Lines => &["slot", "trunk"],
            Self::Contacts => &["slot"],
            Self::Queues => &["slot", "queue"],
            Self::Agents => &["agent", "queue"],
            Self::Shifts | Self::Plans => &["agent"],
            Self::Nodes => &["node", "outcome"],
            Self::Funnel => &["stage"],
            Self::Codes => &["code", "agent"],
            Self::Orders => &["branch", "via", "fulfilment"],
            Self::OrderTimes => &["branch", "slot"],
            Self::Dishes => &["branch", "dish"],
            Self::Deliveries => &["branch", "zone", "rider"],
            Self::DeliveryTimes => &["branch", "slot"],
            Self::Outcomes => &["branch", "result"],
            Self::Kitchens => &["branch"],
            Self::Unserved => &["zone", "why"],
            Self::Blocked => &["caller"],
            Self::Tickets => &["topic", "branch"],
            Self::Offers => &["branch", "discount", "subject"],
            Self::Guests => &["slot"],
            Self::Quality => &["trunk"],
        }
    }

    /// What it adds up. Durations are milliseconds, money is fen.
    #[must_use]
    pub const fn sums(self) -> &'static [&'static str] {
        match self {
            Self::Lines => &["calls", "taken", "refused", "blocked", "broken", "ordered", "self_served", "busy_ms"],
            Self::Contacts => &["contacts", "returned"],
            Self::Queues => &[
                "offered",
                "answered",
                "in_time",
                "abandoned",
                "abandoned_short",
                "abandoned_in_time",
                "call_backs",
                "messages",
                "back_to_menu",
                "no_agent",
                "cut_off",
                "moved",
                "wait_ms",
                "all_wait_ms",
                "longest_ms",
                "wait_10",
                "wait_20",
                "wait_30",
                "wait_60",
                "wait_120",
            ],
            Self::Agents => &["handled", "talk_ms", "hold_ms", "after_ms", "passed_on"],
            Self::Plans => &["planned_ms", "in_plan_ms"],
            Self::Shifts => &["signed_in_ms", "available_ms", "ring_ms", "busy_in_call_ms", "wrap_up_ms", "break_ms", "away_ms"],
            Self::Nodes => &["times", "in_calls"],
            Self::Funnel => &["came"],
            Self::Codes => &["summed_up"],
            Self::Orders => &["orders", "cancelled", "goods_fen", "discount_fen", "fee_fen", "pay_fen"],
            Self::OrderTimes => &["placed", "placed_fen"],
            Self::Dishes => &["portions", "lines", "amount_fen"],
            Self::Deliveries => &["delivered", "on_time", "late_10", "late_30", "late_60", "late_ms", "undelivered"],
            Self::DeliveryTimes => &["brought", "brought_on_time", "brought_late_60", "brought_late_ms"],
            Self::Outcomes => &["became"],
            Self::Kitchens => &[
                "sent",
                "accepted",
                "accept_ms",
                "refusals",
                "moved_on",
                "took_5",
                "took_10",
                "took_15",
                "took_20",
                "took_30",
                "took_45",
                "took_60",
                "took_90",
                "took_120",
                "took_180",
                "took_240",
                "took_300",
                "took_600",
                "took_1800",
            ],
            Self::Unserved => &["unserved"],
            Self::Blocked => &["hits"],
            Self::Tickets => &["opened", "closed", "overdue", "untold", "close_ms"],
            Self::Offers => &["used", "off_fen"],
            Self::Guests => &["guest_orders", "first_orders", "member_orders", "guest_fen", "member_fen"],
            Self::Quality => &["spoken", "one_way", "no_keys", "lossy", "packets_in", "packets_lost"],
        }
    }

    /// Whether a sum is the largest instead of all together.
    #[must_use]
    pub fn is_largest(sum: &str) -> bool {
        sum == "longest_ms"
    }

    /// The sources whose rows exist for every branch and once more, as branch 0, for all of them together.
    #[must_use]
    pub const fn has_all_branches(self) -> bool {
        matches!(self, Self::OrderTimes | Self::Dishes | Self::DeliveryTimes | Self::Outcomes)
    }

    /// Whether it is always read from its records: there are few, and an index finds them.
    #[must_use]
    pub const fn is_direct(self) -> bool {
        matches!(self, Self::Shifts | Self::Plans | Self::Blocked | Self::Tickets)
    }
}

/// How sums are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Day,
    /// Hour of the day.
    Hour,
    /// Quarter of an hour of the day.
    Quarter,
    /// A column of the source.
    Column(&'static str),
}

/// One value of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Int(i64),
    Text(String),
}

impl Key {
    /// The number; 0 for a text.
    #[must_use]
    pub const fn int(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            Self::Text(_) => 0,
        }
    }

    /// The text; a number as digits.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Only what fits these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub branch: Option<i64>,
    pub queue: Option<String>,
    pub agent: Option<String>,
    /// What is planned counts up to now only.
    pub now: Option<Timestamp>,
}

/// What is asked of the store: the sums of a source over days (both included).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub source: Source,
    pub by: Vec<Group>,
    pub from: jiff::civil::Date,
    pub to: jiff::civil::Date,
    pub filter: Filter,
}

/// Sums by group, in the order of [`Source::sums`].
pub type Sums = std::collections::BTreeMap<Vec<Key>, Vec<i64>>;

/// One group with its sums.
pub type Row = (Vec<Key>, Vec<i64>);

/// Adds one group's sums to others of the same source.
pub fn add(source: Source, into: &mut Sums, key: Vec<Key>, sums: &[i64]) {
    let held = into.entry(key).or_insert_with(|| vec![0; sums.len()]);
    for ((held, sum), name) in held.iter_mut().zip(sums).zip(source.sums()) {
        *held = if Source::is_largest(name) { (*held).max(*sum) } else { held.saturating_add(*sum) };
    }
}
