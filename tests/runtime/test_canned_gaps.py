"""What a report of gaps takes from transcripts."""

from chatdesk.model.records import Message
from chatdesk.model.values import MessageKind, agent, visitor
from chatdesk.runtime.canned_gaps import (
    Talk,
    exchanges,
    names_in,
    questions_in,
    report,
    written_by_hand,
)
from chatdesk.testing.factories import a_chat, a_message

ANA, ZOE = agent("ana"), visitor("zoe")


def talk(*said: tuple[str, str] | tuple[str, str, str], chat: str = "chat") -> Talk:
    """A chat of Zoé's: who said what, perhaps from which canned response."""
    messages: list[Message] = []
    for seq, (who, text, *canned) in enumerate(said, 1):
        author = ANA if who == "ana" else ZOE
        kind = MessageKind.NOTE if who == "note" else MessageKind.TEXT
        made_from = canned[0] if canned else None
        fields = {"chat": chat, "seq": seq, "author": author, "kind": kind, "canned": made_from}
        messages.append(a_message(f"{chat}.{seq}", text=text, **fields))
    return Talk(a_chat(chat, customer_name="Zoé March"), tuple(messages))


TALK = talk(
    ("zoe", "Hello, Zoé here."),
    ("zoe", "Is it blue? zoe@example.org"),
    ("note", "she is in a hurry"),
    ("ana", "It is."),
    ("zoe", "And big?"),
    ("ana", "Two feet high.", "size"),
)


def test_a_question_is_all_that_was_said_until_the_reply() -> None:
    """D07: several lines are one question, without names and addresses; notes are no replies."""
    found = list(exchanges(TALK))
    assert [each.question for each in found] == ["Hello, here. Is it blue?", "And big?"]
    assert [[reply.text for reply in each.replies] for each in found] == [
        ["It is."],
        ["Two feet high."],
    ]


def test_an_agent_may_begin_and_a_visitor_end() -> None:
    """D07: a welcome answers no question; the last question may have no reply."""
    first, last = exchanges(talk(("ana", "Welcome!"), ("zoe", "Thanks a lot")))
    assert (first.question, len(first.replies)) == ("", 1)
    assert (last.question, len(last.replies)) == ("Thanks a lot", 0)
    assert [one.question for one in questions_in([talk(("ana", "Welcome!"))], len)] == []


def test_what_was_written_by_hand_is_told_from_what_was_not() -> None:
    """B29: only the former is worth a proposal."""
    assert list(written_by_hand([TALK])) == ["It is."]
    assert names_in([TALK, TALK]) == ("Zoé March",)


def test_the_report_counts_chats() -> None:
    """D07: a response in more than the share of the chats is named with what it answered."""
    talks = [TALK, talk(("zoe", "How big?"), ("ana", "Two feet high.", "size"), chat="other")]
    titles = {"size": "How big it is"}
    view = report(talks, questions_in(talks, lambda _: 0.0), (), share=0.5, titles=titles)
    assert (view.chats, view.with_canned) == (2, 1.0)
    assert [(gap.canned, gap.share, gap.examples) for gap in view.overused] == [
        ("size", 1.0, ("And big?", "How big?"))
    ]
    assert view.overused[0].title == "How big it is"
    assert report([], (), (), share=0.5, titles={}).with_canned == 0.0
