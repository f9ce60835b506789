"""relay.stand_ins.demo"""

import shutil
from datetime import datetime

import pytest

from relay.cascade.orders import Hear, Heard, Speak, SpokenChunk, Think, ThoughtDelta
from relay.config.loading import load_settings
from relay.stand_ins.demo.__main__ import demo_script, settings_for
from relay.stand_ins.demo.grammar import ANSWERS, NOT_UNDERSTOOD, answer, jsgf
from relay.stand_ins.services import serve_services
from tests.fakes.orders import cascade_at, ordering

NOW = datetime(2026, 11, 26, 9, 5)  # noqa: DTZ001 - the demonstration says what the clock on the wall says


def say_to_it(said: object) -> str:
    return "".join(answer([{"role": "user", "content": "Hi"}, {"role": "user", "content": said}], NOW))


def test_each_sentence_has_an_answer() -> None:
    """Each sentence of the grammar has its answer, however it is written; anything else is not understood."""
    assert say_to_it("When do you open?") == "We open at nine o'clock in the morning."
    assert say_to_it([{"type": "text", "text": "What  time is it."}]) == "It is 09:05."
    assert say_to_it("what day is it") == "Today is Thursday, November 26."
    assert say_to_it("Open sesame") == NOT_UNDERSTOOD
    assert "| can you hear me |" in jsgf()


def test_a_relay_uses_them(monkeypatch) -> None:
    """The relay beside the services is set to them by its environment."""
    for name, value in settings_for("http://127.0.0.1:1/v1").items():
        if name != "RELAY_UPSTREAM":
            monkeypatch.setenv(name, value)
    settings = load_settings()
    cascade = settings.cascade_of("default")
    assert cascade is not None
    assert cascade.think.addresses[0].url == "http://127.0.0.1:1/v1"
    assert settings.price_table.of("demo").output == 0


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed: it is Debian's package of that name")
async def test_its_own_voice_is_understood() -> None:
    """What flite says is heard by pocketsphinx, word by word, and answered, and the answer is sound again."""
    async with serve_services(demo_script()) as services, ordering(cascade_at(services)) as orderer:
        for number, sentence in enumerate(list(ANSWERS)[:6]):
            spoken = await orderer.carry_out(Speak(3 * number, sentence, "marin"))
            pcm = b"".join(result.pcm for result in spoken if isinstance(result, SpokenChunk))
            heard = (await orderer.carry_out(Hear(3 * number + 1, pcm)))[-1]
            assert isinstance(heard, Heard)
            assert heard.text.lower().rstrip(".") == sentence
            thought = await orderer.carry_out(Think(3 * number + 2, ({"role": "user", "content": heard.text},)))
            assert "".join(result.text for result in thought if isinstance(result, ThoughtDelta)) == ANSWERS[sentence]
