"""Models of findings, their rules, and inquiries (`api.schemas`: `findings`, `inquiries`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "What in the records does not add up. Whoever has the ledger can find it again.": (
        "Ce qui, dans les enregistrements, ne concorde pas. Quiconque a le registre peut le retrouver."
    ),
    "Rule and subject: what an inquiry cites.": "Règle et objet : ce que cite une question.",
    "What it is about, in the rule's own way.": "Sur quoi il porte, à la manière de la règle.",
    "Of the rule as it found this.": "Version de la règle qui l’a trouvé.",
    "`resolved`: its cause is there no more.": "`resolved` : sa cause a disparu.",
    "Ids of the records that it follows from.": "Identifiants des enregistrements dont il découle.",
    "By name: weights end in `carats` and have two places; days are counted; dates and numbers are texts.": (
        "Par nom : les poids finissent en `carats` et ont deux décimales ; les jours sont comptés ; dates et numéros sont des "
        "textes."
    ),
    "The block that found it first.": "Le bloc qui l’a trouvé en premier.",
    "The block that made it as it stands.": "Le bloc qui lui a donné son état présent.",
    "Lists are in this order, the highest at the top.": "Les listes sont dans cet ordre, le plus haut en tête.",
    "A rule of findings.": "Une règle de constats.",
    "Every rule, by name.": "Chaque règle, par nom.",
    "A page of findings, those first seen last at the top.": "Une page de constats, les plus récemment apparus en tête.",
    "A page of inquiries in one state, those opened first at the top.": (
        "Une page de questions dans un même état, les premières posées en tête."
    ),
    "An inquiry of the secretariat. The question is in its record, which takes a token to read.": (
        "Une question du secrétariat. Ce qu’elle demande est dans son enregistrement, qu’on ne lit qu’avec un jeton."
    ),
    "Of the record that opened it.": "Identifiant de l’enregistrement qui l’a posée.",
    "Key of the finding that it follows from; null in the public list.": (
        "Clé du constat dont elle découle ; null dans la liste publique."
    ),
    "Unanswered, and the due date lies before that of the newest block.": (
        "Sans réponse, et l’échéance est antérieure à la date du dernier bloc."
    ),
    "Ids of the answers so far.": "Identifiants des réponses jusqu’ici.",
    "Id of the record that closed it; null while it is open.": (
        "Identifiant de l’enregistrement qui l’a close ; null tant qu’elle est ouverte."
    ),
    "Where an inquiry stands; only `closed` is final.": "Où en est une question ; seul `closed` est définitif.",
    "One finding, with what its rule finds.": "Un constat, avec ce que trouve sa règle.",
    "How much weight a finding has.": "Quel poids a un constat.",
    "Whether the cause of a finding is still there.": "Si la cause d’un constat est toujours présente.",
    "A parameter of the Plenary, as it stands on the day of the newest block.": (
        "Un paramètre de la Plénière, tel qu’il vaut au jour du dernier bloc."
    ),
}
