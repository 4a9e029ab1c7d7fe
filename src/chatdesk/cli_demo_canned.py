"""The demonstration's canned responses, in English and French.

Those in the categories `opening`, `holding` and `closing` are one click away in the console.
"""

from chatdesk.model.ids import Seconds
from chatdesk.model.records import CannedResponse

PROMISE: Seconds = 180.0
"""How soon an agent is back who has asked a visitor to wait."""


def _both(
    name: str,
    category: str,
    english: tuple[str, str, str, tuple[str, ...]],
    french: tuple[str, str, str, tuple[str, ...]],
) -> tuple[CannedResponse, CannedResponse]:
    """A response in both languages: title, shortcut, text and keywords of each."""
    return _one(name, category, "en", english), _one(name, category, "fr", french)


def _one(
    name: str, category: str, language: str, words: tuple[str, str, str, tuple[str, ...]]
) -> CannedResponse:
    title, shortcut, body, keywords = words
    return CannedResponse(
        id=f"{name}-{language}",
        title=title,
        body=body,
        shortcuts=(shortcut,),
        categories=(category,),
        keywords=keywords,
        language=language,
        promise_seconds=PROMISE if category == "holding" else None,
    )


CANNED: tuple[CannedResponse, ...] = (
    *_both(
        "hello",
        "opening",
        (
            "Welcome",
            "#hello",
            (
                "Hello {{ customer.first_name | there }}, this is {{ agent.name }}."
                " What can I do for you?"
            ),
            ("good morning", "hello"),
        ),
        (
            "Accueil",
            "#bonjour",
            (
                "Bonjour {{ customer.first_name | et bienvenue }}, je suis {{ agent.name }}."
                " Que puis-je faire pour vous ?"
            ),
            ("bonjour", "bonsoir"),
        ),
    ),
    *_both(
        "wait",
        "holding",
        (
            "One moment",
            "#wait",
            "One moment please, {{ customer.first_name | dear customer }}: I am going to find out.",
            (),
        ),
        (
            "Un instant",
            "#instant",
            "Un instant, {{ customer.first_name | s’il vous plaît }} : je me renseigne.",
            (),
        ),
    ),
    *_both(
        "bye",
        "closing",
        (
            "Goodbye",
            "#bye",
            (
                "Thank you for your visit, {{ customer.first_name | dear customer }}."
                " Is there anything else? If not, I wish you a good day."
            ),
            ("thank you", "that is all"),
        ),
        (
            "Au revoir",
            "#aurevoir",
            (
                "Merci de votre visite, {{ customer.first_name | cher client }}."
                " Autre chose ? Sinon, je vous souhaite une bonne journée."
            ),
            ("merci", "c’est tout"),
        ),
    ),
    *_both(
        "delivery",
        "orders/delivery",
        (
            "How long a delivery takes",
            "#delivery",
            (
                "We send what is in stock within one working day; it reaches you two to three days"
                " later."
            ),
            ("how long does delivery take", "when will it arrive", "shipping time"),
        ),
        (
            "Délai de livraison",
            "#livraison",
            (
                "Ce qui est en stock part sous un jour ouvré et vous parvient deux à trois jours"
                " plus tard."
            ),
            ("combien de temps pour la livraison", "quand vais-je être livré", "délai d’envoi"),
        ),
    ),
    *_both(
        "parcel",
        "orders/delivery",
        (
            "Where a parcel is",
            "#parcel",
            (
                "Your order {{ order.number }} has left our house. The link in the mail of dispatch"
                " shows where it is."
            ),
            ("where is my parcel", "track my order", "my package has not come"),
        ),
        (
            "Où est un colis",
            "#colis",
            (
                "Votre commande {{ order.number }} est partie. Le lien du courriel d’expédition"
                " montre où elle se trouve."
            ),
            ("où est mon colis", "suivre ma commande", "je n’ai rien reçu"),
        ),
    ),
    *_both(
        "cancel",
        "orders",
        (
            "Change or cancel an order",
            "#cancel",
            (
                "As long as an order has not left our house I can change or cancel it."
                " Which number has it, please?"
            ),
            ("cancel my order", "change the address", "ordered by mistake"),
        ),
        (
            "Modifier ou annuler une commande",
            "#annuler",
            (
                "Tant qu’une commande n’est pas partie, je peux la modifier ou l’annuler."
                " Quel est son numéro ?"
            ),
            ("annuler ma commande", "changer l’adresse", "erreur de commande"),
        ),
    ),
    *_both(
        "return",
        "returns",
        (
            "Send something back",
            "#return",
            (
                "You may send anything back within thirty days. Print the label on our page of"
                " returns and bring the parcel to any post office."
            ),
            ("return an article", "send it back", "I changed my mind"),
        ),
        (
            "Renvoyer un article",
            "#retour",
            (
                "Vous pouvez tout renvoyer sous trente jours. Imprimez l’étiquette de notre page"
                " des retours et déposez le colis dans n’importe quel bureau de poste."
            ),
            ("retourner un article", "renvoyer", "j’ai changé d’avis"),
        ),
    ),
    *_both(
        "refund",
        "returns",
        (
            "When the money comes back",
            "#refund",
            "We pay back within five working days of the parcel’s arrival, the way you paid.",
            ("refund", "money back", "when do I get my money"),
        ),
        (
            "Remboursement",
            "#remboursement",
            (
                "Nous remboursons sous cinq jours ouvrés après l’arrivée du colis, par le moyen du"
                " paiement."
            ),
            ("être remboursé", "mon argent", "avoir"),
        ),
    ),
    *_both(
        "broken",
        "returns",
        (
            "Something is broken",
            "#broken",
            (
                "I am sorry. Keep what has come, please, and send us a picture: we replace it at no"
                " cost."
            ),
            ("arrived broken", "damaged", "does not work", "leaks"),
        ),
        (
            "Article abîmé",
            "#casse",
            (
                "J’en suis désolé. Gardez ce que vous avez reçu et envoyez-nous une photo : nous le"
                " remplaçons sans frais."
            ),
            ("arrivé cassé", "abîmé", "ne fonctionne pas", "défectueux"),
        ),
    ),
    *_both(
        "burning",
        "advice/lanterns",
        (
            "How long a lantern burns",
            "#burning",
            "One filling burns for nine hours, a candle for forty.",
            ("burn all night", "how many hours does it burn", "lamp oil"),
        ),
        (
            "Durée d’une lanterne",
            "#duree",
            "Un plein brûle neuf heures, une bougie quarante.",
            ("brûle toute la nuit", "combien d’heures", "huile de lampe"),
        ),
    ),
    *_both(
        "stock",
        "advice",
        (
            "Is it in stock",
            "#stock",
            "It is in stock, and I can put one aside for you until tomorrow evening.",
            ("is it available", "in stock", "sold out"),
        ),
        (
            "Est-ce en stock",
            "#enstock",
            "Il est en stock, et je peux vous en mettre un de côté jusqu’à demain soir.",
            ("est-ce disponible", "en stock", "épuisé"),
        ),
    ),
    *_both(
        "hours",
        "shop",
        (
            "Opening hours",
            "#hours",
            (
                "The shop is open from Monday to Saturday, nine to six. You reach us by phone at"
                " {{ desk.phone | the number below every page }}."
            ),
            ("when are you open", "opening times", "on Sunday"),
        ),
        (
            "Heures d’ouverture",
            "#horaires",
            (
                "La boutique est ouverte du lundi au samedi, de neuf à dix-huit heures. Par"
                " téléphone : {{ desk.phone | le numéro au bas de chaque page }}."
            ),
            ("quand êtes-vous ouverts", "horaires", "le dimanche"),
        ),
    ),
)
