"""What statuses mean, and the words of which the forms of values are put together."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    # statuses
    "Taken, not final yet.": "Pris, pas encore définitif.",
    "To the page, for browsers.": "Vers la page, pour les navigateurs.",
    "Not modified.": "Inchangé.",
    "Malformed, or a parameter that is not allowed.": "Mal formé, ou un paramètre qui n’est pas admis.",
    "No valid token.": "Pas de jeton valable.",
    "The token's scope does not cover this.": "La portée du jeton ne couvre pas cela.",
    "Not here.": "Pas ici.",
    "Begins at another size than the one cosigned last, which the body names.": (
        "Commence à une autre taille que la dernière cosignée, que nomme le corps."
    ),
    "The body did not come in time.": "Le corps n’est pas venu à temps.",
    "Too large.": "Trop grand.",
    "Not the expected media type.": "Pas le type de média attendu.",
    "Refused by a rule.": "Refusé par une règle.",
    "Too many requests.": "Trop de demandes.",
    "The node failed.": "Le nœud a failli.",
    "Overloaded or not ready.": "Surchargé ou pas prêt.",
    # forms
    "list of ": "liste de ",
    " or ": " ou ",
    "query": "requête",
    "path": "chemin",
    "list of strings": "liste de chaînes",
    "string": "chaîne",
    "integer": "entier",
    "boolean": "booléen",
    "object": "objet",
}
