"""Models of the bodies of records, made of the ledger's own schemas (`api.schemas.bodies`), by their names."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "US$ with two places.": "US$ à deux décimales.",
    "`certificate.amend`: all that the issuer states of an open certificate, anew; `answers`: id of its newest record.": (
        "`certificate.amend` : tout ce que l’émetteur déclare d’un certificat ouvert, à nouveau ; `answers` : identifiant de "
        "son dernier enregistrement."
    ),
    "The same of a year's trade: `of` one HS code with all partners, one partner in all HS codes, or `all`.": (
        "La même protection pour le commerce d’une année : `of` est un code SH avec tous les partenaires, un partenaire dans "
        "tous les codes SH, ou `all`."
    ),
    "`statistics.attach`: one part of an attachment; `digest` is the SHA-256 of the whole, `place` counts parts from 0.": (
        "`statistics.attach` : une partie d’une annexe ; `digest` est le SHA-256 du tout, `place` compte les parties à partir "
        "de 0."
    ),
    "`authority.set`: the author has an office of this name, or has it no more, and with it none of its keys.": (
        "`authority.set` : l’auteur a une autorité de ce nom, ou ne l’a plus, ni avec elle aucune de ses clés."
    ),
    "`bilateral.accept`: certificates between the author and a partner are electronic from a day on; both must say so.": (
        "`bilateral.accept` : les certificats entre l’auteur et un partenaire sont électroniques à partir d’un jour ; les deux "
        "doivent le dire."
    ),
    "`certificate.close`: why a certificate without an outcome that counts is none any more, and which one took its place.": (
        "`certificate.close` : pourquoi un certificat sans issue qui compte n’en est plus un, et lequel a pris sa place."
    ),
    "Carats of one HS code as measured by the importer.": "Carats d’un code SH tels que l’importateur les a mesurés.",
    "`import.correct`: the outcome anew, by who stated it; `answers` is the id of the certificate's newest record.": (
        "`import.correct` : l’issue à nouveau, par qui l’a déclarée ; `answers` est l’identifiant du dernier enregistrement du "
        "certificat."
    ),
    "`return.countersign`: a return (the id of its record) states the protection that the opened records ask for.": (
        "`return.countersign` : une déclaration (l’identifiant de son enregistrement) indique la protection que demandent les "
        "enregistrements, une fois ouverts."
    ),
    "`evidence.equivocation`: two votes of a validator of this epoch that it may not both sign, as consensus encodes them.": (
        "`evidence.equivocation` : deux votes d’un validateur de cette époque qu’il ne peut signer tous deux, tels que le "
        "consensus les encode."
    ),
    "`sealed.fault`: the author cannot open the envelope of the record with this rid, or it breaks its commitments.": (
        "`sealed.fault` : l’auteur ne peut ouvrir l’enveloppe de l’enregistrement qui a ce rid, ou elle contredit ses "
        "engagements."
    ),
    "`inquiry.answer`: what the participant says; `digest`: SHA-256 of a document that it sends elsewhere, empty for none.": (
        "`inquiry.answer` : ce que dit le participant ; `digest` : SHA-256 d’un document qu’il envoie par ailleurs, vide s’il "
        "n’y en a pas."
    ),
    "`inquiry.close`: what became of the question.": "`inquiry.close` : ce qu’est devenue la question.",
    "`inquiry.open`: a question to a participant, to be answered by a day; `finding`: the key of what it follows from.": (
        "`inquiry.open` : une question à un participant, à laquelle une réponse est due à un jour donné ; `finding` : la clé "
        "de ce dont elle découle."
    ),
    "`key.add`: a key of an authority with its roles and its days, or (`seal`) the author's sealing key of an epoch.": (
        "`key.add` : une clé d’une autorité avec ses rôles et ses jours, ou (`seal`) la clé de scellement de l’auteur pour une "
        "époque."
    ),
    "`key.revoke`: a signing or sealing key of the author's, from now on for nothing.": (
        "`key.revoke` : une clé de signature ou de scellement de l’auteur, désormais sans valeur."
    ),
    "Carats of one HS code and origin on a certificate. `origin` empty: mixed, not stated; `zone` empty: none named.": (
        "Carats d’un code SH et d’une origine sur un certificat. `origin` vide : mêlée, non déclarée ; `zone` vide : aucune "
        "n’est nommée."
    ),
    "`mission.report`: what a review or expert mission found at a participant or an applicant, and its document's hash.": (
        "`mission.report` : ce qu’une mission d’examen ou d’experts a trouvé chez un participant ou un candidat, et "
        "l’empreinte de son document."
    ),
    "`node.ready`: the author's node is ready to vote in this epoch among these validators (`ledger.network.list_hash`).": (
        "`node.ready` : le nœud de l’auteur est prêt à voter dans cette époque parmi ces validateurs "
        "(`ledger.network.list_hash`)."
    ),
    "`node.set`: the author's node from now on; its consensus key and `validator` say who votes from the next epoch on.": (
        "`node.set` : le nœud de l’auteur à partir de maintenant ; sa clé de consensus et `validator` disent qui vote à partir "
        "de l’époque suivante."
    ),
    "`paper.confirm`: an outcome that came back on paper or by mail; `digest` is the SHA-256 of that document.": (
        "`paper.confirm` : une issue revenue sur papier ou par courrier ; `digest` est le SHA-256 de ce document."
    ),
    "`paper.import`: an import under a paper certificate of a participant that does not issue here, or could not.": (
        "`paper.import` : une importation sous un certificat papier d’un participant qui ne délivre pas ici, ou ne le pouvait "
        "pas."
    ),
    "`participation.set`: from which days the author issues and confirms on this ledger; empty leaves it as it is.": (
        "`participation.set` : à partir de quels jours l’auteur délivre et confirme sur ce registre ; vide ne change rien."
    ),
    "`plenary.position`: where the author stands on a proposal (the id of its record); its newest one counts.": (
        "`plenary.position` : la position de l’auteur sur une proposition (l’identifiant de son enregistrement) ; sa plus "
        "récente compte."
    ),
    "`production.report`: what was mined in half a year, by HS code and zone, each once and ascending; none: nothing was.": (
        "`production.report` : ce qui a été extrait en un semestre, par code SH et zone, chacun une fois et en ordre croissant "
        "; aucune ligne : rien ne l’a été."
    ),
    "Carats and value of one HS code from one zone; `zone` empty: none named.": (
        "Carats et valeur d’un code SH d’une zone ; `zone` vide : aucune n’est nommée."
    ),
    "`plenary.propose`: what is to be decided, by when positions are taken, from which day it holds.": (
        "`plenary.propose` : ce qui est à décider, jusqu’à quand les positions se prennent, à partir de quel jour cela vaut."
    ),
    (
        "How far a quarter's trade in one HS code, or in `all`, with all partners must be protected when statistics are "
        "released."
    ): (
        "Jusqu’où le commerce d’un trimestre dans un code SH, ou dans `all`, avec tous les partenaires doit être protégé quand "
        "des statistiques paraissent."
    ),
    "`statistics.publish`: a release of a period's statistics.": (
        "`statistics.publish` : une publication des statistiques d’une période."
    ),
    "`range.commit`: certificate numbers, the digits behind the prefix, that the author will use in a year.": (
        "`range.commit` : les numéros de certificats, chiffres après le préfixe, que l’auteur utilisera en une année."
    ),
    "`return.file`: the author's trade of a quarter in one flow, by partner and HS code, each once and ascending.": (
        "`return.file` : le commerce de l’auteur en un trimestre et dans un flux, par partenaire et code SH, chacun une fois "
        "et en ordre croissant."
    ),
    "Trade with one partner in one HS code; `blinding` is the sum of the lines' blindings modulo L, little-endian.": (
        "Commerce avec un partenaire dans un code SH ; `blinding` est la somme des facteurs d’aveuglement des lignes modulo L, "
        "octet de poids faible en tête."
    ),
    "`sealed.share`: another reader's key to the envelope of the record with this rid, a sealed box as in envelopes.": (
        "`sealed.share` : la clé d’un autre lecteur pour l’enveloppe de l’enregistrement qui a ce rid, une boîte scellée comme "
        "dans les enveloppes."
    ),
    "Points that a certificate takes from an earlier one, which its issuer confirmed as an import.": (
        "Carats qu’un certificat prend sur un autre, antérieur, que son émetteur a confirmé comme importation."
    ),
    "`stock.declare`: the opening stock at the end of a day, by HS code, each once and ascending.": (
        "`stock.declare` : le stock initial à la fin d’un jour, par code SH, chacun une fois et en ordre croissant."
    ),
    "Carats of one HS code in stock.": "Carats d’un code SH en stock.",
    "`technical.issue`: a technical certificate; `link` is the certificate under which the goods travelled before.": (
        "`technical.issue` : un certificat technique ; `link` est le certificat sous lequel les marchandises ont voyagé "
        "auparavant."
    ),
    "`transit.notice`: goods under a certificate crossed the author's territory, opened or not.": (
        "`transit.notice` : des marchandises sous certificat ont traversé le territoire de l’auteur, que le lot ait été ouvert "
        "ou non."
    ),
    "`statistics.verdict`: whether the author's node, having made the release anew, agrees with it.": (
        "`statistics.verdict` : si le nœud de l’auteur, ayant refait la publication, est d’accord avec elle."
    ),
    "`participant.withdraw`: the author suspends its own trade from a day on, until the Plenary readmits it.": (
        "`participant.withdraw` : l’auteur suspend son propre commerce à partir d’un jour, jusqu’à ce que la Plénière le "
        "réadmette."
    ),
}
