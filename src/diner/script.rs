//! The script language of the simulated diner: one step a line, all faults told at once.

use std::time::Duration;

use super::mouth::KeysBy;
use crate::domain::Finding;
use crate::media::order::Codec;
use crate::voice::Library;

/// How long an expectation waits when the script does not say.
const WITHIN: Duration = Duration::from_secs(15);
/// Silence that `listens` waits for.
const LISTENS: Duration = Duration::from_secs(1);
/// Longest time a script may name.
const LONGEST: Duration = Duration::from_secs(3600);
const MOST_LINES: usize = 10_000;

/// What a diner does and expects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// The number dialled, when the script names one.
    pub dials: Option<String>,
    /// The caller's number.
    pub from: Option<String>,
    pub keys: Option<KeysBy>,
    pub codec: Option<Codec>,
    /// Prompts that are answered with keys whenever they come, besides the steps.
    pub rules: Vec<(String, String)>,
    /// Line numbers (from 1) and steps.
    pub steps: Vec<(usize, Step)>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Presses keys, each held for so long when that is said.
    Press {
        keys: String,
        hold: Option<Duration>,
    },
    /// Waits until this prompt begins; what was said since the last press counts too.
    Hears {
        prompt: String,
        within: Duration,
    },
    /// Waits until the system has said these words since the last press.
    Says {
        text: String,
        within: Duration,
    },
    /// This prompt was not said since the call began.
    Never {
        prompt: String,
    },
    /// Waits until this tone, and little else, is heard.
    HearsTone {
        hz: u32,
        within: Duration,
    },
    /// From here on this tone is sent whenever there is nothing else to say; nothing: silence.
    Hums(Option<u16>),
    /// Waits until the system has been silent for so long.
    Listens(Duration),
    Waits(Duration),
    /// Makes sound that a recording takes for speech.
    Speaks(Duration),
    HangsUp,
    /// Waits until the system hangs up.
    Ends {
        within: Duration,
    },
    /// The call is not answered but refused, with this status when it is named.
    Refused {
        status: Option<u16>,
    },
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Every line that cannot be read, with what to write instead.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<Finding>> {
        let (mut script, mut findings, mut within) = (Self::default(), Vec::new(), WITHIN);
        for (place, line) in text.lines().enumerate().take(MOST_LINES) {
            let words = without_comment(line).trim();
            if words.is_empty() {
                continue;
            }
            match script.line(words, &mut within) {
                Ok(Some(step)) => script.steps.push((place + 1, step)),
                Ok(None) => {}
                Err((found, cure)) => findings.push(Finding::new(format!("{name}:{}", place + 1), found, cure)),
            }
        }
        if text.lines().nth(MOST_LINES).is_some() {
            findings.push(Finding::new(name, format!("more than {MOST_LINES} lines"), "write a shorter script"));
        }
        if let Some((line, _)) = script.steps.iter().rev().skip(1).find(|(_, step)| matches!(step, Step::HangsUp | Step::Refused { .. })) {
            findings.push(Finding::new(format!("{name}:{line}"), "the call is over after this line", "take away what follows"));
        }
        if findings.is_empty() { Ok(script) } else { Err(findings) }
    }

    /// Only presses these keys, then waits at most `stay` until the system hangs up.
    #[must_use]
    pub fn of_keys(keys: &str, stay: Duration) -> Self {
        let mut script = Self::default();
        if !keys.is_empty() {
            script.steps.push((1, Step::Press { keys: keys.to_owned(), hold: None }));
        }
        script.steps.push((2, Step::Waits(stay)));
        script
    }

    /// Prompts named in `hears` that no catalogue has.
    #[must_use]
    pub fn check(&self, name: &str, library: &Library) -> Vec<Finding> {
        let unknown_rule = |(prompt, _): &(String, String)| {
            let cure = "name one of prompts/catalogue.tsv (`dinetone prompts` lists them)";
            (!library.has(prompt)).then(|| Finding::new(name, format!("whenever {prompt}: there is no such prompt"), cure))
        };
        let unknown = |(line, step): &(usize, Step)| match step {
            Step::Hears { prompt, .. } | Step::Never { prompt } if !library.has(prompt) => Some(Finding::new(
                format!("{name}:{line}"),
                format!("there is no prompt «{prompt}»"),
                "name one of prompts/catalogue.tsv (`dinetone prompts` lists them)",
            )),
            _ => None,
        };
        self.rules.iter().filter_map(unknown_rule).chain(self.steps.iter().filter_map(unknown)).collect()
    }

    /// How many steps expect something.
    #[must_use]
    pub fn expectations(&self) -> usize {
        let expects = |step: &Step| {
            matches!(
                step,
                Step::Hears { .. }
                    | Step::HearsTone { .. }
                    | Step::Says { .. }
                    | Step::Never { .. }
                    | Step::Ends { .. }
                    | Step::Refused { .. }
            )
        };
        self.steps.iter().filter(|(_, step)| expects(step)).count()
    }

    fn line(&mut self, line: &str, default: &mut Duration) -> Result<Option<Step>, Fault> {
        let (verb, rest) = split(line);
        let step = match verb {
            "dials" | "dial" => {
                self.dials = Some(one_word(rest, "the number to dial, such as `dials 1000`")?);
                return Ok(None);
            }
            "from" => {
                self.from = Some(one_word(rest, "the caller's number, such as `from 13800138000`")?);
                return Ok(None);
            }
            "keys" => {
                self.keys = Some(keys_by(rest)?);
                return Ok(None);
            }
            "codec" => {
                self.codec = Some(codec(rest)?);
                return Ok(None);
            }
            "within" => {
                *default = duration(rest)?;
                return Ok(None);
            }
            "whenever" => {
                let (prompt, does) = split(rest);
                let (verb, keys) = split(does);
                let Step::Press { keys, hold: None } = press(if matches!(verb, "press" | "presses") { keys } else { "" })? else {
                    return Err((format!("whenever {rest}"), "write `whenever final.dup press 1`".into()));
                };
                self.rules.push((prompt_id(prompt)?, keys));
                return Ok(None);
            }
            "press" | "presses" => press(rest)?,
            "hears" | "hear" => {
                let (prompt, within) = until(rest, *default)?;
                if let Some(hz) = prompt.strip_prefix("tone ") {
                    return Ok(Some(Step::HearsTone { hz: tone(hz)?.into(), within }));
                }
                Step::Hears { prompt: prompt_id(prompt)?, within }
            }
            "says" | "say" => {
                let (text, after) = quoted(rest)?;
                let (left, within) = until(after, *default)?;
                if !left.is_empty() {
                    return Err((format!("«{left}» after the text"), "write `says \"text\"` or `says \"text\" within 5s`".into()));
                }
                Step::Says { text, within }
            }
            "never" => {
                let (hears, prompt) = split(rest);
                if !matches!(hears, "hears" | "hear" | "heard") {
                    return Err((format!("never {rest}"), "write `never hears gen.nomatch1`".into()));
                }
                Step::Never { prompt: prompt_id(prompt)? }
            }
            "listens" | "listen" => Step::Listens(if rest.is_empty() { LISTENS } else { duration(rest)? }),
            "waits" | "wait" => Step::Waits(duration(rest)?),
            "hums" | "hum" => Step::Hums(if matches!(rest, "nothing" | "silence") { None } else { Some(tone(rest)?) }),
            "speaks" | "speak" => Step::Speaks(duration(rest)?),
            "hangs" | "hang" if rest == "up" => Step::HangsUp,
            "expects" | "expect" => expects(rest, *default)?,
            other => return Err((format!("«{other}» is no step"), format!("write one of: {STEPS}"))),
        };
        Ok(Some(step))
    }
}

