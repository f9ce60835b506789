"""An ONNX model with the inputs of Smart Turn's, written by hand: the mean of each band over all frames."""

from collections.abc import Sequence


def _number(value: int) -> bytes:
    """A varint of Protocol Buffers."""
    more, last = divmod(value, 128)
    return _number_ahead(last, more)


def _number_ahead(last: int, more: int) -> bytes:
    return bytes([last | (128 if more else 0)]) + (_number(more) if more else b"")


def _whole(place: int, value: int) -> bytes:
    return _number(place << 3) + _number(value)


def _part(place: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return _number(place << 3 | 2) + _number(len(data)) + data


def _tensor(name: str, shape: Sequence[int]) -> bytes:
    dimensions = _part(1, _part(2, "n")) + b"".join(_part(1, _whole(1, size)) for size in shape)
    return _part(1, name) + _part(2, _part(1, _whole(1, 1) + _part(2, dimensions)))


def write_model(name: str, shape: Sequence[int]) -> bytes:
    """A model with one input of this name and shape, behind the batch."""
    axes = _part(5, _part(1, "axes") + _whole(8, len(shape)) + _whole(20, 7))
    keeps = _part(5, _part(1, "keepdims") + _whole(3, 0) + _whole(20, 2))
    node = _part(1, name) + _part(2, "logits") + _part(4, "ReduceMean") + axes + keeps
    graph = _part(1, node) + _part(2, "g") + _part(11, _tensor(name, shape)) + _part(12, _tensor("logits", shape[:-1]))
    return _whole(1, 8) + _part(7, graph) + _part(8, _whole(2, 13))
