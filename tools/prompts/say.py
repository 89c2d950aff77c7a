"""Values to spoken text, and spoken text to the fewest clips: the same two steps as in the server, used here as a check."""
DIGITS = "零一二三四五六七八九"
ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen").split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def _under_ten_thousand(n, after_higher):
    """0 < n < 10000. After a higher group or unit, ten is 一十 and not 十."""
    text, gap, started = "", False, after_higher
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // unit % 10
        if digit:
            text += "零" if gap else ""
            gap = False
            if unit == 10 and digit == 1 and not started:
                text += "十"
            else:
                text += ("两" if unit == 1000 and digit == 2 else DIGITS[digit]) + name
            started = True
        elif text:
            gap = True
    return text


def zh_number(n):
    if n == 0:
        return "零"
    high, low = divmod(n, 10000)
    text = ("两" if high == 2 else _under_ten_thousand(high, False)) + "万" if high else ""
    if low:
        text += ("零" if high and low < 1000 else "") + _under_ten_thousand(low, bool(high))
    return text


def zh_count(n, measure=""):
    """Before a measure word two is 两."""
    return ("两" if n == 2 else zh_number(n)) + measure


def zh_money(fen):
    yuan, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    text = zh_count(yuan, "元") if yuan else ""
    if jiao:
        text += ("两" if jiao == 2 and not yuan else DIGITS[jiao]) + "角"
    if rest:
        text += ("零" if yuan and not jiao else "") + ("两" if rest == 2 and not text else DIGITS[rest]) + "分"
    return text or "零元"


def zh_digits(digits, one="幺"):
    return "".join(one if d == "1" else DIGITS[int(d)] for d in digits)


def zh_hour(h):
    part = next(name for last, name in ((5, "凌晨"), (8, "早上"), (11, "上午"), (12, "中午"), (17, "下午"), (23, "晚上")) if h <= last)
    return part + zh_count(h if h <= 12 else h - 12, "点")


def zh_minute(m):
    return "" if m == 0 else "半" if m == 30 else ("零" if m < 10 else "") + zh_number(m) + "分"


def en_number(n):
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + (" " + ONES[n % 10] if n % 10 else "")
    if n < 1000:
        return ONES[n // 100] + " hundred" + (" and " + en_number(n % 100) if n % 100 else "")
    rest = n % 1000
    return en_number(n // 1000) + " thousand" + ((" and " if rest < 100 else " ") + en_number(rest) if rest else "")


def en_money(fen):
    yuan, rest = divmod(fen, 100)
    if not yuan and rest:
        return en_number(rest) + " fen"
    text = en_number(yuan) + " yuan"
    return text + (" " + ("oh " if rest < 10 else "") + en_number(rest) if rest else "")


def en_time(h, m):
    text = en_number((h - 1) % 12 + 1)
    if m:
        text += (" oh " if m < 10 else " ") + en_number(m)
    return text + (" a.m." if h < 12 else " p.m.")


def en_digits(digits):
    return " ".join(ONES[int(d)] for d in digits)


def cut(text, clips, lang):
    """The fewest clip texts that make up `text`, or None. Chinese is cut anywhere, English between words.

    Of two equally short ways the one with the longer clips in front wins: 六十一·号 and not 六·十一号.
    """
    parts, glue = (list(text), "") if lang == "zh" else (text.split(), " ")
    best = [None] * len(parts) + [[]]
    for start in range(len(parts) - 1, -1, -1):
        for end in range(min(len(parts), start + 12), start, -1):
            piece = glue.join(parts[start:end])
            if piece in clips and best[end] is not None and (best[start] is None or len(best[end]) + 1 < len(best[start])):
                best[start] = [piece] + best[end]
    return best[0]
