"""Measures every clip (format, length, peak, level), compares the index with the files, and cuts the test vectors."""
import csv
import re

import numpy as np

import inventory
import mastering
import say
import wav

HAN = re.compile(r"[\u4e00-\u9fff]")
RATES = {"zh": 4.0, "en": 4.6}      # syllables a second of the two voices, measured on whole prompts


def syllables(clip):
    if clip.lang == "zh":
        return len(HAN.findall(clip.spoken))
    text = re.sub(r"\d+", lambda m: say.en_number(int(m[0])), clip.spoken.lower())
    words = re.findall(r"[a-z.']+", text)
    return sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", w)))) for w in words)


def complaints(clip, x):
    """What is wrong with one clip, as words."""
    seconds, expected = len(x) / wav.RATE, syllables(clip) / RATES[clip.lang]
    # A word spoken alone is slower and has silence around it, so short clips get 0.45 s more.
    low, high = 0.6 * expected, 1.6 * expected + 0.45
    if not min(low, 0.15) <= seconds or not low - 0.1 <= seconds <= high:
        yield f"length {seconds:.2f} s, expected {low:.2f}…{high:.2f}"
    if mastering.peak(x) > mastering.PEAK_DBFS:
        yield f"peak {mastering.peak(x):.1f} dBFS"
    level = mastering.active_level(x)
    if abs(level - mastering.SPEECH_DBOV) > 0.5:
        yield f"level {level:.1f} dBov"
    pause = quiet_stretch(x)
    if pause > (1.0 if not clip.fragment else 0.45 if len(clip.text) < 12 else 1.0):
        yield f"a pause of {pause:.2f} s inside"


def quiet_stretch(x):
    """The longest silence inside a clip, in seconds."""
    frame = wav.RATE // 50
    energy = np.sqrt(np.mean(x[:len(x) // frame * frame].reshape(-1, frame) ** 2, 1))
    quiet, longest, run = energy < energy.max() * 10 ** (-40 / 20), 0, 0
    loud = np.where(~quiet)[0]
    for q in quiet[loud[0]:loud[-1]]:
        run = run + 1 if q else 0
        longest = max(longest, run)
    return longest / 50


def run(args, clips, report):
    counts, missing, bad, seconds, size, levels = {}, 0, 0, 0.0, 0, []
    for clip in clips:
        path = args.prompts / inventory.LANGUAGES[clip.lang] / clip.file
        if not path.is_file():
            missing += 1
            continue
        try:
            x = wav.read(path)
            found = list(complaints(clip, x))
        except ValueError as error:
            x, found = np.zeros(0), [str(error)]
        for what in found:
            report(args, event="odd", file=str(path.relative_to(args.prompts)), text=clip.text, what=what)
        bad += bool(found)
        counts[clip.lang, clip.kind] = counts.get((clip.lang, clip.kind), 0) + 1
        seconds, size = seconds + len(x) / wav.RATE, size + path.stat().st_size
        levels.append(mastering.active_level(x) if len(x) else -99)
    uncut = vectors(args, report)
    strays = stray_files(args, report)
    for (lang, kind), count in sorted(counts.items()):
        report(args, event="count", lang=lang, kind=kind, clips=count)
    report(args, event="checked", clips=sum(counts.values()), odd=bad, missing=missing, uncut=uncut, strays=strays,
           minutes=round(seconds / 60, 1), megabytes=round(size / 1e6, 2),
           level=f"{min(levels):.2f}…{max(levels):.2f} dBov" if levels else "-")
    return bad == 0 and uncut == 0 and strays == 0


def index_rows(args, lang):
    path = args.prompts / inventory.LANGUAGES[lang] / "index.tsv"
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def vectors(args, report):
    """Every spoken value of the test vectors must be made of clips that the index lists."""
    uncut = 0
    with open(args.vectors, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for lang in inventory.LANGUAGES:
        texts = {row["text"] for row in index_rows(args, lang) if row["kind"] == "say"}
        for row in rows:
            if say.cut(row[lang], texts, lang) is None:
                uncut += 1
                report(args, event="uncut", lang=lang, kind=row["kind"], value=row["value"], text=row[lang])
    return uncut


def stray_files(args, report):
    """Files that no index lists, and rows without a file."""
    strays = 0
    for lang, folder in inventory.LANGUAGES.items():
        base = args.prompts / folder
        listed = {row["file"] for row in index_rows(args, lang)}
        present = {str(p.relative_to(base)) for p in base.rglob("*.wav")}
        for file in sorted(listed ^ present):
            strays += 1
            report(args, event="stray", file=f"{folder}/{file}", what="not in the index" if file in present else "listed, not there")
    return strays
