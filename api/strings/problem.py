"""Texts of the page that says what went wrong."""

from typing import Final

ENGLISH: Final = {
    "missing_title": "Nothing here",
    "missing_text": "There is no page under this address. The sections above lead to everything that is public.",
    "parameter_title": "This address cannot be shown",
    "parameter_text": "A part of it has a value that is not among those offered: {field}. Choose again on the page itself.",
    "unpublished_title": "No figures are published yet",
    "unpublished_text": "This network has made no release of its statistics so far.",
    "back": "Back to the overview",
}

FRENCH: Final = {
    "missing_title": "Rien ici",
    "missing_text": "Aucune page n’existe à cette adresse. Les rubriques ci-dessus mènent à tout ce qui est public.",
    "parameter_title": "Cette adresse ne peut pas être affichée",
    "parameter_text": (
        "L’une de ses parties a une valeur qui n’est pas parmi celles proposées : {field}. Choisissez de nouveau sur la page."
    ),
    "unpublished_title": "Aucun chiffre n’est encore publié",
    "unpublished_text": "Ce réseau n’a encore publié aucune statistique.",
    "back": "Retour à la vue d’ensemble",
}
