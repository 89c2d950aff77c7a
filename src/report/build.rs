//! Turns sums into the rows, the total and the total of the span before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::codes::{CODES, DISCOUNTS, LOST, RESULTS, STAGES, TOPICS, WEEKDAYS};
use super::shape::{By, Grain, Report, Value};
use super::source::{Key, Source, Sums, add};
use super::table::{Cell, Chart, Head, Kind, Table, mean_seconds, permille, within};

/// Words for the values of a column: by column and value, Chinese and English.
pub type Words = BTreeMap<(&'static str, String), (String, String)>;

/// What a table is made of: the sums of each source of the report, in their order.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub now: Vec<Sums>,
    /// Of the span of equal length before, in one group each; empty: there is none.
    pub before: Vec<Sums>,
    pub words: Words,
}

/// The table of a report over days, both included.
#[must_use]
pub fn build(report: &Report, grain: Grain, from: Date, to: Date, given: &Given) -> Table {
    let by_week;
    let given = if report.by == By::HourOfWeek {
        by_week =
            Given { now: report.sources.iter().zip(&given.now).map(|(source, sums)| of_week(*source, sums)).collect(), ..given.clone() };
        &by_week
    } else {
        given
    };
    let mut keys: BTreeSet<Vec<Key>> = given.now.iter().flat_map(Sums::keys).cloned().collect();
    if report.by == By::Time && grain == Grain::Day {
        // A day without a call is a row, not a gap.
        keys.extend(days(from, to).map(|day| vec![Key::Text(day.to_string())]));
    }
    let mut keys: Vec<_> = keys.into_iter().collect();
    if report.by == By::Column("stage") {
        keys.sort_by_key(|key| STAGES.iter().position(|stage| stage.0 == key[0].text()));
    }
    let mut heads = key_heads(report.by, grain);
    let told = heads.len();
    heads.extend(report.figures.iter().map(|figure| Head {
        key: figure.key.into(),
        zh: figure.zh.into(),
        en: figure.en.into(),
        kind: figure.kind,
    }));
    let rows = keys.iter().map(|key| {
        let mut row = key_cells(report.by, grain, key, &given.words);
        row.extend(figures(report, &gather(report, &given.now, Some(key))));
        row
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let total = |sums: &[Sums]| {
        let mut row = vec![Cell::Nothing; told];
        row.extend(figures(report, &gather(report, sums, None)));
        row
    };
    let chart = report.chart.map(|(kind, series)| Chart {
        kind,
        x: key_column(report.by),
        series: series.iter().map(|series| (*series).to_owned()).collect(),
    });
    Table {
        total: (!rows.is_empty()).then(|| total(&given.now)),
        previous: (!given.before.is_empty()).then(|| total(&given.before)),
        heads,
        rows,
        chart,
    }
}

/// The same sums by days of the week.
fn of_week(source: Source, sums: &Sums) -> Sums {
    let mut week = Sums::new();
    for (key, row) in sums {
        let mut key = key.clone();
        if let Some(first) = key.first_mut() {
            let day = first.text().parse::<Date>().map_or(0, |day| i64::from(day.weekday().to_monday_one_offset()));
            *first = Key::Int(day);
        }
        add(source, &mut week, key, row);
    }
    week
}

fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |day| day.tomorrow().ok()).take_while(move |day| *day <= to)
}

/// The sums of one group, or of all of them, by name.
fn gather(report: &Report, sums: &[Sums], key: Option<&Vec<Key>>) -> BTreeMap<&'static str, i64> {
    let mut all = BTreeMap::new();
    for (source, sums) in report.sources.iter().zip(sums) {
        let names = source.sums();
        match key {
            Some(key) => all.extend(names.iter().copied().zip(sums.get(key).into_iter().flatten().copied())),
            None => {
                let mut total = Sums::new();
                for group in sums.values() {
                    add(*source, &mut total, Vec::new(), group);
                }
                all.extend(names.iter().copied().zip(total.into_values().flatten()));
            }
        }
    }
    all
}

fn figures(report: &Report, sums: &BTreeMap<&'static str, i64>) -> Vec<Cell> {
    let of = |name: &str| sums.get(name).copied().unwrap_or(0);
    let together = |names: &[&str]| names.iter().map(|name| of(name)).sum::<i64>();
    let one = |value: Value| match value {
        Value::Sum(name) => Cell::Whole(of(name)),
        Value::Share(part, whole) => permille(together(part), together(whole)),
        Value::Unless(part, whole) => permille(together(whole) - together(part), together(whole)),
        Value::Mean(millis, among) => mean_seconds(together(millis), together(among)),
        Value::Within(percent, spans, among) => {
            let spans: Vec<(i64, i64)> = spans.iter().map(|(bound, name)| (*bound, of(name))).collect();
            within(percent, &spans, of(among))
        }
        Value::Seconds(millis) => mean_seconds(of(millis), 1),
        Value::Each(sum, among) => match of(among) {
            0 => Cell::Nothing,
            among => Cell::Whole((of(sum) * 2 + among) / (among * 2)),
        },
    };
    report.figures.iter().map(|figure| one(figure.value)).collect()
}

