"""`relay inspect` as a person meets it."""

import json
import wave
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relay.cli import main
from tests.fakes.recordings import Scripted

TRANSCRIPTS = Path(__file__).parent.parent / "transcripts"

DOCUMENT = Path(__file__).parents[2] / "docs" / "recordings.md"


def inspect(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(main, ["inspect", *map(str, arguments)])


def test_a_summary() -> None:
    """What is in a recording is told in lines that fit a terminal, as docs/recordings.md shows."""
    result = inspect(TRANSCRIPTS / "plain-turn.jsonl")
    assert result.exit_code == 0
    assert f"$ relay inspect tests/transcripts/plain-turn.jsonl\n{result.stdout}```" in DOCUMENT.read_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("barge-in", ["cut: 700 ms of 1.2 s heard", "cancelled (turn_detected)"]),
        ("function-call", ['weather({"city":"Oslo"})', 'function {"sky":"clear"}']),
        ("hour", ["Ended by the upstream with 1001", "line 30 session_expired", "60 min 1 s"]),
        ("lost", ["Ended by the upstream with 1006", "not done when"]),
        ("rate-limit", ["failed (rate_limit_exceeded)", "Errors 2"]),
        ("image", ["What is this? [image]"]),
    ],
)
def test_what_a_summary_says(name, words) -> None:
    """Cuts, calls, errors and each kind of end are told."""
    output = " ".join(inspect(TRANSCRIPTS / f"{name}.jsonl").stdout.split())
    for each in words:
        assert each in output


def test_json() -> None:
    """With `--json` a program can read it."""
    body = json.loads(inspect(TRANSCRIPTS / "plain-turn.jsonl", "--json").stdout)
    assert [(turn["speaker"], turn["text"], turn["waited_s"]) for turn in body["turns"]] == [
        ("peer", "[1.6 s of speech]", None),
        ("upstream", "[your 1.6 s of speech]", 0.25),
    ]
    assert body["cost_usd"] == "0.003275"
    assert body["end"]["cause"] == "peer_closed"


def test_prices_of_your_own(tmp_path) -> None:
    """With `--config` the settings' own prices count."""
    config = tmp_path / "relay.toml"
    config.write_text(
        '[prices."gpt-realtime-2.1"]\naudio_output = 1000000\n[prices.gpt-realtime-whisper]\nminute = 0\n'
    )
    body = json.loads(inspect(TRANSCRIPTS / "plain-turn.jsonl", "--json", "--config", config).stdout)
    assert Decimal(body["cost_usd"]) == 33


def test_words_do_not_steer_the_terminal(tmp_path) -> None:
    """What was said cannot colour, clear or turn round the terminal that shows it."""
    words = "\x1b[2Jred\nline\u202eback\x9b1m"
    item = {"type": "message", "role": "user\x1b", "content": [{"type": "input_text", "text": words}]}
    script = Scripted(profile="a\x1bb").up({"type": "conversation.item.create", "item": item})
    script.down({"type": "error", "error": {"code": "\x1b", "message": words}}).closed_by_peer()
    path = script.write(tmp_path / "one.jsonl").path
    shown = inspect(path).stdout
    assert "[2Jred line back 1m" in shown
    assert not {"\x1b", "\x9b", "\u202e"} & set(shown)


def test_a_file_that_breaks_off(tmp_path) -> None:
    """What was written is told, and then the line at which the file breaks off; the exit code is 1."""
    path = tmp_path / "one.jsonl"
    path.write_bytes((TRANSCRIPTS / "plain-turn.jsonl").read_bytes()[:100_000])
    result = inspect(path)
    assert result.exit_code == 1
    assert "gpt-realtime-2.1" in result.stdout
    assert "The file breaks off at line" in result.stdout
    assert result.stderr == f"relay: {path}, line 20: the file breaks off here\n"


def test_a_damaged_file(tmp_path) -> None:
    """A damaged line is told with its number, and nothing else is; the exit code is 2."""
    lines = (TRANSCRIPTS / "plain-turn.jsonl").read_bytes().splitlines(keepends=True)
    path = tmp_path / "one.jsonl"
    path.write_bytes(b"".join([*lines[:6], b"\xff\x00" + lines[6], *lines[7:]]))
    result = inspect(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"relay: {path}, line 7: this is not JSON\n"


def test_a_file_that_is_not_there(tmp_path) -> None:
    """A wrong name is told as such; the exit code is 2."""
    result = inspect(tmp_path / "none.jsonl")
    assert (result.exit_code, result.stderr) == (2, f"relay: {tmp_path / 'none.jsonl'}: No such file or directory\n")


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A recording of one's own."""
    path = tmp_path / "talk.jsonl"
    path.write_bytes((TRANSCRIPTS / "plain-turn.jsonl").read_bytes())
    return path


def test_a_wav_beside_the_recording(talk) -> None:
    """With `--wav` both voices are written beside the recording, and where they went is told."""
    result = inspect(talk, "--wav")
    assert result.exit_code == 0
    assert result.stderr == f"{talk.with_suffix('.wav')}: 3.5 s, the peer left, the upstream right\n"
    with wave.open(str(talk.with_suffix(".wav"))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 24_000, 83_520)


def test_a_wav_elsewhere(talk, tmp_path) -> None:
    """`--wav=PATH` says where; with `--json` the standard output is still JSON alone."""
    result = inspect(talk, "--json", f"--wav={tmp_path / 'voices.wav'}")
    assert json.loads(result.stdout)["duration_s"] == 3.48
    assert (tmp_path / "voices.wav").exists()


def test_a_recording_is_never_written_over(talk) -> None:
    """Whoever names a recording as the output is stopped."""
    before = talk.read_bytes()
    result = inspect(talk, "--wav", talk)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "may be a recording" in result.stderr
    assert talk.read_bytes() == before


def test_a_place_that_cannot_be_written(talk, tmp_path) -> None:
    """Where the output cannot be written, that is told."""
    result = inspect(talk, "--wav", tmp_path / "none" / "talk.wav")
    assert result.exit_code == 2
    assert result.stderr == f"relay: {tmp_path / 'none' / 'talk.wav'}: cannot be written: No such file or directory\n"


def test_a_page_beside_the_recording(talk) -> None:
    """With `--html` a page is written beside the recording, and where it went is told."""
    result = inspect(talk, "--html")
    assert result.stderr == f"{talk.with_suffix('.html')}: open it in a browser\n"
    assert talk.with_suffix(".html").read_text().startswith("<!doctype html>")
