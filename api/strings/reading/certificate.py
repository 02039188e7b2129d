"""Texts of a certificate's and a record's page, and of the check of receipts in the browser."""

from typing import Final

from api.strings.reading import words

ENGLISH: Final = {
    **words.ENGLISH,
    "from_to": "{issuer} to {destination}",
    "both_sides": "Both sides",
    "both_sides_text": (
        "What the issuer signed and what the destination measured and signed; both stand for themselves. Prices, names and "
        "seals are sealed: they are on no page."
    ),
    "as_issued": "As issued",
    "as_measured": "As measured",
    "difference": "Difference",
    "no_outcome": "no outcome yet",
    "no_figures": "none",
    "not_by_class": "not by class",
    "answered_on_paper": "The destination does not confirm on this ledger: its issuer has recorded what came back on paper.",
    "document_hash": "SHA-256 of the document",
    "outcome": "Outcome",
    "inspection": "Inspection",
    "seals": "Seals",
    "seals_intact": "intact",
    "seals_broken": "broken",
    "seals_none": "none",
    "receipt_code": "Receipt code",
    "code_given": "given: the container was opened",
    "code_missing": "not given",
    "validated": "Validated",
    "lines": "Lines as issued",
    "origin": "Origin",
    "zone": "Zone",
    "mixed": "mixed, not stated",
    "sources": "Taken from",
    "claims": "Later taken by",
    "free": "Not taken yet",
    "history": "History",
    "dossier": "Dossier as PDF, with receipts",
    "record": "Record",
    "by": "By",
    "signed_at": "Signed",
    "block": "Block",
    "receipt": "Receipt",
    "receipt_file": "Receipt as a file",
    "beside": "Technical certificates and transit notices",
    "findings": "Findings",
    "findings_none": "Nothing about this certificate fails to add up.",
    "findings_more": "There are more; the work list has all of them.",
    # custody
    "custody": "Chain of custody",
    "custody_text": "Where these carats came from, to the left, and who took carats from them, to the right.",
    "custody_alone": "It takes from no certificate, and none has taken from it.",
    "custody_left_out": "{count} certificates farther away are not drawn; the table has them.",
    "custody_up": "Where it came from",
    "custody_down": "Who took from it",
    "level": "Step",
    "taken": "Taken on",
    "beyond": "Not followed",
    "beyond_text": "The chain goes on where it was cut; so many carats were not followed.",
    "origins": "Origins",
    "origins_text": (
        "Bounds hold whatever way the goods have travelled that the records allow; pro rata takes each parcel to be mixed like "
        "what it was taken from. “Stated” is what the certificate's own lines say."
    ),
    "origins_mixed": "Pro rata known only to be of one of these: {countries}",
    "origins_unknown": "Pro rata of no origin that any record names",
    "lowest": "At least",
    "highest": "At most",
    "pro_rata": "Pro rata",
    "stated": "Stated",
    # verification
    "verify": "Check it in your browser",
    "verify_text": (
        "The receipts below are checked by your browser with a policy that you have pinned: whose keys count, how many must "
        "have signed. No server is asked, this one least of all."
    ),
    "verify_no_script": (
        "This needs a script, which is off. The same check works offline: download a receipt and run "
        "`kpledger receipt verify FILE --policy POLICY`."
    ),
    "policy": "Pinned policy",
    "policy_hint": (
        "A C2SP policy file, best from another participant's node or from the secretariat; it stays in this browser."
    ),
    "policy_file": "From a file",
    "policy_pin": "Pin this policy",
    "policy_of_node": "The policy that this node tells",
    "policy_take": "Take this node's policy",
    "policy_take_hint": "Then you trust this node once, now; a later change is noticed.",
    "policy_forget": "Forget it",
    "check": "Check the receipts",
    "receipts": "Receipts on this page",
    "no_receipt": "No quorum checkpoint covers this record yet; reload in a moment.",
    # what the script says
    "js_able_no": (
        "This browser cannot check Ed25519 signatures here: it is too old, or the page did not come over a secure connection. "
        "Nothing was checked. Use `kpledger receipt verify` instead."
    ),
    "js_pinned_none": "No policy is pinned yet.",
    "js_pinned": "Pinned on {time}.",
    "js_pinned_bad": "This is no policy: {detail}",
    "js_pinned_other": (
        "This node now tells another policy than the one you pinned. Keys may have been changed, or you are being "
        "deceived: compare with another node."
    ),
    "js_checking": "Checking …",
    "js_good": "{count} of {all} receipts hold under the pinned policy.",
    "js_bad": "Not all receipts hold. Do not rely on what this page says.",
    "js_receipt_good": "holds",
    "js_receipt_bad": "does not hold",
    "js_shows": "What this shows",
    "js_shows_record": "These bytes are record {id}, number {index} of the log {origin} with {size} records.",
    "js_shows_signers": "Signed by {signers}; newest signature of {time}.",
    "js_shows_author": "The record says it is by {author}, and is signed by key {key}.",
    "js_shows_same": "The figures on this page are those of the record.",
    "js_differs": "The page shows {shown} for {field}; the record says {said}.",
    "js_shows_not": "What it does not show",
    "js_not_now": "whether the record still stands: it may have been amended, answered or closed since that signature",
    "js_not_key": "that the key is the author's: the register on the ledger says so, and this page does not prove it",
    "js_not_true": "that what the author signed is true",
    "js_says": "What the record itself says",
    "js_field": "Field",
    "js_value": "Value",
    "js_kind_malformed-proof": "The receipt is damaged: it does not have the form of a proof.",
    "js_kind_record-missing": "The receipt does not carry its record.",
    "js_kind_malformed-note": "The checkpoint in it is damaged.",
    "js_kind_malformed-checkpoint": "The checkpoint in it is damaged.",
    "js_kind_malformed-policy": "The pinned policy is damaged.",
    "js_kind_origin-mismatch": "It is of a log that the pinned policy does not know.",
    "js_kind_log-signature-missing": "The log's own signature is missing.",
    "js_kind_quorum-not-met": "Too few of the nodes that count have signed.",
    "js_kind_bad-signature": "A signature is forged or damaged.",
    "js_kind_ambiguous-key": "Two keys of the policy look alike.",
    "js_kind_out-of-range": "It names a place that the log does not have.",
    "js_kind_proof-length": "The proof has too many or too few hashes.",
    "js_kind_root-mismatch": "The record is not at this place of the log: record, place or path was changed.",
    "js_kind_other-record": "The receipt is of another record than this page says.",
    "js_kind_unreadable-record": "The record's bytes cannot be read.",
    # record page
    "record_title": "Record",
    "record_lede": "{kind}, by {author}",
    "place": "Place in the log",
    "id": "Id",
    "key": "Signing key",
    "sealed": "Sealed part",
    "sealed_yes": "kept by this node; its readers open it with their keys, never here",
    "sealed_no": "none here",
    "fields": "What it says",
    "field": "Field",
    "value": "Value",
    "bytes": "The bytes, as hexadecimal digits",
    "of_certificate": "It is of certificate",
}

