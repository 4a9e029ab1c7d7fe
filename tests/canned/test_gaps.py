"""What the site leaves out."""

from chatdesk.canned.gaps import AskedQuestion, SentResponse, gap_report, overused, unanswered


def test_a_reply_in_most_chats_is_reported() -> None:
    """A response sent in more than the given share of chats is named with what was asked (D07)."""
    sent = [SentResponse(f"c{n}", "hours", f"when do you open {n}") for n in range(6)]
    sent += [SentResponse("c1", "hours"), SentResponse("c1", "refund")]
    (one,) = overused(10, sent, 0.5)
    assert (one.response_id, one.chats, one.share) == ("hours", 6, 0.6)
    assert one.questions == ("when do you open 0", "when do you open 1", "when do you open 2")


def test_questions_nothing_answers_are_grouped() -> None:
    """Questions alike without a good reply are one gap, told by chats and not by messages (D07)."""
    asked = [
        AskedQuestion("c1", "do you repair old shoes", 0.1),
        AskedQuestion("c1", "do you repair old shoes", 0.1),
        AskedQuestion("c2", "do you repair old shoes please", 0.2),
        AskedQuestion("c3", "where is my parcel today", 0.9),
        AskedQuestion("c4", "is there parking near the shop", 0.1),
    ]
    (gap,) = unanswered(asked)
    assert (gap.question, gap.chats) == ("do you repair old shoes", 2)


def test_report() -> None:
    """The report counts the chats with canned responses and holds both lists (D07)."""
    report = gap_report(4, [SentResponse("c1", "hours")], [], share=0.2)
    assert (report.chats, report.with_canned) == (4, 0.25)
    assert [one.response_id for one in report.overused] == ["hours"]
    assert report.unanswered == ()


def test_no_chats() -> None:
    """Without chats there is nothing to report."""
    assert gap_report(0, [], []).overused == ()