const STEPS: &str = "press, hears, says, never hears, hears tone, whenever, listens, waits, speaks, hums, hangs up, expects, within, dials, from, keys by, codec";

/// What was found, what to write.
type Fault = (String, String);

fn split(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim())
}

/// Cuts off `# comment`: a `#` at the start of the line or after a space. In `press` lines `#` is a key as well.
fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with('#') || trimmed.starts_with("//") {
        return "";
    }
    if trimmed.starts_with("press") {
        return without_key_comment(line, 1);
    }
    if trimmed.starts_with("whenever") {
        return without_key_comment(line, 3);
    }
    let mut quoted = false;
    let mut before = ' ';
    for (place, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '「' | '“' | '«' => quoted = true,
            '」' | '”' | '»' => quoted = false,
            '#' if !quoted && before.is_whitespace() => return &line[..place],
            _ => {}
        }
        before = c;
    }
    line
}

/// `press # # one portion`: the comment begins at the last `#` that stands alone before the first word that is no key.
fn without_key_comment(line: &str, skipped: usize) -> &str {
    let mut mark = None;
    for word in line.split_whitespace().skip(skipped) {
        if word == "#" {
            mark = Some(word.as_ptr().addr() - line.as_ptr().addr());
        } else if word == "for" {
            return line.find(" # ").filter(|_| mark.is_none()).map_or(line, |place| &line[..place]);
        } else if !word.chars().all(|c| KEYS.contains(c)) {
            return mark.map_or(line, |place| &line[..place]);
        }
    }
    line
}

const KEYS: &str = "0123456789*#ABCD";

