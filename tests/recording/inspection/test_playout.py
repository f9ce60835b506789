"""Where in time a voice is heard."""

from relay.recording.inspection.playout import RATE, Playout


def test_audio_sounds_when_it_comes() -> None:
    """After a silence, audio begins at its own time."""
    voice = Playout()
    assert voice.place(1.0, RATE) == RATE
    assert voice.place(5.0, RATE) == 5 * RATE
    assert voice.end == 6 * RATE


def test_audio_that_comes_early_queues() -> None:
    """What comes while something sounds begins behind it."""
    voice = Playout()
    assert [voice.place(at, RATE) for at in (1.0, 1.1, 1.2)] == [RATE, 2 * RATE, 3 * RATE]


def test_a_late_message_leaves_no_gap() -> None:
    """A gap shorter than the slack is closed; a longer one stays."""
    voice = Playout()
    voice.place(0.0, RATE)
    assert voice.place(1.15, RATE, 0.2) == RATE
    assert voice.place(2.25, RATE, 0.2) == round(2.25 * RATE)


def test_what_was_to_sound_can_be_forgotten() -> None:
    """After a hush the next audio begins at its own time, however much had queued."""
    voice = Playout()
    voice.place(0.0, 10 * RATE)
    voice.hush(2.0)
    assert voice.place(3.0, RATE) == 3 * RATE
    voice.hush(9.0)
    assert voice.end == 4 * RATE


def test_no_time_is_before_the_session() -> None:
    """A damaged time before the opening counts as the opening."""
    assert Playout().place(-7.0, 1) == 0
