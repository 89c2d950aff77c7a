//! Cuts spoken text into the fewest clips of an inventory.

use crate::domain::Language;

/// Characters of the longest clip in Mandarin, words in English.
const LONGEST: usize = 12;

/// The fewest pieces of `text` for which `find` has a clip; `None` when there is no such row.
///
/// Mandarin is cut between any characters, English between words. Of two equally short rows the one with the
/// longer clips in front wins: 六十一·号 and not 六·十一号.
pub fn cut<'a, T: Copy>(text: &'a str, language: Language, find: impl Fn(&'a str) -> Option<T>) -> Option<Vec<T>> {
    let units = units(text, language);
    // For each unit: how many clips from here to the end, the clip that begins here, and where the next one begins.
    let mut best: Vec<Option<(usize, Option<T>, usize)>> = vec![None; units.len()];
    best.push(Some((0, None, 0)));
    for start in (0..units.len()).rev() {
        for end in (start + 1..=units.len().min(start + LONGEST)).rev() {
            let Some((rest, _, _)) = best[end] else { continue };
            if best[start].is_some_and(|(count, _, _)| count <= rest + 1) {
                continue;
            }
            if let Some(clip) = find(&text[units[start].0..units[end - 1].1]) {
                best[start] = Some((rest + 1, Some(clip), end));
            }
        }
    }
    let mut clips = Vec::new();
    let mut place = 0;
    while let Some((_, Some(clip), next)) = best[place] {
        clips.push(clip);
        place = next;
    }
    (place == units.len()).then_some(clips)
}

/// Byte ranges of the smallest parts.
fn units(text: &str, language: Language) -> Vec<(usize, usize)> {
    match language {
        Language::Mandarin => text.char_indices().map(|(start, c)| (start, start + c.len_utf8())).collect(),
        Language::English => text
            .split_ascii_whitespace()
            .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word.len()))
            .map(|(start, len)| (start, start + len))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;
    use crate::domain::Language;

    fn pieces(text: &str, language: Language, clips: &[&'static str]) -> Option<Vec<&'static str>> {
        cut(text, language, |piece| clips.iter().copied().find(|clip| *clip == piece))
    }

    #[test]
    fn the_fewest_clips_win_and_then_the_longer_first() {
        let clips = ["六", "十", "一", "号", "六十一", "十一号", "六十"];
        assert_eq!(pieces("六十一号", Language::Mandarin, &clips), Some(vec!["六十一", "号"]));
        assert_eq!(pieces("六十号", Language::Mandarin, &clips), Some(vec!["六十", "号"]));
        assert_eq!(pieces("七号", Language::Mandarin, &clips), None);
        assert_eq!(pieces("", Language::Mandarin, &clips), Some(vec![]));
    }

    #[test]
    fn english_is_cut_between_words() {
        let clips = ["ten", "ten yuan", "thousand and", "two"];
        assert_eq!(pieces("ten thousand and ten yuan", Language::English, &clips), Some(vec!["ten", "thousand and", "ten yuan"]));
        assert_eq!(pieces("tent", Language::English, &clips), None);
    }
}
