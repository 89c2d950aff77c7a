//! The environment laid over the settings file: `DINETONE__SIP__LISTEN` is `sip.listen`.

use toml::{Table, Value};

use crate::domain::Finding;

/// Prefix of environment names: `DINETONE__SIP__LISTEN` is `sip.listen`.
pub(super) const PREFIX: &str = "DINETONE__";

/// Puts one environment value at its place: `SIP__LISTEN`, `TRUNK__0__PASSWORD`.
pub(super) fn overlay(table: &mut Table, path: &str, value: String, findings: &mut Vec<Finding>) {
    let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    let bad = |findings: &mut Vec<Finding>| {
        findings.push(Finding::new(format!("{PREFIX}{path}"), "does not name a setting", "write DINETONE__SECTION__KEY"))
    };
    let mut keys = keys.iter();
    let (Some(section), Some(second)) = (keys.next(), keys.next()) else { return bad(findings) };
    let target = if let Ok(place) = second.parse::<usize>() {
        let list = table.entry(section.clone()).or_insert_with(|| Value::Array(Vec::new()));
        let Some(list) = list.as_array_mut().filter(|list| place <= list.len()) else { return bad(findings) };
        if place == list.len() {
            list.push(Value::Table(Table::new()));
        }
        (list[place].as_table_mut(), keys.next())
    } else {
        (table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new())).as_table_mut(), Some(second))
    };
    match (target, keys.next()) {
        ((Some(target), Some(key)), None) => {
            target.insert(key.clone(), Value::String(value));
        }
        _ => bad(findings),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn the_environment_wins_and_knows_only_text() {
        let env = [
            ("DINETONE__SIP__LISTEN", "127.0.0.1:5070,[::1]:5070"),
            ("DINETONE__MEDIA__RTP_PORTS", "30000-30099"),
            ("DINETONE__LIMITS__MAX_CALLS", "7"),
            ("DINETONE__TRUNK__0__ADDRESSES", "203.0.113.5"),
            ("DINETONE__TRUNK__0__MAX_CALLS", "3"),
            ("HOME", "elsewhere"),
        ];
        let config = Config::read("[sip]\nlisten = [\"0.0.0.0:5060\"]", env.map(|(k, v)| (k.to_owned(), v.to_owned()))).expect("right");
        assert_eq!(config.sip.listen.len(), 2);
        assert_eq!(config.media.rtp_ports, 30_000..=30_099);
        assert_eq!(config.limits.max_calls, 7);
        assert_eq!(config.trunks[0].max_calls, Some(3));
    }
}
