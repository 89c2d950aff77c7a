//! The reports that there are: name, columns and figures, each told in both languages; one file for each thing they are about.

mod calls;
mod customers;
mod orders;

use super::shape::Report;

impl Report {
    /// The report of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        all().find(|report| report.name == name)
    }
}

/// All of them, in the order of the page's index.
pub fn all() -> impl Iterator<Item = &'static Report> {
    [calls::REPORTS, orders::REPORTS, customers::REPORTS].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;
    use crate::report::shape::{By, Value};

    #[test]
    fn c102_every_figure_has_its_formula_in_both_languages_and_is_made_of_sums_that_exist() {
        let mut names = BTreeSet::new();
        for report in all() {
            assert!(names.insert(report.name), "{} is there twice", report.name);
            let sums: Vec<&str> = report.sources.iter().flat_map(|source| source.sums()).copied().collect();
            let mut keys = BTreeSet::new();
            for figure in report.figures {
                assert!(keys.insert(figure.key), "{}: {} is there twice", report.name, figure.key);
                assert!(!figure.formula.0.is_empty() && !figure.formula.1.is_empty(), "{}: {}", report.name, figure.key);
                assert!(figure.formula.0.chars().any(|c| c > '\u{3000}'), "{}: {} in Chinese", report.name, figure.key);
                let used: Vec<&str> = match figure.value {
                    Value::Sum(one) | Value::Seconds(one) => vec![one],
                    Value::Share(some, all) | Value::Unless(some, all) | Value::Mean(some, all) => [some, all].concat(),
                    Value::Each(sum, count) => vec![sum, count],
                    Value::Within(_, spans, all) => spans.iter().map(|span| span.1).chain([all]).collect(),
                };
                for sum in used {
                    assert_eq!(sums.iter().filter(|known| **known == sum).count(), 1, "{}: {sum}", report.name);
                }
            }
            for drawn in report.chart.iter().flat_map(|chart| chart.1) {
                assert!(keys.contains(drawn), "{}: {drawn} is drawn", report.name);
            }
            let columns = match report.by {
                By::Time | By::HourOfDay | By::QuarterOfDay | By::HourOfWeek => vec!["slot"],
                By::Column(column) => vec![column],
                By::Two(one, other) => vec![one, other],
            };
            for column in columns {
                assert!(report.filters_by(column), "{}: {column}", report.name);
            }
        }
        assert!(names.len() > 15);
    }
}
