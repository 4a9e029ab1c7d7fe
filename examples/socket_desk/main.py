"""A desk on a TCP port: an agent and a visitor talk in lines of JSON.

Shows: `SocketServer`, tokens, a visitor's and an agent's connection, updates that are told.
Install: pip install 'chatdesk[tokens]'
Run: python examples/socket_desk/main.py
Expect: the visitor's question at the agent, the agent's answer at the visitor, then the end.
"""

import json
from typing import Any

import anyio
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from chatdesk.adapters.sockets import SocketServer
from chatdesk.model.commands import ConfigureDesk, SaveAgent, SaveQueue
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import service
from chatdesk.runtime.aio import AsyncChatDesk
from chatdesk.transport.tokens import Tokens

TOKENS = Tokens("a secret of at least 32 characters, from the settings")
MAX_LINE = 1_000_000


class Client:
    """One end of a connection: sends frames, waits for those it looks for."""

    def __init__(self, stream: SocketStream) -> None:
        self.stream = stream
        self.lines = BufferedByteReceiveStream(stream)

    async def send(self, **frame: Any) -> None:
        """Sends one frame."""
        await self.stream.send(json.dumps(frame).encode() + b"\n")

    async def wait_for(self, event: str, author: str | None = None) -> dict[str, Any]:
        """The first notice of an event, or of a message by this agent; others are passed over.

        Agents are told the event itself; visitors only `what` happened.
        """
        while True:
            frame = json.loads(await self.lines.receive_until(b"\n", MAX_LINE))
            if frame["type"] == "refused":
                raise SystemExit(frame["refusal"]["message"])
            for notice in frame.get("notices", ()):
                what = notice["event"].get("what", notice["event"]["type"])
                if what == event and author in {None, notice.get("message", {}).get("author")}:
                    return dict(notice)


async def set_up(desk: AsyncChatDesk) -> None:
    """The shop's own code sets the desk up."""
    shop = service()
    await desk.execute(ConfigureDesk(setup=DeskSetup(name="Shop")), by=shop)
    await desk.execute(SaveQueue(queue="sales", setup=QueueSetup(name="Sales")), by=shop)
    ana = AgentSetup(name="Ana", queues=("sales",))
    await desk.execute(SaveAgent(agent="ana", setup=ana), by=shop)


async def be_agent(port: int) -> None:
    """Waits for a visitor and answers him."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        client = Client(stream)
        await client.send(type="hello", token=TOKENS.agent("ana"))
        await client.send(type="connect", device="terminal")
        chat = (await client.wait_for("chat_assigned"))["chat"]
        print("Ana reads:", chat["question"])
        await client.send(
            type="post_message",
            chat=chat["chat"]["id"],
            epoch=chat["chat"]["epoch"],
            text="It left our warehouse this morning.",
        )
        await client.wait_for("chat_ended")


async def be_visitor(port: int) -> None:
    """Asks, reads the answer, and goes."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        client = Client(stream)
        await client.send(type="hello", token=TOKENS.visitor("session-8f2c"))
        await client.send(
            type="request_chat",
            queue="sales",
            question="Where is my parcel?",
            answers={"name": "Bo", "email": "bo@shop.example"},
        )
        notice = await client.wait_for("message_added", author="Ana")
        print("The visitor reads:", notice["message"]["text"])
        await client.send(type="end_chat", chat=notice["chat"]["chat"])
        await client.wait_for("chat_ended")


async def main() -> None:
    """Serves a desk in memory until both have talked."""
    async with AsyncChatDesk("memory://") as desk, anyio.create_task_group() as serving:
        await set_up(desk)
        port = await serving.start(SocketServer(desk, TOKENS, port=0).serve)
        async with anyio.create_task_group() as people:
            people.start_soon(be_agent, port)
            people.start_soon(be_visitor, port)
        serving.cancel_scope.cancel()
    print("The desk is closed.")


if __name__ == "__main__":
    anyio.run(main)
