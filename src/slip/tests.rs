//! Slips on both papers: what they say, what they leave out, and that nothing is wider than the paper.

use jiff::civil::date;
use proptest::prelude::*;

use super::escpos::{self, Condition};
use super::{Dish, Mark, Slip, Ticket, Which, Width, changed, columns, laid_out};
use crate::domain::{DateTime, Money};

fn at(hour: i8, minute: i8) -> DateTime {
    date(2026, 11, 21).at(hour, minute, 0, 0)
}

fn dish(number: u16, name: &str, quantity: u16, options: &[&str]) -> Dish {
    Dish {
        number,
        name: name.into(),
        quantity,
        options: options.iter().map(|option| (*option).into()).collect(),
        note: String::new(),
        amount: Money::yuan(28).times(quantity),
    }
}

fn ticket() -> Ticket {
    Ticket {
        number: "2611218003".into(),
        version: 1,
        branch: "徐家汇店".into(),
        branch_phone: "021-64380001".into(),
        delivery: true,
        placed: at(18, 2),
        promised: at(18, 45),
        name: "王女士".into(),
        phone: "13800138000".into(),
        address: "漕溪北路八十八号 5单元 1203室".into(),
        lines: vec![dish(18, "宫保鸡丁", 2, &["大份", "特辣"]), dish(60, "米饭", 2, &[])],
        remark: "门禁#1203".into(),
        allergies: vec!["花生".into()],
        goods: Money::yuan(60),
        discounts: vec![("会员九折".into(), Money::yuan(6))],
        fee: Money::yuan(5),
        pay: Money::yuan(59),
        ..Ticket::default()
    }
}

fn text(slip: &Slip) -> String {
    slip.lines.iter().map(|line| line.text.clone() + "\n").collect()
}

fn fits(slip: &Slip) {
    for line in &slip.lines {
        let room = if line.big { slip.width.columns() / 2 } else { slip.width.columns() };
        assert!(columns(&line.text) <= room, "{:?} is wider than {room}", line.text);
    }
}

