//! Keys heard in the sound: a Goertzel detector (ITU-T Q.24) that speech does not fool easily.

use std::f32::consts::TAU;

/// Tones of the rows and of the columns of a keypad, in hertz (ITU-T Q.23).
pub const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// See [`ROWS`].
pub const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const PAD: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// The two tones of a key, in hertz.
#[must_use]
pub fn pair(key: char) -> Option<[f32; 2]> {
    let row = PAD.iter().position(|row| row.contains(&key))?;
    let column = PAD[row].iter().position(|known| *known == key)?;
    Some([ROWS[row], COLUMNS[column]])
}

const RATE: f32 = 8_000.0;
/// 12.75 ms: two whole blocks fit into the shortest tone of 40 ms wherever it begins.
const BLOCK: usize = 102;
/// A tone weaker than about -34 dBm0 is not a key (Q.24: -29 must work nowhere, -55 must not).
const WEAKEST: f32 = 240.0;
/// The strongest row is above the others by 8 dB, and so is the strongest column.
const PEAK: f32 = 6.3;
/// Row and column differ by 8 dB at most.
const TWIST: f32 = 6.3;
/// Share of all power that is in the two tones.
const SHARE: f32 = 0.74;
/// The same when row and column differ by more than 4 dB, as two harmonics of a voice do.
const SHARE_TWISTED: f32 = 0.85;
const LITTLE_TWIST: f32 = 2.5;
/// A key sounds evenly: the powers of the two blocks that agree differ by less than this. A voice swells and fades.
const EVEN: f32 = 1.8;
/// More lost packets than this may hide the end of a press.
const BRIDGED: u16 = 3;

/// Listens to one leg.
#[derive(Debug, Clone)]
pub struct Detector {
    filters: [[f32; 2]; 8],
    energy: f32,
    filled: usize,
    /// What the last block held, and its power.
    last: Option<char>,
    last_energy: f32,
    /// The key that is down.
    down: Option<char>,
}

impl Default for Detector {
    fn default() -> Self {
        Self { filters: [[0.0; 2]; 8], energy: 0.0, filled: 0, last: None, last_energy: 0.0, down: None }
    }
}

static COEFFICIENTS: std::sync::LazyLock<[f32; 8]> = std::sync::LazyLock::new(|| {
    let mut all = [0.0; 8];
    for (into, tone) in all.iter_mut().zip(ROWS.iter().chain(&COLUMNS)) {
        *into = 2.0 * (TAU * tone / RATE).cos();
    }
    all
});

impl Detector {
    /// Takes sound; tells each press once, when two blocks in a row agree on it.
    pub fn listen(&mut self, payload: &[u8], to_linear: fn(u8) -> i16, mut pressed: impl FnMut(char)) {
        for byte in payload {
            self.add(f32::from(to_linear(*byte)));
            if self.filled == BLOCK
                && let Some(key) = self.block_done()
            {
                pressed(key);
            }
        }
    }

    /// So many packets are missing: few are bridged as if time had stood still, after many whatever was down is up.
    pub fn skip(&mut self, missing: u16) {
        if missing > BRIDGED {
            *self = Self::default();
        }
    }

    fn add(&mut self, sample: f32) {
        for ([last, before], coefficient) in self.filters.iter_mut().zip(COEFFICIENTS.iter()) {
            let next = sample + coefficient * *last - *before;
            *before = *last;
            *last = next;
        }
        self.energy += sample * sample;
        self.filled += 1;
    }

    fn block_done(&mut self) -> Option<char> {
        let held = self.judge();
        let even = self.energy < EVEN * self.last_energy && self.last_energy < EVEN * self.energy;
        self.last_energy = self.energy;
        self.filters = [[0.0; 2]; 8];
        self.energy = 0.0;
        self.filled = 0;
        let last = std::mem::replace(&mut self.last, held);
        if held != last || held == self.down || held.is_some() && !even {
            return None;
        }
        // Two blocks agree: on a key that is now down, or on none.
        self.down = held;
        held
    }

    /// The key whose tones fill the block.
    fn judge(&self) -> Option<char> {
        let block = BLOCK as f32;
        if self.energy < WEAKEST * WEAKEST * block {
            return None;
        }
        let mut powers = [0.0; 8];
        for ((into, [last, before]), coefficient) in powers.iter_mut().zip(&self.filters).zip(COEFFICIENTS.iter()) {
            *into = last * last + before * before - coefficient * last * before;
        }
        let (row, row_power) = strongest(&powers[..4])?;
        let (column, column_power) = strongest(&powers[4..])?;
        let within = |twist: f32| row_power < twist * column_power && column_power < twist * row_power;
        let even = within(TWIST);
        let share = if within(LITTLE_TWIST) { SHARE } else { SHARE_TWISTED };
        let pure = 2.0 * (row_power + column_power) / block > share * self.energy;
        (pure && even).then_some(PAD[row][column])
    }
}

/// The strongest of four, when it stands out from the others.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (place, power) = powers.iter().copied().enumerate().max_by(|one, other| one.1.total_cmp(&other.1))?;
    powers.iter().enumerate().all(|(other, weaker)| other == place || weaker * PEAK < power).then_some((place, power))
}

/// The two frequencies of a key, row first.
#[must_use]
pub fn tones_of(key: char) -> Option<(f32, f32)> {
    let key = key.to_ascii_uppercase();
    PAD.iter().zip(ROWS).find_map(|(keys, row)| keys.iter().position(|known| *known == key).map(|place| (row, COLUMNS[place])))
}

/// Writes a key's tone of so many samples, each of the two with this amplitude; nothing for what is not a key.
#[must_use]
pub fn sound_of(key: char, samples: usize, amplitude: f32) -> Vec<i16> {
    let Some((row, column)) = tones_of(key) else { return Vec::new() };
    let wave = |tone: f32, time: usize| (TAU * tone * time as f32 / RATE).sin();
    (0..samples).map(|time| (amplitude * (wave(row, time) + wave(column, time))) as i16).collect()
}

#[cfg(test)]
mod tests;
