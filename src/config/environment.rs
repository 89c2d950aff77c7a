//! The environment laid over the settings file: `DINETONE__SIP__LISTEN` is `sip.listen`.

use toml::{Table, Value};

use crate::domain::Finding;

/// Prefix of environment names: `DINETONE__SIP__LISTEN` is `sip.listen`.
const PREFIX: &str = "DINETONE__";

/// Lays the whole environment over the settings. It comes in any order: the first trunk is put before the second.
pub(super) fn lay_over(table: &mut Table, environment: impl IntoIterator<Item = (String, String)>, findings: &mut Vec<Finding>) {
    let mut named = Vec::new();
    for (name, value) in environment {
        match name.strip_prefix(PREFIX) {
            Some(path) => named.push((path.to_owned(), value)),
            None if name.starts_with("DINETONE_") && name.contains("__") => {
                findings.push(Finding::new(
                    name,
                    "does not name a setting",
                    "write DINETONE__SECTION__KEY, each time with two underscores",
                ));
            }
            None => {}
        }
    }
    let place = |path: &str| path.split("__").map(|part| (part.parse().unwrap_or(0_usize), part.to_owned())).collect::<Vec<_>>();
    named.sort_by_cached_key(|(path, _)| place(path));
    for (path, value) in named {
        overlay(table, &path, value, findings);
    }
}

/// Puts one environment value at its place: `SIP__LISTEN`, `TRUNK__0__PASSWORD`.
fn overlay(table: &mut Table, path: &str, value: String, findings: &mut Vec<Finding>) {
    let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    let bad = |findings: &mut Vec<Finding>| {
        findings.push(Finding::new(format!("{PREFIX}{path}"), "does not name a setting", "write DINETONE__SECTION__KEY"))
    };
    let mut keys = keys.iter();
    let (Some(section), Some(second)) = (keys.next(), keys.next()) else { return bad(findings) };
    let target = if let Ok(place) = second.parse::<usize>() {
        let list = table.entry(section.clone()).or_insert_with(|| Value::Array(Vec::new()));
        let Some(list) = list.as_array_mut() else { return bad(findings) };
        if place > list.len() {
            let found = format!("there is no [[{section}]] before it");
            return findings.push(Finding::new(format!("{PREFIX}{path}"), found, "number them from 0, without gaps"));
        }
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

    #[test]
    fn the_environment_comes_in_any_order_and_slips_are_named() {
        let read = |env: &[(&str, &str)]| Config::read("", env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut eleven: Vec<(String, String)> =
            (0..11).map(|n| (format!("DINETONE__TRUNK__{n}__ADDRESSES"), format!("203.0.113.{n}"))).collect();
        eleven.reverse();
        let config = Config::read("", eleven).expect("right");
        assert_eq!(config.trunks[10].addresses, ["203.0.113.10".parse::<std::net::IpAddr>().unwrap()]);
        let told = |name: &str, value: &str| read(&[(name, value)]).unwrap_err().0.iter().map(ToString::to_string).collect::<String>();
        assert!(told("DINETONE__TRUNK__1__ADDRESSES", "203.0.113.5").contains("there is no [[trunk]] before it"));
        assert!(told("DINETONE_SIP__LISTEN", "127.0.0.1:5070").contains("two underscores"));
        assert!(told("DINETONE__LOG__LEVEL", "loud").contains("log.level"));
        assert!(read(&[("DINETONE__LOG__LEVEL", "info,dinetone::sip=debug"), ("DINETONE_CALL_PASSWORD", "x")]).is_ok());
    }
}
