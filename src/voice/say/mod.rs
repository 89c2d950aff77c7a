//! From a value to the words that are spoken for it: pure functions, one set for each language.

pub mod english;
pub mod mandarin;
#[cfg(test)]
mod tests;

/// How 1 is spoken digit by digit in Mandarin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DigitOne {
    /// 幺, as on the telephone.
    #[default]
    Yao,
    /// 一
    Yi,
}

impl DigitOne {
    /// By the name of the setting `digit_one`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "yao" => Some(Self::Yao),
            "yi" => Some(Self::Yi),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Yao => "幺",
            Self::Yi => "一",
        }
    }
}

/// A digit string in the groups that callers know: member number 3+3, mobile 3+4+4, landline area code + rest,
/// four digits in one. What is no digit only separates where it stands between digits of an unknown form.
#[must_use]
pub fn groups(text: &str) -> Vec<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sizes: &[usize] = match digits.len() {
        0 => return Vec::new(),
        1..=5 => &[5],
        6 => &[3, 3],
        7 => &[3, 4],
        8 => &[4, 4],
        // Area codes of two digits after the 0: Beijing and 02x; the others have three.
        10 if digits.starts_with("01") || digits.starts_with("02") => &[3, 3, 4],
        10 if digits.starts_with('0') => &[4, 3, 3],
        10 => &[3, 3, 4],
        11 if digits.starts_with('0') && !digits.starts_with("01") && !digits.starts_with("02") => &[4, 3, 4],
        11 => &[3, 4, 4],
        12 if digits.starts_with('0') => &[4, 4, 4],
        _ => &[],
    };
    let mut rest = digits.as_str();
    let mut parts = Vec::new();
    for size in sizes.iter().copied().chain(std::iter::repeat(4)) {
        if rest.is_empty() {
            break;
        }
        let (part, tail) = rest.split_at(size.min(rest.len()));
        parts.push(part.to_owned());
        rest = tail;
    }
    parts
}
