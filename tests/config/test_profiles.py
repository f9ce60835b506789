import subprocess
import sys

import pytest

from relay.config.kinds import LIVE, TRANSCRIPTION, TRANSLATION
from relay.config.profiles import DEFAULT_MODEL, Profile, read_profile


def test_an_empty_profile_injects_nothing() -> None:
    """A profile that says nothing has the default model and no session.update."""
    assert read_profile("default", {}) == Profile("default", DEFAULT_MODEL, {})


def test_a_model_alone_injects_nothing() -> None:
    """The model is dialled, not sent: a session.update may not change it."""
    assert read_profile("x", {"model": "gpt-realtime-2.1-mini"}) == Profile(
        "x", "gpt-realtime-2.1-mini", {}, model_named=True
    )


def test_voice_is_a_shorthand() -> None:
    """`voice` stands for `audio.output.voice` and leaves what else is there."""
    profile = read_profile(
        "x", {"voice": "marin", "audio": {"output": {"speed": 1.1}, "input": {"turn_detection": None}}}
    )
    assert profile.session == {
        "type": "realtime",
        "audio": {"output": {"speed": 1.1, "voice": "marin"}, "input": {"turn_detection": None}},
    }


def test_a_transcription_profile_has_no_model() -> None:
    """A transcription session takes no model in its address."""
    table = {"type": "transcription", "audio": {"input": {"transcription": {"model": "gpt-realtime-whisper"}}}}
    assert read_profile("x", table) == Profile("x", None, table, kind=TRANSCRIPTION)


def test_a_translation_profile_does_not_say_its_type() -> None:
    """The update of a translation session has no type; the model is in its address."""
    table = {"type": "translation", "audio": {"output": {"language": "de"}}, "lock": ["audio.output.language"]}
    injected = {"audio": {"output": {"language": "de"}}}
    lock = ("audio.output.language",)
    assert read_profile("x", table) == Profile("x", "gpt-realtime-translate", injected, lock, kind=TRANSLATION)


def test_a_live_profile_names_the_model_in_its_session() -> None:
    """A Live session has its model where the peer starts it, and its voice where realtime sessions have it."""
    session = {"model": "gpt-live-1", "audio": {"output": {"voice": "marin"}}}
    profile = Profile("x", "gpt-live-1", session, ("model",), kind=LIVE)
    assert read_profile("x", {"type": "live", "voice": "marin", "lock": ["model"]}) == profile


@pytest.mark.parametrize("guard", [[], ["truncate"], ["truncate", "response"]])
def test_a_profile_names_its_guards(guard) -> None:
    """A profile's guards are those that it names, and none where it names none; without a word that is left open."""
    assert read_profile("x", {"guard": guard}) == Profile("x", DEFAULT_MODEL, {}, guard=tuple(guard))


def test_a_profile_whose_sessions_outlive_their_upstream() -> None:
    """A profile says whether its sessions outlive their upstream, and how the conversation is said again."""
    table = {"survive": True, "replay_as": "instructions", "grace_s": 5}
    kept = Profile("x", DEFAULT_MODEL, {}, survive=True, replay_as="instructions", grace_s=5.0)
    assert read_profile("x", table) == kept


