"""Models of certificates, open confirmations and the verdict on a printed one (`certificates`, `verdicts`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "One certificate: what the issuer says, what the destination says, and the records that say it.": (
        "Un certificat : ce que dit l’émetteur, ce que dit la destination, et les enregistrements qui le disent."
    ),
    "As amended; null for an import on paper.": "Tel que modifié ; null pour une importation sur papier.",
    "An import on paper, null for others.": "Une importation sur papier, null pour les autres.",
    "Null while it is open.": "Null tant qu’il est ouvert.",
    "The issue first; an outcome answers the last.": "La délivrance d’abord ; une issue répond au dernier.",
    "By number, at most the first 500.": "Par numéro, au plus les 500 premiers.",
    "Ids of technical certificates and transit notices that name it.": (
        "Identifiants des certificats techniques et avis de transit qui le nomment."
    ),
    "That name it and that the token may see, the newest first.": (
        "Ceux qui le nomment et que le jeton permet de voir, les plus récents d’abord."
    ),
    "Whether there are more than the newest 50; `/v1/findings` has all.": (
        "S’il y en a d’autres que les 50 plus récents ; `/v1/findings` les a tous."
    ),
    "One certificate in a list.": "Un certificat dans une liste.",
    "Taken by later certificates.": "Repris par des certificats ultérieurs.",
    "Reached the ledger more than 7 days after its date of issue.": (
        "Arrivé au registre plus de 7 jours après sa date de délivrance."
    ),
    "Place of its issue in the log; lists are in this order.": (
        "Place de sa délivrance au journal ; les listes sont dans cet ordre."
    ),
    "What became of a certificate; all but `open` are final.": (
        "Ce qu’est devenu un certificat ; tout sauf `open` est définitif."
    ),
    "What has become of a certificate, for whoever holds its verdict code. Compare it with what is printed.": (
        "Ce qu’est devenu un certificat, pour qui détient son code de vérification. À comparer avec ce qui est imprimé."
    ),
    "Whether it is open and past its expiry at the date of the newest block.": (
        "S’il est ouvert et que son expiration est passée à la date du dernier bloc."
    ),
    "Id of the newest of its issuer's and destination's records.": (
        "Identifiant du dernier des enregistrements de son émetteur et de sa destination."
    ),
    "A page of certificates.": "Une page de certificats.",
    "A later certificate that took carats from this one.": "Un certificat ultérieur qui a pris des carats sur celui-ci.",
    "A page of the register of open confirmations, those that entered the ledger first at the top.": (
        "Une page du registre des confirmations en attente, les certificats entrés les premiers en tête."
    ),
    "A certificate that waits for its destination's outcome.": "Un certificat qui attend l’issue de sa destination.",
    "Days from the date of issue to the date of the newest block.": "Jours de la date de délivrance à la date du dernier bloc.",
    "Whether it is past its expiry at the date of the newest block.": "Si son expiration est passée à la date du dernier bloc.",
    "One record of a certificate.": "Un enregistrement d’un certificat.",
}
