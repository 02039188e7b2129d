"""Models of the ledger, its nodes, participants, keys and proposals (`api.schemas`: `network`, `keys`, `plenary`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "One condition for taking traffic.": "Une condition pour accepter des demandes.",
    "A validator that signed two votes of which the rules allow one; `id` is the record that proves it.": (
        "Un validateur qui a signé deux votes dont les règles n’admettent qu’un ; `id` est l’enregistrement qui le prouve."
    ),
    "The key that contradicted itself.": "La clé qui s’est contredite.",
    "All keys of one holder, former ones too.": "Toutes les clés d’un titulaire, les anciennes comprises.",
    "Code of the participant, or `secretariat`.": "Code du participant, ou `secretariat`.",
    "Which ledger this is and where it stands.": "Le registre dont il s’agit, et où il en est.",
    "Name of the transparency log.": "Nom du journal de transparence.",
    "Digest of the state at `height`.": "Empreinte de l’état à la hauteur `height`.",
    "Operator of the answering node.": "Exploitant du nœud qui répond.",
    "A participant's node. `votes`: in the epoch in force; `validator`: wants to, from the next epoch on.": (
        "Le nœud d’un participant. `votes` : dans l’époque en vigueur ; `validator` : veut voter, à partir de l’époque "
        "suivante."
    ),
    "Consensus key, Ed25519.": "Clé de consensus, Ed25519.",
    "The nodes, who votes, and what is about to change.": "Les nœuds, qui vote, et ce qui va changer.",
    "Hash of the list of validators that waits to be ready; empty: none does.": (
        "Empreinte de la liste de validateurs qui attend d’être prête ; vide : aucune n’attend."
    ),
    "Whose nodes are ready for that list.": "Ceux dont le nœud est prêt pour cette liste.",
    "Hash of the list with which the next epoch begins at once; empty: none.": (
        "Empreinte de la liste avec laquelle l’époque suivante commence aussitôt ; vide : aucune."
    ),
    "One participant.": "Un participant.",
    "False for an entity that meets the requirements without being a participant.": (
        "Faux pour une entité qui remplit les exigences sans être un participant."
    ),
    "A date, or empty: not set.": "Une date, ou vide : non fixée.",
    "Offices that sign for it.": "Autorités qui signent pour lui.",
    "Whether it runs a node.": "S’il tient un nœud.",
    "Whether its node votes.": "Si son nœud vote.",
    "Where one participant stands.": "La position d’un participant.",
    "One proposal; the record of this id says all of it.": (
        "Une proposition ; l’enregistrement de cet identifiant la dit tout entière."
    ),
    "Whom it concerns, or who is appointed; empty for others.": (
        "Celui qu’elle concerne, ou qui est nommé ; vide pour les autres."
    ),
    "First day on which it holds.": "Premier jour où elle vaut.",
    "Decided by the first block at or after this.": "Décidée par le premier bloc à partir de cet instant.",
    "The day of that in UTC.": "Le jour de cet instant, en UTC.",
    "How many support it, object to it, abstain.": "Combien la soutiennent, s’y opposent, s’abstiennent.",
    "Empty while open; void: adopted and no longer possible.": (
        "Vide tant qu’elle est ouverte ; void : adoptée et devenue impossible."
    ),
    "Block that decided it, 0 while open.": "Bloc qui l’a décidée, 0 tant qu’elle est ouverte.",
    "How many must support it, as the parameter stands now.": (
        "Combien doivent la soutenir, selon la valeur présente du paramètre."
    ),
    "A page of proposals, by id.": "Une page de propositions, par identifiant.",
    "Every condition, with `?verbose`.": "Chaque condition, avec `?verbose`.",
    "A signing key.": "Une clé de signature.",
    "The office that has it; empty for the secretariat.": "L’autorité qui l’a ; vide pour le secrétariat.",
    "First day on which it is no longer in force; empty: none is set.": (
        "Premier jour où elle n’est plus en vigueur ; vide : aucun n’est fixé."
    ),
    "A sealing key (X25519) of one epoch.": "Une clé de scellement (X25519) d’une époque.",
    "Day of its registration; empty: with the ledger itself.": "Jour de son enregistrement ; vide : avec le registre lui-même.",
    "Day on which it was revoked; empty: it was not.": "Jour de sa révocation ; vide : elle n’a pas été révoquée.",
    "A suspension, of the whole or of one zone.": "Une suspension, du participant entier ou d’une zone.",
    "Empty: the whole participant.": "Vide : le participant entier.",
    "One validator with the C2SP verifier keys of its node.": "Un validateur avec les clés de vérification C2SP de son nœud.",
}
