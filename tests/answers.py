"""What a client answers to a challenge, worked out from the RFCs alone."""
import base64
import hashlib
import hmac


def encode(data):
    return base64.b64encode(data).decode()


def apop(stamp, secret):
    """RFC 1939 s. 7."""
    return hashlib.md5(stamp + secret.encode()).hexdigest()


def cram_md5(stamp, user, secret):
    """RFC 2195 s. 2."""
    return encode(f'{user} {hmac.new(secret.encode(), stamp, "md5").hexdigest()}'.encode())
