//! `[messages]` and `[smpp]`: what customers are told, and the way it takes.

use std::path::PathBuf;
use std::time::Duration;

use super::Secret;
use super::read::Section;
use crate::domain::NoticeTexts;

/// `[messages]`: what customers are told, and how it reaches them.
#[derive(Debug, Clone)]
pub struct Messages {
    pub way: Way,
    pub texts: Texts,
}

/// How messages to customers leave.
#[derive(Debug, Clone)]
pub enum Way {
    /// A signed webhook to whoever sends them on.
    Webhook { url: String, secret: Secret },
    /// `[smpp]`: the operator's message centre.
    Smpp(Smpp),
}

/// `[smpp]`: a message centre, and who we are to it.
#[derive(Debug, Clone)]
pub struct Smpp {
    /// Host and port.
    pub address: String,
    pub system_id: String,
    pub password: Secret,
    pub system_type: String,
    /// What customers see as the sender: a number, or a name of at most eleven letters.
    pub source: String,
    /// Written before numbers at home, such as `86`; empty for none.
    pub country: String,
    /// The authorities that certify the centre: spoken by TLS.
    pub tls_ca: Option<PathBuf>,
    /// Parts that may be without an answer at one time.
    pub window: usize,
    /// A silent centre is asked for a sign of life so often.
    pub enquire: Duration,
}

/// What customers are told, by event.
#[derive(Debug, Clone)]
pub struct Texts {
    pub accepted: NoticeTexts,
    pub out: NoticeTexts,
    pub delivered: NoticeTexts,
    /// The way to a restaurant, for callers who ask for it by key; empty: it is not offered.
    pub map: NoticeTexts,
    /// Another time was promised (D73).
    pub later: NoticeTexts,
}

/// What may stand in `map`.
const MAP_SLOTS: [&str; 5] = ["branch", "address", "branch_url", "address_url", "number"];

/// Reads `[smpp]`; `None` when no centre is named.
pub(super) fn smpp(mut s: Section<'_>) -> Option<Smpp> {
    const ADDRESS: &str = "write host and port of the message centre, such as \"smsc.example:2775\"";
    let place = |text: &str| {
        let (host, port) = text.rsplit_once(':')?;
        let fits = !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0);
        fits.then(|| text.to_owned())
    };
    let short = |most: usize| move |text: &str| (text.len() <= most && text.is_ascii()).then(|| text.to_owned());
    let digits = |text: &str| (text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned());
    let sender = |text: &str| {
        let most = if text.bytes().all(|byte| byte.is_ascii_digit()) { 20 } else { 11 };
        (!text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' '))
            .then(|| text.to_owned())
    };
    let address = s.parse("address", place, ADDRESS);
    let system_id = s.parse("system_id", short(15), "write the name that the centre gave us, at most 15 letters").unwrap_or_default();
    let password = s.parse("password", short(8), "write the password that the centre gave us, at most 8 letters").unwrap_or_default();
    let smpp = Smpp {
        address: address.clone().unwrap_or_default(),
        system_type: s
            .parse("system_type", short(12), "write what the centre calls us, at most 12 letters, or leave it out")
            .unwrap_or_default(),
        source: s.parse("source", sender, "write the sender: up to 20 digits, or a name of up to 11 letters").unwrap_or_default(),
        country: s.parse("country", digits, "write the country's code without +, such as \"86\", or leave it out").unwrap_or_default(),
        tls_ca: s.optional_text("tls_ca").map(PathBuf::from),
        window: usize::try_from(s.number("window", 10, 1..=1000)).unwrap_or(10),
        enquire: s.duration("enquire", Duration::from_secs(30)),
        system_id,
        password: Secret(password),
    };
    if address.is_some() {
        for (key, value) in [("system_id", &smpp.system_id), ("source", &smpp.source)] {
            if value.is_empty() {
                s.fault(key, "is missing", "write what the centre's contract says");
            }
        }
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(600)).contains(&smpp.enquire) {
        s.fault("enquire", "is not between 1 s and 10 minutes", "write \"30s\"");
    }
    s.finish();
    address.map(|_| smpp)
}

