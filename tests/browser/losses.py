"""Sessions of the voice page that are lost in the middle of an answer, again and again."""

import random

from playwright.async_api import Page

from tests.fakes.browser import until
from tests.fakes.tcp_proxy import TcpProxy

ANSWERS = "voice.conversation.turns.filter(({ role }) => role === 'assistant')"
IS_HEARD = "voice.client !== null && !voice.speaker.busy"
MISSED = f"{ANSWERS}.filter(({{ cut, heardMs }}) => cut || heardMs !== null).map((it) => it.audioMs - it.heardMs)"


async def lose_answers(page: Page, way: TcpProxy, times: int, seed: int) -> tuple[float, list[float]]:
    """Cut the page off so often, each time when some of an answer has come.

    Returns:
        How many milliseconds of sound had come, and of each answer that was not heard to the end of what came how many
        were not.
    """
    chance = random.Random(seed)
    await page.evaluate("async () => { window.voice = (await import('/web/main.js')).voice; }")
    for number in range(1, times + 1):
        await page.fill("#message", f"Tell me story {number}.")
        await page.press("#message", "Enter")
        await until(page, f"{ANSWERS}.length === {number} && {ANSWERS}.at(-1).audioMs >= {chance.randint(1, 1500)}")
        way.cut()
        await until(page, IS_HEARD)
    played, received = await page.evaluate(
        "(({ playedFrames, receivedFrames }) => [playedFrames, receivedFrames])(voice.speaker.stats())"
    )
    assert played == received
    came = await page.evaluate("voice.conversation.turns.reduce((sum, { audioMs }) => sum + audioMs, 0)")
    return came, await page.evaluate(MISSED)
