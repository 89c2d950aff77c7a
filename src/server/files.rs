//! The files an operator writes (`menus.toml`, own prompts): read, checked whole, and taken over only when nothing is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::domain::{Finding, QueueId};
use crate::house::House;
use crate::ivr::script::Script;
use crate::media::wav;
use crate::voice::say::DigitOne;
use crate::voice::{Fetch, Library, Sources, shipped};

/// Own prompts at most, in bytes: an hour of speech is 29 MB.
const MOST_OWN: u64 = 512 << 20;

/// Recordings: paths as in the shipped tree, and their bytes.
pub type Own = Arc<[(String, Vec<u8>)]>;

/// What the files say.
pub struct Files {
    pub script: Arc<Script>,
    pub library: Arc<Library>,
    pub house: House,
    /// Prompts that only one language has: callers hear the other one there. A finding of `dinetone check`.
    pub lacking: Vec<Finding>,
    /// Names without a recording: their number is read instead. Good to know, no fault.
    pub advice: Vec<Finding>,
}

impl Files {
    /// The queues that nodes name: they must stay.
    #[must_use]
    pub fn named_queues(&self) -> BTreeSet<QueueId> {
        self.script.nodes().filter_map(|(_, node)| node.queue.as_ref()).map(QueueId::new).collect()
    }

    /// The nodes where campaigns may begin, and whether whoever begins there can end all campaigns by key.
    #[must_use]
    pub fn campaign_nodes(&self) -> BTreeMap<String, bool> {
        let script = &self.script;
        script.nodes().filter(|(_, node)| node.campaign).map(|(id, node)| (node.name.clone(), script.can_unsubscribe(id))).collect()
    }
}

/// Where the files are.
#[derive(Debug, Clone)]
pub struct Places {
    /// `menus.toml`.
    pub menus: PathBuf,
    /// The operator's own prompts, usually `data/prompts`; need not be there.
    pub prompts: PathBuf,
    /// What people uploaded by page: it wins over the operator's files.
    pub uploads: Own,
    pub digit_one: DigitOne,
    /// The queues in force, for nodes that name one.
    pub queues: Vec<QueueId>,
}

/// Reads a file that a person writes.
///
/// # Errors
/// When it cannot be read; `InvalidData`, with the line, when it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(std::fs::read(path)?).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })
}

/// What is said of a file that cannot be read; `cure` for one that is not there.
#[must_use]
pub fn unreadable(path: &Path, error: &io::Error, cure: &str) -> Finding {
    let cure = if error.kind() == io::ErrorKind::InvalidData { "save it as UTF-8" } else { cure };
    Finding::new(path.display().to_string(), error.to_string(), cure)
}

impl Places {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// All findings at once.
    pub fn read(&self) -> Result<Files, Vec<Finding>> {
        let (mut files, mut findings) = self.load();
        if let Some(files) = &mut files {
            let library = Arc::clone(&files.library);
            let spoken: BTreeMap<String, bool> =
                library.list().into_iter().map(|prompt| (prompt.id, prompt.origins.iter().any(Option::is_some))).collect();
            // The dialogue's own reader has told of those that there are not at all.
            let asked = files.script.outline().into_iter().flat_map(|node| node.prompts).filter(|id| library.has(id));
            let ids: BTreeSet<String> = asked.chain(spoken.keys().cloned()).collect();
            for id in ids {
                let one_speaks = spoken.get(&id).copied().unwrap_or(false);
                let to = if one_speaks { &mut files.lacking } else { &mut findings };
                to.extend(library.check([id.as_str()]));
            }
            files.lacking.extend(library.check_values());
            files.advice = library.check_house(&files.house.catalogue());
        }
        findings.sort();
        findings.dedup();
        files.filter(|_| findings.is_empty()).ok_or(findings)
    }

    /// Reads everything and checks all but the recordings; files whose text cannot be read at all are not there.
    #[must_use]
    pub fn load(&self) -> (Option<Files>, Vec<Finding>) {
        let (library, mut findings) = self.library();
        let text = match read_text(&self.menus) {
            Ok(text) => text,
            Err(error) => {
                findings.push(unreadable(&self.menus, &error, "name the file with --menus, or put it there"));
                return (None, findings);
            }
        };
        let table: toml::Table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                findings.push(Finding::new(format!("{}:{line}", self.menus.display()), error.message().to_owned(), "mend the TOML"));
                return (None, findings);
            }
        };
        let (house, faults) = House::read(&table);
        findings.extend(faults);
        let (script, faults) = Script::read(&table, &|id| library.has(id), &library.ids().collect::<Vec<_>>());
        findings.extend(faults);
        for (_, node) in script.nodes() {
            let Some(queue) = node.queue.as_ref().filter(|queue| !self.queues.iter().any(|known| known.as_str() == *queue)) else {
                continue;
            };
            let known: Vec<&str> = self.queues.iter().map(QueueId::as_str).collect();
            let cure = format!("name a queue ({}), or add it: [[queue]] in the settings, or by page", known.join(", "));
            findings.push(Finding::new(format!("node.{}.queue", node.name), format!("there is no queue {queue:?}"), cure));
        }
        (Some(Files { script: Arc::new(script), library: Arc::new(library), house, lacking: Vec::new(), advice: Vec::new() }), findings)
    }

    /// The voice: shipped, the operator's and uploaded recordings.
    #[must_use]
    pub fn library(&self) -> (Library, Vec<Finding>) {
        let mut own = Vec::new();
        let mut findings = Vec::new();
        let mut total = 0;
        collect(&self.prompts, &self.prompts, &mut own, &mut total, &mut findings);
        own.retain(|(path, _)| self.uploads.iter().all(|(uploaded, _)| uploaded != path));
        own.extend(self.uploads.iter().cloned());
        let fetch: Fetch = Arc::new(shipped);
        let (library, faults) = Library::load(
            Sources { shipped: fetch, own, decode: |bytes| wav::read_alaw(bytes).map_err(|error| error.to_string()) },
            self.digit_one,
        );
        findings.extend(faults);
        (library, findings)
    }

    /// When anything of it was last changed, and how many files there are: a cheap look that tells whether to read again.
    #[must_use]
    pub fn stamp(&self) -> (Option<SystemTime>, u64, usize) {
        let menus = std::fs::metadata(&self.menus).ok();
        let mut newest = menus.as_ref().and_then(|meta| meta.modified().ok());
        let mut size = menus.map_or(0, |meta| meta.len());
        let mut count = 0;
        walk(&self.prompts, &mut |_, meta| {
            count += 1;
            size += meta.len();
            newest = newest.max(meta.modified().ok());
        });
        (newest, size, count)
    }
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, &std::fs::Metadata)) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => walk(&path, visit),
            Ok(meta) if meta.is_file() => visit(&path, &meta),
            _ => {}
        }
    }
}

