//! Hears which clips arrive: our sound is sent bit-exact and clips begin on frame borders, so a frame names its clip.

use std::collections::HashMap;
use std::sync::Arc;

use super::catalogue::{MARKS, Part};
use super::library::{Kind, Library};
use crate::domain::Language;
use crate::media::clip::{Clip, FRAME};

/// Frames that stand in more places than this say nothing.
const COMMON: usize = 24;
/// Weight of a frame that only one clip has.
const SURE: u32 = 4;
/// A clip is recognised from this weight on: three frames of its own, or twelve that it shares.
const ENOUGH: u32 = 12;
/// A gap from here on is a comma, from there on a full stop (frames).
const COMMA: i64 = 10;
const STOP: i64 = 20;

/// All clips of a library by their frames.
pub struct SoundBook {
    clips: Vec<BookClip>,
    alaw: Frames,
    mulaw: Frames,
    /// Prompts that consist of slots only: id, and the slots between its marks.
    bare: Vec<(String, Vec<String>)>,
}

struct BookClip {
    language: Language,
    kind: Kind,
    /// Clips with the same sound are one.
    keys: Vec<String>,
    /// Prompts that it is a piece of, with the piece's key.
    prompts: Vec<(String, String)>,
    text: String,
    frames: u32,
}

/// Hash of a frame, its clip, its place in it; sorted.
type Frames = Vec<(u64, u32, u32)>;

/// A clip that was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    clip: u32,
    /// Frame at which the clip began.
    pub start: i64,
    /// Frame at which it was recognised.
    pub known: i64,
    /// Last frame of it that was heard.
    pub until: i64,
}

impl SoundBook {
    /// Loads every clip of the library.
    #[must_use]
    pub fn new(library: &Library) -> Self {
        let mut book = Self { clips: Vec::new(), alaw: Vec::new(), mulaw: Vec::new(), bare: bare_prompts(library) };
        let mut same: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut entries: Vec<_> = library.entries().collect();
        entries.sort_by(|a, b| (a.0, a.1, &a.2.key).cmp(&(b.0, b.1, &b.2.key)));
        for (language, kind, entry) in entries {
            let Some(clip) = library.sound_of(entry) else { continue };
            let prompt = (kind == Kind::Ui).then(|| (prompt_of(library, &entry.key), entry.key.clone()));
            let hashes: Vec<u64> = clip.alaw().chunks_exact(FRAME).map(hash).collect();
            if let Some(place) = same.get(&hashes) {
                let known = &mut book.clips[*place];
                known.keys.push(entry.key.clone());
                known.prompts.extend(prompt);
                continue;
            }
            let number = u32::try_from(book.clips.len()).unwrap_or(u32::MAX);
            book.add_frames(number, &hashes, &clip);
            let text = if entry.text.is_empty() { entry.key.clone() } else { entry.text.clone() };
            let frames = u32::try_from(hashes.len()).unwrap_or(u32::MAX);
            same.insert(hashes, book.clips.len());
            book.clips.push(BookClip {
                language,
                kind,
                keys: vec![entry.key.clone()],
                prompts: prompt.into_iter().collect(),
                text,
                frames,
            });
        }
        book.alaw.sort_unstable();
        book.mulaw.sort_unstable();
        book
    }

    fn add_frames(&mut self, number: u32, hashes: &[u64], clip: &Clip) {
        for (place, hash) in (0..).zip(hashes) {
            self.alaw.push((*hash, number, place));
        }
        for (place, frame) in (0..).zip(clip.mulaw().chunks_exact(FRAME)) {
            self.mulaw.push((hash(frame), number, place));
        }
    }

    fn clip(&self, heard: &Heard) -> &BookClip {
        &self.clips[heard.clip as usize]
    }

    /// The clip's keys, such as `order.dish_qty.2`, `dish-18`, `y38`; more than one when clips sound the same.
    #[must_use]
    pub fn keys(&self, heard: &Heard) -> &[String] {
        &self.clip(heard).keys
    }

    /// What the clip speaks.
    #[must_use]
    pub fn text(&self, heard: &Heard) -> &str {
        &self.clip(heard).text
    }

    /// Whether it was cut off before its end.
    #[must_use]
    pub fn is_cut(&self, heard: &Heard) -> bool {
        heard.until + 6 < heard.start + i64::from(self.clip(heard).frames)
    }

    /// The first frame after the clip's end, had it been played to the end.
    #[must_use]
    pub fn end(&self, heard: &Heard) -> i64 {
        heard.start + i64::from(self.clip(heard).frames)
    }

