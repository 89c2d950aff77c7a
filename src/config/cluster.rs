//! `[cluster]`: this program among others on the same store.

use std::net::SocketAddr;
use std::time::Duration;

use super::Secret;
use super::read::Section;

/// `[cluster]`: this program among others on the same store.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// This node's name, in call ids and records.
    pub node: String,
    /// A node that gives no sign of life for so long is dead, and what it left is put right by the others.
    pub lost_after: Duration,
    /// A NATS server by which nodes tell each other at once that something has happened.
    pub nats: Option<Nats>,
    /// SIP addresses of the other nodes: callers are sent to them, and taken from them.
    pub peers: Vec<SocketAddr>,
}

/// A NATS server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nats {
    /// Host and port.
    pub address: String,
    /// User and password, or a token alone.
    pub credentials: Option<(Secret, Option<Secret>)>,
}

impl Nats {
    /// `host:port`, or `nats://user:password@host:port`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("nats://").unwrap_or(text);
        let (credentials, address) = rest.rsplit_once('@').map_or((None, rest), |(credentials, address)| (Some(credentials), address));
        let (host, port) = address.rsplit_once(':')?;
        let fits = !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0);
        let credentials = credentials.map(|text| match text.split_once(':') {
            Some((user, password)) => (Secret(user.to_owned()), Some(Secret(password.to_owned()))),
            None => (Secret(text.to_owned()), None),
        });
        fits.then(|| Self { address: address.to_owned(), credentials })
    }
}

/// Reads `[cluster]`.
pub(super) fn cluster(mut s: Section<'_>) -> Cluster {
    let named = |text: &str| {
        let fits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        fits.then(|| text.to_owned())
    };
    let cluster = Cluster {
        node: s.parse("node", named, "write 1 to 12 small letters and digits, such as \"b\"").unwrap_or_else(|| "a".into()),
        lost_after: s.duration("lost_after", Duration::from_secs(15)),
        nats: s.parse("nats", Nats::parse, "write host and port of a NATS server, such as \"127.0.0.1:4222\""),
        peers: s.addresses("peers", &[]),
    };
    if !(Duration::from_secs(2)..=Duration::from_secs(60)).contains(&cluster.lost_after) {
        s.fault("lost_after", "is not between 2 and 60 seconds", "write \"15s\": shorter, a pause of the network counts as a death");
    }
    s.finish();
    cluster
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_node_has_a_short_name_and_others_have_patience_with_it() {
        let config =
            Config::read("[cluster]\nnode = \"east1\"\nlost_after = \"5s\"\nnats = \"nats://u:geheim@h:4222\"\n", []).expect("right");
        assert_eq!((config.cluster.node.as_str(), config.cluster.lost_after.as_secs()), ("east1", 5));
        assert!(!format!("{config:?}").contains("geheim"));
        assert_eq!(config.cluster.nats.map(|server| server.address).as_deref(), Some("h:4222"));
        for wrong in [
            "nats = \"h\"",
            "nats = \"tls://h:4222\"",
            "node = \"\"",
            "node = \"B\"",
            "node = \"a-b\"",
            "node = \"averylongname\"",
            "lost_after = \"1s\"",
            "lost_after = \"2m\"",
        ] {
            let error = Config::read(&format!("[cluster]\n{wrong}\n"), []).expect_err(wrong);
            assert_eq!(error.0.len(), 1, "{error}");
        }
    }
}
