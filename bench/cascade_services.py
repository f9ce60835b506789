"""Scripted services for `bench.cascade`, in a process of their own: `python -m bench.cascade_services PORT`."""

import asyncio
import sys

from bench.cascade import HEAR_S, SPEAK_S, THINK_S
from relay.stand_ins.services import Script, serve_services
from relay.stand_ins.services.scripts import tone


async def serve() -> None:
    sound = tone("That is so.", "")  # made before it is asked for: a service that takes 80 ms takes no more
    script = Script(
        hear_s=HEAR_S, think_s=THINK_S, speak_s=SPEAK_S, thinks=lambda _: ["That is so."], speaks=lambda *_: sound
    )
    async with serve_services(script, port=int(sys.argv[1])):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
