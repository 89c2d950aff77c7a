//! A person who signs in: who they are, what they may do, which callers they can serve.

use super::{BranchNumber, Language, QueueId, Role, Skill, UserId};

/// One person, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// What they sign in with, in lower case.
    pub login: String,
    /// What colleagues and callers hear of them: `李娜`.
    pub name: String,
    /// What colleagues dial: `8003`; empty for people without one.
    pub number: String,
    pub role: Role,
    /// Queues that they serve.
    pub queues: Vec<QueueId>,
    pub skills: Vec<Skill>,
    /// The account under which their desk phone registers.
    pub account: Option<String>,
    pub language: Language,
    /// For people of one branch.
    pub branch: Option<BranchNumber>,
    pub disabled: bool,
    /// Somebody else chose their password.
    pub must_change_password: bool,
}

impl Skill {
    /// Reads `zh:80,en:30`; a name alone is level 50. `None` for a level above 100 or a name that is none.
    #[must_use]
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        let one = |part: &str| {
            let (name, level) = part.split_once(':').unwrap_or((part, "50"));
            let (name, level) = (name.trim(), level.trim().parse::<u8>().ok()?);
            let named = !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
            (named && level <= 100).then(|| Self { name: name.to_owned(), level })
        };
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
    }

    /// Writes `zh:80,en:30`.
    #[must_use]
    pub fn write_list(skills: &[Self]) -> String {
        skills.iter().map(|skill| format!("{}:{}", skill.name, skill.level)).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::Skill;

    #[test]
    fn skills_are_read_as_they_are_written() {
        let skills = Skill::parse_list(" zh:80 , en:30,wine").expect("are skills");
        assert_eq!(Skill::write_list(&skills), "zh:80,en:30,wine:50");
        assert_eq!(Skill::parse_list(""), Some(Vec::new()));
        for bad in ["zh:101", "zh:-1", ":80", "z h:1", "zh:x"] {
            assert_eq!(Skill::parse_list(bad), None, "{bad}");
        }
    }
}