fn one_word(text: &str, what: &str) -> Result<String, Fault> {
    if text.is_empty()
        || text.contains(char::is_whitespace)
        || text.len() > 64
        || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*#._-".contains(&b))
    {
        return Err((format!("«{text}»"), format!("write {what}")));
    }
    Ok(text.to_owned())
}

fn prompt_id(text: &str) -> Result<String, Fault> {
    let good = !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if good {
        Ok(text.to_owned())
    } else {
        Err((format!("«{text}» is no prompt"), "write its id, such as `hears order.dish_qty`".into()))
    }
}

fn keys_by(text: &str) -> Result<KeysBy, Fault> {
    match text.strip_prefix("by").map_or(text, str::trim) {
        "rfc4733" | "event" | "events" => Ok(KeysBy::Events),
        "info" => Ok(KeysBy::Info),
        "tones" | "tone" | "inband" => Ok(KeysBy::Tones),
        other => Err((format!("keys by «{other}»"), "write `keys by rfc4733`, `keys by info` or `keys by tones`".into())),
    }
}

fn codec(text: &str) -> Result<Codec, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "pcma" | "alaw" => Ok(Codec::Pcma),
        "pcmu" | "mulaw" | "ulaw" => Ok(Codec::Pcmu),
        _ => Err((format!("codec «{text}»"), "write `codec pcma` or `codec pcmu`".into())),
    }
}

/// A frequency that the diner's ear can tell.
fn tone(text: &str) -> Result<u16, Fault> {
    match text.trim().trim_end_matches("Hz").trim_end().parse() {
        Ok(hz @ 200..=2000) => Ok(hz),
        _ => Err((format!("tone «{text}»"), "write hertz from 200 to 2000, such as `hears tone 440` or `hums 700`".into())),
    }
}

fn press(text: &str) -> Result<Step, Fault> {
    let (keys, hold) = match text.split_once(" for ") {
        Some((keys, hold)) => (keys, Some(duration(hold)?)),
        None => (text, None),
    };
    let keys: String = keys.chars().filter(|c| !c.is_whitespace()).collect();
    if keys.is_empty() || keys.len() > 256 || !keys.chars().all(|c| KEYS.contains(c)) {
        return Err((format!("keys «{keys}»"), "write keys of 0–9, *, # and A–D, such as `press 18#`".into()));
    }
    Ok(Step::Press { keys, hold })
}

fn expects(text: &str, default: Duration) -> Result<Step, Fault> {
    let (what, within) = until(text, default)?;
    let words: Vec<&str> = what.split_whitespace().collect();
    match words.as_slice() {
        ["end"] | ["end", "by", "us" | "system"] => Ok(Step::Ends { within }),
        ["refused" | "refusal"] => Ok(Step::Refused { status: None }),
        ["refused" | "refusal", status] => match status.parse() {
            Ok(status @ 300..=699) => Ok(Step::Refused { status: Some(status) }),
            _ => Err((format!("status «{status}»"), "write a SIP status from 300 to 699, such as `expects refused 503`".into())),
        },
        _ => Err((format!("expects {text}"), "write `expects end by us` or `expects refused 503`".into())),
    }
}

/// What stands before `within 5s`, and that time.
fn until(text: &str, default: Duration) -> Result<(&str, Duration), Fault> {
    match text.rsplit_once("within ") {
        Some((before, time)) if before.is_empty() || before.ends_with(char::is_whitespace) => Ok((before.trim(), duration(time)?)),
        _ => Ok((text.trim(), default)),
    }
}

fn quoted(text: &str) -> Result<(String, &str), Fault> {
    for (open, close) in [('"', '"'), ('「', '」'), ('“', '”'), ('«', '»')] {
        if let Some((inside, after)) = text.strip_prefix(open).and_then(|rest| rest.split_once(close)) {
            if inside.trim().is_empty() {
                break;
            }
            return Ok((inside.to_owned(), after.trim()));
        }
    }
    Err((format!("«{text}» is no text in quotation marks"), "write `says \"宫保鸡丁\"`".into()))
}

