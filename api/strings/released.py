"""Texts of the overview of a network that publishes releases."""

from typing import Final

ENGLISH: Final = {
    "title": "World trade in rough diamonds",
    "lede": (
        "Carats, values and certificates of {period}, as the participants signed them into one shared, append-only "
        "ledger, released once a quorum of their nodes had made the same figures."
    ),
    "export_note": "on {count} certificates issued",
    "import_note": "on {count} confirmations by importers",
    "by_participant": "By participant",
    "explore_all": "All participants",
    "verify": "What these figures rest on",
    "verify_text": (
        "The figures are sums over the records of the log up to the block of their release. The nodes signed the state of the "
        "log independently of one another, and a quorum of them made each release anew before it was published."
    ),
    "how_link": "How to verify this",
    "proves_link": "What verification does not prove",
}

FRENCH: Final = {
    "title": "Le commerce mondial des diamants bruts",
    "lede": (
        "Carats, valeurs et certificats de {period}, tels que les participants les ont signés dans un registre commun où "
        "l’on ne fait qu’ajouter, publiés une fois qu’un quorum de leurs nœuds a trouvé les mêmes chiffres."
    ),
    "export_note": "sur {count} certificats délivrés",
    "import_note": "sur {count} confirmations des importateurs",
    "by_participant": "Par participant",
    "explore_all": "Tous les participants",
    "verify": "Sur quoi reposent ces chiffres",
    "verify_text": (
        "Les chiffres sont des sommes sur les enregistrements du journal jusqu’au bloc de leur publication. Les nœuds ont "
        "signé l’état du journal indépendamment les uns des autres, et un quorum d’entre eux a refait chaque publication avant "
        "qu’elle ne paraisse."
    ),
    "how_link": "Comment vérifier",
    "proves_link": "Ce que la vérification ne prouve pas",
}
