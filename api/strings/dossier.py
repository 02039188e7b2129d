"""Texts of a dossier, by language: its own begin with `d_`; states, kinds and rules are called as on the pages."""

from collections.abc import Mapping
from typing import Final

from api.strings import common
from api.strings.reading import certificate

ENGLISH: Final = {
    "d_title": "Dossier of certificate {number}",
    "d_author": "A node of the ledger",
    "d_description": "What the ledger says of a Kimberley Process certificate, and what follows from it",
    "d_as_of": "Read at block {height}, {time}",
    "d_none": "None.",
    "d_shows": (
        "What the ledger says of this certificate in clear, to the reader for whom it was made. Names, values and seals are "
        "sealed and not in it. The records are signed and their receipts attached; what follows from the records (chain, "
        "origins, findings) anybody who has the ledger can find again at the heights named at the end."
    ),
    "d_record": "The certificate",
    "d_both": "Both sides, in carats",
    "d_class": "Class",
    "d_issued": "As issued",
    "d_measured": "As measured",
    "d_difference": "Difference",
    "d_lines": "Lines as issued",
    "d_origin": "Origin",
    "d_zone": "Zone",
    "d_carats": "Carats",
    "d_confirmation": "Confirmation",
    "d_no_confirmation": "No outcome of the destination stands on the ledger.",
    "d_findings": "Findings",
    "d_finding": "Finding",
    "d_meaning": "What it means",
    "d_severity": "Severity",
    "d_cause": "Cause",
    "d_seen": "Since block",
    "d_figures": "Figures",
    "d_more_findings": "There are more; the work list has all of them.",
    "d_inquiries": "Inquiries that follow from them",
    "d_inquiry": "Inquiry",
    "d_to": "To",
    "d_inquiry_state": "State",
    "d_inquiry_unanswered": "unanswered",
    "d_inquiry_answered": "answered",
    "d_inquiry_closed": "closed",
    "d_overdue": "overdue",
    "d_opened": "Opened",
    "d_due": "Due",
    "d_answers": "Answers",
    "d_custody": "Chain of custody",
    "d_up": "Where it came from",
    "d_down": "Who took from it",
    "d_number": "Number",
    "d_step": "Step",
    "d_way": "From, to",
    "d_state": "State",
    "d_date": "Issued",
    "d_as_issued": "Carats issued",
    "d_as_measured": "Measured",
    "d_taken": "Taken on",
    "d_beyond": "Not followed",
    "d_left_out": "{count} certificates farther away are left out here; the certificate's page has them.",
    "d_source": "Taken from",
    "d_taker": "by",
    "d_origins": "Origins",
    "d_origins_text": (
        "In carats. Bounds hold whatever way the goods have travelled that the records allow; pro rata takes each parcel to be "
        "mixed like what it was taken from. “Stated” is what the certificate's own lines say."
    ),
    "d_lowest": "At least",
    "d_pro_rata": "Pro rata",
    "d_highest": "At most",
    "d_stated": "Stated",
    "d_so_much": "{what}: {carats}",
    "d_exact": "Every origin is exact: nothing is left open.",
    "d_records": "Records",
    "d_records_text": (
        "All records of the certificate, the first one first, then technical certificates and transit notices that name it."
    ),
    "d_place": "No.",
    "d_kind": "Kind",
    "d_by": "By",
    "d_signed": "Signed",
    "d_block": "Block",
    "d_rests": "What this rests on",
    "d_log": "Log",
    "d_ledger": "Ledger",
    "d_certificate_at": "Certificate and findings at block",
    "d_custody_at": "Chain and origins at block",
    "d_inquiries_at": "Inquiries at block",
    "d_size": "Checkpoint: records in the log",
    "d_root": "Checkpoint: root",
    "d_signers": "Checkpoint: signatures of",
    "d_verify": (
        "Take the receipts out of this file and check each one without any network, with a policy that you have from elsewhere "
        "than from the node that made this dossier:"
    ),
    "d_not_shown": (
        "A receipt proves that these bytes stand in the log at this place, signed by a quorum. It does not prove that what the "
        "author signed is true, nor that the record was not amended, answered or closed since."
    ),
    "d_attached": "Attached to this file",
    "d_file": "File",
    "d_content": "What it is",
    "d_receipt_of": "Receipt of: {kind} ({id})",
}

