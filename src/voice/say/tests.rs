//! The spoken values against the written vectors, and against a small model for all that is counted.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{DigitOne, english, mandarin};
use crate::domain::{ClockTime, DayWord, Language, Money};
use crate::voice::cut;

const VECTORS: &str = include_str!("../../../tools/prompts/say-vectors.tsv");

/// The texts of the clips that `tools/prompts` renders for values in Mandarin, with so many whole-yuan amounts (300 are shipped).
fn mandarin_clips(whole_yuan: i64) -> HashSet<String> {
    let mut clips: HashSet<String> =
        ["两", "幺", "万", "元", "二元", "两角", "两分", "两万", "半", "号", "今天", "明天", "后天"].map(str::to_owned).into();
    let number = mandarin::number;
    clips.extend((0..100).map(number));
    clips.extend((10..20).flat_map(|n| [format!("一{}", number(n)), format!("一{}元", number(n))]));
    clips.extend((1..=whole_yuan).map(|yuan| mandarin::money(Money::yuan(yuan))));
    for n in 1..10 {
        clips.extend([format!("{}角", number(n)), format!("{}分", number(n)), format!("零{}分", number(n))]);
        clips.extend([number(n * 100), number(n * 100) + "零", number(n * 1000), number(n * 1000) + "零", number(n * 1000) + "元"]);
    }
    clips.extend((1..=50).map(mandarin::quantity));
    clips.extend((1..=10).chain((15..65).step_by(5)).chain([75, 90, 120]).map(mandarin::minutes));
    clips.extend((0..24).map(mandarin::hour));
    clips.extend((10..60).map(|minute| number(minute) + "分"));
    clips.extend((1..=12).map(|month| number(month) + "月"));
    // Days of the month (二号) are left out: the vectors cut a dish's number without them.
    clips
}

fn english_clips() -> HashSet<String> {
    let words =
        ["hundred", "hundred and", "thousand", "thousand and", "yuan", "fen", "oh", "portions", "minutes", "number", "a.m.", "p.m."];
    let mut clips: HashSet<String> = words.map(str::to_owned).into();
    clips.extend((0..100).map(english::number));
    for n in 1..10 {
        let name = english::number(n);
        clips.extend([format!("{name} hundred"), format!("{name} hundred and"), format!("{name} thousand"), format!("oh {name}")]);
    }
    clips.extend((1..100).map(|yuan| english::money(Money::yuan(yuan))));
    clips.extend((1..=20).map(english::quantity));
    clips.extend(["one minute".to_owned(), "today".into(), "tomorrow".into(), "the day after".into()]);
    clips
}

fn pieces(text: &str, language: Language, clips: &HashSet<String>) -> Option<Vec<String>> {
    cut(text, language, |piece| clips.get(piece)).map(|found| found.into_iter().cloned().collect())
}

fn clock(text: &str) -> ClockTime {
    ClockTime::parse(text).expect("a time of the vectors")
}

/// `205.50` in fen.
fn amount(text: &str) -> Money {
    Money::fen(text.replace('.', "").parse().expect("an amount of the vectors"))
}

#[test]
fn c31_every_line_of_the_vectors_is_spoken_and_cut_as_written() {
    // The vectors were made with whole-yuan clips up to 999.
    let (zh, en) = (mandarin_clips(999), english_clips());
    let mut lines = 0;
    for line in VECTORS.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, value, zh_text, zh_clips, en_text] = fields.as_slice() else { panic!("{line}") };
        let (said, spoken) = match *kind {
            "money" => (mandarin::money(amount(value)), english::money(amount(value))),
            "quantity" => (mandarin::quantity(value.parse().unwrap()), english::quantity(value.parse().unwrap())),
            "dish" => (mandarin::dish_number(value.parse().unwrap()), english::dish_number(value.parse().unwrap())),
            "digits" => (mandarin::digits(value, DigitOne::Yao), english::digits(value)),
            "time" => (mandarin::time(clock(value)), english::time(clock(value))),
            "number" => (mandarin::number(value.parse().unwrap()), english::number(value.parse().unwrap())),
            "minutes" => (mandarin::minutes(value.parse().unwrap()), english::minutes(value.parse().unwrap())),
            other => panic!("a new kind in the vectors: {other}"),
        };
        assert_eq!((said.as_str(), spoken.as_str()), (*zh_text, *en_text), "{kind} {value}");
        if !zh_clips.is_empty() && !kind.eq(&"digits") {
            assert_eq!(pieces(&said, Language::Mandarin, &zh).map(|row| row.join("|")).as_deref(), Some(*zh_clips), "{kind} {value}");
        }
        assert!(pieces(&spoken, Language::English, &en).is_some(), "{spoken}");
        lines += 1;
    }
    assert_eq!(lines, 68);
}

