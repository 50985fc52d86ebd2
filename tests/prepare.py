#!/usr/bin/env python3
"""SASLprep as Python's own tables of RFC 3454 and Unicode 3.2 have it. TAP.

Every character alone, and many at random: what prep.c makes of them is what
is made of them here. Where Unicode has changed since, it is listed.
"""
import os
import random
import stringprep
import subprocess
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
OLD = unicodedata.ucd_3_2_0
PROHIBITED = (stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
              stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
              stringprep.in_table_c9)
MENDED = '\U0002f868\U0002f874\U0002f91f\U0002f95f\U0002f9bf'  # Corrigendum 4, after 3.2
LONG, FORBIDDEN, EMPTY = 'too long', 'not allowed there', 'both needed'

EXAMPLES = (  # what, how, text, what becomes of it
    ('RFC 4013: the soft hyphen goes', 'x', 'I\u00adX', 'IX'),
    ('RFC 4013: no change', 'x', 'user', 'user'),
    ('RFC 4013: case is kept', 'x', 'USER', 'USER'),
    ('RFC 4013: NFKC, of Latin 1', 'x', '\u00aa', 'a'),
    ('RFC 4013: NFKC, as "IX" above', 'x', '\u2168', 'IX'),
    ('RFC 4013: a control character', 'x', '\u0007', FORBIDDEN),
    ('RFC 4013: from right to left', 'x', '\u0627\u0031', FORBIDDEN),
    ('signs inside do not matter', 'x', '\u0627\u0031\u0627', '\u0627\u0031\u0627'),
    ('both directions', 'x', '\u0627a\u0627', FORBIDDEN),
    ('nothing', 'x', '', EMPTY),
    ('nothing is left', 'x', '\u00ad', EMPTY),
    ('an accent is composed', 'q', 'jo\u0308rg', 'jörg'),
    ('marks are put in order', 'q', 'a\u0301\u0323', '\u1ea1\u0301'),
    ('Hangul', 'q', '\u1112\u1161\u11ab', '\ud55c'),
    ('a space that is none', 'q', 'a\u00a0b', 'a b'),
    ('a fullwidth slash is one', 'q', '\uff0e\uff0e\uff0f', '../'),
    ('ASCII as it comes', 'q', 'a\tb\x7f', 'a\tb\x7f'),
    ('no ASCII', 'q', 'ä\t', FORBIDDEN),
    ('Latin 1 as it comes', 'q', b'\xe4\t', b'\xe4\t'),
    ('half a character', 'q', b'a\xc3', b'a\xc3'),
    ('a surrogate, too long a form', 'q', b'\xed\xa0\x80\xc0\xaf', b'\xed\xa0\x80\xc0\xaf'),
    ('strictly, Latin 1', 'x', b'\xe4', FORBIDDEN),
    ('to be stored, Latin 1', 's', b'\xe4', FORBIDDEN),
    ('unassigned', 'q', '\u0378', '\u0378'),
    ('to be stored, unassigned', 's', '\u0378', FORBIDDEN),
    ('younger than Unicode 3.2', 's', '\U0001f600', '\U0001f600'),
    ('typed: an accent is composed', 't', 'o\u0308', 'ö'),
    ('typed: a 2 remains what it is', 't', 'x\u00b2\u00b5', 'x\u00b2\u00b5'),
    ('typed: a space that is none', 't', 'a\u00a0b', 'a b'),
    ('typed: nothing goes', 't', '\u2764\ufe0f\u00ad', '\u2764\ufe0f\u00ad'),
    ('255 bytes', 'q', 'ä' + 'x' * 253, 'ä' + 'x' * 253),
    ('256 bytes', 'q', 'ä' + 'x' * 254, LONG),
    ('255 bytes of ASCII', 'q', 'x' * 255, 'x' * 255),
    ('256 bytes of ASCII', 'q', 'x' * 256, LONG),
    ('what grows to 255 bytes', 'q', '\ufdfa' * 6 + '.' * 24 + '\ufdfa', None),
    ('what grows to 256 bytes', 'q', '\ufdfa' * 6 + '.' * 25 + '\ufdfa', LONG),
    ('what grows most', 'x', '\ufdfa' * 85, LONG),
    ('more than there is room for', 'x', '\ufdfa' * 86, LONG),
    ('nothing but marks', 'x', '\uff9e' * 85, '\u3099' * 85),
)


