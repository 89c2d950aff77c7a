//! All clips and prompt texts there are: the shipped ones and the operator's own, which win.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::catalogue::{self, Prompt, Template};
use super::say::DigitOne;
use super::wave;
use crate::domain::{Finding, Language};
use crate::media::clip::{Clip, ClipBytes};

/// Gives a shipped file by its path below `prompts/`.
pub type Fetch = Arc<dyn Fn(&str) -> Option<Cow<'static, [u8]>> + Send + Sync>;

/// Turns a WAV file that is not plain A-law into A-law at 8 kHz, or says what is wrong with it.
pub type Decode = fn(&[u8]) -> Result<Vec<u8>, String>;

/// What a library is made of.
pub struct Sources {
    /// The shipped tree.
    pub shipped: Fetch,
    /// The operator's own files: paths as in the shipped tree (`zh-CN/ui/main.menu.wav`), and their bytes.
    pub own: Vec<(String, Vec<u8>)>,
    pub decode: Decode,
}

/// Whose a clip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Own,
    Shipped,
}

/// One file of the library, loaded at its first use.
pub(super) struct Entry {
    /// Such as `zh-CN/ui/main.menu.wav`.
    pub(super) path: String,
    pub(super) key: String,
    /// What it speaks; empty for an operator's name clip without a row in an index.
    pub(super) text: String,
    pub(super) origin: Origin,
    clip: OnceLock<Option<Arc<Clip>>>,
}

/// One language's clips.
#[derive(Default)]
pub(super) struct Voice {
    pub(super) ui: HashMap<String, Arc<Entry>>,
    pub(super) names: HashMap<String, Arc<Entry>>,
    name_texts: HashMap<String, Arc<Entry>>,
    /// By spoken text; digits' medial and final forms are not among them when another clip says the same.
    pub(super) say: HashMap<String, Arc<Entry>>,
    say_keys: HashMap<String, Arc<Entry>>,
}

/// Everything that can be said.
pub struct Library {
    pub(super) prompts: BTreeMap<String, Prompt>,
    voices: [Voice; 2],
    sounds: HashMap<String, Arc<Entry>>,
    fetch: Fetch,
    decode: Decode,
    pub(super) one: DigitOne,
}

/// One line of `dinetone prompts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptState {
    pub id: String,
    /// Texts with their slots: Mandarin, English; empty when there is none.
    pub texts: [String; 2],
    /// Whose recordings there are, the same order; none when one is missing.
    pub origins: [Option<Origin>; 2],
    /// Lengths of the recordings without what goes into the slots, in milliseconds.
    pub millis: [u32; 2],
}

/// What is recorded in one go: a prompt, or the words before, between and after its values.
#[derive(Clone)]
pub struct Piece {
    pub language: Language,
    /// Name of its file, without `.wav`.
    pub key: String,
    pub text: String,
    /// Whose recording is heard; none when there is none.
    pub origin: Option<Origin>,
    pub millis: u32,
    pub clip: Option<Arc<Clip>>,
}

