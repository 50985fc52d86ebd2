"""Mail that looks like mail, the same on each machine: mboxes and Maildirs."""
import base64
import itertools
import os
import random

WORDS = ('the mail report of and schedule attached please meeting on Thursday we have received your order '
         'number invoice regards a in to is for server maintenance window update customer project draft '
         'version deadline budget question answer tomorrow with best wishes forwarded original message').split()
DAY = 'Mon, 4 Mar 2024 09:%02d:%02d +0000'


def text_lines(rnd, count):
    """What plain text consists of, with what a server has to be careful about."""
    odd = (b'.', b'..', b'>From the start', b'', b'', b'', b'.signature')
    for _ in range(count):
        if rnd.random() < 0.1:
            yield rnd.choice(odd)
        else:
            length = 1500 if rnd.random() < 0.002 else rnd.randrange(30, 72)
            words = itertools.chain.from_iterable(rnd.sample(WORDS, 20) for _ in range(length // 60 + 1))
            yield ' '.join(words)[:length].rstrip().encode()


class Pool:
    """Bodies are pieces of two long texts: that is quick, and no two are alike."""

    def __init__(self, seed):
        self.rnd = random.Random(seed)
        text = b'\n'.join(text_lines(self.rnd, 20000)) + b'\n'
        code = base64.encodebytes(self.rnd.randbytes(3 << 20))
        self.pools = (text, code)

    def piece(self, which, size):
        pool = self.pools[which]
        parts = []
        while size > 0:
            at = pool.index(b'\n', self.rnd.randrange(len(pool) // 2)) + 1
            parts.append(pool[at:at + size])
            size -= len(parts[-1])
        return b''.join(parts)

    def header(self, number):
        rnd = self.rnd
        user, when = rnd.randrange(5000), DAY % (number // 60 % 60, number % 60)
        lines = [f'Return-Path: <user{user}@mail.example.org>']
        for _ in range(rnd.randrange(1, 4)):
            lines.append(f'Received: from relay{rnd.randrange(90)}.example.net (relay.example.net [192.0.2.1])\n'
                         f'\tby mx.example.com (Postfix) with ESMTPS id {rnd.getrandbits(40):010X}\n'
                         f'\tfor <bench@example.com>; {when}')
        lines += [f'Message-ID: <{rnd.getrandbits(64):016x}.{number}@mail.example.org>', f'Date: {when}',
                  f'From: "User {user}" <user{user}@mail.example.org>', 'To: bench@example.com',
                  'Subject: ' + ' '.join(rnd.sample(WORDS, rnd.randrange(1, 9))), 'MIME-Version: 1.0']
        return '\n'.join(lines).encode()

    def message(self, number, size):
        """Without its From_ line and the blank line behind it."""
        head = self.header(number)
        if size < 1000:
            head = b'\n'.join(line for line in head.split(b'\n') if line[:8] not in (b'Received', b'\tby mx.e', b'\tfor <be'))
        if size < 8000:
            body = self.piece(0, max(20, size - len(head)))
            return head + b'\n\n' + body.strip(b'\n') + b'\n'
        text = self.piece(0, self.rnd.randrange(500, 3000))
        code = self.piece(1, size - len(head) - len(text))
        return (head + b'\nContent-Type: multipart/mixed; boundary="=_b"\n\n--=_b\n\n' + text + b'\n--=_b\n'
                b'Content-Transfer-Encoding: base64\n\n' + code.rstrip(b'\n') + b'\n--=_b--\n')


def sizes(rnd, count, total):
    """Most mail is small, most bytes are in large mail."""
    weights = [rnd.expovariate(1) * (0.1 if rnd.random() < 0.6 else 2.35) for _ in range(count)]
    least = min(900, total / count * 0.75)
    scale = (total - least * count) / sum(weights)
    return [int(least + w * scale) for w in weights]


def messages(count, total, seed=1):
    pool = Pool(seed)
    for number, size in enumerate(sizes(pool.rnd, count, total)):
        yield pool.message(number, size)


def pieces(count, total, seed=1):
    """Of an mbox."""
    for message in messages(count, total, seed):
        yield b'From user@mail.example.org Mon Mar  4 09:12:44 2024\n' + message + b'\n'


def write_mbox(path, count, total, seed=1):
    """Returns the octets that STAT must say."""
    octets = 0
    with open(path, 'wb', buffering=1 << 20) as f:
        for message in messages(count, total, seed):
            octets += len(message) + message.count(b'\n')
            f.write(b'From user@mail.example.org Mon Mar  4 09:12:44 2024\n' + message + b'\n')
    return octets


def write_plain(path, count, total, in_lines=True):
    """The same many times but for its number: of any size, quickly."""
    body = (b'all work and no play makes a dull mailbox of this, line by line\n' if in_lines else b'x' * 64) * 16384
    size = total // count
    with open(path, 'wb', buffering=1 << 20) as f:
        for number in range(count):
            head = (b'From user@mail.example.org Mon Mar  4 09:12:44 2024\n'
                    b'Received: from relay.example.net by mx.example.com id %010X\n'
                    b'Message-ID: <%d@mail.example.org>\nSubject: growth\n\n' % (number, number))
            left = max(size - len(head) - 2, 2)
            f.write(head)
            for _ in range(left // len(body)):
                f.write(body)
            f.write(body[:left % len(body)] + b'\n\n')


def write_maildir(path, count, total, seed=1):
    for part in ('', '/new', '/cur', '/tmp'):
        os.mkdir(path + part, 0o700)
    for number, message in enumerate(messages(count, total, seed)):
        with open(f'{path}/new/{1700000000 + number}.P1Q{number}.host', 'wb') as f:
            f.write(message)
