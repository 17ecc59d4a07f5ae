"""Vectors for texts: hashed words and character trigrams, so that similar texts lie near each other."""

from __future__ import annotations

import base64
import itertools
import math
import re
import struct
import zlib
from collections.abc import Iterable, Sequence

DIMENSIONS = 256

_WORD = re.compile(r"\w+")
_PACK = struct.Struct(f"<{DIMENSIONS}f")
_WORD_WEIGHT = 1.0
_TRIGRAM_WEIGHT = 0.45


def embed_text(text: str) -> tuple[float, ...]:
    """The unit vector of a text; values are exact float32."""
    features = [(f"w:{word}", _WORD_WEIGHT) for word in _WORD.findall(text.lower())]
    padded = f"\u0002{text}\u0003"
    features += [(padded[at : at + 3], _TRIGRAM_WEIGHT) for at in range(max(1, len(padded) - 2))]
    return _unit(features, text)


def embed_tokens(tokens: Sequence[int]) -> tuple[float, ...]:
    """The unit vector of a text given as token numbers."""
    features = [(f"t:{token}", _WORD_WEIGHT) for token in tokens]
    features += [(f"{left},{right}", _TRIGRAM_WEIGHT) for left, right in itertools.pairwise(tokens)]
    return _unit(features, repr(tokens))


def as_base64(vector: Sequence[float]) -> str:
    """Little-endian float32 in base64, as OpenAI clients ask for by default."""
    return base64.b64encode(_PACK.pack(*vector)).decode("ascii")


def _unit(features: Iterable[tuple[str, float]], whole: str) -> tuple[float, ...]:
    vector = [0.0] * DIMENSIONS
    for feature, weight in features:
        code = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
        # Three places from one hash: a byte each, and a sign from the fourth.
        vector[code & 255] += weight if code & 1 << 24 else -weight
        vector[code >> 8 & 255] += weight if code & 1 << 25 else -weight
        vector[code >> 16 & 255] += weight if code & 1 << 26 else -weight
    norm = math.sqrt(math.fsum(value * value for value in vector))
    if norm < 1e-9:
        vector[zlib.crc32(whole.encode("utf-8", "surrogatepass")) % DIMENSIONS] = norm = 1.0
    return _PACK.unpack(_PACK.pack(*(value / norm for value in vector)))
