"""Text to phonemes in Kokoro's alphabet: Mandarin through pinyin, English through espeak-ng, both through our lexicon."""
import re

import jieba
from misaki.espeak import EspeakFallback
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

# Kokoro-82M's phoneme ids (kokoro-onnx, MIT licence).
VOCAB = {**dict(zip(';:,.!?', range(1, 7))), '—': 9, '…': 10, '"': 11, '(': 12, ')': 13, '“': 14, '”': 15, ' ': 16,
         '\u0303': 17, 'ʣ': 18, 'ʥ': 19, 'ʦ': 20, 'ʨ': 21, 'ᵝ': 22, 'ꭧ': 23, 'A': 24, 'I': 25, 'O': 31, 'Q': 33,
         'S': 35, 'T': 36, 'W': 39, 'Y': 41, 'ᵊ': 42, **dict(zip('abcdef', range(43, 49))),
         **dict(zip('hijklmnopqrstuvwxyz', range(50, 69))), 'ɑ': 69, 'ɐ': 70, 'ɒ': 71, 'æ': 72, 'β': 75, 'ɔ': 76,
         'ɕ': 77, 'ç': 78, 'ɖ': 80, 'ð': 81, 'ʤ': 82, 'ə': 83, 'ɚ': 85, 'ɛ': 86, 'ɜ': 87, 'ɟ': 90, 'ɡ': 92, 'ɥ': 99,
         'ɨ': 101, 'ɪ': 102, 'ʝ': 103, 'ɯ': 110, 'ɰ': 111, 'ŋ': 112, 'ɳ': 113, 'ɲ': 114, 'ɴ': 115, 'ø': 116,
         'ɸ': 118, 'θ': 119, 'œ': 120, 'ɹ': 123, 'ɾ': 125, 'ɻ': 126, 'ʁ': 128, 'ɽ': 129, 'ʂ': 130, 'ʃ': 131,
         'ʈ': 132, 'ʧ': 133, 'ʊ': 135, 'ʋ': 136, 'ʌ': 138, 'ɣ': 139, 'ɤ': 140, 'χ': 142, 'ʎ': 143, 'ʒ': 147,
         'ʔ': 148, 'ˈ': 156, 'ˌ': 157, 'ː': 158, 'ʰ': 162, 'ʲ': 164, '↓': 169, '→': 171, '↗': 172, '↘': 173,
         'ᵻ': 177}

NUMERALS = "零一二两三四五六七八九十百千万幺"
HAN = re.compile(r"[\u4e00-\u9fff]")


def read_lexicon(path):
    """lexicon.tsv: word ⇥ reading ⇥ note. Han words have pinyin with tone digits, others a respelling or /phonemes/."""
    words = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith(("#", "word\t")):
            continue
        fields = line.split("\t")
        if len(fields) < 2 or not fields[1]:
            raise SystemExit(f"{path}:{number}: expected word, tab, reading")
        word, reading = fields[0], fields[1]
        if HAN.match(word) and len(reading.split()) != len(word):
            raise SystemExit(f"{path}:{number}: {word} has {len(word)} syllables, the reading {len(reading.split())}")
        words[word] = reading
    return words


class Speaker:
    """Knows how words are pronounced; `mandarin` and `english` give phonemes."""

    def __init__(self, lexicon):
        self.han = {w: r for w, r in lexicon.items() if HAN.match(w)}
        self.longest = max(map(len, self.han), default=0)
        self.latin = {w: r for w, r in lexicon.items() if not HAN.match(w)}
        self.latin_words = re.compile(
            r"(?<![A-Za-z0-9])(" + "|".join(re.escape(w) for w in sorted(self.latin, key=len, reverse=True)) + r")(?![A-Za-z0-9])")
        self.espeak = EspeakFallback(british=True)
        jieba.setLogLevel(60)

    def pinyin(self, text, reading=None):
        """A list of words, each a list of pinyin syllables or a piece of punctuation."""
        if reading:
            return [reading.split()]
        words, plain, i = [], "", 0

        def flush():
            nonlocal plain
            for word in jieba.lcut(plain):
                han = HAN.match(word)
                words.append(lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True) if han else word)
            plain = ""

        while i < len(text):
            # A word that begins with a numeral is not looked up inside a longer number: 一份 has a changed tone, 二十一份 not.
            inside = i > 0 and text[i] in NUMERALS and text[i - 1] in NUMERALS
            size = 0 if inside else next((n for n in range(self.longest, 0, -1) if text[i:i + n] in self.han), 0)
            if size:
                flush()
                words.append(self.han[text[i:i + size]].split())
                i += size
            else:
                plain += text[i]
                i += 1
        flush()
        return words

    def mandarin(self, text, reading=None):
        tail = "" if reading is None else "".join(c for c in text[-1] if not HAN.match(c))
        out = ""
        for word in self.pinyin(text, reading) + ([tail] if tail else []):
            if isinstance(word, list):
                out += ("" if not out or out.endswith(" ") else " ") + "".join(map(ZHG2P.py2ipa, word))
            else:
                out += ZHG2P.map_punctuation(word) + " "
        return out.replace(chr(815), "").strip()

    def english(self, text):
        out = ""
        for part in self.latin_words.split(text) if self.latin else [text]:
            reading = self.latin.get(part, part)
            if reading.startswith("/"):
                phonemes = reading.strip("/")
            elif re.search(r"[A-Za-z0-9]", reading):
                phonemes = self.espeak_phonemes(reading)
            else:
                phonemes = reading.strip()
            glue = "" if not out or re.match(r"[,.;:!?]", phonemes) else " "
            out += glue + phonemes if phonemes else ""
        # A word alone (one, to) comes out of espeak-ng with weak stress; here it is the whole clip.
        return out.strip() if "ˈ" in out else out.strip().replace("ˌ", "ˈ", 1)

    def espeak_phonemes(self, text):
        """espeak-ng's British phonemes in Kokoro's alphabet: misaki's table, after our own two diphthongs,
        which that table would spoil (there → ðɛː, here → hɪə)."""
        out = self.espeak.backend.phonemize([text])[0].strip()
        for old, new in (("e^ə", "ɛː"), ("i^ə", "ɪə"), ("ə^ʊ", "Q"), *EspeakFallback.E2M):
            out = out.replace(old, new)
        out = re.sub(r"(\S)\u0329", r"ᵊ\1", out).replace("\u0329", "").replace("o", "ɔ").replace("ɾ", "T").replace("ʔ", "t")
        out = out.replace("^", "")
        # «a» before a slot or a word of the lexicon is the article and not the letter.
        return re.sub(r"ˈA([,.]*)$", r"ə\1", out) if re.search(r"(^|\s)a[,.]*$", text.strip()) else out


def tokens(phonemes):
    """Token ids, and the characters for which the model has none (there should be none)."""
    return [VOCAB[c] for c in phonemes if c in VOCAB], sorted({c for c in phonemes if c not in VOCAB})
