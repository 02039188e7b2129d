"""Texts of the overview."""

from typing import Final

ENGLISH: Final = {
    "title": "World trade in rough diamonds",
    "lede": (
        "Carats and certificates by participant, as the participants themselves signed them into one shared, append-"
        "only ledger."
    ),
    "open": "Open confirmations",
    "exports_note": "on {count} certificates issued",
    "imports_note": "on {count} confirmations by importers",
    "open_note": "certificates that wait for their destination's answer",
    "records": "Records in the log",
    "records_note": "signed, in one order that every node agrees on",
    "by_participant": "By participant",
    "by_participant_text": (
        "Exports are counted when an authority issues a certificate, imports when the destination's authority has opened the "
        "parcel and measured it. Parcels under way and differences in measuring keep the two apart; they are never balanced."
    ),
    "hs": "What is traded",
    "hs_text": "Carats by class of the Harmonized System, in which customs everywhere describe rough diamonds.",
    "verify": "What these figures rest on",
    "verify_text": (
        "Every figure above is a sum over the records of the log below. The nodes signed this state of the log independently "
        "of one another. None of them, and not this server either, can change a record later without the root changing with it."
    ),
    "how": "How to verify this",
    "how_text": (
        "Three commands show that these signatures are genuine and that the log holds what they say; other nodes and "
        "other tools give the same."
    ),
    "how_link": "All steps, and what verification does not prove",
    "proves": "What this proves",
    "proves_text": (
        "That these records were signed by the participants' keys, that a quorum of their nodes holds the same log, and"
        " that nothing was removed or changed since."
    ),
    "proves_not": "What it does not prove",
    "proves_not_text": (
        "That what an authority signed is true: what a parcel really held, where its stones were mined, or what never "
        "was declared."
    ),
}

FRENCH: Final = {
    "title": "Le commerce mondial des diamants bruts",
    "lede": (
        "Carats et certificats par participant, tels que les participants eux-mêmes les ont signés dans un registre commun "
        "où l’on ne fait qu’ajouter."
    ),
    "open": "Confirmations en attente",
    "exports_note": "sur {count} certificats délivrés",
    "imports_note": "sur {count} confirmations des importateurs",
    "open_note": "certificats qui attendent la réponse de leur destination",
    "records": "Enregistrements du journal",
    "records_note": "signés, dans un ordre unique sur lequel tous les nœuds s’accordent",
    "by_participant": "Par participant",
    "by_participant_text": (
        "Les exportations comptent quand une autorité délivre un certificat, les importations quand l’autorité de destination "
        "a ouvert le colis et l’a mesuré. Les colis en route et les écarts de mesure séparent les deux ; on ne les égalise "
        "jamais."
    ),
    "hs": "Ce qui s’échange",
    "hs_text": (
        "Carats par classe du Système harmonisé, dans lequel les douanes du monde entier décrivent les diamants bruts."
    ),
    "verify": "Sur quoi reposent ces chiffres",
    "verify_text": (
        "Chaque chiffre ci-dessus est une somme sur les enregistrements du journal ci-dessous. Les nœuds ont signé cet état du "
        "journal indépendamment les uns des autres. Aucun d’eux, ni ce serveur, ne peut modifier plus tard un enregistrement "
        "sans que la racine change avec lui."
    ),
    "how": "Comment vérifier",
    "how_text": (
        "Trois commandes montrent que ces signatures sont authentiques et que le journal contient ce qu’elles disent ; "
        "d’autres nœuds et d’autres outils donnent la même chose."
    ),
    "how_link": "Toutes les étapes, et ce que la vérification ne prouve pas",
    "proves": "Ce que cela prouve",
    "proves_text": (
        "Que ces enregistrements ont été signés par les clés des participants, qu’un quorum de leurs nœuds détient le même "
        "journal et que rien n’en a été retiré ni changé depuis."
    ),
    "proves_not": "Ce que cela ne prouve pas",
    "proves_not_text": (
        "Que ce qu’une autorité a signé est vrai : ce qu’un colis contenait réellement, où ses pierres ont été extraites, ou "
        "ce qui n’a jamais été déclaré."
    ),
}
