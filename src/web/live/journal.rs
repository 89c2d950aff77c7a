//! What of the commands goes into the audit journal: all that an operator does, without secrets and keyed digits.

use crate::command::{Command, DialReason, Target, TransferMode};

/// Object and detail of what is written down; `None` for what is no act of a person.
#[must_use]
pub fn entry(command: &Command) -> Option<(String, String)> {
    let of = |call: &u64| format!("call:{call}");
    let plain = |call: &u64| Some((of(call), String::new()));
    match command {
        Command::StartShift { seat } => Some(("shift".into(), seat.name().into())),
        Command::EndShift | Command::Ready => Some(("shift".into(), String::new())),
        Command::TakeBreak { reason } => Some(("shift".into(), reason.0.clone())),
        // The page's own doing.
        Command::MediaOffer { .. } | Command::MediaCandidate { .. } | Command::PageGone | Command::Ordered { .. } => None,
        Command::PhoneDial { .. } | Command::PhoneKey { .. } | Command::PhoneHangUp => None,
        Command::Answer { call }
        | Command::Reject { call }
        | Command::HangUp { call }
        | Command::Hold { call }
        | Command::Resume { call }
        | Command::CompleteTransfer { call }
        | Command::CancelConsult { call }
        | Command::Conference { call }
        | Command::Prefer { call } => plain(call),
        Command::Mute { call, on } => Some((of(call), if *on { "on" } else { "off" }.into())),
        // A card's number may be keyed.
        Command::Keys { call, keys } => Some((of(call), format!("{} key(s)", keys.len()))),
        Command::Transfer { call, to, mode, .. } => {
            let to = match to {
                Target::Agent(agent) => format!("agent:{agent}"),
                Target::Queue(queue) => format!("queue:{queue}"),
                Target::Number(number) => format!("number:{number}"),
            };
            let how = if *mode == TransferMode::Blind { "blind" } else { "consult" };
            Some((of(call), format!("{how} to {to}")))
        }
        Command::Note { call, .. } => plain(call),
        Command::Identify { call, customer } => Some((of(call), format!("customer:{customer}"))),
        Command::WrapUp { call, disposition, .. } => Some((of(call), format!("{:02}", disposition.code()))),
        Command::ExtendWrapUp => Some(("wrap-up".into(), String::new())),
        Command::Dial { number, because } => {
            let why = match because {
                DialReason::Missed { id } => format!("missed:{id}"),
                DialReason::Customer { customer } => format!("customer:{customer}"),
                DialReason::Call { call } => format!("call:{call}"),
            };
            Some((format!("number:{number}"), why))
        }
        Command::Supervise { agent, how } => Some((format!("user:{agent}"), how.name().into())),
        Command::StopSupervising => Some(("supervision".into(), String::new())),
        Command::ForceBreak { agent, reason } => Some((format!("user:{agent}"), reason.0.clone())),
        Command::ForceSignOut { agent, reason } => Some((format!("user:{agent}"), reason.clone())),
        Command::MoveToQueue { call, queue } => Some((of(call), format!("queue:{queue}"))),
    }
}

#[cfg(test)]
mod tests {
    use crate::command::Command;

    #[test]
    fn keyed_digits_are_not_written_down() {
        let (object, detail) = super::entry(&Command::Keys { call: 7, keys: "6222021234567890".into() }).expect("is written down");
        assert_eq!((object.as_str(), detail.as_str()), ("call:7", "16 key(s)"));
    }
}
