//! A simulated day: what the simulation counted is what the reports say, before and after the day is added up.

use dinetone::report::{Cell, Filter, Grain, Report, Table};
use dinetone::simulate::{Totals, Wish, menus, run};
use dinetone::store::Store;
use jiff::civil::{Date, date};

use super::kit::{DAY, Database, MENUS, MINUTE, saturday};

const DAY_OF: Date = date(2026, 11, 21);

async fn total(store: &Store, name: &str) -> (Table, Vec<Cell>) {
    let table = store.report(Report::named(name).unwrap(), Grain::Day, DAY_OF, DAY_OF, &Filter::default()).await.unwrap();
    let total = table.total.clone().unwrap();
    (table, total)
}

async fn check(store: &Store, name: &str, wanted: &[(&str, i64)]) {
    let (table, total) = total(store, name).await;
    for (key, wanted) in wanted {
        let found = match table.cell(&total, key) {
            Some(Cell::Whole(number) | Cell::Tenths(number)) => *number,
            other => panic!("{name} {key}: {other:?}"),
        };
        assert_eq!(found, *wanted, "{name} {key}");
    }
}

async fn reports_say(store: &Store, totals: &Totals) {
    let asa = (totals.waits_of_answered_ms * 2 + totals.answered * 100) / (totals.answered * 200);
    check(
        store,
        "service-level",
        &[
            ("offered", totals.offered),
            ("answered", totals.answered),
            ("in_time", totals.answered_in_time),
            ("abandoned", totals.abandoned),
            ("abandoned_short", totals.abandoned_short),
            ("asa", asa),
        ],
    )
    .await;
    let keypad = totals.orders_by_keypad;
    check(store, "lines", &[("calls", totals.calls), ("taken", totals.calls)]).await;
    let att = (totals.talk_ms * 2 + totals.handled * 100) / (totals.handled * 200);
    check(store, "agents", &[("handled", totals.handled), ("att", att)]).await;
    check(store, "dispositions", &[("summed_up", totals.handled)]).await;
    check(store, "orders", &[("placed", totals.orders), ("placed_fen", totals.sales_fen)]).await;
    check(store, "orders-by-hour", &[("placed", totals.orders), ("placed_fen", totals.sales_fen)]).await;
    check(store, "orders-by-branch", &[("orders", totals.orders), ("sales", totals.sales_fen), ("cancelled", totals.cancelled)]).await;
    let (table, _) = total(store, "orders-by-branch").await;
    for row in &table.rows {
        let Some(Cell::Text(branch)) = table.cell(row, "branch") else { panic!("{row:?}") };
        let wanted = totals.orders_by_branch.get(&branch.parse().unwrap()).copied().unwrap_or(0);
        assert_eq!(table.cell(row, "orders"), Some(&Cell::Whole(wanted)), "branch {branch}");
    }
    let (table, _) = total(store, "orders-by-channel").await;
    let by_keypad: i64 = table
        .rows
        .iter()
        .filter(|row| table.cell(row, "via") == Some(&Cell::Text("keypad".into())))
        .map(|row| if let Some(Cell::Whole(orders)) = table.cell(row, "orders") { *orders } else { 0 })
        .sum();
    assert_eq!(by_keypad, keypad);
    for name in ["deliveries-by-branch", "deliveries-by-zone", "deliveries-by-rider"] {
        check(
            store,
            name,
            &[
                ("delivered", totals.delivered),
                ("late_10", totals.late_10),
                ("late_30", totals.late_30),
                ("late_60", totals.late_60),
                ("undelivered", totals.undelivered),
                ("on_time", (totals.on_time * 2000 + totals.delivered) / (totals.delivered * 2)),
            ],
        )
        .await;
    }
    check(store, "deliveries-by-hour", &[("brought", totals.delivered), ("brought_late_60", totals.late_60)]).await;
    check(store, "branch-acceptance", &[("refusals", totals.refusals)]).await;
}

pub async fn c104_reports_say_what_the_simulated_day_did(database: Database) {
    let store = database.store().await;
    let chain = menus(&MENUS.parse().unwrap(), 5);
    let wish = Wish { day: DAY_OF, branches: 5, calls: 260, agents: 1, seed: 11 };
    let totals = run(&store, &chain, wish, |_, _| {}).await.unwrap();
    assert_eq!(totals.calls, 260);
    assert!(totals.orders > 60 && totals.delivered > 40 && totals.abandoned > 0 && totals.late_10 > 0 && totals.refusals > 0, "{totals:?}");
    reports_say(&store, &totals).await;
    let tomorrow = saturday().after(DAY);
    store.roll_reports(10, tomorrow).await.unwrap();
    assert!(store.roll_reports(10, tomorrow.after(2 * MINUTE)).await.unwrap() >= 1);
    reports_say(&store, &totals).await;
    // A day that happened is not simulated over.
    assert!(run(&store, &chain, wish, |_, _| {}).await.unwrap_err().contains("calls already"));
}
