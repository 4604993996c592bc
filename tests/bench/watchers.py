"""People at the live board: reads so many streams at once, and prints when each change arrived.

python -m tests.bench.watchers PORT COOKIE COUNT SECONDS → a line for each arrival: number of the call, monotonic time.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time

SHOWN = re.compile(rb"/board/calls/1795293485-(\d{6})/front")


async def watch(port: int, cookie: str, seconds: float, arrived: list[tuple[int, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    writer.write(f"GET /board/events?lang=en HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: session={cookie}\r\n\r\n".encode())
    seen: set[bytes] = set()
    try:
        async with asyncio.timeout(seconds):
            while line := await reader.readline():
                at = time.monotonic()
                for number in SHOWN.findall(line):
                    if number not in seen:
                        seen.add(number)
                        arrived.append((int(number), at))
    except TimeoutError:
        writer.transport.abort()


async def main(port: int, cookie: str, count: int, seconds: float) -> None:
    arrived: list[tuple[int, float]] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(watch(port, cookie, seconds, arrived))
    print("\n".join(f"{number} {at:.6f}" for number, at in arrived))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
