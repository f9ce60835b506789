"""relay.cascade.services.speaking"""

import pytest

from relay.cascade.orders import Failed, Fault, Speak, Spoken, SpokenChunk
from relay.cascade.services.sound import wav
from relay.cascade.services.speaking import voice_of
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.sounds import tone

ORDER = Speak(1, "Hello there.", "marin")


def sound_of(results) -> bytes:
    return b"".join(result.pcm for result in results if isinstance(result, SpokenChunk))


async def test_a_text_is_played_as_it_comes(services) -> None:
    """The sound of a text comes in chunks, as raw PCM, and ends with how much was said."""
    async with ordering(cascade_at(services, speak={"voices": {"marin": "af_heart"}})) as orderer:
        results = await orderer.carry_out(ORDER)
    assert sound_of(results) == services.script.speaks("Hello there.", "af_heart")
    spoken = results[-1]
    assert isinstance(spoken, Spoken)
    assert (spoken.usage.characters, round(spoken.usage.seconds, 2)) == (12, 0.72)
    assert services.asked[0].fields == {
        "model": "speak-model", "input": "Hello there.", "voice": "af_heart", "response_format": "pcm",
    }  # fmt: skip


async def test_a_speed_is_asked_for_where_it_is_not_the_voices_own(services) -> None:
    """A speed of 1 is not asked for, since not every service knows the field."""
    async with ordering(cascade_at(services, speak={"extra": {"lang_code": "f"}})) as orderer:
        await orderer.carry_out(Speak(1, "Vite.", "marin", speed=1.25))
    assert services.asked[0].fields["speed"] == 1.25
    assert services.asked[0].fields["lang_code"] == "f"


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
async def test_another_rate_is_made_24_khz(services, rate) -> None:
    """Sound of another rate, which raw PCM does not say, is as long and as high at 24 kHz."""
    services.script.speaks = lambda *_: tone(500, rate=rate)
    async with ordering(cascade_at(services, speak={"rate": rate})) as orderer:
        pcm = sound_of(await orderer.carry_out(ORDER))
    assert abs(len(pcm) - 24_000) < 200
    crossings = sum((pcm[n + 1] ^ pcm[n + 3]) >> 7 for n in range(4800, 19_200, 2))
    assert abs(crossings - 2 * 220 * 0.3) <= 2


async def test_wav_says_its_own_rate(services) -> None:
    """A service that sends WAV is understood, whatever rate the settings say."""
    services.script.speaks = lambda *_: wav(tone(500, rate=48_000), 48_000)
    services.script.chunk_bytes = 7
    async with ordering(cascade_at(services)) as orderer:
        pcm = sound_of(await orderer.carry_out(ORDER))
    assert abs(len(pcm) - 24_000) < 200


async def test_samples_that_are_cut_in_two_are_whole(services) -> None:
    """However the network cuts the sound, each chunk has whole samples."""
    services.script.chunk_bytes = 333
    async with ordering(cascade_at(services)) as orderer:
        results = await orderer.carry_out(ORDER)
    assert all(len(result.pcm) % 2 == 0 for result in results if isinstance(result, SpokenChunk))
    assert sound_of(results) == services.script.speaks("Hello there.", "marin")


@pytest.mark.parametrize(
    ("body", "kind", "what"),
    [
        (b"<html></html>", "text/html", "text/html where PCM was asked for"),
        (b'{"detail": "no such voice"}', "application/json", "application/json where PCM was asked for"),
        (b"ID3" + bytes(200), "audio/mpeg", "audio/mpeg where PCM was asked for"),
        (b"ID3" + bytes(200), "application/octet-stream", "MP3 where PCM was asked for"),
        (b"OggS" + bytes(200), "", "Ogg where PCM was asked for"),
        (b"<!doctype html><p>Hello", "audio/pcm", "a page where PCM was asked for"),
        (b"", "audio/pcm", "no sound"),
        (wav(b""), "audio/wav", "no sound"),
        (b"RIFF" + bytes(5000), "audio/wav", "a WAV file whose samples cannot be found"),
    ],
)
async def test_what_is_no_sound_is_not_played(services, body, kind, what) -> None:
    """A page, an error and compressed sound are told as what they are, and nobody hears them as noise."""
    services.fault("speak", body=body, content_type=kind)
    async with ordering(cascade_at(services)) as orderer:
        (failed,) = await orderer.carry_out(ORDER)
    assert isinstance(failed, Failed)
    assert failed.fault is Fault.UNREADABLE
    assert failed.reason.endswith(what)


def test_a_voice_has_another_name_at_a_service() -> None:
    """`voices` says what a session's voices are called there; `*` stands for all others."""
    assert voice_of({"marin": "a", "*": "b"}, "marin") == "a"
    assert voice_of({"marin": "a", "*": "b"}, "cedar") == "b"
    assert voice_of({}, "cedar") == "cedar"
