"""Lines as dialogues write them: escapes, and patterns that answers fit."""
import re


class Failure(Exception):
    """Something is not as the dialogue says."""


def unescape(text):
    text = re.sub(r'\{(\d+)\*(.+?)\}', lambda m: m[2] * int(m[1]), text)
    one = {b'n': b'\n', b'r': b'\r', b'0': b'\0', b'\\': b'\\'}
    return re.sub(rb'\\(x[0-9a-f]{2}|[nr0\\])',
                  lambda m: one.get(m[1]) or bytes([int(m[1][1:], 16)]), text.encode())


def matches(pattern, line, known):
    """Does the line fit? Then what {name} stood for is known from now on."""
    regex = b''
    for token in re.findall(r'\\x[0-9a-f]{2}|\\.|\{[a-z]+\}|.', pattern):
        if token == '*':
            regex += b'.*'
        elif token == '?':
            regex += b'.'
        elif token[0] == '{' and token[1:]:
            name = token[1:-1]
            regex += re.escape(known[name]) if name in known else f'(?P<{name}>\\S+)'.encode()
        else:
            regex += re.escape(unescape(token))
    found = re.fullmatch(regex, line, re.DOTALL)
    if found:
        known.update(found.groupdict())
    return found is not None
