"""What a client answers to a challenge, worked out from the RFCs alone."""
import base64
import hashlib
import hmac
import re


def encode(data):
    return base64.b64encode(data).decode()


def apop(stamp, secret):
    """RFC 1939 s. 7."""
    return hashlib.md5(stamp + secret.encode()).hexdigest()


def cram_md5(stamp, user, secret):
    """RFC 2195 s. 2."""
    return encode(f'{user} {hmac.new(secret.encode(), stamp, "md5").hexdigest()}'.encode())


class Scram:
    """RFC 5802 s. 3, the client's side; the mechanism says which hash."""

    NONCE = 'rOprNGfwEbeRWgbNEkqO'

    def __init__(self, mechanism):
        self.hash = {'SCRAM-SHA-1': 'sha1', 'SCRAM-SHA-256': 'sha256'}[mechanism.upper()]

    def first(self, user):
        """Of "USER", or of a header such as "y,," and USER."""
        header, _, name = user.rpartition(',,')
        self.header = f'{header or "n"},,'
        self.bare = f'n={name},r={self.NONCE}'
        return encode(f'{self.header}{self.bare}'.encode())

    def challenge(self, text):
        """The server's first message, of which the nonce is returned."""
        self.told = base64.b64decode(text).decode()
        return self.told[2:].partition(',')[0]

    def final(self, password):
        """The answer to it, and the signature that the server has to give."""
        nonce, salt, count = re.fullmatch('r=(.*),s=(.*),i=(.*)', self.told).groups()
        last = f'c={encode(self.header.encode())},r={nonce}'
        signed = f'{self.bare},{self.told},{last}'
        salted = hashlib.pbkdf2_hmac(self.hash, password.encode(), base64.b64decode(salt), int(count))
        client, server = self.hmac(salted, b'Client Key'), self.hmac(salted, b'Server Key')
        stored = hashlib.new(self.hash, client).digest()
        proof = bytes(a ^ b for a, b in zip(client, self.hmac(stored, signed.encode())))
        signature = b'v=' + base64.b64encode(self.hmac(server, signed.encode()))
        return encode(f'{last},p={encode(proof)}'.encode()), encode(signature)

    def hmac(self, key, data):
        return hmac.new(key, data, self.hash).digest()
