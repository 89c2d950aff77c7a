//! Reads one table of settings key by key, collecting every fault instead of stopping at the first.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use toml::{Table, Value};

use crate::domain::Finding;

/// One table of the settings and what was found wrong in it.
pub struct Section<'a> {
    name: String,
    table: Option<&'a Table>,
    seen: Vec<&'static str>,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Section<'a> {
    /// The table `name`, or an empty one when it is left out.
    pub fn new(name: impl Into<String>, table: Option<&'a Table>, findings: &'a mut Vec<Finding>) -> Self {
        Self { name: name.into(), table, seen: Vec::new(), findings }
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.seen.push(key);
        self.table?.get(key)
    }

    /// Adds a finding about `key`.
    pub fn fault(&mut self, key: &str, found: impl Into<String>, cure: impl Into<String>) {
        self.findings.push(Finding::new(format!("{}.{key}", self.name), found, cure));
    }

    /// A value that its own reader understands, from text or a bare number or flag (the environment knows only text).
    pub fn parse<T>(&mut self, key: &'static str, read: impl Fn(&str) -> Option<T>, cure: &str) -> Option<T> {
        let text = match self.value(key)? {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            other => {
                let found = format!("is {}", other.type_str());
                self.fault(key, found, cure);
                return None;
            }
        };
        let value = read(text.trim());
        if value.is_none() {
            self.fault(key, format!("{text:?}"), cure);
        }
        value
    }

    /// Text as it stands.
    pub fn text(&mut self, key: &'static str, default: &str) -> String {
        self.parse(key, |text| Some(text.to_owned()), "write a text in quotes").unwrap_or_else(|| default.to_owned())
    }

    /// Text, when it is there.
    pub fn optional_text(&mut self, key: &'static str) -> Option<String> {
        self.parse(key, |text| (!text.is_empty()).then(|| text.to_owned()), "write a text in quotes, or leave the key out")
    }

    /// A whole number within its range.
    pub fn number(&mut self, key: &'static str, default: u64, range: std::ops::RangeInclusive<u64>) -> u64 {
        let cure = format!("write a whole number from {} to {}", range.start(), range.end());
        self.parse(key, |text| text.parse().ok().filter(|number| range.contains(number)), &cure).unwrap_or(default)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        self.parse(key, |text| text.parse().ok(), "write true or false").unwrap_or(default)
    }

    /// `500ms`, `30s`, `20m`, `2h`, `7d`.
    pub fn duration(&mut self, key: &'static str, default: Duration) -> Duration {
        self.parse(key, duration, "write a number with ms, s, m, h or d behind it, such as \"30s\"").unwrap_or(default)
    }

    /// A list of texts; a single text with commas does as well.
    pub fn list(&mut self, key: &'static str) -> Option<Vec<String>> {
        match self.value(key)? {
            Value::Array(values) => {
                let texts: Vec<_> = values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
                if texts.len() != values.len() {
                    self.fault(key, "holds something that is not text", "write a list of texts in quotes");
                }
                Some(texts)
            }
            Value::String(text) => Some(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()),
            other => {
                let found = format!("is {}", other.type_str());
                self.fault(key, found, "write a list of texts in quotes");
                None
            }
        }
    }

    /// A list of `host:port`.
    pub fn addresses(&mut self, key: &'static str, default: &[&str]) -> Vec<SocketAddr> {
        let list = self.list(key).unwrap_or_else(|| default.iter().map(|&text| text.to_owned()).collect());
        list.iter()
            .filter_map(|text| {
                let address = text.parse().ok();
                if address.is_none() {
                    self.fault(
                        key,
                        format!("{text:?} is not an address"),
                        "write host:port with a number as host, such as \"0.0.0.0:5060\" or \"[::]:5060\"",
                    );
                }
                address
            })
            .collect()
    }

    /// A list of addresses without port.
    pub fn ips(&mut self, key: &'static str) -> Vec<IpAddr> {
        self.list(key)
            .unwrap_or_default()
            .iter()
            .filter_map(|text| {
                let address = text.parse().ok();
                if address.is_none() {
                    self.fault(key, format!("{text:?} is not an address"), "write a numeric address without port, such as \"203.0.113.5\"");
                }
                address
            })
            .collect()
    }

    /// Whatever was not asked for is a fault: a misspelt key must not be silently ignored.
    pub fn finish(mut self) {
        let Some(table) = self.table else { return };
        for key in table.keys().filter(|key| !self.seen.contains(&key.as_str())).cloned().collect::<Vec<_>>() {
            let near = self.seen.iter().copied().min_by_key(|known| distance(known, &key)).filter(|known| distance(known, &key) <= 2);
            let cure = near.map_or_else(|| format!("known here: {}", self.seen.join(", ")), |near| format!("did you mean {near:?}?"));
            self.fault(&key, "is not a key of these settings", cure);
        }
    }
}

/// `500ms`, `30s`, `20m`, `2h`, `7d`.
pub fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..split].parse().ok()?;
    let millis = match text[split..].trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// The same as text, in the largest unit that fits.
#[must_use]
pub fn duration_text(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1000)];
    let fits = units.into_iter().find(|(_, unit)| millis > 0 && millis.is_multiple_of(*unit));
    match fits {
        // Seconds are easier to compare than "2m" beside "90s".
        Some(("m", unit)) if millis / unit < 5 => format!("{}s", millis / 1000),
        Some((name, unit)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

/// Edit distance, for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, duration, duration_text};
    use std::time::Duration;

    #[test]
    fn a_duration_needs_its_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        for bad in ["30", "s", "1.5s", "-1s", "30 parsecs", ""] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for text in ["500ms", "20s", "90s", "240s", "15m", "2h", "0s", "1500ms"] {
            assert_eq!(duration(text).map(duration_text).as_deref(), Some(text));
        }
        assert_eq!(duration_text(Duration::from_secs(120)), "120s");
    }

    #[test]
    fn a_slip_of_the_keyboard_is_near() {
        assert_eq!(distance("listen", "lisen"), 1);
        assert!(distance("listen", "realm") > 2);
    }
}