    /// The prompts that `heard` (in the order of their starts) belongs to, each with the place of its first clip.
    /// A prompt of which several pieces were heard in a row is told once.
    #[must_use]
    pub fn prompts(&self, heard: &[Heard]) -> Vec<(String, usize)> {
        let mut found: Vec<(String, usize)> = Vec::new();
        // Pieces of one prompt are numbered upwards: the same or a lower one begins the prompt again.
        let mut running: HashMap<&str, &str> = HashMap::new();
        for (place, one) in heard.iter().enumerate() {
            let clip = self.clip(one);
            for (prompt, key) in &clip.prompts {
                let goes_on = running.get(prompt.as_str()).is_some_and(|before| *before < key.as_str());
                if !goes_on {
                    found.push((prompt.clone(), place));
                }
                running.insert(prompt, key);
            }
        }
        let mut place = 0;
        while place < heard.len() {
            let run = heard[place..].iter().take_while(|one| self.clip(one).kind != Kind::Ui).count();
            self.find_bare(heard, place, run, &mut found);
            place += run.max(1);
        }
        found.sort_by_key(|(_, place)| *place);
        found
    }

    /// Looks for prompts without words of their own in a run of values and names.
    fn find_bare(&self, heard: &[Heard], from: usize, length: usize, found: &mut Vec<(String, usize)>) {
        let run = &heard[from..from + length];
        // Commas divide the run into the values of the slots.
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (place, one) in run.iter().enumerate() {
            match groups.last_mut() {
                Some((_, end)) if one.start - self.end(&run[place - 1]) < COMMA => *end = place + 1,
                _ => groups.push((place, place + 1)),
            }
        }
        for (id, slots) in &self.bare {
            for (first, window) in groups.windows(slots.len().max(1)).enumerate() {
                if slots.iter().zip(window).all(|(slot, (start, end))| self.fits(slot, &run[*start..*end])) {
                    found.push((id.clone(), from + groups[first].0));
                }
            }
        }
    }

    /// Whether these clips can be the value of that slot.
    fn fits(&self, slot: &str, clips: &[Heard]) -> bool {
        let named = |prefix: &str| clips.len() == 1 && self.clip(&clips[0]).keys.iter().any(|key| key.starts_with(prefix));
        let text = self.words(clips);
        let ends = |marks: &[&str]| marks.iter().any(|mark| text.ends_with(mark));
        match slot {
            "dish" => named("dish-") || ends(&["号"]) || text.starts_with("number"),
            "store" => named("branch-") || ends(&["号"]) || text.starts_with("number"),
            "promo" => named("offer-"),
            "category" => named("category-"),
            "addr" => named("address-") || named("branch-"),
            "qty" => ends(&["份", "portion", "portions"]),
            "money" | "money2" => ends(&["元", "角", "分"]) || text.contains("yuan") || text.ends_with("fen"),
            "time" | "t1" | "t2" => text.contains('点') || ends(&["a.m.", "p.m."]),
            "day" | "date" => ends(&["天", "号"]) || text.starts_with("to") || text.contains("the "),
            _ => true,
        }
    }

    /// The words of `heard` (in the order of their starts) as one text with marks.
    #[must_use]
    pub fn words(&self, heard: &[Heard]) -> String {
        let mut text = String::new();
        let mut before: Option<&Heard> = None;
        for one in heard {
            let clip = self.clip(one);
            if let Some(before) = before {
                let cut = self.is_cut(before);
                let gap = if cut { STOP } else { one.start - self.end(before) };
                self.join(&mut text, clip, gap, cut);
            }
            text.push_str(&clip.text);
            before = Some(one);
        }
        if before.is_some_and(|last| self.is_cut(last)) {
            text.push('…');
        }
        text
    }

    fn join(&self, text: &mut String, next: &BookClip, gap: i64, cut: bool) {
        let marked = text.ends_with(|c| MARKS.contains(&c) && c != ' ') || next.text.starts_with(|c| MARKS.contains(&c) && c != ' ');
        let zh = next.language == Language::Mandarin;
        if cut {
            text.push('…');
        } else if !marked && gap >= COMMA {
            text.push_str(match (zh, gap >= STOP) {
                (true, true) => "。",
                (true, false) => "，",
                (false, true) => ".",
                (false, false) => ",",
            });
        }
        if !zh && !text.ends_with(' ') && !next.text.starts_with(MARKS) {
            text.push(' ');
        }
    }
}

/// The prompt to which a piece's key belongs.
fn prompt_of(library: &Library, key: &str) -> String {
    if library.has(key) {
        return key.to_owned();
    }
    match key.rsplit_once('.') {
        Some((id, _)) if library.has(id) => id.to_owned(),
        _ => key.to_owned(),
    }
}