const fn key_column(by: By) -> &'static str {
    match by {
        By::Time => "time",
        By::HourOfDay | By::QuarterOfDay | By::HourOfWeek => "hour",
        By::Column(column) | By::Two(column, _) => column,
    }
}

/// Key, Chinese, English, and whether its values have words in both languages.
fn column_words(column: &'static str) -> (&'static str, &'static str, bool) {
    match column {
        "queue" => ("队列", "Queue", false),
        "agent" => ("座席", "Agent", true),
        "branch" => ("门店", "Branch", true),
        "dish" => ("菜品", "Dish", true),
        "rider" => ("骑手", "Rider", false),
        "zone" => ("配送区", "Zone", false),
        "result" => ("送餐反馈", "Outcome", true),
        "why" => ("原因", "Reason", true),
        "caller" => ("来电号码", "Caller", false),
        "code" => ("小结", "Disposition", true),
        "stage" => ("步骤", "Step", true),
        "weekday" => ("星期", "Weekday", true),
        "topic" => ("类别", "About", true),
        "discount" => ("优惠种类", "Kind", true),
        "subject" => ("等级/菜号/活动", "Level, dish or offer", false),
        "via" => ("渠道", "Channel", false),
        "fulfilment" => ("方式", "Service", false),
        "trunk" => ("中继", "Trunk", false),
        "node" => ("节点", "Node", false),
        "outcome" => ("结果", "Outcome", false),
        other => (other, other, false),
    }
}

fn key_heads(by: By, grain: Grain) -> Vec<Head> {
    let head = |key: String, zh: String, en: String| Head { key, zh, en, kind: Kind::Text };
    let column = |column: &'static str| {
        let (zh, en, worded) = column_words(column);
        let mut heads = vec![head(column.into(), zh.into(), en.into())];
        if worded {
            heads.push(head(format!("{column}_zh"), format!("{zh}名称"), format!("{en} (Chinese)")));
            heads.push(head(format!("{column}_en"), format!("{zh}英文名"), format!("{en} (English)")));
        }
        heads
    };
    match by {
        By::Time if grain == Grain::Day => vec![head("time".into(), "日期".into(), "Day".into())],
        By::Time => vec![head("time".into(), "时间".into(), "Time".into())],
        By::HourOfDay | By::QuarterOfDay => vec![head("hour".into(), "时段".into(), "Time of day".into())],
        By::HourOfWeek => [column("weekday"), vec![head("hour".into(), "时段".into(), "Time of day".into())]].concat(),
        By::Column(one) => column(one),
        By::Two(one, other) => [column(one), column(other)].concat(),
    }
}

fn key_cells(by: By, grain: Grain, key: &[Key], words: &Words) -> Vec<Cell> {
    let part = |place: usize| key.get(place).map_or_else(String::new, Key::text);
    let clock = |key: &Key, minutes: i64| {
        let minutes = key.int() * minutes;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    };
    let column = |column: &'static str, value: String| {
        let mut cells = vec![Cell::Text(value.clone())];
        if column_words(column).2 {
            let fixed = match column {
                "stage" => STAGES.as_slice(),
                "weekday" => WEEKDAYS.as_slice(),
                "topic" => TOPICS.as_slice(),
                "discount" => DISCOUNTS.as_slice(),
                "code" => CODES.as_slice(),
                "result" => RESULTS.as_slice(),
                "why" => LOST.as_slice(),
                _ => &[],
            };
            let fixed = fixed.iter().find(|known| known.0 == value).map(|known| (known.1.to_owned(), known.2.to_owned()));
            let (zh, en) = fixed.or_else(|| words.get(&(column, value.clone())).cloned()).unwrap_or_else(|| (value.clone(), value));
            cells.extend([Cell::Text(zh), Cell::Text(en)]);
        }
        cells
    };
    match by {
        By::Time => {
            let time = key.get(1).map(|slot| format!(" {}", clock(slot, if grain == Grain::Hour { 60 } else { 15 })));
            vec![Cell::Text(format!("{}{}", part(0), time.unwrap_or_default()))]
        }
        By::HourOfDay => vec![Cell::Text(key.first().map_or_else(String::new, |hour| clock(hour, 60)))],
        By::QuarterOfDay => vec![Cell::Text(key.first().map_or_else(String::new, |slot| clock(slot, 15)))],
        By::HourOfWeek => {
            let hour = key.get(1).map_or_else(String::new, |hour| clock(hour, 60));
            [column("weekday", part(0)), vec![Cell::Text(hour)]].concat()
        }
        By::Column(one) => column(one, part(0)),
        By::Two(one, other) => [column(one, part(0)), column(other, part(1))].concat(),
    }
}

