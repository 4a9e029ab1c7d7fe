"""The forms of a desk that declares none of its own."""

from chatdesk.model.values import Choice, Form, FormQuestion, QuestionKind

PRECHAT = Form(
    questions=(
        FormQuestion(key="name", label={"en": "Name", "fr": "Nom"}, required=True, max_length=120),
        FormQuestion(
            key="email",
            label={"en": "E-mail", "fr": "E-mail"},
            kind=QuestionKind.EMAIL,
            max_length=254,
        ),
        FormQuestion(
            key="customer_number",
            label={"en": "Customer number", "fr": "Numéro de client"},
            max_length=64,
        ),
    ),
    any_of=(("email", "customer_number"),),
)
"""A05: a name, and an e-mail address or a customer number."""

QUALIFICATION = Form(
    questions=(
        FormQuestion(
            key="outcome",
            label={"en": "Outcome", "fr": "Résultat"},
            kind=QuestionKind.CHOICE,
            required=True,
            choices=(
                Choice(value="answered", label={"en": "Answered", "fr": "Répondu"}),
                Choice(value="sale", label={"en": "Sale", "fr": "Vente"}),
                Choice(value="follow_up", label={"en": "To follow up", "fr": "À suivre"}),
                Choice(value="unanswered", label={"en": "Not answered", "fr": "Sans réponse"}),
            ),
        ),
        FormQuestion(
            key="customer_type",
            label={"en": "Customer", "fr": "Client"},
            kind=QuestionKind.CHOICE,
            choices=(
                Choice(value="lost", label={"en": "Lost", "fr": "Perdu"}),
                Choice(value="angry", label={"en": "Angry", "fr": "Mécontent"}),
                Choice(value="undecided", label={"en": "Undecided", "fr": "Indécis"}),
                Choice(value="praising", label={"en": "Praising", "fr": "Élogieux"}),
                Choice(value="foreign", label={"en": "Foreign", "fr": "Étranger"}),
                Choice(value="mistaken", label={"en": "Mistaken", "fr": "Erreur"}),
            ),
        ),
        FormQuestion(key="remark", label={"en": "Remark", "fr": "Remarque"}),
    ),
)
"""A26, A27; the customer types are B57–B62."""

RATING = Form(
    questions=(
        FormQuestion(
            key="satisfaction",
            label={"en": "Were you satisfied?", "fr": "Êtes-vous satisfait ?"},
            kind=QuestionKind.SCALE,
            scale=5,
            required=True,
        ),
        FormQuestion(key="comment", label={"en": "Your opinion", "fr": "Votre avis"}),
    ),
)
"""A31: one closed and one open question."""
