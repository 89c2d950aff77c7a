"""Which clips there are: the prompts of the catalogue, the fragments of spoken values, and the names of menus.toml."""
import csv
import re
import tomllib
from dataclasses import dataclass

import say

LANGUAGES = {"zh": "zh-CN", "en": "en"}   # short name → folder
MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ORDINALS = ("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth").split()


@dataclass
class Clip:
    lang: str                  # zh or en
    kind: str                  # ui, say or name
    key: str
    text: str                  # as in the index: exactly the piece of the prompt, or the spoken value
    spoken: str                # what the synthesiser reads: words instead of digits, with the wanted melody at the end
    fragment: bool             # trimmed closely, because it is joined with other clips
    reading: str | None = None # pinyin of the whole text, from menus.toml

    @property
    def file(self):
        return f"{self.kind}/{self.key}.wav"


PUNCTUATION = "，。？！、：；,.?!:; "


def spoken_form(lang, text, end=None):
    """Digits become words (1 in 请按1 is 一, never 幺); the last mark decides whether the voice falls or stays up."""
    body = text.lstrip(PUNCTUATION)
    if body.lower().endswith(("a.m.", "p.m.")):
        bare = body
    else:
        bare = body.rstrip(PUNCTUATION)
    if end is None:
        last = body[len(bare):].strip()[:1]
        end = last if last in ("。", "？", "！", ".", "?", "!") and last else ("，" if lang == "zh" else ",")
    if lang == "zh":
        bare = re.sub(r"\d+", lambda m: say.zh_number(int(m[0])), bare)
    return bare + end


