//! `[outbound]`: which outside numbers may be called.

use super::read::Section;
use crate::sip::outbound::Rules;

/// Reads `[outbound]`.
pub(super) fn outbound(mut s: Section<'_>) -> Rules {
    let usual = Rules::default();
    let digits = |text: &str, plus: bool| {
        let bare = if plus { text.strip_prefix('+').unwrap_or(text) } else { text };
        !bare.is_empty() && bare.len() <= 15 && bare.bytes().all(|byte| byte.is_ascii_digit())
    };
    let prefixes = s.list("prefixes").unwrap_or_default();
    for prefix in prefixes.iter().filter(|prefix| !digits(prefix, true)) {
        s.fault("prefixes", format!("{prefix:?} is no beginning of a number"), "write digits, such as \"1\" or \"+86\"");
    }
    let rules = Rules {
        on: s.flag("on", usual.on),
        prefixes,
        international: s.flag("international", usual.international),
        country: s
            .parse("country", |text| digits(text, false).then(|| text.to_owned()), "write your country's code, such as \"86\"")
            .unwrap_or(usual.country),
        longest: s.duration("longest", usual.longest),
        most: u32::try_from(s.number("calls", u64::from(usual.most), 0..=100_000)).unwrap_or(usual.most),
    };
    s.finish();
    rules
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn calls_out_are_off_and_nonsense_in_their_rules_is_found() {
        let config = Config::read("", []).expect("right");
        assert!(!config.outbound.on && !config.outbound.international);
        let text = "[outbound]\non = true\nprefixes = [\"1\", \"+86\"]\nlongest = \"10m\"\ncalls = 2\n[media]\nsrtp = \"offered\"\n";
        let config = Config::read(text, []).expect("right");
        assert_eq!((config.outbound.prefixes.len(), config.outbound.most, config.outbound.longest.as_secs()), (2, 2, 600));
        assert_eq!(config.media.srtp, crate::sip::sdp::Policy::Offered);
        let error =
            Config::read("[outbound]\nprefixes = [\"x\"]\ncountry = \"China\"\n[media]\nsrtp = \"yes\"\n", []).expect_err("three faults");
        assert_eq!(error.0.len(), 3, "{error}");
    }
}
