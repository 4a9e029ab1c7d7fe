"""What every text from outside must be: there where it is needed, and of bounded length."""

from chatdesk.desk.step import Step
from chatdesk.model.commands import LeaveNote, RequestChat
from chatdesk.model.errors import InvalidInput
from chatdesk.model.values import Page

ID_LENGTH = 128
WORD_LENGTH = 128
"""For words of the shop's own: topics, skills, reasons, channels."""
LANGUAGE_LENGTH = 35
"""RFC 5646, section 4.4.1."""
NUMBER_LENGTH = 64
URL_LENGTH = 2048
SKILLS = 16


def check_text(step: Step, text: str, field: str = "text") -> str:
    """The text without blanks around it; raises `InvalidInput` when empty or too long."""
    text = text.strip()
    limit = step.setup.message_max_length
    if not text:
        raise InvalidInput.field(field, "missing", "must not be empty")
    if len(text) > limit:
        raise InvalidInput.field(field, "too_long", f"at most {limit} characters")
    return text


def check_id(id_: str, field: str) -> str:
    """The id; raises `InvalidInput` when blank or too long."""
    if not id_.strip() or len(id_) > ID_LENGTH:
        raise InvalidInput.field(field, "invalid", f"an id of 1 to {ID_LENGTH} characters")
    return id_


def check_length(text: str | None, field: str, limit: int) -> None:
    """Raises `InvalidInput` when a text that may be absent is too long."""
    if text is not None and len(text) > limit:
        raise InvalidInput.field(field, "too_long", f"at most {limit} characters")


def check_page(page: Page | None) -> None:
    """Raises `InvalidInput` when a page's address or title is too long."""
    if page is not None:
        check_length(page.url, "page.url", URL_LENGTH)
        check_length(page.title, "page.title", URL_LENGTH)
        check_length(page.referrer, "page.referrer", URL_LENGTH)


def check_request_texts(command: RequestChat | LeaveNote) -> None:
    """Raises `InvalidInput` for what a request says beside its question and its form."""
    check_page(command.page)
    check_length(command.language, "language", LANGUAGE_LENGTH)
    number = command.customer_number
    check_length(number, "customer_number", NUMBER_LENGTH)
    if number is not None and not number.strip():
        raise InvalidInput.field("customer_number", "missing", "must not be empty")
    if isinstance(command, RequestChat):
        check_length(command.topic, "topic", WORD_LENGTH)
        if len(command.skills) > SKILLS:
            raise InvalidInput.field("skills", "too_long", f"at most {SKILLS} skills")
        for skill in command.skills:
            check_length(skill, "skills", WORD_LENGTH)
