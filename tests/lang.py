#!/usr/bin/env python3
"""Does every text that the client gets have its translation? TAP.

Texts are the literals of reply_ok(), reply_err(), sasl_fail() and
tell_error(), and those that login.c, session.c, proto.c and sasl.c hand
to them. A translation has the same conversions in the same order, is UTF-8,
and fits into a reply of 512 octets; none stands there for nothing.
"""
import os
import re
import sys

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LITERAL = r'(?:"(?:[^"\\]|\\.)*"|PRI\w+)'
LITERALS = rf'{LITERAL}(?:\s*{LITERAL})*'
NO_TEXT = {' ', '%u', '%u %u', '%u %s', '%u %PRIu64', r'+OK POP3 ready%s%s\r\n', 'AUTH'}


def source(name):
    with open(f'{TREE}/{name}', encoding='utf-8') as f:
        return re.sub(r'/\*.*?\*/', '', f.read(), flags=re.DOTALL)


def join(literals):
    return ''.join(part if part.startswith('PRI') else part[1:-1] for part in re.findall(LITERAL, literals))


def used():
    texts = set()
    for name in ('login.c', 'session.c', 'proto.c', 'reply.c', 'sasl.c', 'prep.c'):
        text = source(name)
        # The first argument of reply_ok(), all arguments of reply_err() and
        # what is chosen between or returned for it.
        for call in re.findall(r'reply_ok\([^,()]*,\s*(' + LITERALS + ')', text):
            texts.add(join(call))
        for call in re.findall(r'(?:reply_err|sasl_fail|tell_error)\((.*?)\);', text, re.DOTALL):
            texts |= {join(t) for t in re.findall(LITERALS, call) if ' ' in t}
        for call in re.findall(r'(?:(?<!>)wrong =|return)([^;]*);', text):
            texts |= {join(t) for t in re.findall(LITERALS, call) if ' ' in t}
    return texts - NO_TEXT


def table():
    body = source('lang.c').partition('texts[] = {')[2].partition('};')[0]
    return [(join(a), join(b)) for a, b in re.findall(rf'\{{({LITERALS}),\s*({LITERALS})\}}', body)]


def conversions(text):
    return re.findall(r'%(?:PRI\w+?(?=\W|$)|[a-z]+)', text.replace('PRIu64', 'PRIu64 '))


def main():
    rows, want, failed = table(), used(), []
    known = {english for english, german in rows}
    failed += [f'no translation of "{t}"' for t in sorted(want - known)]
    failed += [f'nobody says "{t}"' for t in sorted(known - want - {'language changed'})]
    for english, german in rows:
        if conversions(english) != conversions(german):
            failed.append(f'other conversions in "{german}"')
        if len(german.encode()) > 400:
            failed.append(f'too long: "{german}"')
        if english == german:
            failed.append(f'not translated: "{english}"')
    if len(rows) != len(known) or len(rows) < 30:
        failed.append(f'{len(rows)} rows, of {len(known)} texts')
    for why in failed:
        print(f'not ok - lang: {why}')
    if not failed:
        print(f'ok - lang: {len(rows)} texts have their translation')
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main())
