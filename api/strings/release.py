"""Texts of the page of one release."""

from typing import Final

ENGLISH: Final = {
    "title": "Release {name}",
    "replaced": "A newer revision of this period stands:",
    "kind": "Kind",
    "first": "first release",
    "revision": "revision {number}",
    "published": "Published",
    "rests": "Rests on",
    "rests_on": "block {height}, {size} records in the log",
    "shown": "Shows",
    "shown_rows": "{rows} figures, {confidential} of them confidential",
    "digest": "SHA-256 of the JSON file",
    "checked": "Made anew by",
    "agrees": "agrees",
    "objects": "objects",
    "citation": "Cite as",
    "explore": "Explore these figures",
    "history": "All releases of {period}",
    "history_row": "published {published}, block {height}",
    "restated": "Restated figures",
    "restated_none": "No figure that was shown before is shown otherwise now.",
    "flow": "Flow",
    "left_out": "{count} further rows stand in the files.",
    "verify": "What this release rests on",
    "verify_text": (
        "The figures are sums over the records of the log up to this block. A quorum of the nodes has computed the same "
        "file, byte for byte, and signed so into the log."
    ),
    "how_file": (
        "Fetch the file and compare its hash with the one above, and with the one that another participant's node shows."
    ),
    "how_policy": "Fetch the policy: whose keys count, how many must sign.",
    "how_again": "A participant or an auditor recomputes the release from an exported ledger, offline.",
    "proves_link": "What verification does not prove",
}

FRENCH: Final = {
    "title": "Publication {name}",
    "replaced": "Une révision plus récente de cette période existe :",
    "kind": "Nature",
    "first": "première publication",
    "revision": "révision {number}",
    "published": "Parue le",
    "rests": "Repose sur",
    "rests_on": "bloc {height}, {size} enregistrements dans le journal",
    "shown": "Montre",
    "shown_rows": "{rows} chiffres, dont {confidential} confidentiels",
    "digest": "SHA-256 du fichier JSON",
    "checked": "Refaite par",
    "agrees": "d’accord",
    "objects": "s’oppose",
    "citation": "À citer ainsi",
    "explore": "Explorer ces chiffres",
    "history": "Toutes les publications de {period}",
    "history_row": "parue le {published}, bloc {height}",
    "restated": "Chiffres révisés",
    "restated_none": "Aucun chiffre montré auparavant n’est montré autrement.",
    "flow": "Flux",
    "left_out": "{count} autres lignes se trouvent dans les fichiers.",
    "verify": "Sur quoi repose cette publication",
    "verify_text": (
        "Les chiffres sont des sommes sur les enregistrements du journal jusqu’à ce bloc. Un quorum des nœuds a calculé "
        "le même fichier, octet par octet, et l’a signé dans le journal."
    ),
    "how_file": (
        "Téléchargez le fichier et comparez son empreinte avec celle ci-dessus, et avec celle que montre le nœud d’un "
        "autre participant."
    ),
    "how_policy": "Téléchargez la politique : quelles clés comptent, combien doivent signer.",
    "how_again": "Un participant ou un auditeur recalcule la publication à partir d’un registre exporté, hors ligne.",
    "proves_link": "Ce que la vérification ne prouve pas",
}
