"""Texts of the register of unanswered inquiries."""

from typing import Final

ENGLISH: Final = {
    "title": "Unanswered inquiries",
    "lede": (
        "Questions of the secretariat that wait for a participant's answer. That a question waits is public; what it says "
        "is not."
    ),
    "waiting": "Waiting for an answer",
    "none": "No inquiry waits for an answer.",
    "opened": "Asked on",
    "due": "Answer due by",
    "state": "State",
    "record": "Place in the log",
    "overdue": "overdue",
    "in_time": "still in time",
    "next": "Next page",
}

FRENCH: Final = {
    "title": "Questions sans réponse",
    "lede": (
        "Questions du secrétariat qui attendent la réponse d’un participant. Qu’une question attende est public ; ce "
        "qu’elle dit ne l’est pas."
    ),
    "waiting": "En attente de réponse",
    "none": "Aucune question n’attend de réponse.",
    "opened": "Posée le",
    "due": "Réponse attendue le",
    "state": "État",
    "record": "Place dans le journal",
    "overdue": "en retard",
    "in_time": "dans les délais",
    "next": "Page suivante",
}
