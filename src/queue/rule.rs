//! Skills that a caller needs, widening while they wait: `WT<20 & language>50; WT<60 & language>0; any` (C41).

use std::fmt;
use std::time::Duration;

/// Most clauses and conditions of one rule.
const MOST: usize = 16;

/// The clauses in order; the first whose time is not over counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    clauses: Vec<Clause>,
}

/// One step of widening.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Clause {
    /// Counts while the caller has waited less than this; `None` for ever.
    until: Option<Duration>,
    /// All of them must hold; none for "any".
    needs: Vec<Need>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    skill: String,
    /// Least level.
    least: u8,
}

/// What a caller brings: words of the rule that stand for something of theirs.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Stands for `language`.
    pub language: &'a str,
    /// Stands for `skill`; a caller without one needs none.
    pub skill: Option<&'a str>,
}

impl Default for Rule {
    /// The caller's language for twenty seconds, then anybody.
    fn default() -> Self {
        let language = Need { skill: "language".into(), least: 1 };
        let clauses =
            vec![Clause { until: Some(Duration::from_secs(20)), needs: vec![language] }, Clause { until: None, needs: Vec::new() }];
        Self { clauses }
    }
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// A sentence on the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut clauses = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            clauses.push(clause(part)?);
        }
        if clauses.is_empty() || clauses.len() > MOST {
            return Err(format!("has {} clauses", clauses.len()));
        }
        let last = clauses.len() - 1;
        for (place, clause) in clauses.iter().enumerate() {
            match clause.until {
                None if place < last => return Err(format!("clause {} has no WT<, so the ones behind it never count", place + 1)),
                Some(_) if place == last => return Err("the last clause ends with its WT<: nobody could answer after that time".into()),
                Some(until) if clauses[..place].iter().any(|before| before.until >= Some(until)) => {
                    return Err(format!("clause {} ends before the one ahead of it", place + 1));
                }
                _ => {}
            }
        }
        Ok(Self { clauses })
    }

    /// Whether everybody may have every caller.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.clauses.len() == 1 && self.clauses[0].needs.is_empty()
    }

    /// How many steps there are.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.clauses.len()
    }

    /// The step that counts after `waited`, and when the next one begins.
    #[must_use]
    pub fn step(&self, waited: Duration) -> (usize, Option<Duration>) {
        let place = self.clauses.iter().position(|clause| clause.until.is_none_or(|until| waited < until));
        let place = place.unwrap_or(self.clauses.len() - 1);
        (place, self.clauses[place].until)
    }

    /// Whether somebody with these levels may have the caller at this step.
    #[must_use]
    pub fn allows(&self, step: usize, wanted: Wanted<'_>, level: impl Fn(&str) -> u8) -> bool {
        self.clauses[step.min(self.clauses.len() - 1)].needs.iter().all(|need| match (need.skill.as_str(), wanted.skill) {
            ("language", _) => level(wanted.language) >= need.least,
            ("skill", None) => true,
            ("skill", Some(skill)) => level(skill) >= need.least,
            (name, _) => level(name) >= need.least,
        })
    }
}

fn clause(text: &str) -> Result<Clause, String> {
    let mut clause = Clause { until: None, needs: Vec::new() };
    for condition in text.split('&').map(str::trim) {
        if condition == "any" {
            continue;
        }
        let Some(at) = condition.find(['<', '>']) else { return Err(format!("{condition:?} is no condition")) };
        let (name, rest) = condition.split_at(at);
        let (name, below) = (name.trim(), rest.starts_with('<'));
        let or_equal = rest[1..].starts_with('=');
        let number = rest[1 + usize::from(or_equal)..].trim();
        let number: u32 = number.parse().map_err(|_| format!("{number:?} in {condition:?} is no number"))?;
        match (name, below) {
            ("WT", true) if clause.until.is_some() => return Err(format!("{text:?} has two times")),
            ("WT", true) if number > 0 && number <= 86_400 => clause.until = Some(Duration::from_secs(u64::from(number))),
            ("WT", _) => return Err(format!("{condition:?}: write WT<SECONDS")),
            ("", _) => return Err(format!("{condition:?} names no skill")),
            (_, true) => return Err(format!("{condition:?}: levels are compared with >")),
            (name, false) => {
                let least = number + u32::from(!or_equal);
                let least = u8::try_from(least).ok().filter(|least| *least <= 100);
                let least = least.ok_or_else(|| format!("{condition:?}: levels go from 0 to 100"))?;
                clause.needs.push(Need { skill: name.to_owned(), least });
            }
        }
        if clause.needs.len() > MOST {
            return Err("has too many conditions".into());
        }
    }
    Ok(clause)
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, clause) in self.clauses.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            let time = clause.until.map(|until| format!("WT<{}", until.as_secs()));
            let needs = clause.needs.iter().map(|need| format!("{}>={}", need.skill, need.least));
            let all: Vec<String> = time.into_iter().chain(needs).collect();
            f.write_str(&if all.is_empty() { "any".to_owned() } else { all.join(" & ") })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, Wanted};
    use std::time::Duration;

    const CALLER: Wanted<'_> = Wanted { language: "zh", skill: Some("wine") };

    #[test]
    fn c41_levels_widen_with_the_wait() {
        let rule = Rule::parse("WT<20 & zh>50 ; WT<60 & zh>0; any").unwrap();
        let seconds = Duration::from_secs;
        assert_eq!(rule.step(seconds(0)), (0, Some(seconds(20))));
        assert_eq!(rule.step(seconds(20)), (1, Some(seconds(60))));
        assert_eq!(rule.step(seconds(600)), (2, None));
        assert!(!rule.allows(0, CALLER, |_| 50) && rule.allows(0, CALLER, |_| 51));
        assert!(!rule.allows(1, CALLER, |_| 0) && rule.allows(1, CALLER, |_| 1));
        assert!(rule.allows(2, CALLER, |_| 0));
        assert_eq!(rule.to_string(), "WT<20 & zh>=51; WT<60 & zh>=1; any");
    }

    #[test]
    fn c41_language_and_skill_stand_for_the_callers_own() {
        let rule = Rule::parse("language>=10 & skill>0").unwrap();
        let level = |name: &str| if name == "zh" { 10 } else { u8::from(name == "wine") };
        assert!(rule.allows(0, CALLER, level));
        assert!(!rule.allows(0, Wanted { language: "en", skill: None }, level));
        assert!(rule.allows(0, Wanted { language: "zh", skill: None }, level));
    }

    #[test]
    fn c41_a_rule_that_leaves_somebody_without_an_agent_is_refused_at_the_start() {
        for (bad, word) in [
            ("", "0 clauses"),
            ("WT<20 & zh>0", "nobody could answer"),
            ("any; WT<20 & zh>0; any", "never count"),
            ("WT<60 & zh>5; WT<20 & zh>0; any", "ends before"),
            ("zh>200", "0 to 100"),
            ("zh<5", "compared with >"),
            ("zh", "no condition"),
            ("WT<soon & zh>1; any", "no number"),
            ("WT<0; any", "WT<SECONDS"),
            (">5", "names no skill"),
        ] {
            let said = Rule::parse(bad).expect_err(bad);
            assert!(said.contains(word), "{bad}: {said}");
        }
    }
}
