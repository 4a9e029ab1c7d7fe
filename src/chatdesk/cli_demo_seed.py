"""What the demonstration's desk is set up with: queues, agents, forms, in English and French."""

from collections.abc import Iterator, Sequence
from unicodedata import normalize

from chatdesk.cli_demo_canned import CANNED
from chatdesk.model.commands import ConfigureDesk, ImportCanned, SaveAgent, SaveQueue
from chatdesk.model.queries import AskSettings
from chatdesk.model.records import AgentSetup, DeskSetup, QueueSetup
from chatdesk.model.values import (
    Choice,
    Form,
    FormQuestion,
    Label,
    QuestionKind,
    QueueMode,
    Role,
    service,
)
from chatdesk.runtime.chatdesk import ChatDesk

DEMO = service("demo")
AGENTS = ("Ana", "Bo", "Chloé")
QUEUES = ("advice", "orders", "returns")


def both(english: str, french: str) -> Label:
    """A text in the demonstration's two languages."""
    return {"en": english, "fr": french}


def choice(value: str, english: str, french: str) -> Choice:
    """One closed answer."""
    return Choice(value=value, label=both(english, french))


PRECHAT = Form(
    questions=(
        FormQuestion(key="name", label=both("Name", "Nom"), required=True, max_length=100),
        FormQuestion(key="email", label=both("E-mail", "E-mail"), kind=QuestionKind.EMAIL),
        FormQuestion(
            key="customer_number",
            label=both("Customer number", "Numéro de client"),
            max_length=40,
        ),
    ),
    any_of=(("email", "customer_number"),),
)

QUALIFICATION = Form(
    questions=(
        FormQuestion(
            key="subject",
            label=both("Subject", "Sujet"),
            kind=QuestionKind.CHOICE,
            required=True,
            choices=(
                choice("product", "Product", "Produit"),
                choice("price", "Price", "Prix"),
                choice("finding", "Finding something", "Recherche sur le site"),
                choice("order", "Order or delivery", "Commande ou livraison"),
                choice("complaint", "Complaint", "Réclamation"),
            ),
        ),
        FormQuestion(
            key="customer_type",
            label=both("Customer", "Client"),
            kind=QuestionKind.CHOICES,
            choices=(
                choice("lost", "Lost", "Perdu"),
                choice("angry", "Angry", "Fâché"),
                choice("undecided", "Undecided", "Indécis"),
                choice("praising", "Praising", "Élogieux"),
                choice("foreign", "Other language", "Autre langue"),
                choice("mistaken", "Mistaken order", "Erreur de commande"),
            ),
        ),
        FormQuestion(key="remark", label=both("Remark", "Remarque"), max_length=250),
    ),
)

RATING = Form(
    questions=(
        FormQuestion(
            key="satisfaction",
            label=both(
                "How satisfied are you? (1 not at all, 5 very)",
                "Êtes-vous satisfait ? (1 pas du tout, 5 tout à fait)",
            ),
            kind=QuestionKind.SCALE,
            required=True,
        ),
        FormQuestion(
            key="solved",
            label=both("Was your question answered?", "Avez-vous eu votre réponse ?"),
            kind=QuestionKind.CHOICE,
            choices=(choice("yes", "Yes", "Oui"), choice("no", "No", "Non")),
        ),
        FormQuestion(key="comment", label=both("Your comment", "Votre commentaire")),
    ),
)

DESK_NAMES = both("The Lantern", "The Lantern")
QUEUE_SETUPS = {
    "advice": (QueueMode.PUSH, both("Advice (assigned)", "Conseil (attribution)")),
    "orders": (QueueMode.PULL, both("Orders (taken by hand)", "Commandes (à prendre)")),
    "returns": (QueueMode.OFFER, both("Returns (offered)", "Retours (sur proposition)")),
}
assert tuple(QUEUE_SETUPS) == QUEUES  # noqa: S101 - two lists of the same names


def agent_id(name: str) -> str:
    """An id for an agent of this name: small letters and digits, `chloe` for Chloé."""
    return "".join(each for each in normalize("NFKD", name.lower()) if each.isalnum())


def seed(desk: ChatDesk, agents: Sequence[str], language: str) -> bool:
    """Sets up a desk that has no queues yet; says whether it did. Agents who are new are added."""
    settings = desk.ask(AskSettings(), by=DEMO)
    if not settings.queues:
        for command in _setup(language):
            desk.execute(command, by=DEMO)
    known = {agent.id for agent in settings.agents}
    for addition in _new_agents(agents, known):
        desk.execute(addition, by=DEMO)
    return not settings.queues


def _setup(language: str) -> Iterator[ConfigureDesk | SaveQueue | ImportCanned]:
    yield ConfigureDesk(
        setup=DeskSetup(
            name=DESK_NAMES[language],
            languages=("en", "fr"),
            prechat=PRECHAT,
            qualification=QUALIFICATION,
            rating=RATING,
            preview_enabled=True,
        )
    )
    for queue, (mode, names) in QUEUE_SETUPS.items():
        yield SaveQueue(queue=queue, setup=QueueSetup(name=names[language], mode=mode))
    yield ImportCanned(responses=CANNED)


def _new_agents(names: Sequence[str], known: set[str]) -> Iterator[SaveAgent]:
    """One command for each agent who is not on the desk; the last of several leads the others."""
    for place, name in enumerate(names, 1):
        if agent_id(name) in known:
            continue
        role = Role.SUPERVISOR if 1 < place == len(names) else Role.AGENT
        setup = AgentSetup(name=name, role=role, queues=QUEUES, languages=("en", "fr"), capacity=3)
        yield SaveAgent(agent=agent_id(name), setup=setup)
