"""Models of chains of custody, origins, stock, and of outcomes owed (`api.schemas.custody`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "For how long outcomes have been owed.": "Depuis quand des issues sont dues.",
    "Date of the newest block, at which ages are counted.": "Date du dernier bloc, à laquelle les âges sont comptés.",
    "Those that owe any, by code.": "Celles qui en doivent, par code.",
    "Open certificates of some ages.": "Certificats ouverts d’une tranche d’âge.",
    "The least age.": "L’âge le plus bas.",
    "The greatest age; null: no limit.": "L’âge le plus haut ; null : sans limite.",
    "One HS code, or all: what there was, and what arrived, as measured, less what was issued.": (
        "Un code SH, ou tous : ce qu’il y avait et ce qui est arrivé, tel que mesuré, moins ce que portent les certificats "
        "délivrés."
    ),
    "As declared when it joined.": "Tel que déclaré à son entrée.",
    "As reported, by half-years.": "Telle que rapportée, par semestres.",
    "Negative: more was sent than there was.": "Négatif : il a été envoyé plus qu’il n’y avait.",
    "Exports that nothing bears out.": "Exportations que rien n’étaye.",
    "That, of the exports.": "Leur part des exportations, en pour cent.",
    "A chain of custody in one direction, a directed acyclic graph.": (
        "Une chaîne de possession dans un sens, un graphe orienté acyclique."
    ),
    "The certificate asked for, then the nearest first.": "Le certificat demandé, puis les plus proches d’abord.",
    "Between certificates of this chain.": "Prises entre certificats de cette chaîne.",
    "Whether it goes on where this one ends: at most 1,000 certificates are followed.": (
        "Si la chaîne continue au-delà : 1000 certificats au plus sont suivis."
    ),
    (
        "The origins of a certificate: `pro_rata` of all countries (zone empty) and of `mixed` together are `carats`. Goods "
        "that came from sources have the origins of their sources; what their own lines state is shown beside, as `stated`."
    ): (
        "Les origines d’un certificat : les `pro_rata` de tous les pays (zone vide) et de `mixed` font ensemble `carats`. Des "
        "marchandises venues de sources ont les origines de leurs sources ; ce que déclarent leurs propres lignes est montré à "
        "côté, sous `stated`."
    ),
    "By country, each followed by its zones.": "Par pays, chacun suivi de ses zones.",
    "Whether nothing is left open.": "Si rien ne reste ouvert.",
    "Whether no bound could be closer; false for a chain that is cut, or too large.": (
        "Si aucune borne ne pourrait être plus serrée ; faux pour une chaîne coupée, ou trop grande."
    ),
    "A certificate's chains of custody and the origins that follow from the upstream one; null what was not asked for.": (
        "Les chaînes de possession d’un certificat et les origines qui découlent de celle d’amont ; null pour ce qui n’a pas "
        "été demandé."
    ),
    "Where its carats came from, to production.": "D’où viennent ses carats, jusqu’à la production.",
    "Who took carats from it.": "Qui a repris de ses carats.",
    "One HS code. Sorting moves carats between codes, so a single one may be negative.": (
        "Un code SH. Le tri déplace des carats entre codes : un code isolé peut être négatif."
    ),
    "A certificate of a chain.": "Un certificat d’une chaîne.",
    "Taken by later certificates, in this chain or not.": "Repris par des certificats ultérieurs, dans cette chaîne ou non.",
    "What none of its sources covers.": "Ce qu’aucune de ses sources ne couvre.",
    "Taken along this chain's direction, and not followed: the chain is cut here.": (
        "Pris dans le sens de cette chaîne, et non suivis : la chaîne est coupée ici."
    ),
    "Takings between it and the certificate asked for, by the shortest way.": (
        "Nombre de prises entre lui et le certificat demandé, par le plus court chemin."
    ),
    "What is only known to be of one of these countries; without any: mixed, not stated.": (
        "Ce dont on sait seulement qu’il est de l’un de ces pays ; sans aucun : mêlé, non déclaré."
    ),
    "The outcomes that one destination owes.": "Les issues que doit une destination.",
    "Date of issue of the oldest.": "Date de délivrance du plus ancien.",
    "Days from the date of issue: 0 to 30, 31 to 60, 61 to 90, more.": (
        "Jours depuis la date de délivrance : 0 à 30, 31 à 60, 61 à 90, plus."
    ),
    "What the chain bears out of one origin.": "Ce que la chaîne étaye d’une origine.",
    "A zone of the country; empty: all of it.": "Une zone du pays ; vide : tout le pays.",
    "At least so much is of this origin.": "Carats qui sont au moins de cette origine.",
    "At most so much.": "Carats qui sont au plus de cette origine.",
    "So much, if every certificate is mixed like what it was made of.": (
        "Carats de cette origine, si chaque certificat est mêlé comme ce dont il est fait."
    ),
    "So much its own lines state to be of this origin alone.": (
        "Carats que ses propres lignes déclarent de cette seule origine."
    ),
    "A participant's stock, as far as the ledger bears it out: opening stock, production, imports, less exports.": (
        "Le stock d’un participant, autant que le registre l’étaye : stock initial, production, importations, moins les "
        "exportations."
    ),
    "Carats that the certificate `number` took from the certificate `source`.": (
        "Carats que le certificat `number` a pris sur le certificat `source`."
    ),
}
