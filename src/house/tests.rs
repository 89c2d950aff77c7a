//! The house of the shipped file, and one finding for each thing that can be wrong.

use super::House;
use crate::domain::{Deal, DishOption, Finding, MenuNumber, Money};

fn read(text: &str) -> (House, Vec<Finding>) {
    House::read(&text.parse::<toml::Table>().unwrap())
}

fn places(text: &str) -> Vec<String> {
    read(text).1.into_iter().map(|finding| finding.place).collect()
}

const CATEGORY: &str = "[[category]]\nid = \"hot\"\nzh = \"热菜\"\nen = \"Hot\"\n";

fn dish(extra: &str) -> String {
    format!(
        "{CATEGORY}[[dish]]\nnumber = 18\nzh = \"宫保鸡丁\"\nen = \"Kung Pao chicken\"\nprice_fen = 3800\ncategory = \"hot\"\n{extra}\n"
    )
}

fn branch(hours: &str, extra: &str) -> String {
    format!(
        "[[branch]]\nnumber = 1\nzh = \"店\"\nen = \"one\"\naddress_zh = \"路\"\naddress_en = \"road\"\nphone = \"021-64380001\"\n{extra}\n{hours}\n"
    )
}

#[test]
fn the_shipped_file_has_no_finding() {
    let (house, findings) = read(include_str!("../../menus.toml"));
    assert_eq!(findings, []);
    assert_eq!((house.levels.len(), house.categories.len(), house.branches.len(), house.offers.len()), (4, 5, 3, 2));
    let catalogue = house.catalogue();
    let fish = &catalogue.dishes[&MenuNumber::new(22).unwrap()];
    assert_eq!((fish.price, fish.options.as_slice()), (Money::yuan(68), &[DishOption::Size, DishOption::Spice][..]));
    assert!(matches!(&catalogue.offers[1].deal, Deal::AmountOff { off, .. } if *off == Money::yuan(10)));
    assert_eq!(catalogue.offers[1].days.len(), 5);
}

#[test]
fn every_fault_of_a_dish_has_its_place() {
    for (extra, place) in [
        ("colour = \"red\"", "dish 18.colour"),
        ("alternative = 18", "dish 18.alternative"),
        ("alternative = 77", "dish 18.alternative"),
        ("served = \"10:30-06:30\"", "dish 18.served"),
        ("new_until = \"soon\"", "dish 18.new_until"),
        ("options = [\"colour\"]", "dish 18.options"),
        ("size_price_fen = [1, 2]", "dish 18.size_price_fen"),
        ("size_price_fen = [3, 2, 1]", "dish 18.size_price_fen"),
        ("reading = \"gong\"", "dish 18.reading"),
        ("retired = 1", "dish 18.retired"),
    ] {
        assert_eq!(places(&dish(extra)), [place], "{extra}");
    }
    assert_eq!(places(&dish("size_price_fen = [3, 2, 1]\noptions = [\"size\"]")), [""; 0]);
    assert_eq!(places(&dish("").replace("\"hot\"\n", "\"cold\"\n").replace("id = \"cold\"", "id = \"hot\"")), ["dish 18.category"]);
    assert_eq!(places(&dish("").replace("3800", "\"38\"")), ["dish 18.price_fen"]);
    assert_eq!(places(&dish("").replace("number = 18", "number = 10000")), ["dish 10000.number"]);
    assert_eq!(places("dish = 3"), ["dish"]);
    assert_eq!(places("[[level]]\nzh = \"a\"\nen = \"b\""), ["level #1.id"]);
}

#[test]
fn all_findings_come_at_once_and_a_faulty_entry_is_left_out() {
    let text = format!("{}{}", dish("served = \"x\"").replace("3800", "-1"), "[[dish]]\nnumber = 19\n");
    let (house, findings) = read(&text);
    assert!(house.dishes.is_empty());
    let places: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
    assert_eq!(places, ["dish 18.price_fen", "dish 18.served", "dish 19.zh", "dish 19.en", "dish 19.price_fen", "dish 19.category"]);
    assert!(findings.iter().all(|finding| !finding.found.is_empty() && !finding.cure.is_empty()));
}

#[test]
fn the_same_number_twice_is_a_finding() {
    let twice = dish("") + &dish("").replace(CATEGORY, "");
    assert_eq!(places(&twice), ["dish 18.number"]);
}

#[test]
fn c30_hours_are_a_list_or_a_table_by_weekday() {
    let (house, findings) = read(&branch("[branch.hours]\nmon = [\"10:00-14:00\", \"17:00-24:00\"]\nsun = []", ""));
    assert_eq!(findings, []);
    let week = &house.branches[0].value.week;
    assert_eq!((week[0].len(), week[1].len(), week[6].len()), (2, 0, 0));
    for hours in ["hours = [\"18:00-02:00\"]", "hours = [\"10:00-14:00\", \"13:00-15:00\"]", "hours = \"always\"", "hours = [10]"] {
        assert_eq!(places(&branch(hours, "")), ["branch 1.hours"], "{hours}");
    }
    assert_eq!(places(&branch("[branch.hours]\nmonday = []", "")), ["branch 1.hours.monday"]);
    assert_eq!(places(&branch("hours = [\"10:00-14:00\"]", "last_order = \"soon\"")), ["branch 1.last_order"]);
    assert_eq!(places(&branch("hours = [\"10:00-14:00\"]", "").replace("021-64380001", "call us")), ["branch 1.phone"]);
}

#[test]
fn c25_an_offer_is_news_or_a_share_or_an_amount() {
    let offer = |extra: &str| {
        format!("{CATEGORY}[[offer]]\nid = \"o\"\nzh = \"优惠\"\nen = \"offer\"\nfrom = \"2026-11-01\"\nuntil = 2026-12-01\n{extra}\n")
    };
    assert_eq!(places(&offer("")), [""; 0]);
    assert_eq!(places(&offer("category = \"hot\"\npercent_off = 10")), [""; 0]);
    assert_eq!(places(&offer("category = \"cold\"\npercent_off = 10")), ["offer o.category"]);
    assert_eq!(places(&offer("percent_off = 10")), ["offer o"]);
    assert_eq!(places(&offer("from_fen = 100\noff_fen = 200")), ["offer o.off_fen"]);
    assert_eq!(places(&offer("days = \"mon-someday\"")), ["offer o.days"]);
    assert_eq!(places(&offer("").replace("2026-11-01", "2027-01-01")), ["offer o.until"]);
}

#[test]
fn c30_holidays_and_make_up_days() {
    let (house, findings) = read(
        "[[holiday]]\nfrom = \"2027-02-06\"\nuntil = \"2027-02-12\"\nname = \"春节\"\n[[make_up]]\ndate = \"2027-02-14\"\nfollows = \"mon\"\n",
    );
    assert_eq!(findings, []);
    assert_eq!((house.holidays.len(), house.make_up.len()), (1, 1));
    assert_eq!(places("[[holiday]]\nfrom = \"2027-02-06\"\nbranch = 9\n"), ["holiday 2027-02-06.branch"]);
    assert_eq!(places("[[make_up]]\ndate = \"2027-02-14\"\nfollows = \"holiday\"\n"), ["make_up 2027-02-14.follows"]);
}

#[test]
fn only_an_entry_that_changed_has_another_hash() {
    let hash = |text: &str| read(text).0.dishes[0].hash.clone();
    assert_eq!(hash(&dish("")), hash(&dish("# a remark")));
    assert_ne!(hash(&dish("")), hash(&dish("retired = true")));
}
