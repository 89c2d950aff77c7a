//! Who hears whom: the parties of one conversation and its mode go in, what each leg hears comes out.

use crate::command::Supervision;
use crate::media::order::LegId;

/// What the parties are doing with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The caller is with the dialogue or hears music; nobody of ours is there.
    #[default]
    Apart,
    /// Caller and agent.
    Talk,
    /// The caller hears music, the agent nothing of the caller.
    Hold,
    /// Agent and consulted side; the caller hears music.
    Consult,
    /// All three.
    Conference,
}

/// A supervisor in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watcher {
    pub leg: LegId,
    pub how: Supervision,
    /// Their microphone is shut, whatever they chose.
    pub muted: bool,
}

/// Everybody in one conversation, by their legs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    pub caller: Option<LegId>,
    pub agent: Option<LegId>,
    /// The agent's microphone is shut.
    pub muted: bool,
    pub consulted: Option<LegId>,
    /// And so is that of whom they consult.
    pub consulted_muted: bool,
    pub watchers: Vec<Watcher>,
    pub mode: Mode,
}

/// What one leg hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ear {
    pub leg: LegId,
    pub from: Vec<LegId>,
    /// Hold music instead of silence.
    pub music: bool,
}

/// One list for each leg that is there, the caller first.
#[must_use]
pub fn ears(room: &Room) -> Vec<Ear> {
    let voice = |leg: Option<LegId>| leg.filter(|_| !room.muted);
    let talks = matches!(room.mode, Mode::Talk | Mode::Conference);
    let consults = matches!(room.mode, Mode::Consult | Mode::Conference);
    let advice = || room.consulted.filter(|_| !room.consulted_muted);
    let open =
        |how: Supervision| room.watchers.iter().filter(move |watcher| watcher.how == how && !watcher.muted).map(|watcher| watcher.leg);
    let mut ears = Vec::with_capacity(3 + room.watchers.len());
    if let Some(caller) = room.caller {
        let mut from: Vec<LegId> = Vec::new();
        if talks {
            from.extend(voice(room.agent));
            from.extend(open(Supervision::Barge));
        }
        if room.mode == Mode::Conference {
            from.extend(advice());
        }
        ears.push(Ear { leg: caller, from, music: matches!(room.mode, Mode::Hold | Mode::Consult) });
    }
    if let Some(agent) = room.agent {
        let mut from: Vec<LegId> = Vec::new();
        if talks {
            from.extend(room.caller);
            from.extend(open(Supervision::Barge));
        }
        if consults {
            from.extend(advice());
        }
        from.extend(open(Supervision::Whisper));
        ears.push(Ear { leg: agent, from, music: false });
    }
    if let Some(consulted) = room.consulted {
        let mut from: Vec<LegId> = Vec::new();
        if consults {
            from.extend(voice(room.agent));
        }
        if room.mode == Mode::Conference {
            from.extend(room.caller);
            from.extend(open(Supervision::Barge));
        }
        ears.push(Ear { leg: consulted, from, music: false });
    }
    for watcher in &room.watchers {
        let mut from: Vec<LegId> = voice(room.agent).into_iter().collect();
        if talks {
            from.extend(room.caller);
        }
        if consults {
            from.extend(advice());
        }
        // Supervisors hear each other when all are heard.
        from.extend(open(Supervision::Barge).filter(|leg| *leg != watcher.leg));
        ears.push(Ear { leg: watcher.leg, from, music: false });
    }
    ears
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: LegId = LegId(1);
    const AGENT: LegId = LegId(2);
    const OTHER: LegId = LegId(3);
    const CHIEF: LegId = LegId(4);

    fn room(mode: Mode) -> Room {
        Room { caller: Some(CALLER), agent: Some(AGENT), mode, ..Room::default() }
    }

    fn hears(room: &Room, leg: LegId) -> Vec<LegId> {
        ears(room).into_iter().find(|ear| ear.leg == leg).expect("the leg is there").from
    }

    fn music(room: &Room) -> bool {
        ears(room)[0].music
    }

    #[test]
    fn two_talk_and_hear_each_other() {
        let room = room(Mode::Talk);
        assert_eq!((hears(&room, CALLER), hears(&room, AGENT)), (vec![AGENT], vec![CALLER]));
        assert!(!music(&room));
    }

    #[test]
    fn c62_hold_is_silence_for_the_agent_and_music_for_the_caller() {
        let room = room(Mode::Hold);
        assert_eq!((hears(&room, CALLER), hears(&room, AGENT)), (vec![], vec![]));
        assert!(music(&room));
    }

    #[test]
    fn mute_shuts_one_microphone_only() {
        let room = Room { muted: true, ..room(Mode::Talk) };
        assert_eq!((hears(&room, CALLER), hears(&room, AGENT)), (vec![], vec![CALLER]));
        assert!(!music(&room));
    }

    #[test]
    fn c62_a_consultation_is_not_heard_by_the_caller() {
        let room = Room { consulted: Some(OTHER), ..room(Mode::Consult) };
        assert_eq!(hears(&room, CALLER), vec![]);
        assert_eq!((hears(&room, AGENT), hears(&room, OTHER)), (vec![OTHER], vec![AGENT]));
        assert!(music(&room));
    }

    #[test]
    fn c62_three_hear_each_other() {
        let room = Room { consulted: Some(OTHER), ..room(Mode::Conference) };
        assert_eq!(hears(&room, CALLER), vec![AGENT, OTHER]);
        assert_eq!(hears(&room, AGENT), vec![CALLER, OTHER]);
        assert_eq!(hears(&room, OTHER), vec![AGENT, CALLER]);
    }

    #[test]
    fn c71_a_supervisor_is_heard_as_far_as_asked_for() {
        let with = |how, muted| Room { watchers: vec![Watcher { leg: CHIEF, how, muted }], ..room(Mode::Talk) };
        let listening = with(Supervision::Listen, false);
        assert_eq!(hears(&listening, CHIEF), vec![AGENT, CALLER]);
        assert_eq!((hears(&listening, CALLER), hears(&listening, AGENT)), (vec![AGENT], vec![CALLER]));
        let whispering = with(Supervision::Whisper, false);
        assert_eq!((hears(&whispering, CALLER), hears(&whispering, AGENT)), (vec![AGENT], vec![CALLER, CHIEF]));
        let barging = with(Supervision::Barge, false);
        assert_eq!((hears(&barging, CALLER), hears(&barging, AGENT)), (vec![AGENT, CHIEF], vec![CALLER, CHIEF]));
        let shut = with(Supervision::Barge, true);
        assert_eq!((hears(&shut, CALLER), hears(&shut, AGENT)), (vec![AGENT], vec![CALLER]));
    }

    #[test]
    fn nobody_ever_hears_themselves_and_a_held_caller_is_heard_by_nobody() {
        let modes = [Mode::Apart, Mode::Talk, Mode::Hold, Mode::Consult, Mode::Conference];
        let hows = [Supervision::Listen, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver];
        for mode in modes {
            for how in hows {
                for (muted, consulted) in [(false, None), (true, None), (false, Some(OTHER)), (true, Some(OTHER))] {
                    let watchers =
                        vec![Watcher { leg: CHIEF, how, muted: false }, Watcher { leg: LegId(5), how: Supervision::Barge, muted }];
                    let room = Room { muted, consulted, watchers, ..room(mode) };
                    for ear in ears(&room) {
                        assert!(!ear.from.contains(&ear.leg), "{room:?}");
                        let held = matches!(mode, Mode::Hold | Mode::Consult | Mode::Apart);
                        assert!(!held || !ear.from.contains(&CALLER), "{room:?}");
                        let mut once = ear.from.clone();
                        once.sort_unstable();
                        once.dedup();
                        assert_eq!(once.len(), ear.from.len(), "{room:?}");
                    }
                }
            }
        }
    }
}
