"""Renders the shipped voice of Dinetone: `generate.py render`, `check`, `phonemes`, `listen`. See README.md."""
import argparse
import csv
import hashlib
import json
import sys
import time
from pathlib import Path

import inventory
import mastering
import wav

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=Path, default=ROOT / "prompts", help="folder with catalogue.tsv and lexicon.tsv; clips go here")
    parser.add_argument("--menus", type=Path, default=ROOT / "menus.toml")
    parser.add_argument("--voices", type=Path, default=HERE / "model/package/voices", help="voices of the unpacked npm package kokoro-js")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="raw audio that was rendered before")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("render", "make the clips that are missing or whose text, reading or voice has changed"),
                        ("check", "measure every clip, and cut every line of say-vectors.tsv"),
                        ("phonemes", "print how each clip would be read, without rendering"),
                        ("listen", "transcribe clips with Whisper and list those that differ from their text")):
        command = commands.add_parser(name, help=words)
        command.add_argument("--json", action="store_true", help="one JSON object per line on standard output")
        command.add_argument("--lang", choices=("zh", "en"))
        command.add_argument("--kind", choices=("ui", "say", "name"))
        command.add_argument("--key", help="only keys that begin with this")
        if name == "render":
            command.add_argument("--force", action="store_true", help="master and write every chosen clip again")
        if name == "check":
            command.add_argument("--vectors", type=Path, default=HERE / "say-vectors.tsv")
        if name == "listen":
            command.add_argument("--limit", type=float, default=0.15, help="share of wrong syllables from which a clip is listed")
            command.add_argument("--model", type=Path, help="folder with the Whisper weights in CTranslate2 form")
    return parser.parse_args()


def chosen(clips, args):
    return [c for c in clips if args.lang in (None, c.lang) and args.kind in (None, c.kind) and c.key.startswith(args.key or "")]


def folder(args, clip):
    return args.prompts / inventory.LANGUAGES[clip.lang]


def say(args, **event):
    """A line for people or, with --json, for programs."""
    print(json.dumps(event, ensure_ascii=False) if args.json else "  ".join(str(v) for v in event.values()), flush=True)


def read_rows(path):
    if not path.is_file():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        return {row[0]: row[1:] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row}


def write_text(path, text):
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_index(args, clips, lang):
    """The index lists only clips whose file is there, in the order of the inventory."""
    base = args.prompts / inventory.LANGUAGES[lang]
    rows = [f"{c.file}\t{c.kind}\t{c.key}\t{c.text}" for c in clips if c.lang == lang and (base / c.file).is_file()]
    base.mkdir(parents=True, exist_ok=True)
    write_text(base / "index.tsv", "file\tkind\tkey\ttext\n" + "".join(row + "\n" for row in rows))


def speaker(args):
    from phonemes import Speaker, read_lexicon
    return Speaker(read_lexicon(args.prompts / "lexicon.tsv"))


def phonemes_of(voice, clip):
    return voice.mandarin(clip.spoken, clip.reading) if clip.lang == "zh" else voice.english(clip.spoken)


def render(args, clips):
    from synth import MODEL_SHA256, RATE, VOICES, Synthesiser
    import sounds
    voice, synth = speaker(args), Synthesiser(args.voices, args.cache)
    sounds.write_all(args.prompts / "sound", args.force)
    state_path = args.prompts / "rendered.tsv"   # file ⇥ fingerprint of everything that decides its sound
    state = {file: row[0] for file, row in read_rows(state_path).items() if row}
    work, failed, began = [], 0, time.monotonic()
    for clip in chosen(clips, args):
        read = phonemes_of(voice, clip)
        recipe = "\t".join((clip.text, read, *map(str, VOICES[clip.lang]), MODEL_SHA256, mastering.VERSION, str(clip.fragment)))
        mark = hashlib.sha256(recipe.encode()).hexdigest()[:16]
        file = f"{inventory.LANGUAGES[clip.lang]}/{clip.file}"
        if args.force or state.get(file) != mark or not (args.prompts / file).is_file():
            work.append((clip, file, read, mark))
    for done, (clip, file, read, mark) in enumerate(work, 1):
        try:
            samples = mastering.master(synth.speak(clip.lang, read), RATE, clip.fragment)
            wav.write(args.prompts / file, samples)
        except (ValueError, OSError) as error:
            failed += 1
            say(args, event="failed", file=file, error=str(error))
            continue
        state[file] = mark
        write_text(state_path, "".join(f"{f}\t{m}\n" for f, m in sorted(state.items())))
        write_index(args, clips, clip.lang)
        say(args, event="rendered", done=f"{done}/{len(work)}", seconds=round(len(samples) / wav.RATE, 2), file=file, text=clip.text)
    for lang in inventory.LANGUAGES:
        write_index(args, clips, lang)
    say(args, event="finished", rendered=len(work) - failed, failed=failed, seconds=round(time.monotonic() - began))
    return failed == 0


def show_phonemes(args, clips):
    voice = speaker(args)
    for clip in chosen(clips, args):
        words = voice.pinyin(clip.spoken, clip.reading) if clip.lang == "zh" else []
        pinyin = " ".join("".join(w) if isinstance(w, list) else w for w in words)
        say(args, key=clip.key, spoken=clip.spoken, pinyin=pinyin, phonemes=phonemes_of(voice, clip))
    return True


def main():
    args = arguments()
    try:
        clips = inventory.all_clips(args.prompts / "catalogue.tsv", args.menus)
    except (OSError, KeyError, ValueError) as error:
        raise SystemExit(f"cannot read the texts: {error}")
    if args.command == "render":
        good = render(args, clips)
    elif args.command == "phonemes":
        good = show_phonemes(args, clips)
    elif args.command == "check":
        import check
        good = check.run(args, chosen(clips, args), say)
    else:
        import listen
        good = listen.run(args, chosen(clips, args), say)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
