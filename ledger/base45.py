"""Base45: bytes in the 45 characters that a QR code holds in eleven bits a pair.

Two bytes are three characters, a last single byte is two; the least significant digit stands first. Reading is strict: a
character outside the alphabet, a group above its bytes' range, or a length that no bytes give is refused, so that a text has
one meaning and bytes one text.

Reference: RFC 9285.
"""

from ledger.errors import PaperEncodingError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_DIGITS = {letter: digit for digit, letter in enumerate(_ALPHABET)}
_BASE = len(_ALPHABET)


def encode(data: bytes) -> str:
    """The text of these bytes."""
    parts: list[str] = []
    for at in range(0, len(data), 2):
        group = data[at : at + 2]
        value = int.from_bytes(group, "big")
        for _ in range(len(group) + 1):
            value, digit = divmod(value, _BASE)
            parts.append(_ALPHABET[digit])
    return "".join(parts)


def decode(text: str) -> bytes:
    """The bytes that a text encodes.

    Raises:
        PaperEncodingError: it encodes none.
    """
    if len(text) % 3 == 1:
        raise PaperEncodingError(f"base45 of {len(text)} characters, which no bytes give: some are missing or too many")
    data = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        value, weight = 0, 1
        for place, letter in enumerate(group, at):
            digit = _DIGITS.get(letter)
            if digit is None:
                raise PaperEncodingError(f"character {place} is none of base45")
            value += digit * weight
            weight *= _BASE
        size = len(group) - 1
        if value >> (8 * size):
            raise PaperEncodingError(f"the group at character {at} stands for more than {size} bytes can")
        data += value.to_bytes(size, "big")
    return bytes(data)
