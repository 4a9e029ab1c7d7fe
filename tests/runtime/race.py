"""A program: processes with threads race at one desk. `python -m tests.runtime.race URL …`.

Each thread opens chats of new visitors and ends and closes its own, in an order drawn from a seed.
What was acknowledged is written to `FOLDER/acknowledged`, a line each.
"""

import os
import random
import sys
from pathlib import Path
from threading import Thread

from chatdesk.model import commands as c
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import Form, agent, visitor
from chatdesk.runtime.chatdesk import ChatDesk
from tests.runtime.shop import SHOP, asking

AGENTS = 8
CAPACITY = 4
THREADS = 4
LONG = 1e9


def set_up(desk: ChatDesk) -> None:
    """Agents who are there for good, and one queue."""
    setup = DeskSetup(
        name="Race",
        qualification=Form(),
        presence_lease_seconds=LONG,
        visitor_lease_seconds=LONG,
        wrap_up_seconds=None,
    )
    desk.execute(c.ConfigureDesk(setup=setup), by=SHOP)
    desk.execute(c.SaveQueue(queue="sales", setup=QueueSetup(name="Sales")), by=SHOP)
    for number in range(AGENTS):
        staff = AgentSetup(name=f"Agent {number}", queues=("sales",), capacity=CAPACITY)
        desk.execute(c.SaveAgent(agent=f"a{number}", setup=staff), by=SHOP)
        desk.execute(c.Connect(device="desktop"), by=agent(f"a{number}"))


def hold_chats(desk: ChatDesk, name: str, commands: int, log: int) -> None:
    """Gives so many commands, one after the other."""
    chance, mine, given = random.Random(name), list[tuple[str, str]](), 0
    while given < commands:
        if len(mine) < 3 and chance.random() < 0.6:
            who = f"{name}.{given}"
            chat = desk.execute(asking(who, id=who), by=visitor(who), timeout=120).chat
            os.write(log, f"{who} {chat}\n".encode())
            mine.append((who, chat))
            given += 1
        elif mine:
            who, chat = mine.pop(0 if chance.random() < 0.8 else -1)
            desk.execute(c.EndChat(chat=chat), by=visitor(who), timeout=120)
            given += 1
            state = desk.engine.replica.glance()
            if state is not None and chat in state.chats:  # an agent had it, and wraps up
                desk.execute(c.CloseChat(chat=chat), by=SHOP, timeout=120)
                given += 1


def child(desk: ChatDesk, number: int, commands: int, log: int) -> None:
    """One process of the race; it does not return."""
    names = [f"p{number}t{thread}" for thread in range(THREADS)]
    threads = [Thread(target=hold_chats, args=(desk, name, commands, log)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.stop()
    os._exit(0)


def main(url: str, folder: Path, processes: int, commands: int) -> None:
    """Forks the processes, and waits for all."""
    desk = ChatDesk(url)
    set_up(desk)
    log = os.open(folder / "acknowledged", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    children = []
    for number in range(processes):
        pid = os.fork()
        if pid == 0:
            child(desk, number, max(commands // processes // THREADS, 1), log)
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    desk.stop()
    sys.exit(any(codes))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
