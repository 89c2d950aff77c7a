//! Telephone numbers: one normaliser for everything that a trunk, a caller or an agent may write (C59).

use std::fmt;

/// A telephone number in one form: digits only, mainland numbers as dialled at home
/// (`13800138000`, `02164380001`, `4008001234`), others with `+` and country code.
///
/// It prints masked; [`PhoneNumber::reveal`] is the only way to the full number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads what a trunk or a person wrote; `None` for `anonymous`, names and anything that is no number.
    ///
    /// `+86`, `0086`, `86` and the trunk's leading 0 before a mobile number are taken off; spaces, dashes and
    /// brackets too; an extension (`-801`, `ext 801`, `;ext=801`, `,801`) is left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("tel:").trim_start_matches("sip:").trim_start_matches("sips:");
        let text = text.split(['@', ';', ',']).next().unwrap_or("");
        let text: String = text.chars().map(half_width).collect();
        let text = without_extension(text.trim());
        let international = text.starts_with('+');
        let mut digits = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '-' | '(' | ')' | '.' | '/' => {}
                '+' if digits.is_empty() => {}
                _ => return None,
            }
        }
        let (international, digits) = match digits.strip_prefix("00") {
            Some(rest) if !international && rest.len() >= 8 => (true, rest.to_owned()),
            _ => (international, digits),
        };
        if digits.len() < 3 || digits.len() > 18 {
            return None;
        }
        if international {
            return Some(match digits.strip_prefix("86") {
                Some(home) => Self(at_home(home)),
                None => Self(format!("+{digits}")),
            });
        }
        if let Some(home) = digits.strip_prefix("86")
            && (is_mobile(home) || (home.len() >= 9 && !home.starts_with('0') && digits.len() >= 12))
        {
            return Some(Self(at_home(home)));
        }
        if let Some(mobile) = digits.strip_prefix('0')
            && is_mobile(mobile)
        {
            return Some(Self(mobile.to_owned()));
        }
        Some(Self(digits))
    }

    /// The full number. Never for logs.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four digits, as spoken.
    #[must_use]
    pub fn last4(&self) -> &str {
        &self.0[self.0.len().saturating_sub(4)..]
    }

    /// Whether it is a mainland mobile number.
    #[must_use]
    pub fn is_mobile(&self) -> bool {
        is_mobile(&self.0)
    }

    /// Whether it can be called back: a mobile number, or a landline with its area code.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_mobile() || self.0.starts_with('0') || self.0.starts_with("400") || self.0.starts_with("800")
    }

    /// Whether it may be a privacy number (隐私小号, AXB) that stands for somebody else tomorrow:
    /// such a number alone never merges customers.
    #[must_use]
    pub fn is_virtual(&self) -> bool {
        self.is_mobile() && ["170", "171", "167", "162", "165"].iter().any(|range| self.0.starts_with(range))
    }
}

/// Full-width digits and signs, as typed on Chinese keyboards, become ASCII.
fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '—' | '–' => '-',
        other => other,
    }
}

/// Leaves out `ext 801`, `转801`, `x801` and a short last group after a dash (`02164380001-801`).
fn without_extension(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    for mark in ["ext", "转", "x", "#"] {
        if let Some(place) = lower.find(mark)
            && place > 0
        {
            return text[..place].trim_end_matches([' ', '.', '-']);
        }
    }
    if let Some((number, extension)) = text.rsplit_once('-')
        && extension.len() <= 4
        && extension.bytes().all(|b| b.is_ascii_digit())
        && number.bytes().filter(u8::is_ascii_digit).count() >= 10
        && number.bytes().filter(u8::is_ascii_digit).count() + extension.len() > 11
    {
        return number;
    }
    text
}

/// A number behind country code 86, as dialled at home: area codes get their 0 back.
fn at_home(number: &str) -> String {
    if is_mobile(number)
        || number.starts_with('0') && !is_mobile(&number[1..])
        || number.starts_with("400")
        || number.starts_with("800")
        || number.starts_with("95") && number.len() <= 8
    {
        number.to_owned()
    } else if let Some(mobile) = number.strip_prefix('0') {
        mobile.to_owned()
    } else {
        format!("0{number}")
    }
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('1') && matches!(digits.as_bytes()[1], b'3'..=b'9')
}

/// Shows `138****1234`; short numbers are hidden whole.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            11.. => write!(f, "{}****{}", &self.0[..3], &self.0[self.0.len() - 4..]),
            _ => write!(f, "****"),
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::PhoneNumber;

    #[test]
    fn c59_every_way_to_write_a_number_is_one_number() {
        for (written, number) in [
            ("13800138000", "13800138000"),
            ("013800138000", "13800138000"),
            ("8613800138000", "13800138000"),
            ("+8613800138000", "13800138000"),
            ("+86 138 0013 8000", "13800138000"),
            ("008613800138000", "13800138000"),
            ("１３８００１３８０００", "13800138000"),
            ("138-0013-8000", "13800138000"),
            ("021-64380001", "02164380001"),
            ("(021) 6438 0001", "02164380001"),
            ("+862164380001", "02164380001"),
            ("862164380001", "02164380001"),
            ("02164380001-801", "02164380001"),
            ("021-64380001 ext 801", "02164380001"),
            ("021-64380001转801", "02164380001"),
            ("tel:+8613800138000;phone-context=x", "13800138000"),
            ("sip:13800138000@example.com", "13800138000"),
            ("400-800-1234", "4008001234"),
            ("+864008001234", "4008001234"),
            ("95588", "95588"),
            ("029-88001234", "02988001234"),
            ("+442071838750", "+442071838750"),
            ("00442071838750", "+442071838750"),
        ] {
            assert_eq!(PhoneNumber::parse(written).as_ref().map(PhoneNumber::reveal), Some(number), "{written}");
        }
        for none in ["anonymous", "", "12", "sip:alice@example.com", "unknown", "138O0138000", "1234567890123456789"] {
            assert!(PhoneNumber::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn reading_a_number_twice_changes_nothing() {
        for written in ["+8613800138000", "02164380001-801", "+442071838750", "95588", "4008001234"] {
            let once = PhoneNumber::parse(written).expect("is a number");
            assert_eq!(PhoneNumber::parse(once.reveal()), Some(once));
        }
    }

    #[test]
    fn it_prints_masked() {
        let number = PhoneNumber::parse("13800138000").expect("is a number");
        assert_eq!(format!("{number} {number:?}"), "138****8000 138****8000");
        assert_eq!(PhoneNumber::parse("95588").expect("is a number").to_string(), "****");
    }

    #[test]
    fn privacy_numbers_are_known() {
        assert!(PhoneNumber::parse("17012345678").expect("is a number").is_virtual());
        assert!(!PhoneNumber::parse("13800138000").expect("is a number").is_virtual());
    }
}
