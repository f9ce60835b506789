"""The search for a limit."""

import pytest

from bench.capacity import STEP, search


@pytest.mark.parametrize("limit", [0, 1, 7, 20])
def test_the_limit_is_found(limit) -> None:
    """The greatest step that is carried, also where that is none or all."""
    assert search(20 * STEP, lambda sessions: sessions <= limit * STEP) == limit * STEP


def test_the_search_halves() -> None:
    """Each question takes seconds, so few are asked, and none twice."""
    asked: list[int] = []

    def carries(sessions: int) -> bool:
        asked.append(sessions)
        return sessions < 300

    search(28 * STEP, carries)
    assert len(asked) == len(set(asked)) <= 5