#[test]
fn c31_the_vectors_of_the_handbook() {
    let one = DigitOne::Yao;
    let money = |fen| mandarin::money(Money::fen(fen));
    assert_eq!(
        [20550, 20505, 50, 5, 200, 1200, 2020].map(money),
        ["二百零五元五角", "二百零五元零五分", "五角", "五分", "两元", "十二元", "二十元二角"]
    );
    assert_eq!([101_000, 1_001_000].map(money), ["一千零一十元", "一万零一十元"]);
    assert_eq!([22_222, 110, 10_500, 100_000].map(mandarin::number), ["两万两千二百二十二", "一百一十", "一万零五百", "十万"]);
    assert_eq!([2, 12, 22].map(mandarin::quantity), ["两份", "十二份", "二十二份"]);
    assert_eq!((mandarin::floor(2).as_str(), mandarin::room("202", one).as_str()), ("二楼", "二零二室"));
    assert_eq!(mandarin::phone("13812345678", one), "幺三八，幺二三四，五六七八");
    assert_eq!(mandarin::phone("029-88001234", one), "零二九，八八零零，幺二三四");
    assert_eq!(mandarin::digits("8003", one), "八零零三");
    assert_eq!(["18:05", "12:00", "14:02"].map(|at| mandarin::time(clock(at))), ["晚上六点零五分", "中午十二点", "下午两点零二分"]);
    assert_eq!([120, 90, 45 * 60].map(mandarin::duration), ["两分钟", "一分半钟", "四十五分钟"]);
    assert_eq!(mandarin::date(jiff::civil::date(2026, 11, 21)), "二零二六年十一月二十一日，星期六");
    assert_eq!(["8.8", "85"].map(mandarin::discount), ["八点八折", "八五折"]);
    assert_eq!(mandarin::points(2350), "两千三百五十分");
    assert_eq!(mandarin::queue_position(3), "您前面还有两位");
}

#[test]
fn c31_english_says_the_same_things() {
    assert_eq!(
        [120, 90, 2700, 80].map(english::duration),
        ["two minutes", "one and a half minutes", "forty five minutes", "one minute twenty seconds"]
    );
    assert_eq!(english::date(jiff::civil::date(2026, 11, 21)), "Saturday, November the twenty first, twenty twenty six");
    assert_eq!(english::date(jiff::civil::date(2005, 1, 2)), "Sunday, January the second, two thousand and five");
    assert_eq!((english::room("202"), english::floor(2)), ("room two oh two".into(), "the second floor".into()));
    assert_eq!(["8.8", "85", "9"].map(english::discount), ["twelve percent off", "fifteen percent off", "ten percent off"]);
    assert_eq!(english::phone("13800138000"), "one three eight, zero zero one three, eight zero zero zero");
    assert_eq!(english::queue_position(2), "There is one caller ahead of you");
    assert_eq!(
        [30, 31, 20, 23].map(|day| english::month_day(11, day)).map(|text| text.replace("November the ", "")),
        ["thirtieth", "thirty first", "twentieth", "twenty third"]
    );
}