/// Prompts in which nothing stands but slots and marks.
fn bare_prompts(library: &Library) -> Vec<(String, Vec<String>)> {
    let mut bare = Vec::new();
    for id in library.prompts.keys() {
        for language in Language::ALL {
            let Some(template) = library.template(id, language) else { continue };
            if template.keys().next().is_some() {
                continue;
            }
            let slots = template.parts.iter().filter_map(|part| match part {
                Part::Slot(slot) => Some(slot.clone()),
                _ => None,
            });
            let row = (id.clone(), slots.collect::<Vec<_>>());
            if !row.1.is_empty() && !bare.contains(&row) {
                bare.push(row);
            }
        }
    }
    bare
}

/// Eight bytes at a time: quick also without optimisation.
fn hash(frame: &[u8]) -> u64 {
    frame.chunks_exact(8).fold(0xcbf2_9ce4_8422_2325, |hash: u64, eight| {
        let word = u64::from_le_bytes(eight.try_into().expect("chunks of eight"));
        (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}

/// Follows one call's sound.
pub struct Recogniser {
    book: Arc<SoundBook>,
    mulaw: bool,
    guesses: Vec<Guess>,
    heard: Vec<Heard>,
}

/// A clip that may be playing.
struct Guess {
    clip: u32,
    start: i64,
    weight: u32,
    last: i64,
    /// Its place in `heard` once it is sure.
    heard: Option<usize>,
}

impl Recogniser {
    /// For a call whose sound arrives as A-law or μ-law.
    #[must_use]
    pub const fn new(book: Arc<SoundBook>, mulaw: bool) -> Self {
        Self { book, mulaw, guesses: Vec::new(), heard: Vec::new() }
    }

    /// The book that it compares with.
    #[must_use]
    pub const fn book(&self) -> &Arc<SoundBook> {
        &self.book
    }

    /// Everything heard so far, in the order of recognition, which is the order of the starts but for lost packets.
    #[must_use]
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// Takes the frame at that place (RTP timestamp / 160, unwrapped). True when a clip has just been recognised.
    pub fn frame(&mut self, at: i64, payload: &[u8]) -> bool {
        if payload.len() != FRAME {
            return false;
        }
        self.guesses.retain(|guess| at - guess.last < 50 && at >= guess.start);
        let book = self.book.clone();
        let frames = if self.mulaw { &book.mulaw } else { &book.alaw };
        let hash = hash(payload);
        let first = frames.partition_point(|entry| entry.0 < hash);
        let entries: Vec<(u32, i64)> = frames[first..]
            .iter()
            .take_while(|entry| entry.0 == hash)
            .map(|entry| (entry.1, i64::from(entry.2)))
            .take(COMMON + 1)
            .collect();
        let Some((only, earliest)) = entries.first().copied() else { return false };
        let mut new = false;
        if entries.iter().all(|(clip, _)| *clip == only) {
            // A steady tone stands in many places of its own clip: the running one counts, else the earliest.
            let running = self
                .guesses
                .iter()
                .find(|guess| guess.clip == only && entries.contains(&(only, at - guess.start)))
                .map(|guess| guess.start);
            new |= self.count(only, running.unwrap_or(at - earliest), at, SURE);
        } else if entries.len() <= COMMON {
            for (clip, place) in entries {
                new |= self.count(clip, at - place, at, 1);
            }
        }
        new
    }

    fn count(&mut self, clip: u32, start: i64, at: i64, weight: u32) -> bool {
        let place = match self.guesses.iter().position(|guess| guess.clip == clip && guess.start == start) {
            Some(place) => place,
            None => {
                // Hostile sound cannot make this grow: old guesses leave after a second.
                if self.guesses.len() >= 512 {
                    return false;
                }
                self.guesses.push(Guess { clip, start, weight: 0, last: at, heard: None });
                self.guesses.len() - 1
            }
        };
        let busy = self.guesses.iter().any(|other| other.heard.is_some() && other.clip != clip && at - other.last <= 2);
        let guess = &mut self.guesses[place];
        guess.weight += weight;
        guess.last = at;
        if let Some(heard) = guess.heard {
            self.heard[heard].until = at;
            return false;
        }
        // Shared frames alone do not bring up a second clip beside one that is playing.
        let least = ENOUGH.min(SURE * self.book.clips[clip as usize].frames.max(1));
        if guess.weight < least || (busy && weight < SURE) {
            return false;
        }
        guess.heard = Some(self.heard.len());
        self.heard.push(Heard { clip, start, known: at, until: at });
        true
    }

    /// What was heard from `start` on, in the order of the starts.
    #[must_use]
    pub fn since(&self, start: i64) -> Vec<Heard> {
        let mut heard: Vec<Heard> = self.heard.iter().copied().filter(|one| one.start >= start).collect();
        heard.sort_by_key(|one| one.start);
        heard
    }
}
