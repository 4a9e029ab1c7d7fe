"""A policy of one's own: chats go to whoever is least busy for his size.

Ada can hold two chats at once and Ben six. By the built-in policy "least_busy" both would hold two
before either gets a third, and Ada would be full. `Relative` compares how full they are instead.
That takes a class with one method, given to the desk under a name that queues may use.

Install: pip install chatdesk
Run: python examples/custom_policy/main.py
Prints: ada ben ben ben ada ben ben ben
"""

import attrs

from chatdesk.desk.machine import Desk
from chatdesk.model.commands import (
    Command,
    ConfigureDesk,
    Connect,
    RequestChat,
    SaveAgent,
    SaveQueue,
)
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import Actor, AnswerValues, agent, service, visitor
from chatdesk.rules.policies import RankedPolicy
from chatdesk.rules.staff import Seat


@attrs.frozen
class Relative(RankedPolicy):
    """The agent who is least full for his size, and among equals who had fewest chats."""

    def rank(self, seat: Seat) -> tuple[float, int, int]:
        """The part of his slots that is taken, his turn, and since when he idles."""
        return seat.load / seat.capacity, seat.turn, seat.place


@attrs.define
class Shop:
    """A desk without a store, at ten commands a second."""

    desk: Desk
    commands: int = 0

    def do(self, command: Command[object], by: Actor) -> object:
        """Give the desk a command."""
        self.commands += 1
        now = 1_700_000_000.0 + self.commands / 10
        return self.desk.handle(command, by=by, now=now, fresh=f"{self.commands:04}")

    def open(self) -> None:
        """Set the desk up, with two agents who are there."""
        self.do(ConfigureDesk(setup=DeskSetup(name="Shop")), service())
        setup = QueueSetup(name="Sales", policy="relative")
        self.do(SaveQueue(queue="sales", setup=setup), service())
        for name, capacity in {"ada": 2, "ben": 6}.items():
            setup_of = AgentSetup(name=name.title(), queues=("sales",), capacity=capacity)
            self.do(SaveAgent(agent=name, setup=setup_of), service())
            self.do(Connect(device="web"), agent(name))

    def ask(self, name: str) -> str:
        """A visitor asks; gives the agent who got the chat."""
        answers: AnswerValues = {"name": name, "email": f"{name}@example.org"}
        request = RequestChat(queue="sales", question="Is it in stock?", answers=answers)
        self.do(request, visitor(name))
        chat = next(reversed(self.desk.state.chats.values()))
        return chat.agent or "nobody"


def main() -> None:
    """Eight visitors come, and stay."""
    shop = Shop(Desk.new(policies={"relative": Relative()}))
    shop.open()
    print(*(shop.ask(f"visitor-{number}") for number in range(8)))


if __name__ == "__main__":
    main()
