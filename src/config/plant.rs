//! Queues and trunks as people change them by page: laid over the settings file, and checked by the functions that check the file.

use toml::{Table, Value};

use super::read::Section;
use super::{Config, Queue, Secret, Trunk, queue, trunk};
use crate::domain::{Finding, QueueId};
use crate::queue::Settings;

/// What may be changed by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Queue,
    Trunk,
}

impl Kind {
    /// Its table of the settings file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Trunk => "trunk",
        }
    }
}

/// One entry that a person wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub kind: Kind,
    /// A queue's id, a trunk's name.
    pub name: String,
    /// All of it in the words of the file, without name and password.
    pub table: Table,
    /// A trunk's, when it was written by page; without it that of the file holds.
    pub password: Option<Secret>,
    /// Why it cannot be read, although one was written.
    pub unread: Option<String>,
}

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The settings file.
    File,
    /// The program: the file names none.
    Usual,
    /// A person, by page; the file has none of this name.
    Page,
    /// A person, by page; the file's entry of this name waits behind it.
    PageOverFile,
}

impl Source {
    /// Stable name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Usual => "usual",
            Self::Page => "page",
            Self::PageOverFile => "page_over_file",
        }
    }
}

/// Queues and trunks as the settings file has them.
#[derive(Debug, Clone)]
pub struct Written {
    queues: Settings,
    usual_queues: bool,
    trunks: Vec<Trunk>,
    trusts: bool,
}

/// Queues and trunks in force: the file's, and over them what people wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plant {
    pub queues: Vec<Queue>,
    pub trunks: Vec<Trunk>,
    /// What people wrote that does not fit any more; the file's entry holds in its place, or none.
    pub misfits: Vec<Finding>,
}

impl Config {
    /// What the file says of queues and trunks.
    #[must_use]
    pub fn written(&self) -> Written {
        Written {
            queues: self.queues.clone(),
            usual_queues: self.usual_queues,
            trunks: self.trunks.clone(),
            trusts: self.sip.tls_ca.is_some(),
        }
    }
}

impl Written {
    /// What people wrote laid over the file. What does not fit is left out and told.
    #[must_use]
    pub fn with(&self, entries: &[Entry]) -> Plant {
        let mut plant = Plant { queues: self.queues.queues.clone(), trunks: self.trunks.clone(), misfits: Vec::new() };
        for entry in entries {
            let mut faults = Vec::new();
            match entry.kind {
                Kind::Queue => {
                    let queue = read_queue(entry, &mut faults);
                    if faults.is_empty() {
                        put(&mut plant.queues, queue, |one| &one.id);
                    }
                }
                Kind::Trunk => {
                    let trunk = self.read_trunk(entry, &mut faults);
                    if faults.is_empty() {
                        put(&mut plant.trunks, trunk, |one| &one.name);
                    }
                }
            }
            plant.misfits.append(&mut faults);
        }
        plant.misfits.extend(self.together(&plant));
        plant
    }

    /// What is wrong with a change, every fault at once: `entries` is what people have written, with the change in it, which is
    /// of `kind` and `name`. Faults that were there before and are about something else stand in nobody's way.
    #[must_use]
    pub fn check(&self, before: &[Entry], after: &[Entry], kind: Kind, name: &str) -> Vec<Finding> {
        let known = self.with(before).misfits;
        let own = format!("{} {name}.", kind.name());
        let mut misfits = self.with(after).misfits;
        misfits.retain(|finding| finding.place.starts_with(&own) || !known.contains(finding));
        misfits
    }

    /// Where the entry of this name comes from.
    #[must_use]
    pub fn source(&self, entries: &[Entry], kind: Kind, name: &str) -> Source {
        let by_page = entries.iter().any(|entry| entry.kind == kind && entry.name == name);
        match (by_page, self.words(kind, name).is_some()) {
            (true, true) => Source::PageOverFile,
            (true, false) => Source::Page,
            (false, _) if kind == Kind::Queue && self.usual_queues => Source::Usual,
            (false, _) => Source::File,
        }
    }

    /// The file's entry in its words; none when it has none of this name.
    #[must_use]
    pub fn words(&self, kind: Kind, name: &str) -> Option<Table> {
        words(&self.queues.queues, &self.trunks, kind, name)
    }

