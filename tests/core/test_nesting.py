import pytest

from relay.core.nesting import is_nested_beyond


def nested(levels: int, kind: type[list[object]] | type[dict[str, object]]) -> object:
    value: object = 1
    for _ in range(levels):
        value = [0, value] if kind is list else {"a": value, "b": []}
    return value


@pytest.mark.parametrize("kind", [list, dict])
def test_depth_is_counted_to_the_level(kind) -> None:
    """So many objects and lists within one another are not beyond the limit, and one more is."""
    assert not is_nested_beyond(nested(0, kind), 0)
    assert not is_nested_beyond(nested(100, kind), 100)
    assert is_nested_beyond(nested(101, kind), 100)


def test_depth_costs_no_stack() -> None:
    """A value of any depth can be judged."""
    assert is_nested_beyond(nested(100_000, list), 100)
