"""Static word vectors: a text's meaning as the weighed mean of its pieces' vectors. All from a package, never from the network."""

import importlib.util
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pieces = NDArray[np.uint16]
PIECES_READ = 3000
"""Pieces of a text that count; a page has some 700."""


@dataclass(frozen=True)
class Embedding:
    """A vector for each piece of a word."""

    vectors: Floats
    tokenizer: Any

    @property
    def pieces(self) -> int:
        return len(self.vectors)

    def split(self, text: str) -> Pieces:
        """The pieces a text is made of."""
        found = self.tokenizer.encode(text, add_special_tokens=False).ids[:PIECES_READ]
        return np.array(found, dtype=np.uint16)

    def pool(self, texts: Sequence[Pieces], weights: Floats) -> Floats:
        """A row of length 1 for each text (of zeros for one that says nothing), from its pieces weighed by `weights`."""
        if len(texts) == 1:
            sums: Floats = weights[texts[0]][np.newaxis] @ self.vectors[texts[0]]
            return _of_length_1(sums)
        from scipy.sparse import csr_array

        ends = np.cumsum([0, *map(len, texts)])
        pieces = np.concatenate([np.empty(0, np.uint16), *texts])
        held = csr_array((weights[pieces], pieces.astype(np.int32), ends), shape=(len(texts), self.pieces))
        return _of_length_1(np.asarray(held @ self.vectors, dtype=np.float32))


def _of_length_1(rows: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Floats = (rows / np.maximum(lengths, 1e-9)).astype(np.float32, copy=False)
    return scaled


@cache
def load() -> Embedding | None:
    """The vectors, or None where they can't be had, which is logged once. Takes half a second the first time."""
    try:
        return _load()
    except Exception:
        logging.getLogger(__name__).warning(
            "Similar requests are found by words alone: the word vectors can't be loaded.", exc_info=True
        )
        return None


def _load() -> Embedding | None:
    if importlib.util.find_spec("wordllama") is None:
        logging.getLogger(__name__).warning(
            "Similar requests are found by words alone: there is no wordllama for this machine."
        )
        return None
    root, quiet = logging.getLogger(), logging.NullHandler()
    root.addHandler(quiet)  # the package configures everybody's logging where nobody has
    try:
        import wordllama
    finally:
        root.removeHandler(quiet)
    # It looks for its own tokenizer in the wrong folder and would fetch it; named as its cache, the right one is found.
    own = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=own, disable_download=True)
    model.tokenizer.no_padding()
    return Embedding(np.ascontiguousarray(model.embedding, dtype=np.float32), model.tokenizer)
