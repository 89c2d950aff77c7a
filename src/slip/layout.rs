//! Lines of a slip: 32 or 48 columns, in which a Chinese character takes two; big lines have half as many.

use super::Mark;
use super::ticket::{Dish, Ticket, Which};
use crate::domain::{DateTime, Money};

/// Width of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 58 mm: 32 columns.
    Narrow,
    /// 80 mm: 48 columns.
    Wide,
}

impl Width {
    /// Columns of normal size.
    #[must_use]
    pub const fn columns(self) -> usize {
        match self {
            Self::Narrow => 32,
            Self::Wide => 48,
        }
    }

    /// By its columns.
    #[must_use]
    pub const fn of(columns: i64) -> Option<Self> {
        match columns {
            32 => Some(Self::Narrow),
            48 => Some(Self::Wide),
            _ => None,
        }
    }
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
}

impl Align {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Centre => "center",
        }
    }
}

/// One line; it fits the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub text: String,
    /// Twice as wide and high.
    pub big: bool,
    pub bold: bool,
    pub align: Align,
}

/// One slip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    pub width: Width,
    pub lines: Vec<Line>,
    /// The order's number, to be scanned.
    pub barcode: Option<String>,
}

/// So many columns does this text take: printers set everything that is not ASCII in a square of two.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

const fn column(letter: char) -> usize {
    if letter.is_ascii() { 1 } else { 2 }
}

/// The slip of an order.
#[must_use]
pub fn laid_out(which: Which, ticket: &Ticket, mark: &Mark, width: Width, printed: DateTime) -> Slip {
    let mut page = Page::new(width);
    match mark {
        Mark::New => {}
        Mark::Again(times) => page.big(&format!("补打 {times}")),
        Mark::Cancelled => page.big("退单 停止制作"),
    }
    page.head(which, ticket);
    if *mark == Mark::Cancelled {
        page.rule();
        ticket.lines.iter().for_each(|dish| page.row(&dish_words(dish), &format!("x{}", dish.quantity)));
        if !ticket.off.is_empty() {
            page.text(&format!("原因:{}", ticket.off));
        }
        page.foot(ticket, printed);
        return page.slip(None);
    }
    match which {
        Which::Kitchen => page.kitchen(ticket),
        Which::Packing => page.packing(ticket),
        Which::Delivery => page.delivery(ticket),
    }
    page.foot(ticket, printed);
    page.slip((which == Which::Delivery).then(|| ticket.number.clone()))
}

/// What has changed since `before`, and nothing else; nothing when this slip says the same as it did.
#[must_use]
pub fn changed(which: Which, before: &Ticket, ticket: &Ticket, width: Width, printed: DateTime) -> Option<Slip> {
    let mut page = Page::new(width);
    page.big(&format!("改单 第{}版", ticket.version));
    page.head(which, ticket);
    page.rule();
    let head = page.lines.len();
    for change in ticket.changes(before) {
        let words = dish_words(change.dish);
        match (change.before, change.now) {
            (0, now) => page.strong_pair(&format!("加 {words}"), &format!("x{now}")),
            (was, 0) => page.strong_pair(&format!("减 {words}"), &format!("x{was}")),
            (was, now) => page.strong_pair(&format!("改 {words}"), &format!("x{was}→x{now}")),
        }
    }
    if before.promised != ticket.promised {
        page.strong_pair("时间", &format!("{}→{}", clock(before.promised), clock(ticket.promised)));
    }
    if before.remark != ticket.remark {
        page.strong(&format!("备注改为:{}", or_none(&ticket.remark)));
    }
    if before.allergies != ticket.allergies {
        page.strong(&format!("忌口改为:{}", or_none(&ticket.allergies.join(" "))));
    }
    if which != Which::Kitchen {
        if before.address != ticket.address {
            page.strong(&format!("地址改为:{}", or_none(&ticket.address)));
        }
        if before.phone != ticket.phone {
            page.strong(&format!("电话改为:{}", ticket.phone));
        }
    }
    if which == Which::Delivery && before.pay != ticket.pay {
        page.strong_pair("应收", &format!("{}→{}", yuan(before.pay), yuan(ticket.pay)));
    }
    if page.lines.len() == head {
        return None;
    }
    page.foot(ticket, printed);
    Some(page.slip(None))
}

fn dish_words(dish: &Dish) -> String {
    let mut words = dish.name.clone();
    for option in &dish.options {
        words.push(' ');
        words.push_str(option);
    }
    if !dish.note.is_empty() {
        words.push_str(&format!("({})", dish.note));
    }
    words
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "无" } else { text }
}

