"""Whether somebody has done speaking, by the sound of it: Smart Turn's model, version 3, which is not shipped here.

Its makers publish it under the BSD licence with 2 clauses; docs/cascade.md says where.
"""

from pathlib import Path
from typing import Any

from relay.cascade.ears.features import RATE, SECONDS, Features

THREADS = 1


class SmartTurn:
    """Judges turns. It may be called from one thread at a time.

    Args:
        path: of the ONNX file.

    Raises:
        ImportError: the extra `smart-turn` is not installed.
        ValueError: the file holds no model that takes what this one does.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime  # noqa: PLC0415 - 40 MB, for who has Smart Turn
        from onnxruntime.capi import onnxruntime_pybind11_state as wrong  # noqa: PLC0415 - 40 MB, likewise

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        try:
            self._model: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except (wrong.Fail, wrong.InvalidArgument, wrong.InvalidGraph, wrong.InvalidProtobuf, wrong.NotImplemented):
            raise ValueError(f"{path} holds no ONNX model") from None
        shapes = [(each.name, each.shape[1:]) for each in self._model.get_inputs()]
        if shapes != [("input_features", [80, 800])]:
            raise ValueError(f"{path} holds another model than Smart Turn v3")
        self._features = Features()

    def judge(self, pcm: bytes) -> float:
        """How likely a turn is over, from 0 to 1, by its last 8 s of PCM16 at 24 kHz. It takes a few dozen ms."""
        import numpy as np  # noqa: PLC0415 - 20 MB, loaded by now
        import soxr  # noqa: PLC0415 - 1 MB, for who has a cascade

        last = np.frombuffer(pcm[-2 * 24_000 * SECONDS :], dtype="<i2").astype(np.float32) / 32768
        samples = soxr.resample(last, 24_000, RATE, quality="MQ")
        (found,) = self._model.run(None, {"input_features": self._features.of(samples)[None]})
        return float(found[0][0])
