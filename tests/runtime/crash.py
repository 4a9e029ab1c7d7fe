"""A program: a working process is killed again and again. `python -m tests.runtime.crash URL …`.

Ten threads of a child ask for chats. Each command's id is written to `FOLDER/log` before it is
given ("S id") and when it was answered ("A id chat"); then the child is killed at a random moment,
and the next one first gives again, under the same ids, what was not answered.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path
from threading import Thread

from chatdesk.model import commands as c
from chatdesk.model.values import visitor
from chatdesk.runtime.chatdesk import ChatDesk
from tests.runtime.race import set_up
from tests.runtime.shop import asking

THREADS = 10


def unanswered(log: Path) -> list[str]:
    """The ids that were sent and never answered, in order."""
    sent: dict[str, None] = {}
    for line in log.read_text().splitlines():
        mark, id_, *_ = line.split()
        if mark == "S":
            sent[id_] = None
        else:
            sent.pop(id_, None)
    return list(sent)


def give(desk: ChatDesk, id_: str, log: int) -> None:
    """One visitor's request, noted before and after."""
    os.write(log, f"S {id_}\n".encode())
    chat = desk.execute(asking(id_, id=id_), by=visitor(id_), timeout=60).chat
    os.write(log, f"A {id_} {chat}\n".encode())


def work(desk: ChatDesk, names: list[str], prefix: str, log: int) -> None:
    """Gives the names first, then new ones for ever."""
    for name in names:
        give(desk, name, log)
    number = 0
    while True:
        give(desk, f"{prefix}.{number}", log)
        number += 1


def child(url: str, life: int, again: list[str], log: int) -> None:
    """Works until it is killed."""
    desk = ChatDesk(url)
    shares = [again[start::THREADS] for start in range(THREADS)]
    for number, share in enumerate(shares):
        Thread(target=work, args=(desk, share, f"l{life}t{number}", log)).start()
    while True:
        time.sleep(60)


def main(url: str, folder: Path, kills: int, seed: int) -> None:
    """Forks and kills, and at the end gives once more what was not answered."""
    chance, path = random.Random(seed), folder / "log"
    with ChatDesk(url) as desk:
        set_up(desk)
        desk.execute(c.RenewVisit(), by=visitor("first"))
    log = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for life in range(kills):
        again, size = unanswered(path), path.stat().st_size
        pid = os.fork()
        if pid == 0:
            child(url, life, again, log)
        while path.stat().st_size < size + 200:  # until it works
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.03))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with ChatDesk(url) as desk:
        for name in unanswered(path):
            give(desk, name, log)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