fn clock(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn yuan(amount: Money) -> String {
    let fen = amount.as_fen();
    format!("{}{}.{:02}", if fen < 0 { "-" } else { "" }, fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

struct Page {
    width: Width,
    lines: Vec<Line>,
}

impl Page {
    const fn new(width: Width) -> Self {
        Self { width, lines: Vec::new() }
    }

    fn slip(self, barcode: Option<String>) -> Slip {
        Slip { width: self.width, lines: self.lines, barcode }
    }

    fn put(&mut self, text: &str, big: bool, bold: bool, align: Align) {
        let room = if big { self.width.columns() / 2 } else { self.width.columns() };
        for text in wrapped(text, room) {
            self.lines.push(Line { text, big, bold, align });
        }
    }

    fn big(&mut self, text: &str) {
        self.put(text, true, true, Align::Centre);
    }

    fn text(&mut self, text: &str) {
        self.put(text, false, false, Align::Left);
    }

    fn strong(&mut self, text: &str) {
        self.put(text, true, true, Align::Left);
    }

    /// Two things that are read together: on one line, or whole on two.
    fn strong_pair(&mut self, left: &str, right: &str) {
        let room = self.width.columns() / 2;
        if columns(left) + 1 + columns(right) <= room {
            return self.strong(&format!("{left} {right}"));
        }
        self.strong(left);
        self.strong(right);
    }

    fn rule(&mut self) {
        self.text(&"-".repeat(self.width.columns()));
    }

    /// Something on the left, and something on the right end of its last line.
    fn row(&mut self, left: &str, right: &str) {
        let room = self.width.columns();
        let mut lines = wrapped(left, room.saturating_sub(columns(right) + 1).max(8));
        let last = lines.pop().unwrap_or_default();
        lines.iter().for_each(|line| self.text(line));
        let gap = room.saturating_sub(columns(&last) + columns(right));
        self.text(&format!("{last}{}{right}", " ".repeat(gap)));
    }

    fn head(&mut self, which: Which, ticket: &Ticket) {
        // Nobody delivers what is fetched: the same slip goes with the bag to the counter.
        let title = if which == Which::Delivery && !ticket.delivery { "取餐单" } else { which.title() };
        self.put(&format!("{} {title}", ticket.branch), false, false, Align::Centre);
        self.big(&format!("#{} {}", ticket.tail(), if ticket.delivery { "外送" } else { "自取" }));
        let by = if ticket.delivery { "送达" } else { "取餐" };
        let day = if ticket.placed.date() == ticket.promised.date() {
            String::new()
        } else {
            format!("{:02}-{:02} ", ticket.promised.month(), ticket.promised.day())
        };
        let kind = if ticket.wanted { "预约" } else { "尽快" };
        self.put(&format!("{kind} {day}{}前{by}", clock(ticket.promised)), false, true, Align::Centre);
    }

    fn foot(&mut self, ticket: &Ticket, printed: DateTime) {
        self.rule();
        self.text(&format!("单号 {}", ticket.number));
        self.row(&format!("下单 {}", clock(ticket.placed)), &format!("打印 {}", clock(printed)));
    }

    /// What the diner must not eat, and what they wish.
    fn wishes(&mut self, ticket: &Ticket) {
        if !ticket.allergies.is_empty() {
            self.strong(&format!("忌口:{}", ticket.allergies.join(" ")));
        }
        if !ticket.remark.is_empty() {
            self.strong(&format!("备注:{}", ticket.remark));
        }
        if ticket.recorded {
            self.text("另有录音备注,请在屏幕上听");
        }
    }

    fn kitchen(&mut self, ticket: &Ticket) {
        for dish in &ticket.lines {
            self.rule();
            self.strong(&format!("{} x{}", dish.name, dish.quantity));
            if !dish.options.is_empty() {
                self.strong(&format!(" {}", dish.options.join(" ")));
            }
            if !dish.note.is_empty() {
                self.put(&format!(" 要求:{}", dish.note), false, true, Align::Left);
            }
        }
        self.rule();
        self.wishes(ticket);
        self.text(&format!("共{}道 {}份", ticket.lines.len(), ticket.portions()));
    }

    fn packing(&mut self, ticket: &Ticket) {
        self.rule();
        for dish in &ticket.lines {
            self.row(&dish_words(dish), &format!("x{}", dish.quantity));
        }
        self.rule();
        self.strong(&format!("共{}份", ticket.portions()));
        self.wishes(ticket);
        if !ticket.name.is_empty() {
            self.text(&format!("客人:{}", ticket.name));
        }
    }

    fn delivery(&mut self, ticket: &Ticket) {
        self.rule();
        if ticket.delivery {
            let address = match (ticket.address.is_empty(), ticket.spoken) {
                (false, _) => ticket.address.as_str(),
                (true, true) => "地址是录音,请问总部",
                (true, false) => "地址未写明,请问总部",
            };
            self.strong(address);
        }
        let who = if ticket.name.is_empty() { "客人" } else { &ticket.name };
        self.strong(&format!("{who} {}", ticket.phone));
        if !ticket.remark.is_empty() {
            self.text(&format!("备注:{}", ticket.remark));
        }
        self.rule();
        for dish in &ticket.lines {
            self.row(&format!("{} x{}", dish_words(dish), dish.quantity), &yuan(dish.amount));
        }
        self.rule();
        self.row("小计", &yuan(ticket.goods));
        for (words, amount) in &ticket.discounts {
            self.row(words, &format!("-{}", yuan(*amount)));
        }
        if ticket.fee != Money::ZERO {
            self.row("配送费", &yuan(ticket.fee));
        }
        self.strong(&format!("{} {}", if ticket.delivery { "货到应收" } else { "到店应收" }, yuan(ticket.pay)));
        self.text(&format!("门店电话 {}", ticket.branch_phone));
    }
}

/// Breaks a text so that no line is wider; words in Latin letters and numbers stay whole where they fit. What would be a
/// command to a printer is no text.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_alphanumeric() {
            rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        rest = after;
        if used + columns(word) > room && used > 0 && columns(word) <= room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for letter in word.chars() {
            if used + column(letter) > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            // A line does not begin with the space that would have parted it from the one before.
            if !(letter == ' ' && used == 0 && !lines.is_empty()) {
                line.push(letter);
                used += column(letter);
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}
