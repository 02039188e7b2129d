"""What parameters of requests mean."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "Only those of this severity.": "Seulement ceux de cette gravité.",
    "Given in any form: a JSON document with every check.": (
        "Donné, quelle que soit sa valeur : un document JSON avec chaque vérification."
    ),
    "Place in the log of the last record held; -1: none.": "Place au journal du dernier enregistrement qu’on a ; -1 : aucun.",
    "Anybody may read `unanswered`; the others take a token.": (
        "Chacun peut lire `unanswered` ; les autres demandent un jeton."
    ),
    "Where it came from, where it went, or both.": "D’où il vient, où il est allé, ou les deux.",
    "Only records whose own instant is of this day (UTC) or later.": (
        "Seulement les enregistrements dont l’instant propre est de ce jour (UTC) ou après."
    ),
    "Only records whose own instant is of this day (UTC) or earlier.": (
        "Seulement les enregistrements dont l’instant propre est de ce jour (UTC) ou avant."
    ),
    "The name (`rule/about`) of the last one of the page before.": "Le nom (`rule/about`) du dernier de la page précédente.",
    "Only open ones, or all.": "Seulement les ouvertes, ou toutes.",
    "Only this participant's.": "Seulement ceux de ce participant.",
    "Wait up to 30 s for finality.": "Attendre 30 s au plus que ce soit définitif.",
    "Only of this rule.": "Seulement de cette règle.",
    "Only records by or about this participant.": "Seulement les enregistrements de ce participant ou à son sujet.",
    "Exports by date of issue, imports by date of receipt.": (
        "Exportations par date de délivrance, importations par date de réception."
    ),
    "Begin behind this place in the log; -1: with the first record. Without: with what comes now.": (
        "Commencer après cette place au journal ; -1 : au premier enregistrement. Sans : à ce qui vient maintenant."
    ),
    "Only those to this participant.": "Seulement ce qui est adressé à ce participant.",
    "Where they stand.": "Où elles en sont.",
    "Only in this state.": "Seulement dans cet état.",
    "Only to this participant.": "Seulement vers ce participant.",
    "Which comes first.": "Lequel vient d’abord.",
    "Items a page.": "Éléments par page.",
    "Only those that concern it.": "Seulement ceux qui le concernent.",
    "`next` of the page before.": "`next` de la page précédente.",
    "Only those with this status.": "Seulement ceux de ce statut.",
    "Only of this year's periods.": "Seulement des périodes de cette année.",
    "Block after which the figures are read, else the newest.": "Bloc après lequel les chiffres sont lus, sinon le dernier.",
    "16 letters and digits, as printed.": "16 lettres et chiffres, comme imprimés.",
    "Only those that name it.": "Seulement ceux qui le nomment.",
    "Only records of this kind.": "Seulement les enregistrements de ce genre.",
}
