"""Speech recognition by pocketsphinx with a grammar: it hears one of its sentences, or nothing."""

import io
import tempfile
import wave
from pathlib import Path
from typing import Any

from relay.stand_ins.demo.grammar import ANSWERS, jsgf

RATE = 16_000
MARGIN_S = 0.25
"""Of silence around a turn, without which the first and the last word are missed."""


class GrammarEar:
    """Hears the sentences of the grammar.

    Raises:
        ImportError: the extras `cascade` and `cascade-demo` are not installed.
    """

    def __init__(self) -> None:
        from pocketsphinx import Decoder  # noqa: PLC0415 - 40 MB, for the demonstration

        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory, "museum.jsgf")
            file.write_text(jsgf())
            self._decoder: Any = Decoder(jsgf=str(file), samprate=RATE, loglevel="FATAL")

    def hear(self, file: bytes) -> str:
        """What was said in a WAV file; empty where it was nothing that is known. It takes some 30 ms."""
        pcm = _at_its_rate(file)
        silence = bytes(2 * round(MARGIN_S * RATE))
        self._decoder.start_utt()
        self._decoder.process_raw(silence + pcm + silence, no_search=False, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        said = found.hypstr if found else ""
        return f"{said[0].upper()}{said[1:]}." if said in ANSWERS else ""


def _at_its_rate(file: bytes) -> bytes:
    import numpy as np  # noqa: PLC0415 - 20 MB, for the demonstration
    import soxr  # noqa: PLC0415 - 1 MB, likewise

    with wave.open(io.BytesIO(file)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        rate = sound.getframerate()
    return bytes(soxr.resample(samples, rate, RATE).astype("<i2").tobytes())
