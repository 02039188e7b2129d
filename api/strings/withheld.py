"""Texts of the page of a network that has not published figures yet."""

from typing import Final

ENGLISH: Final = {
    "title": "No figures are published yet",
    "text": (
        "Figures of this network appear here once a protected release exists. A country with one or two traders would give "
        "away their business with its totals; each release is therefore checked, cell by cell, before anything is shown."
    ),
    "open": "What is open to everyone already:",
    "checkpoint_link": "the newest checkpoint of the log",
    "policy_link": "the policy: which keys count and how many must sign",
    "participants_link": "the register of participants",
    "network_link": "the state of the network",
}

FRENCH: Final = {
    "title": "Aucun chiffre n’est encore publié",
    "text": (
        "Les chiffres de ce réseau paraîtront ici dès qu’une publication protégée existera. Un pays qui compte un ou deux "
        "négociants livrerait leurs affaires avec ses totaux ; chaque publication est donc contrôlée, case par case, avant que "
        "rien ne soit montré."
    ),
    "open": "Ce qui est déjà ouvert à tous :",
    "checkpoint_link": "le dernier point de contrôle du journal",
    "policy_link": "la politique : quelles clés comptent et combien doivent signer",
    "participants_link": "le registre des participants",
    "network_link": "l’état du réseau",
}