#[test]
fn one_is_yao_or_yi_by_setting_and_only_in_digits() {
    assert_eq!(mandarin::digits("110", DigitOne::Yi), "一一零");
    assert_eq!(mandarin::digits("110", DigitOne::Yao), "幺幺零");
    assert_eq!(
        [DigitOne::from_name("yi"), DigitOne::from_name("yao"), DigitOne::from_name("1")],
        [Some(DigitOne::Yi), Some(DigitOne::Yao), None]
    );
}

#[test]
fn digits_are_grouped_as_callers_know_them() {
    for (digits, expected) in [
        ("3072", "3072"),
        ("102938", "102 938"),
        ("13800138000", "138 0013 8000"),
        ("02164380001", "021 6438 0001"),
        ("075512345678", "0755 1234 5678"),
        ("4008001234", "400 800 1234"),
        ("95588", "95588"),
        ("", ""),
        ("1234567890123456", "1234 5678 9012 3456"),
    ] {
        assert_eq!(super::groups(digits).join(" "), expected);
    }
}

#[test]
fn midnight_at_the_end_of_a_day_is_midnight() {
    assert_eq!(mandarin::time(clock("24:00")), mandarin::time(clock("00:00")));
    assert_eq!(english::time(clock("24:00")), "twelve a.m.");
    assert_eq!(mandarin::day(DayWord::Date { month: 2, day: 2 }), "二月二号");
}

#[test]
fn large_amounts_do_not_break() {
    assert_eq!(mandarin::number(200_000_000), "两亿");
    assert_eq!(mandarin::number(100_000_001), "一亿零一");
    assert_eq!(mandarin::number(1_0500_0000), "一亿零五百万");
    for value in [u64::MAX, 1_000_000, 999_999_999, 10_000_000_000] {
        assert!(!mandarin::number(value).is_empty() && !english::number(value).is_empty());
    }
    assert_eq!(mandarin::money(Money::ZERO), "零元");
    assert!(!english::money(Money::fen(i64::MIN)).is_empty());
}

/// Reads a Mandarin number back, the other way round: a second opinion.
fn read(text: &str) -> u64 {
    let (mut total, mut section, mut digit) = (0, 0, 0);
    for c in text.chars() {
        match c {
            '零' => digit = 0,
            '两' => digit = 2,
            '十' | '百' | '千' => {
                let unit = match c {
                    '十' => 10,
                    '百' => 100,
                    _ => 1000,
                };
                section += unit * if digit == 0 { 1 } else { digit };
                digit = 0;
            }
            '万' => {
                total += (section + digit) * 10_000;
                (section, digit) = (0, 0);
            }
            other => digit = "一二三四五六七八九".chars().position(|d| d == other).expect("a digit") as u64 + 1,
        }
    }
    total + section + digit
}

#[test]
fn c31_all_numbers_to_99999_read_back_and_obey_the_rules_of_zero_and_two() {
    for value in 1..100_000 {
        let text = mandarin::number(value);
        assert_eq!(read(&text), value, "{text}");
        assert!(!text.contains("零零") && !text.ends_with('零'), "{value} {text}");
        assert!(!text.contains("二千") && !text.contains("二万") && !text.contains("两十") && !text.contains("两百"), "{value} {text}");
        assert!(!text.contains("百十") && !text.contains("千十") && !text.contains("零十"), "{value} {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn c31_every_amount_to_20000_yuan_has_its_clips(fen in 1_i64..=2_000_000) {
        thread_local! {
            static CLIPS: (HashSet<String>, HashSet<String>) = (mandarin_clips(300), english_clips());
        }
        CLIPS.with(|(zh, en)| {
            let (said, spoken) = (mandarin::money(Money::fen(fen)), english::money(Money::fen(fen)));
            let row = pieces(&said, Language::Mandarin, zh);
            prop_assert!(row.is_some(), "{said}");
            prop_assert!(fen > 30_000 || fen % 10 != 0 || row.is_some_and(|row| row.len() <= 2), "{said}");
            prop_assert!(pieces(&spoken, Language::English, en).is_some(), "{spoken}");
            prop_assert!(!said.contains("元零角") && !said.contains("零零"), "{said}");
            Ok(())
        })?;
    }
}
