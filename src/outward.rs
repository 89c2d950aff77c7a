//! Where requests of ours may go: only http and https, and no address of our own network unless the settings allow it.
//!
//! Whoever may name an address that we call could otherwise read what only this machine reaches (server-side request
//! forgery). Names are looked up at every request and checked then: a name that points elsewhere later does not help.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A network that may be called although it is private: an address and how many of its bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.1.0.0/16`, `127.0.0.1`, `fd00::/8`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
        Some(Self { address, bits })
    }

    fn holds(self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, width: u32| {
            let rest = width - u32::from(self.bits);
            rest >= width || one >> rest == other >> rest
        };
        match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => same(u32::from(one).into(), u32::from(other).into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => same(one.into(), other.into(), 128),
            _ => false,
        }
    }
}

/// The rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outward {
    /// Private networks that may be called.
    pub allowed: Vec<Network>,
}

impl Outward {
    /// Whether requests may go to this address.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed.iter().any(|network| network.holds(address)) || is_public(address)
    }

    /// The target, when it is one that may be called as far as can be seen without looking its name up.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn target(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|_| "this is not an address of the web, such as https://shop.example/hook".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only http and https are called".into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address must not hold a name or password".into());
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !self.permits(address) => {
                Err(format!("{address} is an address of a private network; web.hooks_to names those that may be called"))
            }
            _ => Ok(url),
        }
    }
}

/// Looks names up and keeps the addresses that may be called.
impl Resolve for Outward {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.filter(|address| rule.permits(address.ip())).collect();
            if found.is_empty() {
                return Err("the name leads to a private network only; web.hooks_to names those that may be called".into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

/// A client that follows the rule, takes no detour and does not wait for ever.
///
/// # Errors
/// When TLS cannot be set up.
pub fn client(rule: &Outward, patience: std::time::Duration) -> Result<reqwest::Client, reqwest::Error> {
    // Somebody may have set it already; any provider does.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .dns_resolver(Arc::new(rule.clone()))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(patience)
        .user_agent(concat!("dinetone/", env!("CARGO_PKG_VERSION")))
        .build()
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The registry of special addresses (RFC 6890 and its followers).
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_unspecified()
        || a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only what is handed out for the world, without documentation, 6to4 and Teredo, which hide IPv4 addresses.
    (first & 0xe000) == 0x2000 && !(first == 0x2001 && (second < 0x200 || second == 0xdb8)) && first != 0x2002 && first != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::{Network, Outward};

    #[test]
    fn c105_only_the_open_world_is_called() {
        let rule = Outward::default();
        for open in ["https://shop.example/hook", "http://93.184.216.34:8080/", "https://[2606:4700::1111]/x", "http://localhost.example/"]
        {
            assert!(rule.target(open).is_ok(), "{open}");
        }
        for closed in [
            "ftp://shop.example/",
            "file:///etc/passwd",
            "https://me:secret@shop.example/",
            "not an address",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://10.0.0.5/",
            "http://172.20.1.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.5]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[2002:7f00:1::]/",
            "http://[64:ff9b::7f00:1]/",
        ] {
            assert!(rule.target(closed).is_err(), "{closed}");
        }
    }

    #[test]
    fn c105_the_settings_may_open_a_private_network() {
        let allowed = ["10.1.0.0/16", "127.0.0.1", "fd00::/8"].iter().filter_map(|text| Network::parse(text)).collect();
        let rule = Outward { allowed };
        for (text, open) in
            [("10.1.255.1", true), ("10.2.0.1", false), ("127.0.0.1", true), ("127.0.0.2", false), ("fd12::1", true), ("fe80::1", false)]
        {
            assert_eq!(rule.permits(text.parse().unwrap()), open, "{text}");
        }
        for wrong in ["10.1.0.0/33", "10.1/16", "hotline", "fd00::/129"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }
}