/// The columns whose values need words from the store, for a report.
#[must_use]
pub fn worded_columns(by: By) -> Vec<&'static str> {
    let columns = match by {
        By::Column(one) => vec![one],
        By::Two(one, other) => vec![one, other],
        _ => Vec::new(),
    };
    columns.into_iter().filter(|column| matches!(*column, "agent" | "branch" | "dish")).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Given, build};
    use crate::report::source::{Key, Source, Sums, add};
    use crate::report::table::Cell;
    use crate::report::{Grain, Report};

    type Named<'a> = (Vec<Key>, &'a [(&'a str, i64)]);

    fn sums(source: Source, groups: &[Named<'_>]) -> Sums {
        let mut all = Sums::new();
        for (key, values) in groups {
            let row: Vec<i64> =
                source.sums().iter().map(|name| values.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value)).collect();
            add(source, &mut all, key.clone(), &row);
        }
        all
    }

    #[test]
    fn c102_a_day_without_calls_is_a_row_and_shares_of_nothing_are_nothing() {
        let report = Report::named("service-level").unwrap();
        let monday = vec![Key::Text("2026-11-16".into())];
        let now = sums(
            Source::Queues,
            &[(
                monday,
                &[
                    ("offered", 10),
                    ("answered", 8),
                    ("in_time", 6),
                    ("abandoned", 1),
                    ("abandoned_short", 1),
                    ("wait_ms", 100_000),
                    ("longest_ms", 40_000),
                ],
            )],
        );
        let given = Given { now: vec![now], ..Given::default() };
        let table = build(report, Grain::Day, date(2026, 11, 16), date(2026, 11, 17), &given);
        assert_eq!(table.rows.len(), 2);
        let total = table.total.clone().unwrap();
        let figure = |key: &str| table.cell(&total, key).cloned().unwrap();
        // 6 ÷ (8 + 1), 6 ÷ 8, 1 ÷ 9, 100 s ÷ 8.
        assert_eq!(figure("service_level"), Cell::Tenths(667));
        assert_eq!(figure("service_level_answered"), Cell::Tenths(750));
        assert_eq!(figure("abandon_rate"), Cell::Tenths(111));
        assert_eq!((figure("asa"), figure("longest")), (Cell::Tenths(125), Cell::Tenths(400)));
        assert_eq!(table.cell(&table.rows[1], "time"), Some(&Cell::Text("2026-11-17".into())));
        assert_eq!(table.cell(&table.rows[1], "service_level"), Some(&Cell::Nothing));
        assert_eq!(table.previous, None);
    }

    #[test]
    fn c102_two_sources_meet_in_one_row() {
        let report = Report::named("agents").unwrap();
        let lina = || vec![Key::Text("u1".into())];
        let calls = sums(Source::Agents, &[(lina(), &[("handled", 4), ("talk_ms", 480_000), ("after_ms", 120_000)])]);
        let times = sums(
            Source::Shifts,
            &[(lina(), &[("signed_in_ms", 1_000_000), ("available_ms", 200_000), ("busy_in_call_ms", 480_000), ("wrap_up_ms", 120_000)])],
        );
        let mut given = Given { now: vec![calls, times], ..Given::default() };
        given.words.insert(("agent", "u1".into()), ("李娜".into(), "李娜".into()));
        let table = build(report, Grain::Day, date(2026, 11, 16), date(2026, 11, 16), &given);
        let row = &table.rows[0];
        assert_eq!(table.cell(row, "agent_zh"), Some(&Cell::Text("李娜".into())));
        assert_eq!(table.cell(row, "aht"), Some(&Cell::Tenths(1500)));
        // 600 of 800 seconds; 600 of 1000.
        assert_eq!((table.cell(row, "occupancy"), table.cell(row, "utilisation")), (Some(&Cell::Tenths(750)), Some(&Cell::Tenths(600))));
    }

    #[test]
    fn c34_the_funnel_is_told_in_its_own_order() {
        let report = Report::named("ivr-funnel").unwrap();
        let stage = |name: &str| vec![Key::Text(name.into())];
        let came: Vec<Named<'_>> =
            vec![(stage("submitted"), &[("came", 2)]), (stage("answered"), &[("came", 9)]), (stage("read_back"), &[("came", 3)])];
        let given = Given { now: vec![sums(Source::Funnel, &came)], ..Given::default() };
        let table = build(report, Grain::Day, date(2026, 11, 16), date(2026, 11, 16), &given);
        let stages: Vec<_> = table.rows.iter().map(|row| table.cell(row, "stage_en").cloned().unwrap()).collect();
        assert_eq!(stages, [Cell::Text("Answered".into()), Cell::Text("Heard the read-back".into()), Cell::Text("Submitted".into())]);
    }
}