def encode(text):
    return text if isinstance(text, bytes) else text.encode()


def prepare(how, texts):
    """By the program: bytes, or a str that says what is wrong."""
    lines = ''.join(f'{how}{encode(text).hex()}\n' for text in texts)
    done = subprocess.run([f'{HERE}/bin/prepare'], input=lines, capture_output=True, text=True, timeout=100, check=True)
    return [line[1:] if line.startswith('-') else bytes.fromhex(line) for line in done.stdout.splitlines()]


def strip(text, form):
    spaced = ''.join(' ' if stringprep.in_table_c12(c) else c for c in text)
    return ''.join(c for c in spaced if form == 'NFC' or not stringprep.in_table_b1(c))


def model(text):
    """None if it is refused."""
    text = OLD.normalize('NFKC', strip(text, 'NFKC'))
    if not text or any(table(c) for c in text for table in PROHIBITED):
        return None
    if any(stringprep.in_table_d1(c) for c in text):
        ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
        if not ends or any(stringprep.in_table_d2(c) for c in text):
            return None
    return text.encode()


def typed(text):
    return OLD.normalize('NFC', strip(text, 'NFC')).encode()


def at_random(characters, count):
    rng = random.Random(4013)
    marks = [c for c in characters if OLD.combining(c)]
    changing = [c for c in characters if OLD.decomposition(c)] + [chr(c) for c in range(0x1100, 0x1200)]
    pools = (marks, changing, changing, characters)
    texts = (''.join(rng.choice(rng.choice(pools)) for _ in range(rng.randint(1, 9))) for _ in range(count))
    return [t for t in texts if not stringprep.in_table_a1(t[0]) and not any(map(stringprep.in_table_a1, t))]


def differences(how, texts, want):
    got = prepare(how, texts)
    if len(got) != len(texts):
        return [f'{len(got)} answers to {len(texts)} texts']
    return [f'{text!a}: {g!r}, not {want(text)!r}' for text, g in zip(texts, got)
            if (None if isinstance(g, str) else g) != want(text)]


def is_short(text):
    return len(model(text) or b'') < 256 and len(typed(text)) < 256


def main():
    failed = False

    def report(what, why):
        nonlocal failed
        failed |= bool(why)
        print(f'{"not " * bool(why)}ok - prepare: {what}' + ''.join(f'\n# {line}' for line in why[:9]))

    for what, how, text, want in EXAMPLES:
        got = prepare(how, [text])[0]
        if isinstance(got, str):
            good = want in (LONG, FORBIDDEN, EMPTY) and got.endswith(want)
        else:
            good = want is None or got == encode(want)
        report(what, [] if good else [f'{got!r}'])
    old = [chr(c) for c in range(1, 0x110000) if not 0xd800 <= c < 0xe000 and chr(c) not in MENDED]
    old = [c for c in old if not stringprep.in_table_a1(c)]
    texts = [t for t in at_random(old, 30000) if is_short(t)]
    report(f'each of {len(old)} characters', differences('x', old, model))
    report(f'{len(texts)} texts', differences('x', texts, model))
    wide = [t for t in texts if not t.isascii()]
    report(f'{len(wide)} texts, as they are typed', differences('t', wide, typed))
    kept = [t for t in texts if model(t)]
    report(f'{len(kept)} prepared ones stay as they are',
           differences('x', [model(t).decode() for t in kept], lambda t: t.encode()))
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
