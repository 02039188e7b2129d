"""Texts of the page of one participant."""

from typing import Final

ENGLISH: Final = {
    "standing": "Standing",
    "since": "Takes part since",
    "issues_from": "Issues on this ledger since",
    "offices": "Authorities",
    "countries": "Countries and territories",
    "node": "Node",
    "suspensions": "Suspensions",
    "whole": "Whole participant",
    "from_until": "{since} to {until}",
    "from_on": "since {since}",
    "answers": "Answers",
    "answering": "{share} answered or recent: {answered} answered, {waiting} waiting",
    "figures": "Figures",
    "unpublished": "No figures are published yet.",
    "none": "Nothing was traded or produced so far.",
    "series": "Trade in carats by quarter",
    "chart_title": "{name}: trade in carats",
    "source": "Kimberley Process Certificate Ledger, {release}, block {height}",
    "partners": "Largest partners",
    "partner": "Partner",
}

FRENCH: Final = {
    "standing": "Situation",
    "since": "Participe depuis",
    "issues_from": "Délivre sur ce registre depuis",
    "offices": "Autorités",
    "countries": "Pays et territoires",
    "node": "Nœud",
    "suspensions": "Suspensions",
    "whole": "Participant entier",
    "from_until": "du {since} au {until}",
    "from_on": "depuis le {since}",
    "answers": "Réponses",
    "answering": "{share} répondus ou récents : {answered} répondus, {waiting} en attente",
    "figures": "Chiffres",
    "unpublished": "Aucun chiffre n’est encore publié.",
    "none": "Rien n’a été échangé ni produit jusqu’ici.",
    "series": "Échanges en carats par trimestre",
    "chart_title": "{name} : échanges en carats",
    "source": "Registre des certificats du Processus de Kimberley, {release}, bloc {height}",
    "partners": "Principaux partenaires",
    "partner": "Partenaire",
}
