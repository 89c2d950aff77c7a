//! Tables that come back: unchanged, with faults, with changes.

use super::{Held, Known, What, branches, dishes, read};
use crate::domain::Catalogue;
use crate::house::House;

fn shop() -> Catalogue {
    House::read(&include_str!("../../menus.toml").parse().expect("is TOML")).0.catalogue()
}

fn table(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn c105_what_was_taken_out_comes_back_and_changes_nothing() {
    let shop = shop();
    for (what, known) in [(What::Dishes, dishes(&shop)), (What::Branches, branches(&shop))] {
        let mut rows = vec![what.columns().iter().map(|column| column.zh.to_owned()).collect()];
        rows.extend(known.values().cloned());
        assert!(known.values().all(|cells| cells.len() == what.columns().len()), "each column has its cell");
        assert_eq!(read(what, &rows, &known, &shop), (vec![], vec![]));
        // Every cell that is there fits its own rule too: the same table fills an empty house.
        let (changes, faults) = read(what, &rows, &Known::new(), &shop);
        assert_eq!((changes.len(), faults), (known.len(), vec![]));
        assert!(changes.iter().all(|change| change.new));
    }
}

#[test]
fn c105_a_preview_names_every_fault_with_row_column_and_cure() {
    let shop = shop();
    let rows = table(
        "number | price_fen | category | alternative | served | |\n\
         18 | 39.5 | | 18 | 10:00\n\
         18 | 40 | mains | |\n\
         99999 | -1 | | |\n\
         9001 | 12 | | 9002 | | | ?",
    );
    let (changes, faults) = read(What::Dishes, &rows, &dishes(&shop), &shop);
    assert!(changes.is_empty(), "{changes:?}");
    let places: Vec<_> = faults.iter().map(|fault| (fault.row, fault.column.as_str())).collect();
    for wanted in [
        (2, "category"),
        (2, "alternative"),
        (2, "served"),
        (3, "number"),
        (4, "number"),
        (4, "price_fen"),
        (5, "category"),
        (5, "alternative"),
        (5, "zh"),
        (5, ""),
    ] {
        assert!(places.contains(&wanted), "{wanted:?} is missing in {faults:?}");
    }
    assert!(faults.iter().all(|fault| !fault.cure.zh.is_empty() && !fault.cure.en.is_empty()));
    let (_, faults) = read(What::Dishes, &table("number | colour\n1 | red"), &dishes(&shop), &shop);
    assert_eq!((faults[0].row, faults[0].column.as_str()), (1, "colour"));
    let (_, faults) = read(What::Dishes, &[], &dishes(&shop), &shop);
    assert_eq!((faults[0].row, faults[0].column.as_str()), (1, "number"), "an empty file");
}

#[test]
fn c105_only_what_differs_is_changed() {
    let shop = shop();
    let (changes, faults) = read(What::Dishes, &table("菜号 | 价格(元) | 下架\n18 | 39.50 | 是\n61 | | 否"), &dishes(&shop), &shop);
    assert_eq!((changes.len(), faults.len()), (1, 1), "an empty price is a fault");
    assert_eq!(changes[0].set, [("price_fen", Held::Number(Some(3950))), ("retired", Held::Number(Some(1)))]);
    assert_eq!(changes[0].columns[0], ("price_fen", "38".into(), "39.50".into()));
    let (changes, faults) = read(What::Branches, &table("number | mon\n2 | 10:00-14:00, 17:00-21:00"), &branches(&shop), &shop);
    assert!(faults.is_empty(), "{faults:?}");
    let Held::Text(Some(week)) = &changes[0].set[0].1 else { panic!("{changes:?}") };
    assert!(week.starts_with("10:00-14:00,17:00-21:00;10:00-21:30;"), "{week}");
}

#[test]
fn c105_a_dish_that_leaves_the_menu_is_nobodys_alternative() {
    let shop = shop();
    let read = |text: &str| read(What::Dishes, &table(text), &dishes(&shop), &shop);
    assert_eq!(read("number | alternative\n18 | 61").1, vec![]);
    assert_eq!(read("number | alternative | retired\n18 | 61 | no\n61 | | yes").1.len(), 1);
    let new = "number | zh | en | price_fen | category | alternative\n900 | 新菜 | New | 20 | staple |\n18 | 宫保鸡丁 | Kung Pao chicken | 38 | hot | 900";
    let (changes, faults) = read(new);
    assert_eq!(faults, vec![]);
    assert!(changes[0].new && changes[0].set.contains(&("options", Held::Text(Some(String::new())))));
    assert!(changes[1].set.contains(&("alternative", Held::Number(Some(900)))));
    let sizes = "number | size_price_fen | options\n18 | 50/40/30 | spice";
    assert_eq!(read(sizes).1[0].column, "size_price_fen");
}

#[test]
fn c105_members_have_a_level_and_numbers() {
    let shop = shop();
    let rows = table("number | level | name | phones\n102938 | gold | 王晓梅 | abc\n12 | none | | x");
    let (changes, faults) = read(What::Members, &rows, &Known::new(), &shop);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(changes.is_empty());
    let rows = table("number | level | name | phones\n102938 | gold | 王晓梅 | 13800138000,13900139000");
    let (changes, _) = read(What::Members, &rows, &Known::new(), &shop);
    assert!(changes[0].new && changes[0].set.contains(&("phones", Held::Text(Some("13800138000 13900139000".into())))));
}
