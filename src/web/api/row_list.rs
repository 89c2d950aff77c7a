//! Reports that are plain lists: one row a thing, the latest of the days, each column with what it says.

use axum::response::Response;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::report_form::{About, Wanted, days, formulas, language, send};
use crate::domain::Timestamp;
use crate::report::{Cell, Formula, Head, Kind, Table};
use crate::web::{Answer, Viewer, Web};

/// A list tells the latest so many.
pub(super) const MOST: u32 = 2000;

/// A column: key, Chinese, English, kind, and what it says in both.
pub(super) type Column = (&'static str, &'static str, &'static str, Kind, &'static str, &'static str);

/// One list.
pub(super) struct RowList {
    /// Its name among the reports.
    pub name: &'static str,
    /// Chinese and English.
    pub title: (&'static str, &'static str),
    /// Among which reports it is shown: calls or orders.
    pub about: &'static str,
    pub filters: &'static [&'static str],
    pub columns: &'static [Column],
}

/// The days that are asked for, and the moments between which they lie.
pub(super) struct Days {
    pub days: (Date, Date),
    pub since: Timestamp,
    /// None at the end of the calendar.
    pub until: Option<Timestamp>,
}

impl Days {
    /// The moments between which a list of things lies that is asked for with days: from the first one on, until the last one is over.
    /// Without days, all.
    pub fn around(web: &Web, from: Option<String>, to: Option<String>) -> Answer<(Option<Timestamp>, Option<Timestamp>)> {
        let given = |day: Option<String>| day.filter(|day| !day.is_empty());
        let (from, to) = (given(from), given(to));
        let (first, last) = (from.is_some(), to.is_some());
        let days = Self::of(web, &Wanted { from, to, ..Wanted::default() })?;
        Ok((first.then_some(days.since), days.until.filter(|_| last)))
    }

    /// Days of the restaurant's calendar; without any, today.
    pub fn of(web: &Web, wanted: &Wanted) -> Answer<Self> {
        let clock = web.store.clock();
        let (from, to) = days(wanted, clock.local(web.wall()).date())?;
        let midnight = |day: Date| clock.timestamp(day.at(0, 0, 0, 0));
        Ok(Self { days: (from, to), since: midnight(from), until: to.tomorrow().ok().map(midnight) })
    }
}

impl RowList {
    /// As the other reports are described.
    pub fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "title": { "zh": self.title.0, "en": self.title.1 },
            "about": self.about,
            "filters": self.filters,
            "grains": [],
            "formula": formulas(&self.formulas()),
        })
    }

    fn formulas(&self) -> Vec<Formula> {
        formulas_of(self.columns)
    }

    /// These rows in the form that was asked for.
    pub async fn send(&self, web: &Web, viewer: &Viewer, wanted: &Wanted, days: &Days, rows: Vec<Vec<Cell>>) -> Answer<Response> {
        let table = Table { heads: heads_of(self.columns), rows, total: None, previous: None, chart: None };
        let about = About { name: self.name, zh: self.title.0, en: self.title.1, formulas: self.formulas() };
        send(web, viewer, &about, &table, days.days, language(viewer, wanted)?, wanted.format.as_deref()).await
    }
}

/// What each column says.
pub(super) fn formulas_of(columns: &'static [Column]) -> Vec<Formula> {
    columns.iter().map(|(key, _, _, _, zh, en)| Formula { key, zh, en }).collect()
}

/// The heads of a table with these columns.
pub(super) fn heads_of(columns: &[Column]) -> Vec<Head> {
    let head = |(key, zh, en, kind, ..): &Column| Head { key: (*key).to_owned(), zh: (*zh).to_owned(), en: (*en).to_owned(), kind: *kind };
    columns.iter().map(head).collect()
}
