//! Numbers, money, times and digits as they are spoken in Mandarin.

use super::DigitOne;
use crate::domain::{ClockTime, DayWord, Money};

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// One digit as it is named: 二 and never 两.
const fn digit(value: u64) -> &'static str {
    DIGITS[(value % 10) as usize]
}

/// 1 to 9999; after a higher group or unit ten is 一十 and not 十.
fn group(value: u64, after_higher: bool) -> String {
    let (mut text, mut gap, mut started) = (String::new(), false, after_higher);
    for (unit, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let count = value / unit % 10;
        if count == 0 {
            gap = gap || !text.is_empty();
            continue;
        }
        if gap {
            text.push('零');
            gap = false;
        }
        if !(unit == 10 && count == 1 && !started) {
            text.push_str(if unit == 1000 && count == 2 { "两" } else { digit(count) });
        }
        text.push_str(name);
        started = true;
    }
    text
}

/// A number: groups of four digits, inner zeros of any length spoken once, 两 before 千, 万 and 亿.
#[must_use]
pub fn number(value: u64) -> String {
    if value == 0 {
        return "零".into();
    }
    spoken(value, false)
}

fn spoken(value: u64, after_higher: bool) -> String {
    for (size, name) in [(100_000_000, "亿"), (10_000, "万")] {
        let (high, low) = (value / size, value % size);
        if high == 0 {
            continue;
        }
        let mut text = if high == 2 { "两".to_owned() } else { spoken(high, after_higher) };
        text.push_str(name);
        if low > 0 {
            if low < size / 10 {
                text.push('零');
            }
            text.push_str(&spoken(low, true));
        }
        return text;
    }
    group(value, after_higher)
}

/// A number directly before a measure word, where two is 两: 两份, 两位, 两道菜.
#[must_use]
pub fn count(value: u64, measure: &str) -> String {
    if value == 2 { format!("两{measure}") } else { number(value) + measure }
}

/// An amount: 元, 角 and 分, without 整 and without naming what is zero. Below zero the amount alone is spoken.
#[must_use]
pub fn money(amount: Money) -> String {
    let fen = amount.as_fen().unsigned_abs();
    let (yuan, jiao, rest) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut text = if yuan > 0 { count(yuan, "元") } else { String::new() };
    if jiao > 0 {
        text += if jiao == 2 && yuan == 0 { "两" } else { digit(jiao) };
        text += "角";
    }
    if rest > 0 {
        if yuan > 0 && jiao == 0 {
            text += "零";
        }
        text += if rest == 2 && text.is_empty() { "两" } else { digit(rest) };
        text += "分";
    }
    if text.is_empty() { "零元".into() } else { text }
}

/// Portions: 两份.
#[must_use]
pub fn quantity(portions: u16) -> String {
    count(portions.into(), "份")
}

/// A dish by its number, which is a name: 二号, 一百零二号.
#[must_use]
pub fn dish_number(value: u16) -> String {
    number(value.into()) + "号"
}

/// Digit by digit; what is no digit is left out.
#[must_use]
pub fn digits(text: &str, one: DigitOne) -> String {
    text.chars().filter_map(|c| c.to_digit(10)).map(|value| if value == 1 { one.word() } else { digit(value.into()) }).collect()
}

/// The groups of a telephone number with commas between: 幺三八，幺二三四，五六七八.
#[must_use]
pub fn phone(text: &str, one: DigitOne) -> String {
    super::groups(text).iter().map(|group| digits(group, one)).collect::<Vec<_>>().join("，")
}

/// Hour with its part of the day: 晚上六点. 24 o'clock is midnight.
#[must_use]
pub fn hour(hour: u16) -> String {
    let hour = hour % 24;
    let part = match hour {
        0..6 => "凌晨",
        6..9 => "早上",
        9..12 => "上午",
        12 => "中午",
        13..18 => "下午",
        _ => "晚上",
    };
    part.to_owned() + &count(if hour <= 12 { hour } else { hour - 12 }.into(), "点")
}

/// A time of day: 晚上六点半, 下午两点零二分.
#[must_use]
pub fn time(at: ClockTime) -> String {
    let minute = match at.minute() {
        0 => String::new(),
        30 => "半".into(),
        minute @ 1..10 => format!("零{}分", digit(minute.into())),
        minute => number(minute.into()) + "分",
    };
    hour(at.hour()) + &minute
}

/// 四十五分钟
#[must_use]
pub fn minutes(count_of: u32) -> String {
    count(count_of.into(), "分钟")
}

/// A duration in seconds: 两分钟, 一分半钟, 四十五秒, 一分二十秒.
#[must_use]
pub fn duration(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (0, rest) => count(rest.into(), "秒"),
        (whole, 0) => minutes(whole),
        (whole, 30) => count(whole.into(), "分") + "半钟",
        (whole, rest) => count(whole.into(), "分") + &count(rest.into(), "秒"),
    }
}

/// 十一月二十一号
#[must_use]
pub fn month_day(month: u8, day: u8) -> String {
    format!("{}月{}号", number(month.into()), number(day.into()))
}

/// 今天, 明天, 后天, 十一月二十一号
#[must_use]
pub fn day(day: DayWord) -> String {
    match day {
        DayWord::Today => "今天".into(),
        DayWord::Tomorrow => "明天".into(),
        DayWord::DayAfter => "后天".into(),
        DayWord::Date { month, day } => month_day(month, day),
    }
}

/// A full date: 二零二六年十一月二十一日，星期六.
#[must_use]
pub fn date(date: jiff::civil::Date) -> String {
    let year: String = date.year().to_string().chars().filter_map(|c| c.to_digit(10)).map(|value| digit(value.into())).collect();
    let weekday = match date.weekday().to_monday_one_offset() {
        7 => "日",
        place => digit(u64::from(place.unsigned_abs())),
    };
    let (month, day) = (u64::from(date.month().unsigned_abs()), u64::from(date.day().unsigned_abs()));
    format!("{year}年{}月{}日，星期{weekday}", number(month), number(day))
}

/// A floor is an ordinal: 二楼.
#[must_use]
pub fn floor(value: u16) -> String {
    number(value.into()) + "楼"
}

/// A room, digit by digit: 二零二室.
#[must_use]
pub fn room(text: &str, one: DigitOne) -> String {
    digits(text, one) + "室"
}

/// A discount as printed, in tenths or hundredths of the price that remain: `8.8` → 八点八折, `85` → 八五折, `9` → 九折.
#[must_use]
pub fn discount(printed: &str) -> String {
    let spoken: String =
        printed.chars().filter_map(|c| if c == '.' { Some("点") } else { c.to_digit(10).map(|value| digit(value.into())) }).collect();
    spoken + "折"
}

/// Points are a number: 两千三百五十分.
#[must_use]
pub fn points(value: u64) -> String {
    number(value) + "分"
}

/// What a waiting caller hears at `position` (1 is next): 您前面还有两位.
#[must_use]
pub fn queue_position(position: u32) -> String {
    match position {
        0 | 1 => "您是下一位".into(),
        ahead => format!("您前面还有{}", count(u64::from(ahead) - 1, "位")),
    }
}
