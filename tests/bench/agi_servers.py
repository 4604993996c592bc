"""The servers that are compared over plain AGI, each a process of its own: `python -m tests.bench.agi_servers NAME`.

It prints its port when it listens and serves until SIGTERM. `process` and `stock-process` serve one call on standard
input and output, as a switch starts them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

FLOW = Path(__file__).parents[2] / "ivr/flow/helpline.toml"
KEY = bytes(32)
COMMANDS = "BENCH_COMMANDS"
"""What a stock server sends: the commands of our own call, a line each."""


async def ours() -> None:
    from ivr.attempt import Line
    from ivr.call import Helpline, take_call
    from ivr.flow.script import parse
    from ivr.telephony.fastagi import FastAgiServer

    helpline = Helpline(parse(FLOW.read_text()), KEY)

    async def story(line: Line) -> None:
        await take_call(line, helpline)

    async with FastAgiServer(0, story) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


async def stock() -> None:
    """panoramisk as it comes, saying the same words."""
    from panoramisk.fast_agi import Application, Request

    commands = os.environ[COMMANDS].splitlines()

    async def incoming(request: Request) -> None:
        for command in commands:
            await request.send_command(command)

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("incoming", incoming)
    server = await asyncio.start_server(application.handler, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def process() -> None:
    """Our door 2."""
    from ivr.call import answer_on_switch

    answer_on_switch()


def stock_process() -> None:
    """pyst2 as it comes, saying the same words; its trace would go to the switch's console."""
    from asterisk.agi import AGI

    with Path(os.devnull).open("w") as trace:
        agi = AGI(stderr=trace)
        for command in os.environ[COMMANDS].splitlines():
            agi.execute(command)


SERVERS = {"ours": ours, "stock": stock}
PROCESSES = {"process": process, "stock-process": stock_process}


def main() -> None:
    name = sys.argv[1]
    if name in PROCESSES:
        PROCESSES[name]()
        return
    import uvloop

    uvloop.run(SERVERS[name]())


if __name__ == "__main__":
    main()