/// Reads `[messages]`; `None` when no way is named.
pub(super) fn messages(mut s: Section<'_>, smpp: Option<Smpp>) -> Option<Messages> {
    let mut texts =
        |zh: &'static str, en: &'static str, usual: [&str; 2]| NoticeTexts { zh: s.text(zh, usual[0]), en: s.text(en, usual[1]) };
    let texts = Texts {
        accepted: texts(
            "accepted_zh",
            "accepted_en",
            ["您尾号{tail}的订单，{branch}已接单，预计{time}送达。", "{branch} has accepted your order {tail}, expected at {time}."],
        ),
        out: texts(
            "out_zh",
            "out_en",
            ["您尾号{tail}的订单已出发，预计{time}送达。", "Your order {tail} is on its way, expected at {time}."],
        ),
        delivered: texts(
            "delivered_zh",
            "delivered_en",
            ["您尾号{tail}的订单已送达，谢谢。", "Your order {tail} was delivered. Thank you."],
        ),
        map: texts("map_zh", "map_en", ["", ""]),
        later: texts("later_zh", "later_en", ["您尾号{tail}的订单已改时间，预计{time}。", "Your order {tail} is now expected at {time}."]),
    };
    for (key, text) in [("map_zh", &texts.map.zh), ("map_en", &texts.map.en)] {
        let slots = text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
        for slot in slots.filter(|slot| !MAP_SLOTS.contains(slot)) {
            s.fault(
                key,
                format!("{{{slot}}} is no slot"),
                "write {branch}, {address} or {number}, and in the link {branch_url} or {address_url}",
            );
        }
    }
    let url = s.optional_text("url").filter(|url| !url.is_empty());
    let secret = s.optional_text("secret").filter(|secret| !secret.is_empty());
    if let Some(url) = &url
        && !url.starts_with("https://")
        && !url.starts_with("http://")
    {
        s.fault("url", format!("{url:?} is no address"), "write where messages are taken, such as \"https://sms.example/send\"");
    }
    if url.is_some() && secret.as_ref().is_none_or(|secret| secret.len() < 16) {
        s.fault("secret", "is missing or shorter than 16 characters", "write the secret that the taker proves our messages by");
    }
    if url.is_some() && smpp.is_some() {
        s.fault("url", "and smpp.address are both written", "leave one of them out: a customer is told once");
    }
    s.finish();
    let way = match smpp {
        Some(smpp) => Way::Smpp(smpp),
        None => Way::Webhook { url: url?, secret: Secret(secret?) },
    };
    Some(Messages { way, texts })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn c87_every_fault_of_a_message_centre_is_named() {
        let text = "[smpp]\naddress = \"smsc\"\npassword = \"longer than eight\"\nsource = \"a name that is long\"\nenquire = \"1ms\"";
        let faults = Config::read(text, []).unwrap_err().0;
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["smpp.address", "smpp.password", "smpp.source", "smpp.enquire"]);
        let both = "[smpp]\naddress = \"smsc:2775\"\n[messages]\nurl = \"https://x.example\"\nsecret = \"sixteen letters!\"";
        let faults = Config::read(both, []).unwrap_err().0;
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["smpp.system_id", "smpp.source", "messages.url"]);
    }

    #[test]
    fn c28_a_slot_that_a_map_link_does_not_have_is_named() {
        let way = "[messages]\nurl = \"https://x.example\"\nsecret = \"sixteen letters!\"\n";
        let map = |text: &str| Config::read(&format!("{way}map_en = {text:?}"), []);
        let config = map("{branch}: https://map.example/?q={address_url}").unwrap();
        let texts = config.messages.unwrap().texts.map;
        assert!(texts.zh.is_empty() && texts.en.ends_with("{address_url}"), "{texts:?}");
        let faults = map("https://map.example/{lat},{address").unwrap_err().0;
        assert_eq!(
            faults.iter().map(|fault| (fault.place.as_str(), fault.found.as_str())).collect::<Vec<_>>(),
            [("messages.map_en", "{lat} is no slot")]
        );
    }
}