fn duration(text: &str) -> Result<Duration, Fault> {
    let text = text.trim();
    let fault = || (format!("«{text}» is no time"), "write seconds or milliseconds, such as `3s`, `1.5s` or `500ms`".to_owned());
    let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s'), text.strip_suffix('m')) {
        (Some(number), ..) => (number, 0.001),
        (_, Some(number), _) => (number, 1.0),
        (.., Some(number)) => (number, 60.0),
        _ => return Err(fault()),
    };
    let number: f64 = number.trim().parse().map_err(|_| fault())?;
    let time = Duration::try_from_secs_f64(number * factor).map_err(|_| fault())?;
    if time > LONGEST { Err(fault()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::{Script, Step};
    use crate::diner::KeysBy;
    use std::time::Duration;

    fn steps(text: &str) -> Vec<Step> {
        Script::parse("s", text).expect("is a script").steps.into_iter().map(|(_, step)| step).collect()
    }

    fn press(keys: &str) -> Step {
        Step::Press { keys: keys.into(), hold: None }
    }

    #[test]
    fn c35_a_script_reads_as_written() {
        let text = "# a regular caller\ndials 1000\nfrom 13800138000\nkeys by info\n\nhears main.menu\npress 1 # order\nwithin 3s\nsays \"宫保鸡丁\"\nsays 「两份」 within 500ms\npress 18#\nwaits 1.5s\nspeaks 2s\nlistens\nnever hears gen.nomatch1\nexpects end by us within 20s\n";
        let script = Script::parse("s", text).expect("is a script");
        assert_eq!((script.dials.as_deref(), script.from.as_deref(), script.keys), (Some("1000"), Some("13800138000"), Some(KeysBy::Info)));
        let seconds = Duration::from_secs;
        let expected = [
            Step::Hears { prompt: "main.menu".into(), within: seconds(15) },
            press("1"),
            Step::Says { text: "宫保鸡丁".into(), within: seconds(3) },
            Step::Says { text: "两份".into(), within: Duration::from_millis(500) },
            press("18#"),
            Step::Waits(Duration::from_millis(1500)),
            Step::Speaks(seconds(2)),
            Step::Listens(seconds(1)),
            Step::Never { prompt: "gen.nomatch1".into() },
            Step::Ends { within: seconds(20) },
        ];
        assert_eq!(script.steps.iter().map(|(_, step)| step.clone()).collect::<Vec<_>>(), expected);
        assert_eq!((script.steps[0].0, script.expectations()), (6, 5));
    }

    #[test]
    fn the_pound_key_is_a_key_and_a_comment_is_a_comment() {
        assert_eq!(steps("press #"), [press("#")]);
        assert_eq!(steps("press # # finish"), [press("#")]);
        assert_eq!(steps("press 2# # portions"), [press("2#")]);
        assert_eq!(steps("press * 1 A"), [press("*1A")]);
        assert_eq!(steps("press 1 # 2 dishes to add"), [press("1")]);
        assert_eq!(steps("press 5 for 2s # long"), [Step::Press { keys: "5".into(), hold: Some(Duration::from_secs(2)) }]);
        assert_eq!(steps("hears gen.bye # the end"), [Step::Hears { prompt: "gen.bye".into(), within: Duration::from_secs(15) }]);
        assert_eq!(steps("press 5 for 2s"), [Step::Press { keys: "5".into(), hold: Some(Duration::from_secs(2)) }]);
    }

    #[test]
    fn a_standing_answer_is_no_step() {
        let script = Script::parse("s", "whenever final.dup press 1 # again\nwhenever lang.choose press #").expect("is a script");
        assert_eq!(script.rules, [("final.dup".to_owned(), "1".to_owned()), ("lang.choose".to_owned(), "#".to_owned())]);
        assert!(script.steps.is_empty());
        assert_eq!(Script::parse("s", "whenever final.dup 1\nwhenever press 1").expect_err("has faults").len(), 2);
    }

    #[test]
    fn c35_all_faults_are_told_at_once_with_their_lines() {
        let text = "presss 1\nhears\npress 1x\nsays 宫保鸡丁\nwaits 3\nkeys by smoke\nexpects rain\nexpects refused 200\nhangs up\npress 1\nsays \"a\" b\nwaits 99999999s\nwaits -1s\ndials\n";
        let findings = Script::parse("bad.dine", text).expect_err("is no script");
        let lines: Vec<&str> = findings.iter().map(|finding| finding.place.as_str()).collect();
        let numbers = ["1", "2", "3", "4", "5", "6", "7", "8", "11", "12", "13", "14", "9"].map(|line| format!("bad.dine:{line}"));
        assert_eq!(lines, numbers);
        assert!(findings.iter().all(|finding| !finding.cure.is_empty()));
    }

    #[test]
    fn tones_are_told_in_hertz() {
        let expected = [Step::Hums(Some(700)), Step::HearsTone { hz: 440, within: Duration::from_secs(4) }, Step::Hums(None)];
        assert_eq!(steps("hums 700\nhears tone 440 within 4s\nhums nothing"), expected);
        assert_eq!(Script::parse("s", "hums 7\nhears tone loud\nhums").expect_err("has faults").len(), 3);
    }

    #[test]
    fn every_shipped_story_is_a_script() {
        for (name, text) in crate::diner::STORIES {
            let script = Script::parse(name, text).unwrap_or_else(|findings| panic!("{findings:?}"));
            assert!(!script.steps.is_empty(), "{name}");
        }
    }
}