    /// A queue or trunk cannot be told apart from this one by its faults alone.
    fn together(&self, plant: &Plant) -> Vec<Finding> {
        let settings = Settings { queues: plant.queues.clone(), ..self.queues.clone() };
        let queues = queue::together(&settings)
            .into_iter()
            .map(|(place, key, found, cure)| (format!("queue {}.{key}", plant.queues[place].id), found, cure));
        let trunks = trunk::together(&plant.trunks, self.trusts);
        let trunks = trunks.into_iter().map(|(place, key, found, cure)| (format!("trunk {}.{key}", plant.trunks[place].name), found, cure));
        queues.chain(trunks).map(|(place, found, cure)| Finding::new(place, found, cure)).collect()
    }

    fn read_trunk(&self, entry: &Entry, faults: &mut Vec<Finding>) -> Trunk {
        let mut table = entry.table.clone();
        table.insert("name".into(), Value::String(entry.name.clone()));
        let of_file = self.trunks.iter().find(|trunk| trunk.name == entry.name).and_then(|trunk| trunk.register.as_ref());
        if let Some(password) = entry.password.as_ref().or(of_file.map(|register| &register.password)) {
            table.insert("password".into(), Value::String(password.reveal().to_owned()));
        }
        if let Some(why) = entry.unread.as_ref().filter(|_| table.get("register") == Some(&Value::Boolean(true))) {
            let cure = "put the store's key file back (store.key_file), or write the password anew at /admin";
            faults.push(Finding::new(format!("trunk {}.password", entry.name), why.as_str(), cure));
            // One fault is enough.
            table.insert("password".into(), Value::String("unread".into()));
        }
        trunk::trunk(0, Section::new(format!("trunk {}", entry.name), Some(&table), faults))
    }
}

impl Plant {
    /// The entry in force in the words of the file, without name and password.
    #[must_use]
    pub fn words(&self, kind: Kind, name: &str) -> Option<Table> {
        words(&self.queues, &self.trunks, kind, name)
    }

    /// The ids of the queues.
    #[must_use]
    pub fn queue_ids(&self) -> Vec<QueueId> {
        self.queues.iter().map(|queue| queue.id.clone()).collect()
    }
}

impl Secret {
    /// A secret out of the store or out of a form.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }
}

fn read_queue(entry: &Entry, faults: &mut Vec<Finding>) -> Queue {
    let mut table = entry.table.clone();
    table.insert("id".into(), Value::String(entry.name.clone()));
    queue::queue(0, Section::new(format!("queue {}", entry.name), Some(&table), faults))
}

fn words(queues: &[Queue], trunks: &[Trunk], kind: Kind, name: &str) -> Option<Table> {
    match kind {
        Kind::Queue => queues.iter().find(|queue| queue.id.as_str() == name).map(queue::words),
        Kind::Trunk => trunks.iter().find(|trunk| trunk.name == name).map(trunk::words),
    }
}

