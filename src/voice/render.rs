//! Phrases with values to one row of clips and gaps.

use std::sync::Arc;

use super::catalogue::{Part, Template};
use super::check::name_of;
use super::cut::cut;
use super::library::Library;
use super::names::Names;
use super::say::{self, DigitOne, english, mandarin};
use crate::domain::{Arg, Language, MenuNumber, Phrase, RecordingId};
use crate::media::clip::{Clip, Piece};

/// Gaps in frames of 20 ms.
mod gap {
    /// Inside a number.
    pub(super) const INSIDE: u16 = 1;
    /// Between text and a slot.
    pub(super) const SLOT: u16 = 3;
    /// Between groups of digits.
    pub(super) const GROUP: u16 = 9;
    pub(super) const COMMA: u16 = 12;
    pub(super) const STOP: u16 = 22;
    /// In the place of something that is missing.
    pub(super) const MISSING: u16 = 10;
}

/// What rendering needs to know of the house and of the call.
pub struct Around<'a> {
    pub names: &'a dyn Names,
    /// The callers' own recordings that are at hand.
    pub recordings: &'a dyn Fn(&RecordingId) -> Option<Arc<Clip>>,
}

/// Ready to be played.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Never empty.
    pub pieces: Arc<[Piece]>,
    /// The words, for traces and transcripts.
    pub text: String,
    /// Ids of the prompts.
    pub prompts: Vec<String>,
    /// What had no sound: ids, keys or words. To be counted and logged as `prompt.missing`.
    pub missing: Vec<String>,
}

impl Rendered {
    /// Its length in frames of 20 ms.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.pieces.iter().map(Piece::frames).sum()
    }
}

impl Library {
    /// Joins `phrases` to one row. What has no sound in `language` is taken from the other one; a name without a clip
    /// is read by its number; what is missing everywhere leaves 0.2 s and is told.
    #[must_use]
    pub fn render(&self, language: Language, phrases: &[Phrase], around: &Around<'_>) -> Rendered {
        let mut row = Row { library: self, around, pieces: Vec::new(), text: String::new(), pending: 0, missing: Vec::new() };
        for phrase in phrases {
            row.phrase(language, phrase);
        }
        // The pause behind the last sentence belongs to it: what is said next may be another row.
        if row.pieces.is_empty() || row.pending >= gap::STOP {
            row.pieces.push(Piece::Gap(row.pending.max(gap::MISSING)));
        }
        Rendered {
            pieces: row.pieces.into(),
            text: row.text,
            prompts: phrases.iter().map(|phrase| phrase.prompt.clone().into_owned()).collect(),
            missing: row.missing,
        }
    }
}

/// The row so far.
struct Row<'a> {
    library: &'a Library,
    around: &'a Around<'a>,
    pieces: Vec<Piece>,
    text: String,
    /// Silence that is due before the next clip; the longest wish counts.
    pending: u16,
    missing: Vec<String>,
}

