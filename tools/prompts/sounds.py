"""The sounds that are not speech: the tone before a recording and the music on hold, both computed here."""
import numpy as np

import mastering
import wav

TONE_DBOV = -22.15     # −16 dBm0
MUSIC_DBOV = -30.15    # −24 dBm0, 4 dB under speech
BEAT = 0.75            # seconds: 80 beats a minute
# Two rounds of eight bars, four beats each, 48 s: every chord sounds one bar. Notes are MIDI numbers.
CHORDS = [(53, 60, 64, 69), (50, 57, 60, 65), (55, 58, 62, 69), (48, 55, 64, 70),
          (53, 60, 64, 69), (50, 57, 60, 65), (46, 53, 62, 65), (48, 55, 58, 64)]
# The tune of each round: (bar, beat, beats long, note). A pentatonic line with rests, so that it stays in the background.
TUNES = (
    ((0, 0, 2, 72), (0, 2, 1, 69), (0, 3, 1, 72), (1, 0, 3, 74), (2, 1, 1, 74), (2, 2, 1, 77), (2, 3, 1, 74), (3, 0, 3, 72),
     (4, 0, 2, 77), (4, 2, 1, 76), (4, 3, 1, 72), (5, 0, 3, 69), (6, 1, 1, 70), (6, 2, 1, 74), (6, 3, 1, 70), (7, 0, 3, 67)),
    ((0, 1, 1, 69), (0, 2, 2, 72), (1, 1, 1, 74), (1, 2, 2, 77), (2, 0, 2, 79), (2, 2, 2, 77), (3, 0, 3, 76),
     (4, 1, 1, 77), (4, 2, 2, 81), (5, 0, 2, 77), (5, 2, 2, 74), (6, 0, 2, 74), (6, 2, 2, 70), (7, 0, 2, 72)),
)


def pitch(note):
    return 440 * 2 ** ((note - 69) / 12)


def tone():
    t = np.arange(int(0.3 * wav.RATE)) / wav.RATE
    x = np.sin(2 * np.pi * 1000 * t) * np.sqrt(2) * 10 ** (TONE_DBOV / 20)
    fade = np.ones(len(t))
    fade[:40] = np.linspace(0, 1, 40)
    return x * fade * fade[::-1]


def add(music, at, sound):
    """Mixes a note in; what rings past the end is heard at the start, so that the loop has no seam."""
    where = (int(at * wav.RATE) + np.arange(len(sound))) % len(music)
    np.add.at(music, where, sound)


def pluck(note, seconds, bright):
    """A soft mallet: a few harmonics that die away, the high ones first."""
    t = np.arange(int((seconds + 1.2) * wav.RATE)) / wav.RATE
    x = sum(np.sin(2 * np.pi * pitch(note) * k * t) * np.exp(-t * (1.1 + 1.6 * k)) * bright ** (k - 1) for k in (1, 2, 3, 4))
    return x * np.minimum(1, t / 0.006) * np.minimum(1, (t[-1] - t) / 0.05)


def pad(note, seconds):
    """A slow string-like tone under the tune, two voices a little apart."""
    t = np.arange(int((seconds + 0.6) * wav.RATE)) / wav.RATE
    x = sum(np.sin(2 * np.pi * pitch(note) * k * drift * t) / k ** 1.6 for k in (1, 2, 3) for drift in (0.9985, 1.0015))
    return x * np.minimum(1, t / 0.5) * np.minimum(1, (t[-1] - t) / 0.6)


def music():
    bar = 4 * BEAT
    x = np.zeros(int(2 * len(CHORDS) * bar * wav.RATE))
    for turn, tune in enumerate(TUNES):
        for i, chord in enumerate(CHORDS):
            at = (turn * len(CHORDS) + i) * bar
            for note in chord:
                add(x, at, 0.10 * pad(note, bar))
            for step in range(8):                              # broken chord in eighths
                add(x, at + step * BEAT / 2, 0.16 * pluck(chord[(0, 1, 2, 3, 2, 1, 2, 3)[step]] + 12 * (step == 3), 0.4, 0.35))
        for i, beat, length, note in tune:
            add(x, ((turn * len(CHORDS) + i) * 4 + beat) * BEAT, 0.55 * pluck(note, length * BEAT, 0.45))
    # Filtered with its own end in front and its own start behind: again no seam.
    edge = wav.RATE
    x = mastering.band(np.concatenate((x[-edge:], x, x[:edge])), wav.RATE)[edge:-edge]
    return mastering.limit(x * 10 ** (MUSIC_DBOV / 20) / np.sqrt(np.mean(x ** 2)))


SOUNDS = (("beep.wav", "beep", "1000 Hz, 0.3 s, −16 dBm0", tone), ("hold.wav", "hold", "music on hold, 48 s, −24 dBm0, loops without a seam", music))


def write_all(folder, force):
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, _, make in SOUNDS:
        if force or not (folder / name).is_file():
            wav.write(folder / name, make())
    rows = "".join(f"{name}\tsound\t{key}\t{text}\n" for name, key, text, _ in SOUNDS)
    (folder / "index.tsv").write_text("file\tkind\tkey\ttext\n" + rows, encoding="utf-8")