WRONG = [
    ({"survive": 1}, "profiles.x.survive: must be true or false"),
    ({"grace_s": True}, "profiles.x.grace_s: must be a number of seconds from 0, which waits for nobody, to 300"),
    ({"grace_s": -1}, "profiles.x.grace_s: must be a number of seconds"),
    ({"grace_s": 301}, "profiles.x.grace_s: must be a number of seconds"),
    ({"grace_s": "30"}, "profiles.x.grace_s: must be a number of seconds"),
    ({"grace_s": float("nan")}, "profiles.x.grace_s: must be a number of seconds"),
    ({"type": "transcription", "survive": True}, "profiles.x.survive: only realtime sessions can"),
    ({"replay_as": "song"}, "profiles.x.replay_as: must be one of auto, items, instructions, not 'song'"),
    ({"guard": ["all"]}, "profiles.x.guard: must be a list of truncate and response, or empty"),
    ({"guard": "truncate"}, "profiles.x.guard: must be a list"),
    ({"guard": [{}]}, "profiles.x.guard: must be a list"),
    ({"type": "lives"}, "profiles.x.type: must be one of realtime, transcription, translation, live, not 'lives'"),
    ({"type": ["live"]}, "profiles.x.type: must be one of"),
    ({"type": "translation", "instructions": "?"}, "profiles.x.instructions: openai"),
    ({"type": "translation", "audio": {"output": {"voice": "marin"}}}, "profiles.x.audio.output.voice: "),
    ({"type": "live", "dialect": "beta"}, "profiles.x.dialect: live sessions have none but the API's own"),
    ({"type": "live", "tools": []}, "profiles.x.tools: openai"),
    ({"type": "live", "audio": {"format": {"type": "audio/pcm", "rate": 8000}}}, "profiles.x.audio.format.rate: "),
    ({"instruction": "?"}, "profiles.x.instruction: openai"),
    ({"instruction": "?"}, "did you mean instructions?"),
    ({"zzz": 1}, "known are "),
    ({"dialect": "old"}, "profiles.x.dialect: must be one of ga, beta, xai, not 'old'"),
    ({"audio": {"output": {"voic": "cedar"}}}, "profiles.x.audio.output.voic: "),
    ({"tools": [{"type": "function", "nme": "f"}]}, "profiles.x.tools[0].nme: "),
    ({"max_output_tokens": "lots"}, "profiles.x.max_output_tokens: must be a whole number, or inf"),
    ({"audio": {"input": {"turn_detection": {"type": "servr_vad"}}}},
     "profiles.x.audio.input.turn_detection.type: must be server_vad, or semantic_vad"),
    ({"voice": "cedar", "audio": {"output": {"voice": "marin"}}}, "voice and audio.output.voice differ"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "words"), WRONG)
def test_a_wrong_profile_is_told_by_its_place(table, words) -> None:
    """A field that the API would reject is named with its place, the fault, and the nearest right name."""
    with pytest.raises(ValueError, match="profiles") as failure:
        read_profile("x", table)
    assert words in str(failure.value)


def test_checking_does_not_load_the_types() -> None:
    """A relay that checks its profiles keeps none of the types that it checks them against in memory."""
    code = (
        "import sys; from relay.config.loading import load_settings, SettingsError\n"
        "load_settings(profiles={'x': {'voice': 'marin'}})\n"
        "try: load_settings(profiles={'x': {'voize': 'marin'}})\n"
        "except SettingsError as failure: print(failure, 'openai' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "profiles.x.voize" in told
    assert told.endswith("False\n")


def test_a_lock_names_fields() -> None:
    """`lock` is kept apart from what is injected, and `voice` is a shorthand in it too."""
    profile = read_profile("x", {"lock": ["instructions", "voice", "audio.input.turn_detection.create_response"]})
    assert profile.session == {}
    assert profile.lock == ("instructions", "audio.output.voice", "audio.input.turn_detection.create_response")


WRONG_LOCKS = [
    ("instructions", "profiles.x.lock: must be a list"),
    ([1], "profiles.x.lock: must be a list"),
    (["instruction"], "did you mean instructions?"),
    (["audio.output.voic"], "profiles.x.lock.audio.output.voic: "),
    (["type"], "type cannot be locked"),
]


@pytest.mark.parametrize(("lock", "words"), WRONG_LOCKS)
def test_a_wrong_lock_is_told(lock, words) -> None:
    """A lock that would lock nothing stops the start."""
    with pytest.raises(ValueError, match="profiles") as failure:
        read_profile("x", {"lock": lock})
    assert words in str(failure.value)
