"""Texts of the page on confirmations."""

from typing import Final

ENGLISH: Final = {
    "title": "Confirmations in time",
    "lede": (
        "Each certificate asks its destination for an answer: what arrived, opened and measured. This is who answers, and "
        "who lets others wait."
    ),
    "explain": (
        "Answered are certificates whose parcel arrived and was measured. The share counts those and the ones that have "
        "waited for at most 30 days; days count from the date of issue. The deadline of most destinations is 30 days, the "
        "United States' 15, the European Union's 10 working days."
    ),
    "by_destination": "By destination",
    "none": "No certificate has been sent to anybody yet.",
    "destination": "Destination",
    "share": "Answered or recent",
    "answered": "Answered",
    "waiting": "Waiting",
    "age_30": "0–30 days",
    "age_60": "31–60",
    "age_90": "61–90",
    "age_more": "Longer",
    "oldest": "Oldest issued",
}

FRENCH: Final = {
    "title": "Confirmations dans les délais",
    "lede": (
        "Chaque certificat demande une réponse à sa destination : ce qui est arrivé, ouvert et mesuré. Voici qui répond, "
        "et qui laisse les autres attendre."
    ),
    "explain": (
        "Répondu : le colis du certificat est arrivé et a été mesuré. La part compte ceux-là et ceux qui attendent depuis "
        "30 jours au plus ; les jours comptent depuis la date de délivrance. Le délai de la plupart des destinations est "
        "de 30 jours, celui des États-Unis de 15, celui de l’Union européenne de 10 jours ouvrables."
    ),
    "by_destination": "Par destination",
    "none": "Aucun certificat n’a encore été envoyé à personne.",
    "destination": "Destination",
    "share": "Répondu ou récent",
    "answered": "Répondu",
    "waiting": "En attente",
    "age_30": "0–30 jours",
    "age_60": "31–60",
    "age_90": "61–90",
    "age_more": "Plus",
    "oldest": "Plus ancien",
}
