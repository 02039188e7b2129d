"""Texts of the register of participants."""

from typing import Final

ENGLISH: Final = {
    "title": "Participants",
    "lede": "Who takes part in the Kimberley Process, as the register on the ledger has it: {count} in this list.",
    "filter": "Name contains",
    "show": "Show",
    "no_match": "No participant's name contains this.",
    "since": "Takes part since",
    "standing": "Standing",
    "node": "Node",
}

FRENCH: Final = {
    "title": "Participants",
    "lede": "Qui prend part au Processus de Kimberley, selon le registre tenu sur la chaîne : {count} dans cette liste.",
    "filter": "Le nom contient",
    "show": "Afficher",
    "no_match": "Aucun nom de participant ne contient cela.",
    "since": "Participe depuis",
    "standing": "Situation",
    "node": "Nœud",
}
