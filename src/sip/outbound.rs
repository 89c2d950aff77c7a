//! Which outside numbers may be called: the guard against toll fraud, as plain rules.

use std::time::Duration;

/// Digits that a number may have (E.164 allows 15, prefixes for carriers come on top).
const LONGEST: usize = 20;

/// The rules of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Without it nobody calls out.
    pub on: bool,
    /// A number must begin with one of these; empty: any number that is not international.
    pub prefixes: Vec<String>,
    /// Numbers that begin with `+` or `00` and another country's code.
    pub international: bool,
    /// Our own country's code: `+86…` is not international for us.
    pub country: String,
    /// A call ends after this.
    pub longest: Duration,
    /// Calls to outside numbers at once.
    pub most: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { on: false, prefixes: Vec::new(), international: false, country: "86".into(), longest: Duration::from_secs(3600), most: 10 }
    }
}

/// Why a number was not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    #[error("calls to outside numbers are switched off")]
    Off,
    #[error("this is not a telephone number")]
    BadNumber,
    #[error("international numbers are not allowed")]
    International,
    #[error("numbers that begin like this are not allowed")]
    Prefix,
    #[error("as many outside calls are up as are allowed")]
    TooMany,
    #[error("there is no trunk of this name, or none that can take a call")]
    NoTrunk,
}

impl Barred {
    /// A stable name for counting.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "outbound_off",
            Self::BadNumber => "outbound_bad_number",
            Self::International => "outbound_international",
            Self::Prefix => "outbound_prefix",
            Self::TooMany => "outbound_too_many",
            Self::NoTrunk => "outbound_no_trunk",
        }
    }
}

impl Rules {
    /// Whether `number` may be called while `calls` others are up; gives the number as it is dialled, without ornament.
    ///
    /// # Errors
    /// With the first rule that forbids it.
    pub fn check(&self, number: &str, calls: usize) -> Result<String, Barred> {
        if !self.on {
            return Err(Barred::Off);
        }
        let plain: String = number.chars().filter(|letter| !matches!(letter, ' ' | '-' | '(' | ')' | '.')).collect();
        let digits = plain.strip_prefix('+').unwrap_or(&plain);
        if digits.is_empty() || digits.len() > LONGEST || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Barred::BadNumber);
        }
        let abroad = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"));
        if let Some(abroad) = abroad {
            let is_ours = !self.country.is_empty() && abroad.starts_with(&self.country);
            if !is_ours && !self.international {
                return Err(Barred::International);
            }
        }
        // A rule for "138" also means +86 138.
        let national = abroad.and_then(|abroad| abroad.strip_prefix(&self.country)).unwrap_or(digits);
        let forms = [plain.as_str(), digits, national];
        if !self.prefixes.is_empty() && !self.prefixes.iter().any(|prefix| forms.iter().any(|form| form.starts_with(prefix.as_str()))) {
            return Err(Barred::Prefix);
        }
        if calls >= usize::try_from(self.most).unwrap_or(usize::MAX) {
            return Err(Barred::TooMany);
        }
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { on: true, ..Rules::default() }
    }

    #[test]
    fn c98_toll_fraud_off_until_switched_on_and_never_abroad_by_default() {
        assert_eq!(Rules::default().check("13800001234", 0), Err(Barred::Off));
        assert_eq!(rules().check("138-0000 1234", 0).as_deref(), Ok("13800001234"));
        assert_eq!(rules().check("+8613800001234", 0).as_deref(), Ok("+8613800001234"));
        assert_eq!(rules().check("008613800001234", 0).as_deref(), Ok("008613800001234"));
        for abroad in ["+4420794600", "0044207946000", "+1900555", "00"] {
            assert_eq!(rules().check(abroad, 0), Err(Barred::International), "{abroad}");
        }
        assert!(Rules { international: true, ..rules() }.check("+442079460000", 0).is_ok());
    }

    #[test]
    fn c98_toll_fraud_prefixes_limits_and_nonsense() {
        let only = Rules { prefixes: vec!["1".into(), "021".into()], ..rules() };
        assert!(only.check("13800001234", 9).is_ok());
        assert!(only.check("02161234567", 0).is_ok() && only.check("+8613800001234", 0).is_ok());
        assert_eq!(only.check("9008888", 0), Err(Barred::Prefix));
        assert_eq!(rules().check("13800001234", 10), Err(Barred::TooMany));
        for nonsense in ["", "+", "alice", "138*1", "1380000;phone-context=x", "123456789012345678901", "１３８"] {
            assert_eq!(rules().check(nonsense, 0), Err(Barred::BadNumber), "{nonsense}");
        }
    }
}
