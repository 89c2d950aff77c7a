//! `[dispatch]`: when an order that waits becomes whose alarm.

use std::time::Duration;

use super::read::Section;
use crate::domain::Money;
use crate::order::life::Rules;

/// Reads `[dispatch]`.
pub(super) fn dispatch(mut s: Section<'_>) -> Rules {
    let usual = Rules::default();
    let rules = Rules {
        loud_after: s.duration("loud_after", usual.loud_after),
        task_after: s.duration("task_after", usual.task_after),
        telephone_after: s.duration("telephone_after", usual.telephone_after),
        telephone_silent_after: s.duration("telephone_silent_after", usual.telephone_silent_after),
        next_branch_after: s.duration("next_branch_after", usual.next_branch_after),
        address_after: s.duration("address_after", usual.address_after),
        undo: s.duration("undo", usual.undo),
        correct: s.duration("correct", usual.correct),
        nudge_again: s.duration("nudge_again", usual.nudge_again),
        hold: s.duration("hold", usual.hold),
        foresee: s.duration("foresee", usual.foresee),
        large_portions: u32::try_from(s.number("large_portions", u64::from(usual.large_portions), 1..=100_000)).unwrap_or(u32::MAX),
        large: i64::try_from(s.number("large_yuan", u64::try_from(usual.large.as_fen() / 100).unwrap_or(0), 1..=10_000_000))
            .map_or(usual.large, Money::yuan),
    };
    let steps = [
        ("loud_after", rules.loud_after, "task_after", rules.task_after),
        ("task_after", rules.task_after, "telephone_after", rules.telephone_after),
        ("telephone_after", rules.telephone_after, "next_branch_after", rules.next_branch_after),
        ("telephone_silent_after", rules.telephone_silent_after, "telephone_after", rules.telephone_after),
    ];
    for (key, time, later, until) in steps {
        if time > until {
            s.fault(key, format!("is longer than dispatch.{later}"), "let the alarms grow: loud, task, telephone, next branch");
        }
    }
    if rules.loud_after < Duration::from_secs(5) {
        s.fault("loud_after", "is shorter than five seconds", "give people time to walk to the board, such as \"60s\"");
    }
    if rules.hold <= rules.undo {
        s.fault("hold", "is not longer than dispatch.undo", "food that nobody took is kept for a while: write \"30m\"");
    }
    if rules.next_branch_after < Duration::from_secs(30) {
        s.fault("next_branch_after", "is shorter than half a minute", "the telephone is rung again as often: write \"5m\"");
    }
    s.finish();
    rules
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn the_alarms_of_an_order_grow() {
        let config = Config::read("[dispatch]\nloud_after = \"30s\"\ncorrect = \"1h\"\n", []).expect("right");
        assert_eq!(
            (config.dispatch.loud_after.as_secs(), config.dispatch.correct.as_secs(), config.dispatch.undo.as_secs()),
            (30, 3600, 10)
        );
        let error = Config::read("[dispatch]\nloud_after = \"3m\"\nnext_branch_after = \"20s\"\n", []).expect_err("three faults");
        let shown = error.to_string();
        assert_eq!(error.0.len(), 3, "{shown}");
        assert!(shown.contains("dispatch.loud_after") && shown.contains("is longer than dispatch.task_after"), "{shown}");
    }
}