/// In the place of the one with its name, or behind all.
fn put<T, K: PartialEq + ?Sized>(list: &mut Vec<T>, one: T, key: impl Fn(&T) -> &K) {
    match list.iter().position(|known| key(known) == key(&one)) {
        Some(place) => list[place] = one,
        None => list.push(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[queue]]
        id = "order"
        zh = "点餐"
        strategy = "weighted"
        weights = ["8001:3"]
        skills = "WT<20 & language>50; any"
        overflow = ["all"]
        ring = "1500ms"
        join = "working"
        [[queue]]
        id = "all"
        [[trunk]]
        name = "telecom"
        addresses = ["203.0.113.9"]
        targets = ["203.0.113.5:5060"]
        register = true
        user = "02988001234"
        password = "the-file's"
        domain = "carrier.example"
        caller_from = "from"
        max_calls = 30
        [[trunk]]
        name = "plain"
        addresses = ["198.51.100.7"]
    "#;

    fn entry(kind: Kind, name: &str, table: &str) -> Entry {
        Entry { kind, name: name.into(), table: table.parse().unwrap(), password: None, unread: None }
    }

    #[test]
    fn what_the_file_says_in_its_own_words_is_read_as_the_same() {
        let config = Config::read(FILE, []).unwrap();
        let written = config.written();
        let all: Vec<(Kind, String)> = config.queues.queues.iter().map(|queue| (Kind::Queue, queue.id.to_string())).collect();
        let all = all.into_iter().chain(config.trunks.iter().map(|trunk| (Kind::Trunk, trunk.name.clone())));
        let copies: Vec<Entry> = all
            .map(|(kind, name)| Entry { kind, table: written.words(kind, &name).unwrap(), name, password: None, unread: None })
            .collect();
        assert_eq!(copies.len(), 4);
        let plant = written.with(&copies);
        assert_eq!((plant.queues, plant.trunks, plant.misfits), (config.queues.queues, config.trunks, vec![]));
    }

    #[test]
    fn what_a_person_wrote_wins_for_its_name_and_the_password_of_the_file_holds_until_another_is_written() {
        let written = Config::read(FILE, []).unwrap().written();
        let mut changed = entry(Kind::Trunk, "telecom", "targets = ['192.0.2.1:5060']\nregister = true\nuser = 'new'");
        let new = entry(Kind::Queue, "vip", "zh = '贵宾'\noverflow = ['order']");
        let plant = written.with(&[changed.clone(), new.clone()]);
        assert_eq!(plant.misfits, []);
        assert_eq!(plant.queue_ids().iter().map(QueueId::as_str).collect::<Vec<_>>(), ["order", "all", "vip"]);
        let password = |plant: &Plant| plant.trunks[0].register.as_ref().unwrap().password.reveal().to_owned();
        assert_eq!((plant.trunks[0].name.as_str(), password(&plant)), ("telecom", "the-file's".to_owned()));
        changed.password = Some(Secret::new("another"));
        let entries = [changed, new];
        assert_eq!(password(&written.with(&entries)), "another");
        let source = |kind, name| written.source(&entries, kind, name);
        assert_eq!(source(Kind::Trunk, "telecom"), Source::PageOverFile);
        assert_eq!((source(Kind::Queue, "vip"), source(Kind::Queue, "order")), (Source::Page, Source::File));
        assert_eq!(Config::read("", []).unwrap().written().source(&[], Kind::Queue, "order"), Source::Usual);
    }

    #[test]
    fn c105_a_password_that_cannot_be_read_is_one_finding_and_the_files_trunk_holds() {
        let written = Config::read(FILE, []).unwrap().written();
        let mut sealed = entry(Kind::Trunk, "telecom", "targets = ['192.0.2.1:5060']\nregister = true\nuser = 'new'");
        sealed.unread = Some("is sealed with key 1a2b3c4d, and there is no key file".into());
        let plant = written.with(std::slice::from_ref(&sealed));
        let told: Vec<String> = plant.misfits.iter().map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].starts_with("trunk telecom.password: is sealed with key 1a2b3c4d"), "{told:?}");
        assert!(told[0].contains("store.key_file") && plant.trunks[0].register.as_ref().unwrap().user == "02988001234");
        // Written anew it is read again, and a trunk that registers no more needs none.
        let anew = Entry { password: Some(Secret::new("typed again")), unread: None, ..sealed.clone() };
        assert_eq!(written.with(&[anew]).misfits, []);
        sealed.table.insert("register".into(), Value::Boolean(false));
        assert_eq!(written.with(&[sealed]).misfits, []);
    }

    #[test]
    fn every_fault_of_a_change_is_told_by_the_words_of_the_file_and_the_old_entry_holds() {
        let written = Config::read(FILE, []).unwrap().written();
        let bad = entry(Kind::Queue, "order", "ring = '20'\nstrategy = 'best'\noverflow = ['nobody']\nrings = 3");
        let faults = written.check(&[], std::slice::from_ref(&bad), Kind::Queue, "order");
        let places: Vec<&str> = faults.iter().map(|finding| finding.place.as_str()).collect();
        assert_eq!(places, ["queue order.strategy", "queue order.ring", "queue order.rings"]);
        assert_eq!(written.with(&[bad]).queues[0].ring, std::time::Duration::from_millis(1500));
        let lost = entry(Kind::Queue, "order", "overflow = ['vip']");
        let told = written.check(&[], std::slice::from_ref(&lost), Kind::Queue, "order");
        assert!(told.len() == 1 && told[0].to_string().contains("\"vip\" is no other queue"), "{told:?}");
        let tls = entry(Kind::Trunk, "plain", "targets = ['198.51.100.7:5061']\ntransport = 'tls'");
        assert!(written.check(&[], std::slice::from_ref(&tls), Kind::Trunk, "plain")[0].cure.contains("sip.tls_ca"));
        let both = [tls, entry(Kind::Queue, "vip", "")];
        assert_eq!(written.check(&both[..1], &both, Kind::Queue, "vip"), [], "not its fault");
    }
}