FRENCH: Final = {
    **words.FRENCH,
    "from_to": "De {issuer} à {destination}",
    "both_sides": "Les deux côtés",
    "both_sides_text": (
        "Ce que l’émetteur a signé et ce que la destination a mesuré et signé ; chacun répond de soi. Prix, noms et scellés "
        "sont scellés : ils ne sont sur aucune page."
    ),
    "as_issued": "À l’émission",
    "as_measured": "À la mesure",
    "difference": "Écart",
    "no_outcome": "pas encore d’issue",
    "no_figures": "aucune",
    "not_by_class": "pas par classe",
    "answered_on_paper": "La destination ne confirme pas sur ce registre : l’émetteur a enregistré la réponse sur papier.",
    "document_hash": "SHA-256 du document",
    "outcome": "Issue",
    "inspection": "Contrôle",
    "seals": "Scellés",
    "seals_intact": "intacts",
    "seals_broken": "rompus",
    "seals_none": "aucun",
    "receipt_code": "Code de réception",
    "code_given": "donné : le contenant a été ouvert",
    "code_missing": "non donné",
    "validated": "Validé",
    "lines": "Lignes à l’émission",
    "origin": "Origine",
    "zone": "Zone",
    "mixed": "mêlée, non déclarée",
    "sources": "Pris sur",
    "claims": "Repris ensuite par",
    "free": "Pas encore repris",
    "history": "Histoire",
    "dossier": "Dossier en PDF, avec les reçus",
    "record": "Enregistrement",
    "by": "Par",
    "signed_at": "Signé",
    "block": "Bloc",
    "receipt": "Reçu",
    "receipt_file": "Reçu en fichier",
    "beside": "Certificats techniques et avis de transit",
    "findings": "Constats",
    "findings_none": "Rien dans ce certificat ne manque de concorder.",
    "findings_more": "Il y en a d’autres ; la liste des constats les a tous.",
    # custody
    "custody": "Chaîne de possession",
    "custody_text": "D’où viennent ces carats, à gauche, et qui en a repris, à droite.",
    "custody_alone": "Il ne prend sur aucun certificat, et aucun n’a pris sur lui.",
    "custody_left_out": "{count} certificats plus éloignés ne sont pas dessinés ; le tableau les a.",
    "custody_up": "D’où il vient",
    "custody_down": "Qui en a repris",
    "level": "Pas",
    "taken": "Repris",
    "beyond": "Non suivi",
    "beyond_text": "La chaîne continue là où elle a été coupée ; tant de carats n’ont pas été suivis.",
    "origins": "Origines",
    "origins_text": (
        "Les bornes tiennent quel que soit le chemin des marchandises que permettent les enregistrements ; au prorata, chaque "
        "lot est supposé mêlé comme ce dont il est pris. « Déclaré » est ce que disent les lignes du certificat lui-même."
    ),
    "origins_mixed": "Au prorata, connu seulement comme l’une de celles-ci : {countries}",
    "origins_unknown": "Au prorata, d’aucune origine que nomme un enregistrement",
    "lowest": "Au moins",
    "highest": "Au plus",
    "pro_rata": "Au prorata",
    "stated": "Déclaré",
    # verification
    "verify": "Vérifiez-le dans votre navigateur",
    "verify_text": (
        "Les reçus ci-dessous sont vérifiés par votre navigateur avec une politique que vous avez épinglée : quelles clés "
        "comptent, combien doivent avoir signé. Aucun serveur n’est interrogé, surtout pas celui-ci."
    ),
    "verify_no_script": (
        "Il y faut un script, qui est désactivé. La même vérification se fait hors ligne : téléchargez un reçu et lancez "
        "`kpledger receipt verify FILE --policy POLICY`."
    ),
    "policy": "Politique épinglée",
    "policy_hint": (
        "Un fichier de politique C2SP, de préférence du nœud d’un autre participant ou du secrétariat ; il reste dans"
        " ce navigateur."
    ),
    "policy_file": "Depuis un fichier",
    "policy_pin": "Épingler cette politique",
    "policy_of_node": "La politique que donne ce nœud",
    "policy_take": "Prendre la politique de ce nœud",
    "policy_take_hint": "Vous faites alors confiance à ce nœud une fois, maintenant ; un changement ultérieur se remarque.",
    "policy_forget": "L’oublier",
    "check": "Vérifier les reçus",
    "receipts": "Reçus de cette page",
    "no_receipt": "Aucun point de contrôle du quorum ne couvre encore cet enregistrement ; rechargez dans un instant.",
    # what the script says
    "js_able_no": (
        "Ce navigateur ne peut pas vérifier ici de signatures Ed25519 : il est trop ancien, ou la page n’est pas venue par une "
        "connexion sûre. Rien n’a été vérifié. Utilisez plutôt `kpledger receipt verify`."
    ),
    "js_pinned_none": "Aucune politique n’est encore épinglée.",
    "js_pinned": "Épinglée le {time}.",
    "js_pinned_bad": "Ce n’est pas une politique : {detail}",
    "js_pinned_other": (
        "Ce nœud donne maintenant une autre politique que celle que vous avez épinglée. Des clés ont peut-être "
        "changé, ou l’on vous trompe : comparez avec un autre nœud."
    ),
    "js_checking": "Vérification …",
    "js_good": "{count} reçus sur {all} tiennent sous la politique épinglée.",
    "js_bad": "Tous les reçus ne tiennent pas. Ne vous fiez pas à ce que dit cette page.",
    "js_receipt_good": "tient",
    "js_receipt_bad": "ne tient pas",
    "js_shows": "Ce que cela montre",
    "js_shows_record": "Ces octets sont l’enregistrement {id}, numéro {index} du journal {origin} qui en a {size}.",
    "js_shows_signers": "Signé par {signers} ; signature la plus récente du {time}.",
    "js_shows_author": "L’enregistrement se dit de {author}, et est signé par la clé {key}.",
    "js_shows_same": "Les chiffres de cette page sont ceux de l’enregistrement.",
    "js_differs": "La page montre {shown} pour {field} ; l’enregistrement dit {said}.",
    "js_shows_not": "Ce que cela ne montre pas",
    "js_not_now": "si l’enregistrement vaut encore : il a pu être modifié, répondu ou clos depuis cette signature",
    "js_not_key": "que la clé est celle de l’auteur : le registre le dit, et cette page ne le prouve pas",
    "js_not_true": "que ce que l’auteur a signé est vrai",
    "js_says": "Ce que dit l’enregistrement lui-même",
    "js_field": "Champ",
    "js_value": "Valeur",
    "js_kind_malformed-proof": "Le reçu est endommagé : il n’a pas la forme d’une preuve.",
    "js_kind_record-missing": "Le reçu ne porte pas son enregistrement.",
    "js_kind_malformed-note": "Le point de contrôle qu’il contient est endommagé.",
    "js_kind_malformed-checkpoint": "Le point de contrôle qu’il contient est endommagé.",
    "js_kind_malformed-policy": "La politique épinglée est endommagée.",
    "js_kind_origin-mismatch": "Il est d’un journal que la politique épinglée ne connaît pas.",
    "js_kind_log-signature-missing": "La signature du journal lui-même manque.",
    "js_kind_quorum-not-met": "Trop peu des nœuds qui comptent ont signé.",
    "js_kind_bad-signature": "Une signature est fausse ou endommagée.",
    "js_kind_ambiguous-key": "Deux clés de la politique se ressemblent.",
    "js_kind_out-of-range": "Il nomme une place que le journal n’a pas.",
    "js_kind_proof-length": "La preuve a trop ou trop peu d’empreintes.",
    "js_kind_root-mismatch": (
        "L’enregistrement n’est pas à cette place du journal : enregistrement, place ou chemin a été changé."
    ),
    "js_kind_other-record": "Le reçu est d’un autre enregistrement que ne dit cette page.",
    "js_kind_unreadable-record": "Les octets de l’enregistrement ne peuvent pas être lus.",
    # record page
    "record_title": "Enregistrement",
    "record_lede": "{kind}, par {author}",
    "place": "Place dans le journal",
    "id": "Identifiant",
    "key": "Clé de signature",
    "sealed": "Partie scellée",
    "sealed_yes": "gardée par ce nœud ; ses lecteurs l’ouvrent avec leurs clés, jamais ici",
    "sealed_no": "aucune ici",
    "fields": "Ce qu’il dit",
    "field": "Champ",
    "value": "Valeur",
    "bytes": "Les octets, en chiffres hexadécimaux",
    "of_certificate": "Il est du certificat",
}