FRENCH: Final = {
    "d_title": "Dossier du certificat {number}",
    "d_author": "Un nœud du registre",
    "d_description": "Ce que le registre dit d’un certificat du Processus de Kimberley, et ce qui en découle",
    "d_as_of": "Lu au bloc {height}, le {time}",
    "d_none": "Rien.",
    "d_shows": (
        "Ce que le registre dit en clair de ce certificat, au lecteur pour qui il a été fait. Noms, valeurs et scellés sont "
        "scellés et n’y sont pas. Les enregistrements sont signés et leurs reçus joints ; ce qui en découle (chaîne, origines, "
        "constats), quiconque a le registre peut le retrouver aux hauteurs nommées à la fin."
    ),
    "d_record": "Le certificat",
    "d_both": "Les deux côtés, en carats",
    "d_class": "Classe",
    "d_issued": "À l’émission",
    "d_measured": "À la mesure",
    "d_difference": "Écart",
    "d_lines": "Lignes à l’émission",
    "d_origin": "Origine",
    "d_zone": "Zone",
    "d_carats": "Carats",
    "d_confirmation": "Confirmation",
    "d_no_confirmation": "Aucune issue de la destination n’est sur le registre.",
    "d_findings": "Constats",
    "d_finding": "Constat",
    "d_meaning": "Ce qu’il signifie",
    "d_severity": "Gravité",
    "d_cause": "Cause",
    "d_seen": "Depuis le bloc",
    "d_figures": "Chiffres",
    "d_more_findings": "Il y en a d’autres ; la liste des constats les a tous.",
    "d_inquiries": "Questions qui en découlent",
    "d_inquiry": "Question",
    "d_to": "À",
    "d_inquiry_state": "État",
    "d_inquiry_unanswered": "sans réponse",
    "d_inquiry_answered": "répondue",
    "d_inquiry_closed": "close",
    "d_overdue": "en retard",
    "d_opened": "Posée",
    "d_due": "Échéance",
    "d_answers": "Réponses",
    "d_custody": "Chaîne de possession",
    "d_up": "D’où il vient",
    "d_down": "Qui en a repris",
    "d_number": "Numéro",
    "d_step": "Pas",
    "d_way": "De, vers",
    "d_state": "État",
    "d_date": "Émis",
    "d_as_issued": "Carats émis",
    "d_as_measured": "Mesurés",
    "d_taken": "Repris",
    "d_beyond": "Non suivis",
    "d_left_out": "{count} certificats plus éloignés sont laissés de côté ici ; la page du certificat les a.",
    "d_source": "Pris sur",
    "d_taker": "par",
    "d_origins": "Origines",
    "d_origins_text": (
        "En carats. Les bornes tiennent quel que soit le chemin des marchandises que permettent les enregistrements ; au "
        "prorata, chaque lot est supposé mêlé comme ce dont il est pris. « Déclaré » est ce que disent les lignes du "
        "certificat lui-même."
    ),
    "d_lowest": "Au moins",
    "d_pro_rata": "Au prorata",
    "d_highest": "Au plus",
    "d_stated": "Déclaré",
    "d_so_much": "{what} : {carats}",
    "d_exact": "Chaque origine est exacte : rien ne reste ouvert.",
    "d_records": "Enregistrements",
    "d_records_text": (
        "Tous les enregistrements du certificat, le premier d’abord, puis les certificats techniques et avis de transit qui le "
        "nomment."
    ),
    "d_place": "N°",
    "d_kind": "Nature",
    "d_by": "Par",
    "d_signed": "Signé",
    "d_block": "Bloc",
    "d_rests": "Sur quoi cela repose",
    "d_log": "Journal",
    "d_ledger": "Registre",
    "d_certificate_at": "Certificat et constats au bloc",
    "d_custody_at": "Chaîne et origines au bloc",
    "d_inquiries_at": "Questions au bloc",
    "d_size": "Point de contrôle : enregistrements du journal",
    "d_root": "Point de contrôle : racine",
    "d_signers": "Point de contrôle : signatures de",
    "d_verify": (
        "Sortez les reçus de ce fichier et vérifiez chacun sans aucun réseau, avec une politique que vous tenez d’ailleurs que "
        "du nœud qui a fait ce dossier :"
    ),
    "d_not_shown": (
        "Un reçu prouve que ces octets sont dans le journal à cette place, signés par un quorum. Il ne prouve ni que ce que "
        "l’auteur a signé est vrai, ni que l’enregistrement n’a pas été modifié, répondu ou clos depuis."
    ),
    "d_attached": "Joint à ce fichier",
    "d_file": "Fichier",
    "d_content": "Ce que c’est",
    "d_receipt_of": "Reçu de : {kind} ({id})",
}

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {**common.ENGLISH, **certificate.ENGLISH, **ENGLISH},
    "fr": {**common.FRENCH, **certificate.FRENCH, **FRENCH},
}
