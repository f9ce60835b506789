"""Both voices as peaks."""

import pytest

from relay.core.prices import Prices
from relay.recording import RecordingError
from relay.recording.inspection import inspect_recording
from relay.recording.inspection.waveform import COLUMNS, MAX_ROWS, Row, row_length_s, rows_of
from tests.fakes.recordings import Scripted
from tests.recording.inspection.test_wav import append, delta


@pytest.fixture
def rows(tmp_path):
    def rows(script: Scripted) -> list[Row]:
        recording = script.write(tmp_path / "one.jsonl")
        return list(rows_of(recording, inspect_recording(recording, Prices({}))))

    return rows


@pytest.mark.parametrize(
    ("duration_s", "length_s"),
    [(0.0, 1), (1.0, 1), (1.5, 2), (29.0, 30), (31.0, 30), (1800.0, 30), (1801.0, 60), (3600.0, 60), (43_200.0, 900)],
)
def test_the_length_of_rows(duration_s, length_s) -> None:
    """Half a minute is one row; longer sessions have rows that are as short as the page's length allows."""
    assert row_length_s(duration_s) == length_s
    assert duration_s / length_s <= MAX_ROWS


def test_peaks_stand_where_the_voice_is(rows) -> None:
    """Each voice has its own peaks, in time, and they end where the session ends."""
    script = Scripted().up(append(0.5, -16_384), 1.0).down(delta(31.0, 8192), 2.0).closed_by_peer(34.5)
    first, second = rows(script)
    second_columns = COLUMNS / 30
    assert (first.start_s, second.start_s) == (0, 30)
    assert len(first.peer) == len(first.upstream) == COLUMNS
    assert len(second.peer) == len(second.upstream) == 4.5 * second_columns
    loud = [number for number, peak in enumerate(first.peer) if peak == 0.5]
    assert loud == list(range(round(second_columns - 0.4), round(1.5 * second_columns)))
    assert first.upstream[-1] == second.upstream[0] == 0.25
    assert second.upstream[-1] == 0.0


def test_a_recording_of_nothing(rows) -> None:
    """A session that ended at once has no rows."""
    assert rows(Scripted().closed_by_peer(0.0)) == []


def test_a_damaged_time_makes_no_endless_page(rows) -> None:
    """A recording that claims to last for days is refused."""
    with pytest.raises(RecordingError, match="lasts longer than 12 hours"):
        rows(Scripted().closed_by_peer(1e300))
