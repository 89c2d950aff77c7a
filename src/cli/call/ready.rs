//! All that a call needs, made ready before the first one: script, target, telephone, sounds.

use std::io::{IsTerminal, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::args::{CallArgs, Keys};
use super::telling::note;
use crate::diner::{KeysBy, Phone, PhoneSettings, STORIES, Script, story};
use crate::domain::Finding;
use crate::media::order::Codec;
use crate::server::tasks::spawn;
use crate::sip::digest::Credentials;
use crate::voice::say::DigitOne;
use crate::voice::{Library, SoundBook, Sources};

/// Everything that a call needs.
pub(super) struct Ready {
    pub phone: Arc<Phone>,
    pub script: Script,
    pub by_hand: bool,
    pub to: String,
    pub from: String,
    pub headers: Vec<String>,
    pub book: Arc<SoundBook>,
    pub keys: KeysBy,
    pub meter: bool,
    pub hum: Option<u16>,
}

/// Reads, looks up and opens all of it, or says what is wrong.
pub(super) async fn prepare(args: &CallArgs) -> Result<Ready, Vec<Finding>> {
    let (name, script, by_hand) = script_of(args)?;
    let own = match &args.prompts {
        Some(folder) => own_prompts(folder).map_err(|error| {
            vec![Finding::new(folder.display().to_string(), error.to_string(), "name the folder that holds zh-CN and en")]
        })?,
        None => Vec::new(),
    };
    let (library, findings) = Library::load(Sources::shipped(own), DigitOne::Yao);
    for finding in findings {
        note(&finding.to_string());
    }
    let unknown = script.check(&name, &library);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let (to, target) = target(&args.to, script.dials.as_deref()).await.map_err(|finding| vec![finding])?;
    let credentials = args.user.clone().map(|user| Credentials { user, password: args.password.clone().unwrap_or_default() });
    let settings = PhoneSettings { target, tcp: args.tcp, bind: args.bind, credentials, trace: args.trace_sip };
    let trace = args.trace_sip.then(print_traces);
    let phone = Phone::open(settings, trace).await.map_err(|error| {
        vec![Finding::new(
            format!("--to {}", args.to),
            error.to_string(),
            "start the system first (`dinetone serve --demo`), or name its address",
        )]
    })?;
    let from = args.from.clone().or_else(|| script.from.clone()).unwrap_or_else(|| "13900139009".into());
    let keys = match args.keys {
        Keys::Rfc4733 => KeysBy::Events,
        Keys::Info => KeysBy::Info,
        Keys::Tones => KeysBy::Tones,
    };
    let identity = args.identity.iter().map(|number| number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '+').collect::<String>());
    let headers = identity.map(|number| format!("P-Asserted-Identity: <sip:{number}@{target}>")).collect();
    let by_hand = by_hand || args.typed;
    Ok(Ready {
        phone: Arc::new(phone),
        script,
        by_hand,
        to,
        from,
        headers,
        book: Arc::new(SoundBook::new(&library)),
        keys,
        meter: args.meter,
        hum: args.hum,
    })
}

/// The script, what it is called, and whether keys are typed by hand.
fn script_of(args: &CallArgs) -> Result<(String, Script, bool), Vec<Finding>> {
    let read = |name: &str, text: &str| Script::parse(name, text).map(|script| (name.to_owned(), script, false));
    let mut found = match (&args.script, &args.story, &args.press) {
        (Some(path), ..) => {
            let text = if path == "-" { std::io::read_to_string(std::io::stdin().take(1 << 20)) } else { std::fs::read_to_string(path) };
            let text = text.map_err(|error| vec![Finding::new(path, error.to_string(), "name a script file, or - for standard input")])?;
            read(path, &text)?
        }
        (_, Some(name), _) => {
            let names: Vec<&str> = STORIES.iter().map(|(name, _)| *name).collect();
            let text = story(name).ok_or_else(|| {
                vec![Finding::new("--story", format!("there is no story «{name}»"), format!("write one of: {}", names.join(", ")))]
            })?;
            read(name, text)?
        }
        (.., Some(keys)) => {
            let text = format!("press {keys}");
            if !keys.is_empty() {
                read("--press", &text)?;
            }
            let keys: String = keys.split_whitespace().collect::<String>().to_ascii_uppercase();
            ("--press".into(), Script::of_keys(&keys, Duration::from_secs_f64(args.stay)), false)
        }
        _ if args.calls == 1 && std::io::stdin().is_terminal() => ("keyboard".into(), Script::default(), true),
        _ => ("no script".into(), Script::of_keys("", Duration::from_secs_f64(args.stay)), false),
    };
    if args.pcmu {
        found.1.codec = Some(Codec::Pcmu);
    }
    Ok(found)
}

/// The URI to call and the address behind it.
async fn target(uri: &str, dials: Option<&str>) -> Result<(String, SocketAddr), Finding> {
    let wrong = |found: &str| Finding::new("--to", format!("«{uri}» {found}"), "write a SIP URI, such as sip:1000@127.0.0.1:5060");
    let rest = uri.strip_prefix("sip:").unwrap_or(uri);
    let (user, host) = rest.rsplit_once('@').unwrap_or(("1000", rest));
    let host = host.split(';').next().unwrap_or(host);
    let has_port =
        host.rsplit_once(':').is_some_and(|(before, port)| port.parse::<u16>().is_ok() && (!before.contains(':') || before.ends_with(']')));
    let host = if has_port { host.to_owned() } else { format!("{host}:5060") };
    if user.is_empty() || host.starts_with(':') {
        return Err(wrong("names nobody"));
    }
    let address = tokio::net::lookup_host(&host)
        .await
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| wrong("has an address that is not known"))?;
    let user = dials.unwrap_or(user);
    Ok((format!("sip:{user}@{host}"), address))
}

/// The operator's own files below `folder`, by their paths in it.
fn own_prompts(folder: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut own = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(here)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wav" || extension == "tsv")
                && let Ok(relative) = path.strip_prefix(folder)
            {
                own.push((relative.to_string_lossy().replace('\\', "/"), std::fs::read(&path)?));
            }
        }
    }
    Ok(own)
}

fn print_traces() -> mpsc::Sender<String> {
    let (trace, mut inbox) = mpsc::channel::<String>(4096);
    spawn("diner-trace", async move {
        while let Some(message) = inbox.recv().await {
            note(&message);
        }
    });
    trace
}

#[cfg(test)]
mod tests {
    use super::target;

    #[tokio::test]
    async fn whom_to_call_is_read_in_every_usual_form() {
        for (uri, dials, to, address) in [
            ("sip:1000@127.0.0.1:5070", None, "sip:1000@127.0.0.1:5070", "127.0.0.1:5070"),
            ("sip:1000@127.0.0.1", Some("2000"), "sip:2000@127.0.0.1:5060", "127.0.0.1:5060"),
            ("127.0.0.1:5070", None, "sip:1000@127.0.0.1:5070", "127.0.0.1:5070"),
            ("sip:1000@[::1]", None, "sip:1000@[::1]:5060", "[::1]:5060"),
            ("sip:1000@[::1]:5070;transport=udp", None, "sip:1000@[::1]:5070", "[::1]:5070"),
        ] {
            let (uri, found) = target(uri, dials).await.expect("is a target");
            assert_eq!((uri.as_str(), found.to_string().as_str()), (to, address));
        }
        assert!(target("sip:@", None).await.is_err());
    }
}
