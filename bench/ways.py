"""Every way to log in: what the client says, and what the secrets file has for it."""
import base64
import os
import re
import socket
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tests'))

import answers  # of the tests: what a client answers to a challenge

PASSWORD = 'benchpass'
CERTIFICATE = 'CN=bench'
SHA256 = '{CRYPT}$5$rounds=1000$bench$2RUTyK9Gbf8hCuyPD8mFiCuwXem8hXrkTOn91WSw6p3'
SHA512 = '{CRYPT}$6$bench$tw9eSV7xUDQhaMaQAD0oqFAHycJJfzzckXCXti5I7bMyIdKL3A7jKqhvVaU0jUPvlMhFhzroD0ub7EvttaOhb0'
YESCRYPT = '{CRYPT}$y$j9T$WJaPXVa9WJaPXVa9WJaPX/$VQqA0vC1xAcQOQwzNvsOyYIcfrJPi0xT/FaoAvQzGH/'
KEYS = '{SCRAM-SHA-256}4096,01fOk3jlS+VEEh4qIZS9Cg==,/5xnA8hqX6G4pKVJkjspHsEWkYrbl7Bcp+N74S1vP4Q=,LGc8f7/oHHz1NgqWtOEaULXoPvXdmz4EpnRKMuws4vk='


class Refused(Exception):
    """The server did not say +OK."""


class Talk:
    """A connection; it knows how long it has waited for the server since the greeting."""

    def __init__(self, port):
        self.sock = socket.create_connection(('127.0.0.1', port), 30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile('rb')
        self.greeting = self.file.readline()
        self.waited = 0.0

    def ask(self, line):
        began = time.perf_counter()
        self.sock.sendall(line.encode() + b'\r\n')
        said = self.file.readline()
        self.waited += time.perf_counter() - began
        if not said.startswith((b'+OK', b'+ ')):
            raise Refused(f'{line}: {said!r}')
        return said[2:].strip()

    def stamp(self):
        return re.search(rb'<.*>', self.greeting)[0]

    def close(self):
        self.file.close()
        self.sock.close()


def by_pass(talk, user):
    talk.ask(f'USER {user}')
    talk.ask(f'PASS {PASSWORD}')


def by_apop(talk, user):
    talk.ask(f'APOP {user} {answers.apop(talk.stamp(), PASSWORD)}')


def by_plain(talk, user):
    talk.ask('AUTH PLAIN ' + answers.encode(f'\0{user}\0{PASSWORD}'.encode()))


def by_cram(talk, user):
    stamp = base64.b64decode(talk.ask('AUTH CRAM-MD5'))
    talk.ask(answers.cram_md5(stamp, user, PASSWORD))


def by_scram(talk, user):
    scram = answers.Scram('SCRAM-SHA-256')
    scram.challenge(talk.ask('AUTH SCRAM-SHA-256 ' + scram.first(user)))
    final, _ = scram.final(PASSWORD)
    talk.ask(final)
    talk.ask('')


def by_external(talk, user):
    talk.ask('AUTH EXTERNAL ' + answers.encode(user.encode()))


# title: (what its user has in the secrets file, how he logs in); '' is nothing
WAYS = {
    'PASS, {PLAIN}': ('{PLAIN}' + PASSWORD, by_pass),
    'PASS, {CRYPT} SHA-256, 1000 rounds': (SHA256, by_pass),
    'PASS, {CRYPT} SHA-512': (SHA512, by_pass),
    'PASS, {CRYPT} yescrypt': (YESCRYPT, by_pass),
    'PASS, PAM, SHA-256, 1000 rounds': ('', by_pass),
    'PASS, checkpassword': ('', by_pass),
    'APOP': ('{PLAIN}' + PASSWORD, by_apop),
    'AUTH PLAIN, {PLAIN}': ('{PLAIN}' + PASSWORD, by_plain),
    'AUTH CRAM-MD5': ('{PLAIN}' + PASSWORD, by_cram),
    'AUTH SCRAM-SHA-256, keys': (KEYS, by_scram),
    'AUTH EXTERNAL': ('{EXTERNAL}' + CERTIFICATE, by_external),
}


def options(work, way):
    told = [f'--secrets={work}/ways', '--client-cert=SSL_CLIENT_DN']
    return told + [f'--checkpassword={work}/checkpassword'] * (way == 'PASS, checkpassword')


def session(port, way, user):
    """Login, STAT, QUIT; seconds that were waited for the login."""
    talk = Talk(port)
    try:
        WAYS[way][1](talk, user)
        waited = talk.waited
        talk.ask('STAT')
        talk.ask('QUIT')
        return waited
    finally:
        talk.close()