impl Library {
    /// Reads the indexes and texts; sound is loaded when it is first played, the operator's own files at once.
    /// What is wrong with files is told; everything else can be played.
    #[must_use]
    pub fn load(sources: Sources, one: DigitOne) -> (Self, Vec<Finding>) {
        let Sources { shipped, own, decode } = sources;
        let mut findings = Vec::new();
        let mut library = Self {
            prompts: BTreeMap::new(),
            voices: [Voice::default(), Voice::default()],
            sounds: HashMap::new(),
            fetch: shipped,
            decode,
            one,
        };
        let own: HashMap<String, Vec<u8>> = own.into_iter().collect();
        let mut own_used = HashSet::new();
        for (place, bytes) in
            [("prompts/catalogue.tsv", (library.fetch)("catalogue.tsv")), ("own catalogue.tsv", own.get("catalogue.tsv").map(Cow::from))]
        {
            if let Some(bytes) = bytes {
                catalogue::read(place, &bytes, &mut library.prompts, &mut findings);
            }
        }
        for folder in [Language::Mandarin.tag(), Language::English.tag(), "sound"] {
            let index = format!("{folder}/index.tsv");
            // The operator's rows come first: the first row of a text or key stays.
            for bytes in [own.get(&index).map(Cow::from), (library.fetch)(&index)].into_iter().flatten() {
                for row in index_rows(&index, &bytes, &mut findings) {
                    let path = format!("{folder}/{}", row.file);
                    let clip = own.get(&path).map(|file| library.own_clip(&path, file, &mut findings));
                    own_used.insert(path.clone());
                    library.add(folder, &row.kind, path, row.key, row.text, clip);
                }
            }
        }
        let mut rest: Vec<_> = own.iter().filter(|(path, _)| has_extension(path, "wav") && !own_used.contains(*path)).collect();
        rest.sort();
        for (path, file) in rest {
            let parts: Vec<&str> = path.split('/').collect();
            let known = match parts.as_slice() {
                [folder, kind @ ("ui" | "name"), file_name] if Language::from_tag(folder).is_some() => Some((*folder, *kind, *file_name)),
                ["sound", file_name] => Some(("sound", "sound", *file_name)),
                _ => None,
            };
            let Some((folder, kind, file_name)) = known else {
                findings.push(Finding::new(
                    path,
                    "a recording that nothing plays",
                    "name it as in the shipped tree, or give it a row in index.tsv beside it",
                ));
                continue;
            };
            let key = file_name.trim_end_matches(".wav").to_owned();
            let text = Language::from_tag(folder).and_then(|language| library.piece_text(&key, language)).unwrap_or_default();
            let clip = library.own_clip(path, file, &mut findings);
            library.add(folder, kind, path.clone(), key, text, Some(clip));
        }
        (library, findings)
    }

    fn add(&mut self, folder: &str, kind: &str, path: String, key: String, text: String, own: Option<Option<Arc<Clip>>>) {
        let origin = if own.is_some() { Origin::Own } else { Origin::Shipped };
        let entry =
            Arc::new(Entry { path, key: key.clone(), text: text.clone(), origin, clip: own.map_or_else(OnceLock::new, OnceLock::from) });
        let Some(language) = Language::from_tag(folder) else {
            self.sounds.entry(key).or_insert(entry);
            return;
        };
        let voice = &mut self.voices[language as usize];
        match kind {
            "ui" => {
                voice.ui.entry(key).or_insert(entry);
            }
            "name" => {
                voice.name_texts.entry(text).or_insert_with(|| entry.clone());
                voice.names.entry(key).or_insert(entry);
            }
            "say" => {
                // A digit's own forms stand aside for the clip that is used inside numbers.
                let form = is_digit_form(&key);
                match voice.say.get(&text) {
                    Some(there) if form || !is_digit_form(&there.key) => {}
                    _ => {
                        voice.say.insert(text, entry.clone());
                    }
                }
                voice.say_keys.entry(key).or_insert(entry);
            }
            _ => {}
        }
    }

    /// The sound of an operator's own file; a broken one is told and then missing.
    fn own_clip(&self, path: &str, file: &[u8], findings: &mut Vec<Finding>) -> Option<Arc<Clip>> {
        let samples = match wave::alaw_data(file) {
            Some(range) => Ok(file[range].to_vec()),
            None => (self.decode)(file),
        };
        match samples {
            Ok(samples) if !samples.is_empty() => {
                Some(Arc::new(Clip::new(path.trim_end_matches(".wav"), ClipBytes::Shared(samples.into()))))
            }
            Ok(_) => {
                findings.push(Finding::new(path, "no sound in it", "record it again"));
                None
            }
            Err(why) => {
                // Most reasons bring their own cure.
                let (why, cure) =
                    why.split_once("; ").unwrap_or((why.as_str(), "save it as WAV, 8 kHz, one channel, A-law, μ-law or 16 bit"));
                findings.push(Finding::new(path, why, cure));
                None
            }
        }
    }

    /// The sound of an entry, loaded now if it is not yet.
    pub(super) fn sound_of(&self, entry: &Entry) -> Option<Arc<Clip>> {
        let load = || {
            let file = (self.fetch)(&entry.path)?;
            let bytes = match (wave::alaw_data(&file), file) {
                (Some(range), Cow::Borrowed(file)) => ClipBytes::Static(&file[range]),
                (Some(range), Cow::Owned(file)) => ClipBytes::Shared(file[range].into()),
                (None, file) => ClipBytes::Shared((self.decode)(&file).ok()?.into()),
            };
            Some(Arc::new(Clip::new(entry.path.trim_end_matches(".wav"), bytes)))
        };
        entry.clip.get_or_init(load).clone()
    }

