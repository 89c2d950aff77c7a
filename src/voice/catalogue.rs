//! The prompts' texts: `catalogue.tsv` with its slots.

use std::collections::BTreeMap;

use crate::domain::{Finding, Language};

/// Marks and spaces that no clip speaks: they become gaps.
pub(super) const MARKS: &[char] = &['，', '。', '？', '！', '、', '：', '；', ',', '.', '?', '!', ':', ';', ' '];

/// A part of a prompt's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Words with a clip of this key.
    Text { text: String, key: String },
    /// Only marks: a gap.
    Marks(String),
    /// A value goes here.
    Slot(String),
}

/// One prompt's text in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) text: String,
    pub(super) parts: Vec<Part>,
}

impl Template {
    /// Cuts `text` at its `{slots}`. Pieces with words are numbered from 1 when there is a slot.
    pub(super) fn parse(id: &str, text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut number = 0;
        let mut words = |piece: &str, parts: &mut Vec<Part>| {
            if piece.trim_matches(MARKS).is_empty() {
                if !piece.is_empty() {
                    parts.push(Part::Marks(piece.to_owned()));
                }
            } else {
                number += 1;
                parts.push(Part::Text { text: piece.to_owned(), key: format!("{id}.{number}") });
            }
        };
        while let Some((before, slot, after)) = next_slot(rest) {
            words(before, &mut parts);
            parts.push(Part::Slot(slot.to_owned()));
            rest = after;
        }
        words(rest, &mut parts);
        if let [Part::Text { key, .. }] = parts.as_mut_slice() {
            id.clone_into(key);
        }
        Self { text: text.to_owned(), parts }
    }

    /// Keys of its clips, in order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

/// Splits at the first `{slot}`.
fn next_slot(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('{')?;
        let close = open + text[open..].find('}')?;
        let name = &text[open + 1..close];
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Some((&text[..open], name, &text[close + 1..]));
        }
        from = open + 1;
    }
}

/// One prompt in both languages.
#[derive(Debug, Clone, Default)]
pub(super) struct Prompt {
    texts: [Option<Template>; 2],
}

impl Prompt {
    pub(super) fn text(&self, language: Language) -> Option<&Template> {
        self.texts[language as usize].as_ref()
    }
}

/// Reads rows `id ⇥ zh ⇥ en` into `prompts`; a row that is there already is replaced.
pub(super) fn read(place: &str, bytes: &[u8], prompts: &mut BTreeMap<String, Prompt>, findings: &mut Vec<Finding>) {
    for (line, fields) in rows(place, bytes, findings) {
        let [id, zh, en] = fields.as_slice() else {
            findings.push(Finding::new(
                format!("{place}:{line}"),
                format!("{} fields", fields.len()),
                "write id, Chinese and English text with tabs between",
            ));
            continue;
        };
        if id == "id" {
            continue;
        }
        let template = |text: &str| (!text.is_empty()).then(|| Template::parse(id, text));
        prompts.insert(id.clone(), Prompt { texts: [template(zh), template(en)] });
    }
}

/// The lines of a tab-separated file with their numbers; blank lines and `#` lines are left out.
pub(super) fn rows(place: &str, bytes: &[u8], findings: &mut Vec<Finding>) -> Vec<(usize, Vec<String>)> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        findings.push(Finding::new(place, "not UTF-8", "save it as UTF-8"));
        return Vec::new();
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(place, line)| (place + 1, line.trim_end_matches('\r')));
    lines
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(number, line)| (number, line.split('\t').map(str::to_owned).collect()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Part, Template};

    #[test]
    fn pieces_with_words_are_numbered_and_marks_are_gaps() {
        let parts = Template::parse("order.dish_qty", "{num}号，{dish}，{money}。").parts;
        let slot = |name: &str| Part::Slot(name.to_owned());
        let expected = [
            slot("num"),
            Part::Text { text: "号，".into(), key: "order.dish_qty.1".into() },
            slot("dish"),
            Part::Marks("，".into()),
            slot("money"),
            Part::Marks("。".into()),
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_prompt_without_slots_is_one_clip() {
        assert_eq!(Template::parse("gen.bye", "再见。").keys().collect::<Vec<_>>(), ["gen.bye"]);
        assert_eq!(Template::parse("greet.member", "{level}会员，您好。").keys().collect::<Vec<_>>(), ["greet.member.1"]);
        assert_eq!(Template::parse("odd", "a {B} {} {c").keys().collect::<Vec<_>>(), ["odd"]);
    }
}