fn collect(root: &Path, folder: &Path, own: &mut Vec<(String, Vec<u8>)>, total: &mut u64, findings: &mut Vec<Finding>) {
    walk(folder, &mut |path, meta| {
        let is_ours = path.extension().is_some_and(|extension| extension == "wav" || extension == "tsv");
        let Some(relative) = path.strip_prefix(root).ok().filter(|_| is_ours) else { return };
        *total += meta.len();
        let place = path.display().to_string();
        if *total > MOST_OWN {
            findings.push(Finding::new(place, "own prompts are larger than 512 MB", "leave only what is played"));
            return;
        }
        match std::fs::read(path) {
            Ok(bytes) => own.push((relative.to_string_lossy().replace('\\', "/"), bytes)),
            Err(error) => findings.push(Finding::new(place, error.to_string(), "make it readable")),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_names_a_queue_of_nobody_is_told_which_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let menus = folder.path().join("menus.toml");
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/menus.toml")).unwrap();
        std::fs::write(&menus, text.replace("kind = \"queue\"\n", "kind = \"queue\"\nqueue = \"vip\"\n")).unwrap();
        let of = |queues: &[&str]| {
            let queues = queues.iter().map(|queue| QueueId::new(*queue)).collect();
            Places { menus: menus.clone(), prompts: folder.path().join("none"), uploads: Own::default(), digit_one: DigitOne::Yao, queues }
                .load()
                .1
        };
        assert!(of(&["order", "vip"]).is_empty());
        let findings = of(&["order", "complaint"]);
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        let told = finding.to_string();
        assert!(told.contains("there is no queue \"vip\"") && told.contains("(order, complaint)"), "{told}");
    }

    #[test]
    fn a_file_in_another_encoding_is_named_by_its_line_and_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let menus = folder.path().join("menus.toml");
        // 宫 as Chinese editors on Windows save it (GBK).
        std::fs::write(&menus, b"start = \"welcome\"\nzh = \"\xb9\xac\"\n").unwrap();
        let places =
            Places { menus, prompts: folder.path().join("none"), uploads: Own::default(), digit_one: DigitOne::Yao, queues: vec![] };
        let told = places.load().1[0].to_string();
        assert!(told.contains("line 2 is not UTF-8") && told.contains("save it as UTF-8"), "{told}");
    }

    /// What load generators reckon with: line 1000 speaks for 6 s, takes four digits, and speaks for 2 s.
    #[test]
    fn c35_the_benches_first_line_speaks_as_long_as_it_says() {
        use crate::domain::{Catalogue, Language, Phrase};
        let menus = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/menus.toml").into();
        let queues = vec![QueueId::new("order")];
        let places = Places { menus, prompts: "none".into(), uploads: Own::default(), digit_one: DigitOne::Yao, queues };
        let (files, findings) = places.load();
        assert_eq!(findings, []);
        let files = files.unwrap();
        let around = crate::voice::Around { names: &Catalogue::default(), recordings: &|_| None };
        for (name, seconds) in [("speech", 5.7..6.3), ("thanks", 1.8..2.5)] {
            let node = files.script.nodes().map(|(_, node)| node).find(|node| node.name == name).unwrap();
            let phrases: Vec<Phrase> = node.say.iter().map(|id| Phrase::plain(id.clone())).collect();
            let said = files.library.render(Language::Mandarin, &phrases, &around);
            let lasts = said.frames() as f64 * 0.02;
            assert!(said.missing.is_empty() && seconds.contains(&lasts), "{name} lasts {lasts} s, missing {:?}", said.missing);
        }
    }

    #[test]
    fn a_recording_that_cannot_be_read_has_one_cure() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("zh-CN/ui")).unwrap();
        std::fs::write(folder.path().join("zh-CN/ui/main.menu.wav"), "no sound").unwrap();
        let menus = concat!(env!("CARGO_MANIFEST_DIR"), "/menus.toml").into();
        let prompts = folder.path().to_path_buf();
        let places = Places { menus, prompts, uploads: Own::default(), digit_one: DigitOne::Yao, queues: vec![QueueId::new("order")] };
        let (_, findings) = places.load();
        let told = findings.iter().find(|finding| finding.place.ends_with("main.menu.wav")).unwrap().to_string();
        assert_eq!(told.matches("save it as WAV").count(), 1, "{told}");
    }
}
