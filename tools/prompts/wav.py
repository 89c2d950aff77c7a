"""A-law WAV in and out: the one format in which prompts are stored (8 kHz, mono, format tag 6)."""
import struct

import numpy as np

RATE = 8000
FRAME = 160      # 20 ms: players cut clips into frames of this size
SILENCE = 0xD5   # A-law for zero


def _decode_byte(byte):
    byte ^= 0x55
    value = (byte & 0x0F) << 4
    segment = (byte & 0x70) >> 4
    value += 8 if segment == 0 else 0x108
    if segment > 1:
        value <<= segment - 1
    return value if byte & 0x80 else -value


DECODE = np.array([_decode_byte(b) for b in range(256)], dtype=np.int32)
# Encoding takes the nearest of the 256 values, which is a little better than the usual truncation.
_ORDER = np.argsort(DECODE)
_MIDDLE = (DECODE[_ORDER][1:] + DECODE[_ORDER][:-1]) / 2


def encode(samples):
    """Floats in −1…1 to A-law bytes, padded at the end with silence to whole 20 ms frames."""
    data = _ORDER[np.searchsorted(_MIDDLE, samples * 32768.0)].astype(np.uint8).tobytes()
    return data + bytes([SILENCE]) * (-len(data) % FRAME)


def write(path, samples):
    """Writes through a temporary name, so that a reader never sees half a file."""
    data = encode(samples)
    fmt = struct.pack("<4sIHHIIHHH", b"fmt ", 18, 6, 1, RATE, RATE, 1, 8, 0)
    fact = struct.pack("<4sII", b"fact", 4, len(data))
    body = b"WAVE" + fmt + fact + struct.pack("<4sI", b"data", len(data)) + data
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    part.replace(path)


def read(path):
    """The samples of an A-law WAV as floats. Raises ValueError for every other kind of file."""
    raw = path.read_bytes()
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at, tag, data = 12, None, None
    while at + 8 <= len(raw):
        name, size = struct.unpack_from("<4sI", raw, at)
        if name == b"fmt ":
            tag = struct.unpack_from("<HHI", raw, at + 8)
        elif name == b"data":
            data = raw[at + 8:at + 8 + size]
        at += 8 + size + size % 2
    if tag != (6, 1, RATE) or data is None:
        raise ValueError(f"not 8 kHz mono A-law: {tag}")
    if len(data) % FRAME:
        raise ValueError(f"{len(data)} bytes are not whole 20 ms frames")
    return DECODE[np.frombuffer(data, np.uint8)] / 32768.0