#[test]
fn c83_a_kitchen_slip_has_dish_and_portions_big_with_taste_and_allergy_and_no_price() {
    let slip = laid_out(Which::Kitchen, &ticket(), &Mark::New, Width::Narrow, at(18, 3));
    fits(&slip);
    let said = text(&slip);
    for part in ["#8003 外送", "18:45前送达", "宫保鸡丁 x2", "大份 特辣", "忌口:花生", "备注:门禁#1203", "共2道 4份"]
    {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    assert!(slip.lines.iter().any(|line| line.big && line.bold && line.text == "宫保鸡丁 x2"));
    for private in ["13800138000", "28.00", "59.00", "漕溪"] {
        assert!(!said.contains(private), "{private} does not belong into the kitchen:\n{said}");
    }
}

#[test]
fn c83_a_delivery_slip_has_address_phone_amounts_and_the_number_to_scan() {
    for width in [Width::Narrow, Width::Wide] {
        let slip = laid_out(Which::Delivery, &ticket(), &Mark::New, width, at(18, 3));
        fits(&slip);
        let said = text(&slip);
        let flat = said.replace('\n', "");
        for part in ["王女士", "13800138000", "会员九折", "-6.00", "59.00", "021-64380001"] {
            assert!(flat.contains(part), "{part} is missing:\n{said}");
        }
        // Big lines break where the paper ends.
        assert!(flat.contains("漕溪北路八十八号 5单元 1203室") || flat.replace(' ', "").contains("漕溪北路八十八号5单元1203室"), "{said}");
        assert_eq!(slip.barcode.as_deref(), Some("2611218003"));
        let amounts: Vec<&str> = said.lines().filter(|line| line.ends_with("56.00")).collect();
        assert!(amounts.iter().all(|line| columns(line) == width.columns()), "amounts stand at the right edge: {amounts:?}");
    }
    let mut spoken = ticket();
    (spoken.address, spoken.spoken) = (String::new(), true);
    assert!(text(&laid_out(Which::Delivery, &spoken, &Mark::New, Width::Wide, at(18, 3))).contains("地址是录音"));
}

#[test]
fn c83_a_reprint_says_so_and_a_cancellation_stops_the_kitchen() {
    let again = text(&laid_out(Which::Packing, &ticket(), &Mark::Again(2), Width::Narrow, at(19, 0)));
    assert!(again.starts_with("补打 2\n"), "{again}");
    let mut off = ticket();
    off.off = "客人取消".into();
    let said = text(&laid_out(Which::Kitchen, &off, &Mark::Cancelled, Width::Narrow, at(18, 10)));
    assert!(said.starts_with("退单 停止制作\n") && said.contains("宫保鸡丁 大份 特辣") && said.contains("原因:客人取消"), "{said}");
}

#[test]
fn c86_a_change_tells_its_version_and_the_differences_only() {
    let before = ticket();
    let mut after = ticket();
    after.version = 2;
    after.lines[0].quantity = 3;
    after.lines.remove(1);
    after.lines.push(dish(81, "可乐", 1, &[]));
    after.promised = at(19, 10);
    let slip = changed(Which::Kitchen, &before, &after, Width::Narrow, at(18, 12)).expect("something has changed");
    fits(&slip);
    let said = text(&slip);
    assert!(said.starts_with("改单 第2版\n"), "{said}");
    for part in ["减 米饭 x2", "加 可乐 x1", "x2→x3\n", "18:45→19:10\n"] {
        assert!(said.contains(part), "{part} is missing:\n{said}");
    }
    assert!(!said.contains("共"), "the whole order is not repeated:\n{said}");
    // The same dish with another taste is one dish less and another one more.
    let mut hot = ticket();
    hot.lines[0].options = vec!["大份".into(), "微辣".into()];
    let said = text(&changed(Which::Kitchen, &before, &hot, Width::Wide, at(18, 12)).expect("other taste"));
    assert!(said.contains("减 宫保鸡丁 大份 特辣 x2\n") && said.contains("加 宫保鸡丁 大份 微辣 x2\n"), "{said}");
}

#[test]
fn c86_a_slip_that_would_say_the_same_is_not_printed() {
    let before = ticket();
    let mut moved = ticket();
    moved.version = 2;
    moved.address = "莘松路五十八号".into();
    assert_eq!(changed(Which::Kitchen, &before, &moved, Width::Narrow, at(18, 12)), None, "the kitchen cooks the same");
    let rider = changed(Which::Delivery, &before, &moved, Width::Narrow, at(18, 12)).expect("the rider goes elsewhere");
    assert!(text(&rider).replace('\n', "").contains("地址改为:莘松路五十八号"));
}

#[test]
fn c83_bytes_begin_with_reset_and_chinese_mode_and_end_with_the_cut() {
    let slip = laid_out(Which::Kitchen, &ticket(), &Mark::New, Width::Narrow, at(18, 3));
    let bytes = escpos::bytes(&slip, true);
    assert!(bytes.starts_with(&[0x1b, b'@', 0x1c, b'&', 0x1b, b'B', 2, 3]));
    assert!(bytes.ends_with(&[0x1d, b'V', 66, 0]));
    // 宫保鸡丁 in GB 18030.
    let dish = [0xb9, 0xac, 0xb1, 0xa3, 0xbc, 0xa6, 0xb6, 0xa1];
    assert!(bytes.windows(dish.len()).any(|window| window == dish));
}

#[test]
fn c83_a_note_cannot_command_the_printer() {
    let mut ticket = ticket();
    ticket.remark = "少辣\u{1b}@\u{1d}V\u{0}\u{10}\u{4}\u{1}".into();
    let slip = laid_out(Which::Kitchen, &ticket, &Mark::New, Width::Narrow, at(18, 3));
    let bytes = escpos::bytes(&slip, false);
    let count = |part: &[u8]| bytes.windows(part.len()).filter(|window| *window == part).count();
    assert_eq!((count(&[0x1b, b'@']), count(&[0x1d, b'V']), count(&[0x10, 0x04])), (1, 1, 0));
}

#[test]
fn c83_what_printers_answer_is_read_and_noise_is_not() {
    assert_eq!(escpos::condition([0x12, 0x12]), Some(Condition::Ready));
    assert_eq!(escpos::condition([0x1a, 0x12]), Some(Condition::Offline));
    assert_eq!(escpos::condition([0x12, 0x72]), Some(Condition::NoPaper));
    assert_eq!(escpos::condition([0x00, 0x12]), None);
    assert_eq!(escpos::condition([0xff, 0xff]), None);
}

proptest! {
    /// Whatever people type, nothing is wider than the paper and nothing panics.
    #[test]
    fn c83_any_text_fits_the_paper(name in ".{0,60}", remark in ".{0,120}", address in "[\u{4e00}-\u{4eff}a-zA-Z0-9 #-]{0,80}", wide: bool) {
        let mut ticket = ticket();
        ticket.lines[0].name = name;
        ticket.remark = remark;
        ticket.address = address;
        let width = if wide { Width::Wide } else { Width::Narrow };
        for which in Which::ALL {
            for mark in [Mark::New, Mark::Again(1), Mark::Cancelled] {
                let slip = laid_out(which, &ticket, &mark, width, at(18, 3));
                fits(&slip);
                prop_assert!(escpos::bytes(&slip, true).len() > 10);
            }
        }
    }
}