def ui(catalogue, lang):
    with open(catalogue, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        pieces = re.split(r"\{[a-z0-9_]+\}", row[lang])
        if len(pieces) == 1:
            text = pieces[0]
            # Option and address words are read out inside a sentence: they stay up and are cut like fragments.
            word = text[-1] not in PUNCTUATION
            yield Clip(lang, "ui", row["id"], text, spoken_form(lang, text), word)
            continue
        number = 0
        for piece in pieces:
            if piece.strip(PUNCTUATION):
                number += 1
                yield Clip(lang, "ui", f"{row['id']}.{number}", piece, spoken_form(lang, piece), True)


def zh_say():
    """Short name, text, and the mark behind it. Kokoro speaks a fragment with 。 more clearly than with ，
    (joined amounts, Whisper base: 0 against 9 wrong syllables of 33), so only medial digits have ，."""
    number = say.zh_number
    for n in range(100):
        yield f"n{n}", number(n), "。"
    yield "n2l", "两", "。"
    for n in range(10, 20):
        yield f"u{n}", "一" + number(n), "。"
    for n in range(10):
        yield f"d{n}m", say.DIGITS[n], "，"
        yield f"d{n}f", say.DIGITS[n], "。"
    yield "dym", "幺", "，"
    yield "dyf", "幺", "。"
    # Digit strings are understood far better in pairs than one by one: 三零·七二 and not 三·零·七·二.
    for a in range(10):
        for b in range(10):
            yield f"dd{a}{b}", say.zh_digits(f"{a}{b}"), "。"
    yield "wan", "万", "。"
    yield "yuan", "元", "。"
    for n in range(1, 100):
        yield f"y{n}", say.zh_money(n * 100), "。"
    yield "y2e", "二元", "。"
    for n in range(10, 20):
        yield f"uy{n}", "一" + number(n) + "元", "。"
    for n in range(1, 10):
        yield f"j{n}", say.DIGITS[n] + "角", "。"
    yield "j2l", "两角", "。"
    for n in range(1, 10):
        yield f"f{n}", say.DIGITS[n] + "分", "。"
        yield f"zf{n}", "零" + say.DIGITS[n] + "分", "。"
    yield "f2l", "两分", "。"
    for n in range(1, 10):
        yield f"h{n}", number(n * 100), "。"
        yield f"hz{n}", number(n * 100) + "零", "。"
    for n in range(1, 10):
        yield f"t{n}", number(n * 1000), "。"
        yield f"tz{n}", number(n * 1000) + "零", "。"
        yield f"ty{n}", number(n * 1000) + "元", "。"
    yield "w2", "两万", "。"
    for n in range(1, 21):
        yield f"p{n}", say.zh_count(n, "份"), "。"
    for n in (*range(1, 11), *range(15, 65, 5), 75, 90, 120):
        yield f"min{n}", say.zh_count(n, "分钟"), "。"
    for h in range(24):
        yield f"hr{h}", say.zh_hour(h), "。"
    for m in range(10, 60, 5):
        yield f"mi{m}", number(m) + "分", "。"       # 零一分…零九分 are zf1…zf9
    yield "half", "半", "。"
    yield "hao", "号", "。"
    yield "today", "今天", "。"
    yield "tomorrow", "明天", "。"
    yield "after", "后天", "。"
    for m in range(1, 13):
        yield f"mo{m}", number(m) + "月", "。"
    for d in range(1, 32):
        yield f"day{d}", number(d) + "号", "。"
    for i, d in enumerate("一二三四五六日", 1):
        yield f"w{i}d", "星期" + d, "。"


def zh_rare():
    """Less often needed: portions over twenty and odd minutes."""
    for n in range(21, 51):
        yield f"p{n}", say.zh_count(n, "份"), "。"
    for m in range(11, 60):
        if m % 5:
            yield f"mi{m}", say.zh_number(m) + "分", "。"
    # For counts without a clip of their own: 五十二·份, 二十二·分钟.
    yield "portions", "份", "。"
    yield "minutes", "分钟", "。"


def zh_more_yuan():
    """The largest part: without them 一百零五元 is joined from 一百零 and 五元."""
    for n in range(100, 301):
        yield f"y{n}", say.zh_money(n * 100), "。"


def en_say():
    number = say.en_number
    for n in range(100):
        yield f"n{n}", number(n), ","
    for n in range(10):
        yield f"d{n}m", number(n), ","
        yield f"d{n}f", number(n), "."
    yield from (("hundred", "hundred", ","), ("hundred-and", "hundred and", ","),
                ("thousand", "thousand", ","), ("thousand-and", "thousand and", ","))
    for n in range(1, 10):
        yield f"h{n}", f"{number(n)} hundred", ","
        yield f"ha{n}", f"{number(n)} hundred and", ","
        yield f"t{n}", f"{number(n)} thousand", ","
    yield from (("yuan", "yuan", "."), ("fen", "fen", "."), ("oh", "oh", ","))
    for n in range(1, 10):
        yield f"oh{n}", f"oh {number(n)}", ","
    yield "p1", "one portion", "."
    yield "portions", "portions", "."
    yield "min1", "one minute", "."
    yield "minutes", "minutes", "."
    yield "number", "number", ","
    yield "am", "a.m.", "."
    yield "pm", "p.m.", "."
    yield from (("today", "today", ","), ("tomorrow", "tomorrow", ","), ("after", "the day after", ","))
    for m, name in enumerate(MONTHS, 1):
        yield f"mo{m}", name, ","
    for d in range(1, 32):
        word = ORDINALS[d - 1] if d < 20 else {20: "twentieth", 30: "thirtieth"}.get(
            d, ("twenty " if d < 30 else "thirty ") + ORDINALS[d % 10 - 1])
        yield f"day{d}", "the " + word, ","
    for i, name in enumerate(WEEKDAYS, 1):
        yield f"w{i}d", name, ","


def en_rare():
    """Whole values; without them a number and «minutes», «p.m.», «portions» or «yuan» are joined."""
    for n in (*range(2, 11), *range(15, 65, 5), 75, 90, 120):
        yield f"min{n}", f"{say.en_number(n)} minutes", "."
    for h in range(24):
        yield f"hr{h}", say.en_time(h, 0), "."
    for n in range(2, 21):
        yield f"p{n}", f"{say.en_number(n)} portions", "."
    for n in range(1, 100):
        yield f"y{n}", f"{say.en_number(n)} yuan", "."


def values(lang, rows):
    """Fragments with the same text share a clip, except the digits, which have a medial and a final form."""
    for key, text, end in rows:
        yield Clip(lang, "say", key, text, spoken_form(lang, text, end), True)


# Names that do not stand in menus.toml: address labels, and the demonstration callers' addresses.
MORE_NAMES = (
    ("address-home", "家", "home"),
    ("address-office", "公司", "the office"),
    ("address-caoxi", "漕溪北路八十八号", "88 North Caoxi Road"),
    ("address-nanjing", "南京西路一千零三十八号", "1038 West Nanjing Road"),
    ("address-xinsong", "莘松路一百二十号", "120 Xinsong Road"),
)


def names(menus, lang):
    with open(menus, "rb") as file:
        book = tomllib.load(file)

    def name(key, text, end, reading=None):
        return Clip(lang, "name", key, text, spoken_form(lang, text, end), True, reading if lang == "zh" else None)

    on, stop = ("。", "。") if lang == "zh" else (",", ".")
    for dish in book.get("dish", []):
        yield name(f"dish-{dish['number']}", dish[lang], on, dish.get("reading"))
    for kind in ("category", "level"):
        for row in book.get(kind, []):
            yield name(f"{kind}-{row['id']}", row[lang], on, row.get("reading"))
    for branch in book.get("branch", []):
        key = f"branch-{branch['number']}"
        yield name(key, branch[lang], on, branch.get("reading"))
        yield name(key + "-address", branch["address_" + lang], stop)
        yield name(key + "-transit", branch["transit_" + lang], stop)
    for offer in book.get("offer", []):
        yield name(f"offer-{offer['id']}", offer[lang], on, offer.get("reading"))
    for key, zh, en in MORE_NAMES:
        yield name(key, {"zh": zh, "en": en}[lang], stop)


def all_clips(catalogue, menus):
    """In the order in which they are rendered: what a first call needs comes first."""
    return [
        *ui(catalogue, "zh"), *values("zh", zh_say()), *names(menus, "zh"),
        *ui(catalogue, "en"), *values("en", en_say()), *names(menus, "en"),
        *values("zh", zh_rare()), *values("en", en_rare()), *values("zh", zh_more_yuan()),
    ]
