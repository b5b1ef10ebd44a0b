"""A TCP proxy that limits the rate of all its connections together, as a slow line does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK_BYTES = 4096


class Direction:
    """The bytes that go one way, of all connections, in the order in which they arrived.

    Attributes
    ----------
    waiting, most_waiting, carried : int
        Number of bytes that wait at present, that have waited at most, and that have arrived at the
        other end.
    """

    def __init__(self, line: SlowLine) -> None:
        self._line = line
        self._chunks: asyncio.Queue[tuple[float, bytes, asyncio.StreamWriter]] = asyncio.Queue()
        self.waiting = self.most_waiting = self.carried = 0

    async def read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take what a connection sends, without a limit; its end is passed on as well."""
        chunk = b"start"
        while chunk:
            try:
                chunk = await reader.read(CHUNK_BYTES)
            except ConnectionError:
                chunk = b""
            self.waiting += len(chunk)
            self.most_waiting = max(self.most_waiting, self.waiting)
            await self._chunks.put((asyncio.get_running_loop().time(), chunk, writer))

    async def carry(self) -> None:
        """Pass chunks on, at the rate of the line."""
        loop, free_at = asyncio.get_running_loop(), 0.0
        while True:
            arrived, chunk, writer = await self._chunks.get()
            await self._line.flowing.wait()
            rate = self._line.bytes_per_second
            if rate is not None:
                free_at = max(free_at, arrived) + len(chunk) / rate
                await asyncio.sleep(free_at + self._line.delay_seconds - loop.time())
            self.waiting -= len(chunk)
            self.carried += len(chunk)
            with suppress(ConnectionError):
                if chunk:
                    writer.write(chunk)
                else:
                    writer.close()


class SlowLine:
    """A line from its own port to another one; as fast as the machine until it is slowed down.

    Attributes
    ----------
    port : int
    flowing : asyncio.Event
    bytes_per_second : float or None
        Rate of each direction; None without a limit.
    delay_seconds : float
        Delay of each direction while the rate is limited.
    to_page, to_server : Direction
    """

    def __init__(self, host: str, server_port: int) -> None:
        self.bytes_per_second: float | None = None
        self.delay_seconds = 0.0
        self._server_port = server_port
        self._writers: set[asyncio.StreamWriter] = set()
        self.flowing = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port: int = asyncio.run_coroutine_threadsafe(self._open(host), self._loop).result()

    def slow_down(self, megabits_per_second: float, delay_seconds: float) -> None:
        """Limit the rate of each direction, and delay what is sent."""
        self.delay_seconds = delay_seconds
        self.bytes_per_second = megabits_per_second * 1e6 / 8

    def hold(self) -> None:
        """Let nothing pass."""
        self._loop.call_soon_threadsafe(self.flowing.clear)

    def speed_up(self) -> None:
        """Remove all limits."""
        self.bytes_per_second = None
        self._loop.call_soon_threadsafe(self.flowing.set)

    def close(self) -> None:
        """Close all connections, and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self, host: str) -> int:
        self.flowing.set()
        self.to_page, self.to_server = Direction(self), Direction(self)
        self._server = await asyncio.start_server(self._connect, host, 0)
        self._tasks = {asyncio.create_task(way.carry()) for way in (self.to_page, self.to_server)}
        return int(self._server.sockets[0].getsockname()[1])

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._writers |= {writer, to_server}
        both = self.to_server.read(reader, to_server), self.to_page.read(from_server, writer)
        self._tasks |= {asyncio.create_task(way) for way in both}

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        closings = (writer.wait_closed() for writer in self._writers)
        await asyncio.gather(*closings, return_exceptions=True)


@contextmanager
def slow_line(host: str, server_port: int) -> Iterator[SlowLine]:
    """Open a line to a port of this machine, and close it at the end."""
    line = SlowLine(host, server_port)
    try:
        yield line
    finally:
        line.close()