    pub(super) const fn voice(&self, language: Language) -> &Voice {
        &self.voices[language as usize]
    }

    pub(super) fn template(&self, id: &str, language: Language) -> Option<&Template> {
        self.prompts.get(id)?.text(language)
    }

    /// The words that the clip with this key speaks, by the catalogue.
    fn piece_text(&self, key: &str, language: Language) -> Option<String> {
        let of = |id: &str| {
            self.template(id, language)?.parts.iter().find_map(|part| match part {
                catalogue::Part::Text { text, key: here } if here == key => Some(text.clone()),
                _ => None,
            })
        };
        of(key).or_else(|| of(key.rsplit_once('.')?.0))
    }

    /// The clip of one piece of a prompt.
    pub(super) fn ui(&self, key: &str, language: Language) -> Option<Arc<Clip>> {
        self.sound_of(self.voice(language).ui.get(key)?)
    }

    /// The pieces of a prompt in both languages, as they are recorded.
    #[must_use]
    pub fn pieces(&self, id: &str) -> Vec<Piece> {
        let of = |language| {
            let keys = self.template(id, language).map(Template::keys).into_iter().flatten();
            keys.filter_map(move |key| self.piece(key, language))
        };
        Language::ALL.into_iter().flat_map(of).collect()
    }

    /// The piece of a prompt with this key; none when no prompt speaks it.
    #[must_use]
    pub fn piece(&self, key: &str, language: Language) -> Option<Piece> {
        let text = self.piece_text(key, language)?;
        let clip = self.ui(key, language);
        let origin = clip.as_ref().and_then(|_| self.voice(language).ui.get(key)).map(|entry| entry.origin);
        let millis = clip.as_ref().map_or(0, |clip| u32::try_from(clip.frames() * 20).unwrap_or(u32::MAX));
        Some(Piece { language, key: key.to_owned(), text, origin, millis, clip })
    }

    /// A name of the house as it is recorded: `dish-18` with what the dish is called.
    #[must_use]
    pub fn name_piece(&self, key: &str, name: &str, language: Language) -> Piece {
        let entry = self.name(key, Some(name), language);
        let clip = entry.and_then(|entry| self.sound_of(entry));
        let millis = clip.as_ref().map_or(0, |clip| u32::try_from(clip.frames() * 20).unwrap_or(u32::MAX));
        Piece { language, key: key.to_owned(), text: name.to_owned(), origin: entry.map(|entry| entry.origin), millis, clip }
    }

    /// Whether every piece of the prompt has sound in that language.
    pub(super) fn speaks(&self, id: &str, language: Language) -> bool {
        self.template(id, language).is_some_and(|template| template.keys().all(|key| self.ui(key, language).is_some()))
    }

    /// A name's clip: the operator's own by its key, a shipped one only when it speaks `name`.
    pub(super) fn name(&self, key: &str, name: Option<&str>, language: Language) -> Option<&Arc<Entry>> {
        let voice = self.voice(language);
        let by_key = voice.names.get(key).filter(|entry| entry.origin == Origin::Own || name.is_none_or(|name| entry.text == name));
        let found = by_key.or_else(|| name.and_then(|name| voice.name_texts.get(name)));
        found.filter(|entry| self.sound_of(entry).is_some())
    }

    /// Two digits in one clip.
    pub(super) fn digit_pair(&self, first: char, second: char, language: Language) -> Option<&Arc<Entry>> {
        // The pairs speak 1 as 幺.
        let yi = self.one == DigitOne::Yi && [first, second].contains(&'1');
        if language != Language::Mandarin || yi { None } else { self.voice(language).say_keys.get(&format!("dd{first}{second}")) }
    }

    /// A digit in its medial or final form.
    pub(super) fn digit(&self, digit: char, one: DigitOne, last: bool, language: Language) -> Option<&Arc<Entry>> {
        let voice = self.voice(language);
        let form = if last { 'f' } else { 'm' };
        let (name, text) = match (language, digit, one) {
            (Language::Mandarin, '1', DigitOne::Yao) => ('y', "幺".to_owned()),
            (Language::Mandarin, ..) => (digit, super::say::mandarin::digits(&digit.to_string(), DigitOne::Yi)),
            (Language::English, ..) => (digit, super::say::english::digits(&digit.to_string())),
        };
        let entries = [voice.say_keys.get(&format!("d{name}{form}")), voice.say.get(&text)];
        entries.into_iter().flatten().find(|entry| self.sound_of(entry).is_some())
    }

