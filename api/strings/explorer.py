"""Texts of the explorer."""

from typing import Final

ENGLISH: Final = {
    "title": "Explore the figures",
    "lede": "Choose what to see and how. The address of each view stays the same, so it can be kept, sent and cited.",
    "chart_title": "{flow}, {measure}, {hs}",
    "choose": "Choose figures",
    "figures": "Figures",
    "source_live": "live",
    "source_released": "newest releases",
    "one_release": "release {release}",
    "flow": "Flow",
    "measure": "Measure",
    "hs": "Class",
    "who": "Participants in the series",
    "who_note": "At most {count}; further ones are left out.",
    "show": "Show",
    "filter": "Name contains",
    "views": "View",
    "view_bars": "Ranking",
    "view_series": "Time series",
    "view_map": "Map",
    "series_note": "Lines break where a figure is confidential or its value is missing.",
    "map_note": (
        "Members of the European Union have its colour, as it is one participant. Boundaries are those of Natural Earth and "
        "imply no opinion on any territory."
    ),
    "table": "The same as a table",
    "sort_by": "Sort by {column}",
    "nothing": "No figures for this choice.",
    "no_match": "No participant's name contains this.",
    "below": "below {amount}",
    "between": "{least} to {most}",
    "above": "{amount} and more",
    "source": "Kimberley Process Certificate Ledger, {release}, block {height}",
    "whole_world": "World in all",
    "link": "Permanent link",
}

FRENCH: Final = {
    "title": "Explorer les chiffres",
    "lede": (
        "Choisissez quoi voir et comment. L’adresse de chaque vue ne change pas : on peut la garder, l’envoyer et la citer."
    ),
    "chart_title": "{flow}, {measure}, {hs}",
    "choose": "Choisir les chiffres",
    "figures": "Chiffres",
    "source_live": "courants",
    "source_released": "dernières publications",
    "one_release": "publication {release}",
    "flow": "Flux",
    "measure": "Mesure",
    "hs": "Classe",
    "who": "Participants de la série",
    "who_note": "Au plus {count} ; les suivants sont laissés de côté.",
    "show": "Afficher",
    "filter": "Le nom contient",
    "views": "Vue",
    "view_bars": "Classement",
    "view_series": "Série temporelle",
    "view_map": "Carte",
    "series_note": "Les lignes s’interrompent là où un chiffre est confidentiel ou sa valeur manquante.",
    "map_note": (
        "Les membres de l’Union européenne ont sa couleur, car elle est un seul participant. Les frontières sont celles de "
        "Natural Earth et n’expriment aucune opinion sur aucun territoire."
    ),
    "table": "La même chose en tableau",
    "sort_by": "Trier par {column}",
    "nothing": "Aucun chiffre pour ce choix.",
    "no_match": "Aucun nom de participant ne contient cela.",
    "below": "moins de {amount}",
    "between": "de {least} à {most}",
    "above": "{amount} et plus",
    "source": "Registre des certificats du Processus de Kimberley, {release}, bloc {height}",
    "whole_world": "Monde, total",
    "link": "Lien permanent",
}
