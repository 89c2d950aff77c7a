//! A note for the kitchen, where the house offers it.

use super::super::dialogue::{Dialogue, Got, Turn};
use super::{Step, go, next};
use crate::domain::Phrase;

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    if step == Step::Note {
        d.ask(Turn::menu([Phrase::plain("note.offer")], "1#"));
    } else {
        let longest = d.script.settings.record_note;
        d.ask(Turn::record([Phrase::plain("note.record")], longest));
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Note, Got::Key('1')) => go(d, Step::NoteRecord),
        (Step::NoteRecord, Got::Recorded(recording)) => {
            if recording.is_none() {
                d.tell(Phrase::plain("cp.short"));
            }
            d.outcome(if recording.is_some() { "recorded" } else { "nothing_heard" });
            d.order.note = recording;
            d.order.note_settled = true;
            next(d);
        }
        _ => {
            d.outcome("none");
            d.order.note_settled = true;
            next(d);
        }
    }
}
