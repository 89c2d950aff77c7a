//! A slip as ESC/POS for thermal printers in Chinese mode (GB18030), and what such a printer answers.

use encoding_rs::GB18030;

use super::layout::{Align, Slip};

const ESC: u8 = 0x1b;
const GS: u8 = 0x1d;
const FS: u8 = 0x1c;
const DLE: u8 = 0x10;
const EOT: u8 = 0x04;

/// Asks the printer whether it can print (`DLE EOT 1`) and whether it has paper (`DLE EOT 4`): one byte each, at once.
pub const ASK: [u8; 6] = [DLE, EOT, 1, DLE, EOT, 4];
/// Asks for a byte that comes when all that was sent before has been worked on (`GS r 1`).
pub const ASK_DONE: [u8; 3] = [GS, b'r', 1];

/// What a printer says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Ready,
    /// Cover open, or switched off line.
    Offline,
    NoPaper,
}

/// Reads the two bytes that answer [`ASK`]; `None` when this is no such answer.
#[must_use]
pub const fn condition(answers: [u8; 2]) -> Option<Condition> {
    let [printer, paper] = answers;
    // Bits 0, 1, 4 and 7 are fixed in every such answer.
    if printer & 0x93 != 0x12 || paper & 0x93 != 0x12 {
        return None;
    }
    Some(if paper & 0x60 != 0 {
        Condition::NoPaper
    } else if printer & 0x08 != 0 {
        Condition::Offline
    } else {
        Condition::Ready
    })
}

/// The whole slip, from reset to cut. `buzz`: the printer beeps twice first.
#[must_use]
pub fn bytes(slip: &Slip, buzz: bool) -> Vec<u8> {
    // Reset, Chinese characters on.
    let mut out = vec![ESC, b'@', FS, b'&'];
    if buzz {
        out.extend([ESC, b'B', 2, 3]);
    }
    for line in &slip.lines {
        let align = if line.align == Align::Centre { 1 } else { 0 };
        out.extend([ESC, b'a', align, ESC, b'E', u8::from(line.bold), GS, b'!', if line.big { 0x11 } else { 0 }]);
        let (text, ..) = GB18030.encode(&line.text);
        // Nothing that a text can hold may become a command.
        out.extend(text.iter().map(|&byte| if byte < 0x20 || byte == 0x7f { b' ' } else { byte }));
        out.push(b'\n');
    }
    out.extend([GS, b'!', 0, ESC, b'E', 0]);
    if let Some(code) = &slip.barcode {
        let digits: Vec<u8> = code.bytes().filter(|byte| byte.is_ascii_graphic() && *byte != b'{').take(40).collect();
        if let Ok(length) = u8::try_from(digits.len() + 2) {
            // CODE 128, set B, with its text below.
            out.extend([ESC, b'a', 1, GS, b'h', 60, GS, b'w', 2, GS, b'H', 2, GS, b'k', 73, length, b'{', b'B']);
            out.extend(digits);
            out.push(b'\n');
        }
    }
    // Four lines on, then cut.
    out.extend([ESC, b'd', 4, GS, b'V', 66, 0]);
    out
}