impl Row<'_> {
    fn gap(&mut self, frames: u16) {
        self.pending = self.pending.max(frames);
    }

    fn clip(&mut self, clip: Arc<Clip>) {
        if self.pending > 0 && !self.pieces.is_empty() {
            self.pieces.push(Piece::Gap(self.pending));
        }
        self.pending = 0;
        self.pieces.push(Piece::Clip(clip));
    }

    fn lack(&mut self, what: impl Into<String>) {
        self.missing.push(what.into());
        self.gap(gap::MISSING);
    }

    fn phrase(&mut self, wanted: Language, phrase: &Phrase) {
        let id = phrase.prompt.as_ref();
        let language = self.language_for(id, wanted);
        let library = self.library;
        let Some(template) = library.template(id, language) else {
            self.lack(id);
            return;
        };
        if !self.text.is_empty() && language == Language::English {
            self.text.push(' ');
        }
        for (place, part) in template.parts.iter().enumerate() {
            match part {
                Part::Text { text, key } => {
                    self.gap(gap_in(text, text.trim_start_matches(super::catalogue::MARKS), false));
                    match library.ui(key, language) {
                        Some(clip) => self.clip(clip),
                        None => self.lack(format!("{}/ui/{key}", language.tag())),
                    }
                    self.gap(gap_in(text, text.trim_end_matches(super::catalogue::MARKS), true));
                    self.text.push_str(text);
                }
                Part::Marks(marks) => {
                    self.gap(gap_of(marks));
                    self.text.push_str(marks);
                }
                Part::Slot(slot) => {
                    self.gap(gap::SLOT);
                    match phrase.args.iter().find(|(name, _)| name == slot) {
                        Some((_, arg)) => self.arg(language, arg, neighbours(template, place)),
                        None => self.lack(format!("{id} {{{slot}}}")),
                    }
                    self.gap(gap::SLOT);
                }
            }
        }
    }

    /// The language in which this prompt can be said, the wanted one first.
    fn language_for(&self, id: &str, wanted: Language) -> Language {
        if !self.library.speaks(id, wanted) && self.library.speaks(id, wanted.other()) { wanted.other() } else { wanted }
    }

    fn arg(&mut self, language: Language, arg: &Arg, (before, after): (&str, &str)) {
        let zh = language == Language::Mandarin;
        match arg {
            Arg::Money(amount) => self.words(language, &if zh { mandarin::money(*amount) } else { english::money(*amount) }),
            Arg::Number(value) => {
                let words = match language {
                    // Directly before a measure word two is 两.
                    Language::Mandarin if after.starts_with(['道', '位', '份', '个', '家', '条', '次', '张']) => {
                        mandarin::count(*value, "")
                    }
                    Language::Mandarin => mandarin::number(*value),
                    Language::English => english::number(*value),
                };
                self.words(language, &words);
            }
            Arg::Digits(digits) => self.digits(language, digits),
            Arg::Quantity(portions) => self.words(language, &if zh { mandarin::quantity(*portions) } else { english::quantity(*portions) }),
            Arg::DishNumber(number) => self.number_name(language, number.get(), before, after),
            Arg::Dish(number) => self.dish(language, *number),
            Arg::Dishes(numbers) => self.dishes(language, numbers),
            Arg::Category(id) => {
                let name = self.around.names.category(id, language).unwrap_or(id);
                self.name(language, &format!("category-{id}"), name, None);
            }
            Arg::Level(id) => {
                let name = self.around.names.level(id, language).unwrap_or(id);
                self.name(language, &format!("level-{id}"), name, None);
            }
            Arg::Offer(id) => {
                let name = self.around.names.offer(id, language).unwrap_or(id);
                self.name(language, &format!("offer-{id}"), name, None);
            }
            Arg::Branch(number) => {
                let name = self.around.names.branch(*number, language).unwrap_or_default();
                self.name(language, &format!("branch-{number}"), name, Some(number.get()));
            }
            Arg::BranchAddress(number) => {
                let name = self.around.names.branch_address(*number, language).unwrap_or_default();
                self.name(language, &format!("branch-{number}-address"), name, None);
            }
            Arg::BranchTransit(number) => {
                let name = self.around.names.branch_transit(*number, language).unwrap_or_default();
                self.name(language, &format!("branch-{number}-transit"), name, None);
            }
            Arg::Address { clip, recording, label } => self.address(language, clip.as_deref(), recording.as_ref(), label),
            Arg::Minutes(count) => self.words(language, &if zh { mandarin::minutes(*count) } else { english::minutes(*count) }),
            Arg::Time(at) => self.words(language, &if zh { mandarin::time(*at) } else { english::time(*at) }),
            Arg::Day(day) => self.words(language, &if zh { mandarin::day(*day) } else { english::day(*day) }),
            Arg::Key(key) => {
                let digit = char::from_digit(u32::from(*key % 10), 10).unwrap_or('0');
                self.digit(language, digit, DigitOne::Yi, true);
            }
            Arg::Option(option) => self.phrase(language, &Phrase::plain(format!("order.opt.{option}"))),
        }
    }

    /// Words of a value, cut into clips; when clips are missing, as much of it as there is.
    fn words(&mut self, language: Language, words: &str) {
        self.text.push_str(words);
        self.sound_words(language, words);
    }

    fn sound_words(&mut self, language: Language, words: &str) {
        let library = self.library;
        let find = |text: &str| library.voice(language).say.get(text).filter(|entry| library.sound_of(entry).is_some());
        let ends = std::iter::once(words.len()).chain(words.char_indices().rev().map(|(end, _)| end));
        for end in ends.filter(|end| *end > 0) {
            let Some(clips) = cut(&words[..end], language, find) else { continue };
            for clip in clips.into_iter().filter_map(|entry| library.sound_of(entry)) {
                self.clip(clip);
                self.gap(gap::INSIDE);
            }
            if end < words.len() {
                self.lack(words);
            }
            return;
        }
        self.lack(words);
    }

    fn digits(&mut self, language: Language, digits: &str) {
        let groups = say::groups(digits);
        let last_group = groups.len().saturating_sub(1);
        for (place, group) in groups.iter().enumerate() {
            if place > 0 {
                self.gap(gap::GROUP);
                if language == Language::English {
                    self.text.push_str(", ");
                }
            }
            let digits: Vec<char> = group.chars().collect();
            let mut position = 0;
            while position < digits.len() {
                if position > 0 && language == Language::English {
                    self.text.push(' ');
                }
                let rest = &digits[position..];
                position += match self.digit_pair(language, rest) {
                    true => 2,
                    false => {
                        self.digit(language, rest[0], self.library.one, place == last_group && rest.len() == 1);
                        1
                    }
                };
                self.gap(gap::INSIDE);
            }
        }
    }

    /// Two digits in one clip are understood better than two clips; where there is none, each is spoken alone.
    fn digit_pair(&mut self, language: Language, digits: &[char]) -> bool {
        let [first, second, ..] = *digits else { return false };
        let Some(clip) = self.library.digit_pair(first, second, language).and_then(|entry| self.library.sound_of(entry)) else {
            return false;
        };
        self.text.push_str(&mandarin::digits(&format!("{first}{second}"), self.library.one));
        self.clip(clip);
        true
    }

    fn digit(&mut self, language: Language, digit: char, one: DigitOne, last: bool) {
        let words = match language {
            Language::Mandarin => mandarin::digits(&digit.to_string(), one),
            Language::English => english::digits(&digit.to_string()),
        };
        self.text.push_str(&words);
        match self.library.digit(digit, one, last, language).and_then(|entry| self.library.sound_of(entry)) {
            Some(clip) => self.clip(clip),
            None => self.lack(words),
        }
    }

    /// 十八 before 号, 十八号 elsewhere; "eighteen" after "number", "number eighteen" elsewhere.
    fn number_name(&mut self, language: Language, number: u16, before: &str, after: &str) {
        let words = match language {
            Language::Mandarin if after.starts_with('号') || before.ends_with("编号") => mandarin::number(number.into()),
            Language::Mandarin => mandarin::dish_number(number),
            Language::English if before.trim_end().to_lowercase().ends_with("number") => english::name_number(number),
            Language::English => english::dish_number(number),
        };
        self.words(language, &words);
    }

    fn dish(&mut self, language: Language, number: MenuNumber) {
        let name = self.around.names.dish(number, language).unwrap_or_default();
        self.name(language, &format!("dish-{number}"), name, Some(number.get()));
    }

    /// At most two names; more are the first name and how many there are, by prompt `order.dishes`.
    fn dishes(&mut self, language: Language, numbers: &[MenuNumber]) {
        if let [first, _, _, ..] = numbers
            && self.library.speaks(MORE_DISHES, language)
        {
            let count = match language {
                Language::Mandarin => numbers.len(),
                Language::English => numbers.len() - 1,
            };
            let phrase = Phrase::plain(MORE_DISHES).with("dish", Arg::Dish(*first)).with("n", Arg::Number(count as u64));
            self.phrase(language, &phrase);
            return;
        }
        for (place, number) in numbers.iter().enumerate() {
            if place > 0 {
                self.gap(gap::COMMA);
                self.text.push_str(if language == Language::Mandarin { "、" } else { ", " });
            }
            self.dish(language, *number);
        }
    }

    /// A name's clip; else the same in the other language; else its number; else it is missing.
    fn name(&mut self, language: Language, key: &str, name: &str, number: Option<u16>) {
        self.text.push_str(name);
        let known = (!name.is_empty()).then_some(name);
        let library = self.library;
        let other_name = name_of(self.around.names, key, language.other());
        let found =
            library.name(key, known, language).or_else(|| library.name(key, other_name, language.other()).filter(|_| other_name.is_some()));
        if let Some(clip) = found.and_then(|entry| library.sound_of(entry)) {
            return self.clip(clip);
        }
        match number {
            Some(number) => {
                if name.is_empty() {
                    self.text.push_str(&mandarin::dish_number(number));
                }
                self.sound_words(
                    language,
                    &if language == Language::Mandarin { mandarin::dish_number(number) } else { english::dish_number(number) },
                );
                self.missing.push(format!("{}/name/{key}", language.tag()));
            }
            None => self.lack(format!("{}/name/{key}", language.tag())),
        }
    }

    fn address(&mut self, language: Language, clip: Option<&str>, recording: Option<&RecordingId>, label: &str) {
        let library = self.library;
        if let Some(entry) = clip.and_then(|key| library.name(key, None, language).or_else(|| library.name(key, None, language.other()))) {
            self.text.push_str(if entry.text.is_empty() { label } else { &entry.text });
            if let Some(sound) = library.sound_of(entry) {
                return self.clip(sound);
            }
        }
        if let Some(sound) = recording.and_then(self.around.recordings) {
            self.text.push_str(match language {
                Language::Mandarin => "（录音）",
                Language::English => "(recording)",
            });
            return self.clip(sound);
        }
        let prompt = match label {
            "家" | "home" => "addr.label.home",
            "公司" | "办公室" | "office" | "the office" => "addr.label.office",
            _ => "addr.recorded",
        };
        self.phrase(language, &Phrase::plain(prompt));
    }
}

/// The prompt for three dishes and more, with slots `dish` and `n`.
const MORE_DISHES: &str = "order.dishes";

/// The text before and after a slot.
fn neighbours(template: &Template, place: usize) -> (&str, &str) {
    let of = |place: Option<usize>| match place.and_then(|place| template.parts.get(place)) {
        Some(Part::Text { text, .. } | Part::Marks(text)) => text.as_str(),
        _ => "",
    };
    (of(place.checked_sub(1)), of(Some(place + 1)))
}

/// The gap that the marks cut off `text` at its front or end ask for.
fn gap_in(text: &str, without: &str, at_end: bool) -> u16 {
    let cut = text.len() - without.len();
    gap_of(if at_end { &text[text.len() - cut..] } else { &text[..cut] })
}

/// The longest gap that these marks ask for.
fn gap_of(marks: &str) -> u16 {
    let gap = |mark| match mark {
        '。' | '？' | '！' | '.' | '?' | '!' => gap::STOP,
        ' ' => 0,
        _ => gap::COMMA,
    };
    marks.chars().map(gap).max().unwrap_or(0)
}
