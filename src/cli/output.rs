//! Where the command line prints: results to standard output, trouble to standard error; a reader that went away is no fault.

use std::io::Write;

use serde::Serialize;

use crate::domain::{ShopClock, Timestamp};

/// One line of a result.
pub fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Trouble.
pub fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A result for programs.
pub fn json<T: Serialize>(value: &T) -> Result<(), String> {
    serde_json::to_string_pretty(value).map(|text| line(&text)).map_err(|error| error.to_string())
}

/// A time of the wire (RFC 3339) as the restaurant's wall clock shows it: people read lists by it, programs have `--json`.
pub fn on_the_wall(clock: &ShopClock, at: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => clock.local(Timestamp::from_millis(at.as_millisecond())).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => at.to_owned(),
    }
}

/// A table: the columns as wide as their widest cell; Chinese characters count two.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = head.iter().map(|cell| width(cell)).collect();
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            widths[place] = widths[place].max(width(cell));
        }
    }
    let print = |cells: Vec<&str>| {
        let mut text = String::new();
        for (place, cell) in cells.iter().enumerate() {
            text.push_str(cell);
            if place + 1 < cells.len() {
                text.push_str(&" ".repeat(widths[place] - width(cell) + 2));
            }
        }
        line(text.trim_end());
    };
    print(head.to_vec());
    for row in rows {
        print(row.iter().map(String::as_str).collect());
    }
}

fn width(text: &str) -> usize {
    text.chars().map(|c| if ('\u{1100}'..='\u{ffdc}').contains(&c) { 2 } else { 1 }).sum()
}

/// A progress bar for long work, hidden where nobody looks.
#[must_use]
pub fn progress(total: u64, what: &'static str) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(total);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what);
    bar
}

#[cfg(test)]
mod tests {
    use super::on_the_wall;
    use crate::domain::ShopClock;

    #[test]
    fn c34_lists_for_people_tell_the_restaurants_time() {
        let clock = ShopClock::named("Asia/Shanghai").expect("a zone that is known");
        assert_eq!(on_the_wall(&clock, "2026-11-21T10:30:05.250Z"), "2026-11-21 18:30:05");
        assert_eq!(on_the_wall(&clock, "–"), "–", "what is no time stays as it is");
    }
}
