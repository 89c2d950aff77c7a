"""Telephone mastering: band 180–3500 Hz, silence trimmed, ITU-T P.56 level, peaks limited."""
from math import gcd

import numpy as np
from scipy.signal import butter, lfilter, resample_poly, sosfiltfilt

from wav import RATE

SPEECH_DBOV = -26.15   # −20 dBm0: 0 dBm0 lies 6.15 dB under digital overload in A-law
PEAK_DBFS = -3.0
VERSION = "1"          # part of the fingerprint of a clip: raise it when this file changes the sound


def active_level(x, rate=RATE):
    """Active speech level in dBov after ITU-T P.56 method B: the level of the speech, without its pauses."""
    x = np.asarray(x, float)
    energy = np.sum(x ** 2)
    if energy == 0:
        return -99.0
    g = np.exp(-1 / (rate * 0.03))                       # envelope: two poles of 30 ms
    envelope = lfilter([1 - g], [1, -g], lfilter([1 - g], [1, -g], np.abs(x)))
    index, hangover = np.arange(len(x)), int(0.2 * rate)
    thresholds = 2.0 ** np.arange(-15, 0)
    active = np.empty(len(thresholds))
    for i, threshold in enumerate(thresholds):
        last = np.maximum.accumulate(np.where(envelope >= threshold, index, -10 ** 9))
        active[i] = max(1, np.sum(index - last <= hangover))
    level = 10 * np.log10(energy / active)
    margin = level - 20 * np.log10(thresholds)           # falls as the threshold rises
    for i in range(1, len(thresholds)):
        if margin[i] <= 15.9:
            step = margin[i - 1] - margin[i]
            part = (margin[i - 1] - 15.9) / step if step else 0.0
            return level[i - 1] + part * (level[i] - level[i - 1])
    return 10 * np.log10(energy / len(x))


def peak(x):
    return 20 * np.log10(np.max(np.abs(x)) + 1e-9)


def trim(x, before, after, floor_db):
    """Cuts silence (10 ms frames under `floor_db` relative to the loudest) and fades 5 ms at both ends."""
    frame = RATE // 100
    count = len(x) // frame
    energy = np.sqrt(np.mean(x[:count * frame].reshape(count, frame) ** 2, 1))
    loud = np.where(20 * np.log10(energy + 1e-9) > 20 * np.log10(energy.max() + 1e-9) + floor_db)[0]
    start = max(0, int(loud[0] * frame - before * RATE))
    end = min(len(x), int((loud[-1] + 1) * frame + after * RATE))
    y, fade = x[start:end].copy(), RATE // 200
    y[:fade] *= np.linspace(0, 1, fade)
    y[-fade:] *= np.linspace(1, 0, fade)
    return y


def limit(x):
    """Leaves a clip alone whose peaks fit; bends the others softly under −3 dBFS."""
    top = 10 ** (PEAK_DBFS / 20) * 0.985                 # a little room: A-law rounds
    if np.max(np.abs(x)) <= top:
        return x
    knee = top * 0.7
    over = np.abs(x) > knee
    y = x.copy()
    y[over] = np.sign(x[over]) * (knee + (top - knee) * np.tanh((np.abs(x[over]) - knee) / (top - knee)))
    return y


def band(x, rate):
    g = gcd(rate, RATE)
    y = resample_poly(np.asarray(x, float), RATE // g, rate // g)
    return sosfiltfilt(butter(4, [180, 3500], "band", fs=RATE, output="sos"), y)


def master(x, rate, fragment):
    """Raw speech to a finished clip. Fragments are cut closer, because they are joined with others."""
    y = trim(band(x, rate), 0.015, 0.030, -35) if fragment else trim(band(x, rate), 0.040, 0.080, -42)
    for _ in range(3):                                   # limiting lowers the level a little: go round again
        y = limit(y * 10 ** ((SPEECH_DBOV - active_level(y)) / 20))
    return y
