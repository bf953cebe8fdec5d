"""Legacy license files, as the gitlab-license gem reads and writes them, measured with its version 2.4.0 (source: licenses).

From inside to outside: JSON; AES-128-CBC with a fresh key; that key, signed with RSA (PKCS#1 v1.5 without a hash); the three of them in base64 as a
JSON object; and that in base64 once more. Lines of base64 have 60 columns.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supops.adapters.license_payload import Content, NotJson, Unclear, attributes_of, from_json, to_json
from supops.models.licenses import License, Opened
from supops.services.license_ports import LicenseReader, LicenseSigner

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

COLUMNS = 60
KEY_BYTES = BLOCK_BYTES = 16
# A license has about two thousand.
MOST_BYTES = 256 * 1024
BEGIN = re.compile(r"^-*BEGIN .+? LICENSE-*[ \t]*$", re.MULTILINE)
END = re.compile(r"^-*END .+? LICENSE-*[ \t]*$", re.MULTILINE)
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
BYTE_ORDER_MARK = "\ufeff"
LAYERS = ("data", "key", "iv")


def encoded(data: bytes) -> str:
    """Return base64 in lines of 60 characters, each ended by a line feed, the last one included."""
    text = base64.b64encode(data).decode()
    return "".join(f"{text[start : start + COLUMNS]}\n" for start in range(0, len(text), COLUMNS))


class Broken(Exception):
    """The file is no license; the message says why, after "the file"."""


@dataclass(frozen=True, slots=True)
class RsaSigner(LicenseSigner):
    """Signs license files.

    Attributes:
        key: See `supops.adapters.license_keys`.
    """

    key: "RSAPrivateKey"

    def sign(self, content: License) -> str:
        """See `supops.services.license_ports.LicenseSigner`."""
        return self.sealed(attributes_of(content))

    def sealed(self, attributes: Mapping[str, object]) -> str:
        """Return a license file that says whatever it is given."""
        return self.sealed_bytes(to_json(attributes))

    def sealed_bytes(self, payload: bytes) -> str:
        """Return what has the layers of a license file, around any bytes."""
        from cryptography.hazmat.primitives.asymmetric import padding, utils
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.padding import PKCS7

        key, iv = os.urandom(KEY_BYTES), os.urandom(BLOCK_BYTES)
        padder = PKCS7(8 * BLOCK_BYTES).padder()
        padded = padder.update(payload) + padder.finalize()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        data = encryptor.update(padded) + encryptor.finalize()
        signed = self.key.sign(key, padding.PKCS1v15(), utils.NoDigestInfo())
        layers = {"data": encoded(data), "key": encoded(signed), "iv": encoded(iv)}
        return encoded(to_json(layers))

    def reader(self) -> LicenseReader:
        """See `supops.services.license_ports.LicenseSigner`."""
        return RsaReader(self.key.public_key())


@dataclass(frozen=True, slots=True)
class RsaReader(LicenseReader):
    """Reads license files.

    Attributes:
        key: See `supops.adapters.license_keys`.
    """

    key: "RSAPublicKey"

    def read(self, data: bytes) -> Opened:
        """See `supops.services.license_ports.LicenseReader`."""
        oddities: list[str] = []
        text = ""
        try:
            body, text = _body(data, oddities)
            attributes = from_json(self._payload(body), "what is inside of it")
        except (Broken, NotJson) as error:
            return Opened(None, problems=(str(error),), oddities=tuple(oddities), text=text)
        content = Content(attributes)
        found = content.license()
        return Opened(found, attributes, tuple(content.problems), tuple(oddities), text)

    def _payload(self, body: str) -> bytes:
        """Take the layers off."""
        decoded = _decoded(body, "it")
        try:
            envelope = from_json(decoded, "what it decodes to")
        except Unclear:
            raise
        except NotJson as error:
            raise Broken(
                f"{error}: it is cut short or damaged, there is text around it, or it is no license"
            ) from None
        missing = [name for name in LAYERS if not isinstance(envelope.get(name), str)]
        if missing:
            raise Broken(f"it has no {' and no '.join(missing)}: it is cut short, or no license")
        data, signed, iv = (_decoded(str(envelope[name]), f"its {name}") for name in LAYERS)
        if len(iv) != BLOCK_BYTES:
            raise Broken(f"its iv has {len(iv)} bytes, and should have {BLOCK_BYTES}")
        if not data or len(data) % BLOCK_BYTES:
            raise Broken(
                f"its data has {len(data)} bytes, which is no whole number of blocks: it is cut short"
            )
        return _decrypted(data, self._recovered(signed), iv)

    def _recovered(self, signed: bytes) -> bytes:
        """Return the AES key that was signed."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import padding, utils

        wanted = (self.key.key_size + 7) // 8
        if len(signed) != wanted:
            raise Broken(
                f"its key has {len(signed)} bytes, and with this public key it would have {wanted}: another key signed it, or it is damaged"
            )
        try:
            key = self.key.recover_data_from_signature(signed, padding.PKCS1v15(), utils.NoDigestInfo())
        except (InvalidSignature, ValueError):
            raise Broken("it was signed with another key than this public key's, or is damaged") from None
        if len(key) != KEY_BYTES:
            raise Broken(f"the key inside of it has {len(key)} bytes, and should have {KEY_BYTES}")
        return key


def _decrypted(data: bytes, key: bytes, iv: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    unpadder = PKCS7(8 * BLOCK_BYTES).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Broken("its data can't be decrypted: it is damaged") from None


def _body(data: bytes, oddities: list[str]) -> tuple[str, str]:
    """Return the base64 of a file, and the license without what is around it.

    GitLab takes what follows the last BEGIN line; where there are several, it is not certain which one was meant, so none is taken.
    """
    if len(data) > MOST_BYTES:
        raise Broken(f"it is longer than {MOST_BYTES >> 10} KiB: no license is")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Broken("it is no text: a license is base64, in ASCII") from None
    if text.startswith(BYTE_ORDER_MARK):
        oddities.append("a byte-order mark stands before the license")
        text = text.removeprefix(BYTE_ORDER_MARK)
    if "\r" in text:
        oddities.append("its lines end with a carriage return")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Broken("it is empty")
    begins = list(BEGIN.finditer(text))
    if not begins:
        return text, text
    if len(begins) > 1:
        raise Broken(f"it has {len(begins)} licenses in it: take them apart, and look at each")
    (begin,) = begins
    rest = text[begin.end() :]
    end = END.search(rest)
    if end is None:
        oddities.append("its END line is missing")
    after = rest[end.end() :] if end else ""
    if text[: begin.start()].strip() or after.strip():
        oddities.append("there is text around the license")
    inside = rest[: end.start()] if end else rest
    return inside, text[begin.start() : begin.end() + (end.end() if end else len(rest))]


def _decoded(text: str, what: str) -> bytes:
    """Decode base64 strictly: the lenient way drops what it does not know, and then two texts that differ are one license."""
    packed = "".join(text.split())
    if not packed:
        raise Broken(f"{what} is empty")
    if not BASE64.fullmatch(packed):
        followed = re.search(r"=[^=]", packed)
        problem = (
            "goes on after its end: several licenses, or text behind it"
            if followed
            else "has characters that are not base64: there is text around it, or it is no license"
        )
        raise Broken(f"{what} {problem}")
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise Broken(f"{what} is no whole base64: it is cut short") from None
