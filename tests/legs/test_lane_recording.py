"""The fast lane's lines of a recording: what the recorder would write, or nothing at all."""

import random
from types import SimpleNamespace

import orjson
import pytest

from relay.core.redaction import Secrets
from relay.legs.lanes import WHY_NOT
from relay.recording.buffer import Backlog, Limits, RecordingBuffer
from relay.recording.format import said_by_relay, write_message
from relay.recording.recorder import Recorder
from relay.recording.redaction import Redactor
from tests.recording.test_format import HEADER

if not WHY_NOT:
    from relay.legs.lane import recorded_line

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=f"the lane is not compiled: {WHY_NOT}")

SECRETS = Secrets(["sk-secret-0123456789", "QUJDREVG", "0.A", "AAAA-"])
KINDS = [
    "input_audio_buffer.append", "session.input_audio_buffer.append", "input_audio.append",
    "session.input_audio.append", "response.output_audio.delta", "response.output_text.delta", "delta", ".delta",
    "a.delta", "x1.delta", "input_audio_buffer.commit", "input_audio_buffer.appended", "session.update", "",
]  # fmt: skip
HEADS = [
    '{{"type":"{kind}"',
    '{{"type": "{kind}"',
    '{{"type":  "{kind}"',
    '{{ "type":"{kind}"',
    '{{"event_id":"e","type":"{kind}"',
]
TAILS = [
    "", "}", ',"audio":"AAAA"}', ',"audio":"sk-secret-0123456789"}', ',"delta":"QUJDREVGAAAA"}',
    ',"delta":"a \\"b\\" \\\\ c"}', ',"event_id":"relay_1"}', f',"n":"{"x" * 140}","event_id":"relay_1"}}',
    ',"a":"0.0.AAAA"}', ',"a":"--sk-secret-012"}', ',"a":"AAAA-', ',\n"a":"b"}', ',\t"a":"\x7f"}', ',"a":"/<>&"}',
    f',"audio":"{"QUJD" * 700}"}}', '"' * 600, "\\" * 601,
]  # fmt: skip


def drawn(draw: random.Random) -> str:
    message = draw.choice(HEADS).format(kind=draw.choice(KINDS)) + draw.choice(TAILS)
    if draw.random() < 0.2:
        at = draw.randrange(len(message) + 1)
        message = message[:at] + draw.choice(['"', "\\", "\x1f", "\x00", " ", "{", "}"]) + message[at:]
    return message


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.reliability)])
def test_lines_agree_with_the_recorder(count) -> None:
    """A line from the lane is the recorder's to the byte, but for the last digits of its time; whatever has a secret,
    is the relay's own, or has to be read to be written, is left to the recorder."""
    draw = random.Random(count)
    redactor = Redactor(SECRETS)
    made = 0
    for n in range(count):
        message, is_up = drawn(draw), draw.random() < 0.5
        recorder = SimpleNamespace(peer_messages=draw.choice([0, 9, 10, n]))
        opened_at = draw.choice([0.0, 1234.5, 99.0])
        now = opened_at + draw.choice([0.0, -1.0, 1e-6, 0.000_12, 0.5, 3.0, draw.random() * 4000])
        line = recorded_line(recorder, SECRETS.octets(), opened_at, message.encode(), is_up, now)
        plain = redactor.plain(message)
        if line is None:
            continue
        made += 1
        assert plain == message
        assert not (is_up and said_by_relay(message))
        at = max(now - opened_at, 0.0)
        theirs = write_message(at, "up" if is_up else "down", message, recorder.peer_messages, False)
        assert line.partition(b',"dir"')[1:] == theirs.partition(b',"dir"')[1:]
        assert orjson.loads(line)["at"] == pytest.approx(orjson.loads(theirs)["at"], abs=1.1e-6)
    assert made > count / 20


@pytest.mark.parametrize("is_up", [True, False])
def test_frequent_events_are_written_in_the_lane(is_up) -> None:
    """Audio and the pieces of answers are the lane's to write, up and down, with escapes or without."""
    recorder = SimpleNamespace(peer_messages=3)
    for kind in ("input_audio_buffer.append", "session.input_audio_buffer.append", "response.output_text.delta"):
        for text in ("AAAA", '\\"', "x" * 3000):
            message = f'{{"type":"{kind}","a":"{text}"}}'
            line = recorded_line(recorder, SECRETS.octets(), 1.0, message.encode(), is_up, 3.25)
            expected = {"at": 2.25, "dir": "up" if is_up else "down", "after": 3, "op": "text", "data": message}
            assert line is not None
            assert orjson.loads(line) == expected


def test_a_line_counts_as_its_message_would(tmp_path) -> None:
    """A line that is put counts what the peer has said, and meets the recording's limits as any message does."""
    buffer = RecordingBuffer(tmp_path / "a.jsonl", HEADER, 100.0, Redactor(SECRETS), Limits(1 << 20, 5.0), Backlog())
    recorder = Recorder(buffer)
    for now, is_up in ((101.0, True), (102.0, False), (103.0, True), (106.0, True), (107.0, True)):
        recorder.put_line(b'{"at":1.0}\n', now, is_up)
    buffer.write()
    assert recorder.peer_messages == 4
    assert buffer.is_done
    assert (tmp_path / "a.jsonl").read_bytes().splitlines()[1:] == [b'{"at":1.0}'] * 3 + [
        b'{"at":6.0,"stopped":"max_s"}'
    ]


def test_hashed_audio_is_not_written_in_the_lane(tmp_path) -> None:
    """Where a recording keeps no audio, no line is made without reading it."""
    redactor = Redactor(SECRETS, "hash")
    recorder = Recorder(RecordingBuffer(tmp_path / "a", HEADER, 0.0, redactor, Limits(1 << 20, 5.0), Backlog()))
    assert recorder.plain_secrets is None