    /// Whether the catalogue has this prompt.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.prompts.contains_key(id)
    }

    /// The names of all prompts of the catalogue.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.prompts.keys().map(String::as_str)
    }

    /// The prompt's text with its `{slots}`.
    #[must_use]
    pub fn text(&self, id: &str, language: Language) -> Option<&str> {
        self.template(id, language).map(|template| template.text.as_str())
    }

    /// The names of the prompt's slots.
    #[must_use]
    pub fn slots(&self, id: &str) -> Vec<&str> {
        let mut slots = Vec::new();
        for language in Language::ALL {
            for part in self.template(id, language).map_or(&[][..], |template| &template.parts) {
                if let catalogue::Part::Slot(slot) = part
                    && !slots.contains(&slot.as_str())
                {
                    slots.push(slot.as_str());
                }
            }
        }
        slots
    }

    /// A sound that is no speech: `beep`, `hold`.
    #[must_use]
    pub fn sound(&self, key: &str) -> Option<Arc<Clip>> {
        self.sound_of(self.sounds.get(key)?)
    }

    /// Every prompt with whose recordings it has.
    #[must_use]
    pub fn list(&self) -> Vec<PromptState> {
        let state = |(id, _): (&String, &Prompt)| {
            let text = |language| self.text(id, language).unwrap_or_default().to_owned();
            let origin = |language: Language| {
                let entries: Option<Vec<_>> = self.template(id, language)?.keys().map(|key| self.voice(language).ui.get(key)).collect();
                let entries =
                    entries?.into_iter().filter(|entry| self.sound_of(entry).is_some()).map(|entry| entry.origin).collect::<Vec<_>>();
                if entries.len() < self.template(id, language)?.keys().count() {
                    return None;
                }
                Some(if entries.contains(&Origin::Own) { Origin::Own } else { Origin::Shipped })
            };
            let millis = |language: Language| {
                let frames: usize = self
                    .template(id, language)
                    .map_or(0, |template| template.keys().filter_map(|key| self.ui(key, language)).map(|clip| clip.frames()).sum());
                u32::try_from(frames * 20).unwrap_or(u32::MAX)
            };
            PromptState {
                id: id.clone(),
                texts: Language::ALL.map(text),
                origins: Language::ALL.map(origin),
                millis: Language::ALL.map(millis),
            }
        };
        self.prompts.iter().map(state).collect()
    }

    /// Every clip with its language, for the recogniser.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Language, Kind, &Arc<Entry>)> {
        Language::ALL.into_iter().flat_map(move |language| {
            let voice = self.voice(language);
            let ui = voice.ui.values().map(move |entry| (language, Kind::Ui, entry));
            let names = voice.names.values().map(move |entry| (language, Kind::Name, entry));
            let say = voice.say_keys.values().map(move |entry| (language, Kind::Say, entry));
            ui.chain(names).chain(say)
        })
    }
}

/// What a clip is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Ui,
    Name,
    Say,
}

fn is_digit_form(key: &str) -> bool {
    matches!(key.as_bytes(), [b'd', b'0'..=b'9' | b'y', b'm' | b'f'])
}

fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, here)| here.eq_ignore_ascii_case(extension))
}

struct Row {
    file: String,
    kind: String,
    key: String,
    text: String,
}

fn index_rows(place: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Vec<Row> {
    let mut good = Vec::new();
    for (line, mut fields) in catalogue::rows(place, bytes, findings) {
        if fields.len() != 4 {
            findings.push(Finding::new(
                format!("{place}:{line}"),
                format!("{} fields", fields.len()),
                "write file, kind, key and text with tabs between",
            ));
            continue;
        }
        let (Some(text), Some(key), Some(kind), Some(file)) = (fields.pop(), fields.pop(), fields.pop(), fields.pop()) else { continue };
        match kind.as_str() {
            "kind" => {}
            "ui" | "say" | "name" | "sound" => good.push(Row { file, kind, key, text }),
            _ => findings.push(Finding::new(format!("{place}:{line}"), format!("kind «{kind}»"), "write ui, say, name or sound")),
        }
    }
    good
}
