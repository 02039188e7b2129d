"""Texts of the lists: certificates, open confirmations, findings, one finding."""

from typing import Final

from api.strings.reading import words

ENGLISH: Final = {
    **words.ENGLISH,
    # certificates
    "certificates_title": "Certificates",
    "certificates_none": "No certificate passes these filters.",
    "order": "Order",
    "order_newest": "newest first",
    "order_oldest": "oldest first",
    "late": "reached the ledger late",
    # open confirmations
    "open_title": "Open confirmations",
    "open_lede": (
        "Certificates whose destination has not said yet what arrived. Confirmations are owed expeditiously; here is who owes "
        "them, and for how long."
    ),
    "by_destination": "By destination and age",
    "oldest": "Oldest",
    "in_all": "In all",
    "each": "The certificates, longest on the ledger first",
    "open_none": "No certificate is open with these filters.",
    # findings
    "findings_title": "Findings",
    "findings_lede": (
        "What in the records does not add up. Every node finds the same; status of work and assignment are your office's own."
    ),
    "findings_none": "Nothing is found with these filters.",
    "export": "This list as CSV",
    "save_title": "Keep this list",
    "save_name": "Name",
    "save": "Save",
    "saved": "Saved filters",
    # one finding
    "meaning": "What the rule finds",
    "follows": "From which records it follows",
    "thresholds": "Thresholds in force",
    "certificates_named": "Certificates",
    "work_title": "Your office's work on it",
    "work_text": (
        "Kept on this node, for all who read here with the same scope; it is no part of the ledger, and other nodes "
        "do not have it."
    ),
    "nobody_hint": "Empty: nobody.",
    "note": "Note",
    "note_hint": "At most {count} characters. Notes stay; write no names of traders.",
    "keep": "Keep",
    "notes": "Notes",
    "notes_none": "No notes yet.",
    "inquiry": "An inquiry is opened with the secretariat's key, not here: `kpledger inquiry open`.",
    "version": "Version of the rule",
    "changed": "As it stands since",
}

FRENCH: Final = {
    **words.FRENCH,
    # certificates
    "certificates_title": "Certificats",
    "certificates_none": "Aucun certificat ne passe ces filtres.",
    "order": "Ordre",
    "order_newest": "les plus récents d’abord",
    "order_oldest": "les plus anciens d’abord",
    "late": "arrivé en retard au registre",
    # open confirmations
    "open_title": "Confirmations en attente",
    "open_lede": (
        "Certificats dont la destination n’a pas encore dit ce qui est arrivé. Les confirmations sont dues sans délai ; voici "
        "qui les doit, et depuis quand."
    ),
    "by_destination": "Par destination et par âge",
    "oldest": "Le plus ancien",
    "in_all": "En tout",
    "each": "Les certificats, les plus anciens du registre d’abord",
    "open_none": "Aucun certificat n’est ouvert avec ces filtres.",
    # findings
    "findings_title": "Constats",
    "findings_lede": (
        "Ce qui, dans les enregistrements, ne concorde pas. Chaque nœud trouve les mêmes ; suivi et attribution sont propres à "
        "votre bureau."
    ),
    "findings_none": "Rien n’est trouvé avec ces filtres.",
    "export": "Cette liste en CSV",
    "save_title": "Garder cette liste",
    "save_name": "Nom",
    "save": "Enregistrer",
    "saved": "Filtres enregistrés",
    # one finding
    "meaning": "Ce que trouve la règle",
    "follows": "De quels enregistrements il découle",
    "thresholds": "Seuils en vigueur",
    "certificates_named": "Certificats",
    "work_title": "Le suivi de votre bureau",
    "work_text": (
        "Gardé sur ce nœud, pour tous ceux qui lisent ici avec la même portée ; cela ne fait pas partie du registre, et les "
        "autres nœuds ne l’ont pas."
    ),
    "nobody_hint": "Vide : personne.",
    "note": "Note",
    "note_hint": "Au plus {count} caractères. Les notes restent ; n’écrivez pas de noms de négociants.",
    "keep": "Garder",
    "notes": "Notes",
    "notes_none": "Pas encore de notes.",
    "inquiry": "Une demande s’ouvre avec la clé du secrétariat, pas ici : `kpledger inquiry open`.",
    "version": "Version de la règle",
    "changed": "Tel quel depuis",
}
