"""Scripted services for `bench.cascade`, in a process of their own: `python -m bench.cascade_services PORT`."""

import asyncio
import sys

from bench.cascade import HEAR_S, SPEAK_S, THINK_S
from relay.stand_ins.services import Script, serve_services


async def serve() -> None:
    async with serve_services(Script(hear_s=HEAR_S, think_s=THINK_S, speak_s=SPEAK_S), port=int(sys.argv[1])):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
