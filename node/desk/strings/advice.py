"""What a reason says and what to do about it, by its code: the ledger's (`ledger.errors.Code`) and the desk's own (`Fault`).

What the ledger's say stands in `api.strings.errors`, for all pages.
"""

from collections.abc import Mapping
from typing import Final

from api.strings.errors import SENTENCES
from ledger.csvform import COLUMNS
from ledger.csvform import Fault as CellFault
from node.desk.faults import Shown
from node.desk.strings import french

_FIELD: Final = ("Write it as the field's note says.", "Écrivez-le comme l’indique la note du champ.")
_DATE: Final = ("Change one of the two dates.", "Modifiez l’une des deux dates.")
_PROGRAM: Final = (
    "Nothing that you typed is wrong: tell whoever looks after this program.",
    "Rien de ce que vous avez saisi n’est en cause : prévenez la personne qui s’occupe de ce programme.",
)
_KEYS: Final = (
    "See to the office's keys with the holder of the root key, then hand it on again.",
    "Voyez les clés du bureau avec le détenteur de la clé racine, puis transmettez à nouveau.",
)
_AGAIN: Final = ("Hand it on and release it again.", "Transmettez et libérez à nouveau.")
_NEWEST: Final = (
    "Press “Take the newest statement” and compare again.",
    "Choisissez « Reprendre la déclaration la plus récente » et comparez à nouveau.",
)
_OUTCOME: Final = ("Choose “Discrepancy”, or correct what was typed.", "Choisissez « Écart », ou corrigez la saisie.")
_SOURCE: Final = (
    "Choose a certificate that your office confirmed.",
    "Choisissez un certificat que votre bureau a confirmé.",
)
_PLENARY: Final = ("Ask the secretariat; the Plenary decides this.", "Adressez-vous au secrétariat ; la Plénière en décide.")

ADVICE: Final[Mapping[str, tuple[str, str]]] = {
    # the ledger's
    "bad-value": _FIELD,
    "number-prefix": (
        "Begin the number with your participant's code.",
        "Faites commencer le numéro par le code de votre participant.",
    ),
    "number-used": (
        "Take the next free number.",
        "Prenez le prochain numéro libre.",
    ),
    "number-out-of-range": (
        "Take a number of the range, or commit another range first.",
        "Prenez un numéro de la plage, ou réservez d’abord une autre plage.",
    ),
    "issuer-not-in-force": _DATE,
    "issuer-suspended": _PLENARY,
    "destination-unknown": (
        "Choose a participant of the register.",
        "Choisissez un participant du registre.",
    ),
    "destination-not-in-force": (
        "Do not ship there now; ask the secretariat.",
        "N’expédiez pas pour l’instant ; adressez-vous au secrétariat.",
    ),
    "destination-is-issuer": (
        "Choose another participant.",
        "Choisissez un autre participant.",
    ),
    "validated-before-issued": _DATE,
    "expires-before-validated": _DATE,
    "expiry-over-limit": (
        "Choose an earlier date of expiry.",
        "Choisissez une date d’expiration plus proche.",
    ),
    "issued-in-future": _DATE,
    "validated-in-future": _DATE,
    "issued-too-late": (
        "Issue a new certificate with today's date.",
        "Délivrez un nouveau certificat à la date du jour.",
    ),
    "carats-differ-from-lines": (
        "Check the carats of each line.",
        "Vérifiez les carats de chaque ligne.",
    ),
    "unknown-origin": _FIELD,
    "origin-order": _FIELD,
    "origin-suspended": (
        "Goods of this origin must not be traded; if they come from a compliant zone, name it.",
        "Les biens de cette origine ne peuvent être échangés ; s’ils viennent d’une zone conforme, indiquez-la.",
    ),
    "source-unknown": _SOURCE,
    "source-not-confirmed-here": _SOURCE,
    "source-repeated": (
        "Put its carats into one row.",
        "Réunissez ses carats en une ligne.",
    ),
    "source-is-self": _SOURCE,
    "sources-exceed-certificate": (
        "Take fewer carats from the sources.",
        "Prenez moins de carats sur les sources.",
    ),
    "carats-exceed-source": (
        "Take at most what is left, or name another source beside it.",
        "Prenez au plus ce qui reste, ou nommez une autre source à côté.",
    ),
    "certificate-unknown": (
        "Check the number.",
        "Vérifiez le numéro.",
    ),
    "certificate-closed": (
        "Look at the certificate: your own outcome can be corrected.",
        "Consultez le certificat : votre propre issue peut être corrigée.",
    ),
    "wrong-destination": (
        "Check the number with the certificate in the container.",
        "Comparez le numéro au certificat dans le conteneur.",
    ),
    "stale-head": _NEWEST,
    "received-before-issued": _DATE,
    "received-in-future": _DATE,
    "confirmed-but-differs": _OUTCOME,
    "confirmed-but-expired": _OUTCOME,
    "receipt-code": (
        "Compare it with the slip inside the container; leave it empty when there is none.",
        "Comparez-le au papier dans le conteneur ; laissez vide s’il n’y en a pas.",
    ),
    "not-issuer": (
        "Check the number.",
        "Vérifiez le numéro.",
    ),
    "replacement": (
        "Name another number of your own, or leave it empty.",
        "Nommez un autre de vos numéros, ou laissez vide.",
    ),
    "paper-not-needed": (
        "Find its certificate among the announced shipments; if it could not issue here that day, choose the outage.",
        "Cherchez son certificat parmi les envois annoncés ; s’il ne pouvait délivrer ici ce jour-là, choisissez la panne.",
    ),
    "link-missing": (
        "Name that certificate.",
        "Nommez ce certificat.",
    ),
    "not-party": (
        "Name a certificate that your participant issued or received.",
        "Nommez un certificat que votre participant a délivré ou reçu.",
    ),
    "no-outcome": (
        "Look at the certificate.",
        "Consultez le certificat.",
    ),
    "corrected-below-claimed": (
        "State at least the carats that were taken, or have those certificates amended first.",
        "Déclarez au moins les carats pris, ou faites d’abord modifier ces certificats.",
    ),
    "too-many": (
        "Close it and issue another in its place.",
        "Clôturez-le et délivrez-en un autre à sa place.",
    ),
    "unknown-author": _KEYS,
    "unknown-key": _KEYS,
    "key-not-in-force": _KEYS,
    "key-role": _KEYS,
    "too-old": _AGAIN,
    "in-future": (
        "Set this machine's clock right, then release it again.",
        "Mettez l’horloge de cette machine à l’heure, puis libérez à nouveau.",
    ),
    "rid-used": _AGAIN,
    "too-large": (
        "Shorten remarks and route, or split the certificate.",
        "Abrégez remarques et itinéraire, ou partagez le certificat.",
    ),
    "not-canonical": _PROGRAM,
    "too-deep": _PROGRAM,
    "malformed": _PROGRAM,
    "unknown-kind": _PROGRAM,
    "envelope-unreadable": _AGAIN,
    "envelope-hash": _AGAIN,
    "bad-commitment": _AGAIN,
    "bad-key": _PROGRAM,
    "envelope-missing": _AGAIN,
    "envelope-readers": _AGAIN,
    "bad-signature": _KEYS,
    "daily-quota": (
        "It is sent again by itself after midnight UTC.",
        "L’envoi reprend de lui-même après minuit UTC.",
    ),
}
"""What to do about each of the ledger's reasons: in English, in French."""

_NUMBER: Final = (
    "Write the code of its issuer and 4 to 10 digits, such as BW0012345.",
    "Écrivez le code de son émetteur et 4 à 10 chiffres, par exemple BW0012345.",
)
_DAY: Final = ("Write the date as 2026-11-23.", "Écrivez la date ainsi : 2026-11-23.")
_FIGURE: Final = (
    "Write digits, with at most two behind a point or a comma, such as 1200.50.",
    "Écrivez des chiffres, deux au plus après un point ou une virgule, par exemple 1200,50.",
)
_SHORT: Final = ("Write at most 300 characters.", "Écrivez 300 caractères au plus.")
FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("number", "link", "replacement"), _NUMBER),
    **dict.fromkeys(("issued", "validated", "expires", "received"), _DAY),
    **dict.fromkeys(("carats", "value"), _FIGURE),
    **dict.fromkeys(("name", "address", "licence"), _SHORT),
    "file": (
        "In the spreadsheet, save the table as CSV UTF-8, and give that file.",
        "Dans le tableur, enregistrez le tableau au format CSV UTF-8, puis donnez ce fichier.",
    ),
    "parcels": ("Write a whole number, such as 2.", "Écrivez un nombre entier, par exemple 2."),
    "destination": (
        "Write a participant's code of two letters, such as AE.",
        "Écrivez un code de deux lettres, par exemple AE.",
    ),
    "origin": (
        "Write country codes of two letters, such as BW or AO CD; leave it empty for mixed goods.",
        "Écrivez des codes de pays de deux lettres, par exemple BW ou AO CD ; laissez vide pour des biens mélangés.",
    ),
    "zone": (
        "Write a zone of the one origin, at most 60 characters.",
        "Écrivez une zone de l’unique origine, 60 caractères au plus.",
    ),
    "receipt_code": (
        "Write its 16 letters and digits; what looks like 0, 1 or 8 is the letter O, I or B.",
        "Écrivez ses 16 lettres et chiffres ; ce qui ressemble à 0, 1 ou 8 est la lettre O, I ou B.",
    ),
    "digest": (
        "Choose the document as a file, or write all 64 digits and letters a to f.",
        "Choisissez le fichier du document, ou écrivez les 64 chiffres et lettres de a à f.",
    ),
    "sealed.seals": ("Write seal numbers separated by spaces.", "Écrivez des numéros de scellés séparés par des espaces."),
    "invoice": ("Write at most 200 characters.", "Écrivez 200 caractères au plus."),
    "route": ("Write at most 1000 characters.", "Écrivez 1000 caractères au plus."),
    "remarks": ("Write at most 4000 characters.", "Écrivez 4000 caractères au plus."),
}
"""How the fields of the forms are written, said where one is not: in English, in French."""

AT_FIELD: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("paper-not-needed", "received"): (
        "Check the date; if it is right, the destination states the outcome on this ledger itself.",
        "Vérifiez la date ; si elle est juste, la destination déclare elle-même l’issue sur ce registre.",
    ),
}
"""What else to do where the same reason means another thing at this field: in English, in French."""

FAULTS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "own-draft": (
        "Who wrote a draft may not release it.",
        "Ask a second officer.",
        "Qui a écrit un brouillon ne peut le libérer.",
        "Demandez à un second agent.",
    ),
    "wrong-passphrase": (
        "This is not the officer's passphrase.",
        "Type it again; look at the keyboard's language.",
        "Ce n’est pas la phrase secrète de cet agent.",
        "Saisissez-la à nouveau ; vérifiez la langue du clavier.",
    ),
    "too-many-tries": (
        "The passphrase was wrong several times.",
        "Wait a few minutes, then try again.",
        "La phrase secrète a été fausse plusieurs fois.",
        "Attendez quelques minutes, puis réessayez.",
    ),
    "changed-meanwhile": (
        "The draft was changed since you opened this page; nothing of this one is kept yet.",
        "Put right here what differs, then press the button once more.",
        "Le brouillon a changé depuis que vous avez ouvert cette page ; rien de celle-ci n’est encore gardé.",
        "Corrigez ici ce qui diffère, puis appuyez à nouveau sur le bouton.",
    ),
    "differs": ("It stands otherwise in the draft.", "", "Le brouillon dit autre chose.", ""),
    "in-another-draft": (
        "Another draft of this desk has this number.",
        "Take another number, or discard the other draft.",
        "Un autre brouillon de ce bureau porte ce numéro.",
        "Prenez un autre numéro, ou abandonnez l’autre brouillon.",
    ),
    "number-changed": (
        "A certificate keeps its number.",
        "Put the number back, or issue a new certificate.",
        "Un certificat garde son numéro.",
        "Remettez le numéro, ou délivrez un nouveau certificat.",
    ),
    "required": ("This is missing.", "Fill it in.", "Il manque une indication.", "Remplissez ce champ."),
    "not-found": (
        "There is none with this number.",
        "Check the number.",
        "Aucun ne porte ce numéro.",
        "Vérifiez le numéro.",
    ),
    "no-file": (
        "No table was given, or an empty one.",
        "Choose a file.",
        "Aucun tableau n’a été donné, ou il est vide.",
        "Choisissez un fichier.",
    ),
}
"""Those of the desk's own reasons that stand at a field: sentence and step in English, then in French."""

_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        **{str(code): sentence for code, sentence in SENTENCES["en"].items()},
        "bad-value": "This is missing, or not written as it has to be.",
    },
    "fr": {
        **{str(code): sentence for code, sentence in SENTENCES["fr"].items()},
        "bad-value": "Le champ manque ou n’a pas la forme voulue.",
        "number-prefix": "Le numéro du certificat ne commence pas par le code de votre participant.",
        "number-out-of-range": "Le numéro est hors des plages que l’émetteur a réservées pour l’année.",
        "expiry-over-limit": "La validité du certificat dépasserait la limite de son émetteur (en jours).",
        "issued-too-late": "La date de délivrance est trop ancienne pour que le certificat entre encore au registre (en jours).",
        "stale-head": "Le certificat a changé depuis que ce brouillon a été commencé.",
        "paper-not-needed": "L’autre participant est sur le registre à cette date ; il n’est pas besoin de papier.",
        "link-missing": "Des biens rendus ou saisis nomment le certificat sous lequel ils ont voyagé.",
        "not-party": "Seuls l’émetteur et la destination du certificat peuvent le nommer ainsi.",
        "too-many": "Il n’y a plus de place pour d’autres enregistrements de ce certificat.",
        "envelope-readers": "Les lecteurs de l’enveloppe ne sont pas ceux qu’il faut, à leur clé actuelle.",
    },
}
"""What the ledger's reasons say, by language; some the desk says its own way, to whoever types."""


def written(field: str) -> tuple[str, str] | None:
    """How a field of a form is written, in English and in French."""
    return FIELDS.get(field) or FIELDS.get(field.rpartition(".")[2])


def sentence(shown: Shown, language: str) -> str:
    """What a reason says."""
    if shown.code in FAULTS:
        return FAULTS[shown.code][2 if language == "fr" else 0]
    return _SENTENCES[language].get(shown.code, shown.code)


def step(shown: Shown, language: str) -> str:
    """What to do about it; nothing where that is not known."""
    place = 1 if language == "fr" else 0
    if shown.code in FAULTS:
        return FAULTS[shown.code][1 + 2 * place]
    if shown.code == "bad-value" and (how := written(shown.field)) is not None:
        return how[place]
    if (shown.code, shown.field) in AT_FIELD:
        return AT_FIELD[shown.code, shown.field][place]
    return ADVICE[shown.code][place] if shown.code in ADVICE else ""


def cell_sentence(fault: CellFault, language: str) -> str:
    """What is wrong in a cell of a table: its code as a sentence, with what was given; other words as they are."""
    code, _, details = fault.what.partition(" ")
    if code not in ADVICE and code not in FAULTS:
        return fault.what
    return f"{sentence(Shown(code, '', {}), language)} {details}".strip()


def cell_step(fault: CellFault, language: str) -> str:
    """What to write there instead."""
    code = fault.what.partition(" ")[0]
    if code in FAULTS:
        return step(Shown(code, "", {}), language)
    if language == "fr":
        return french.COLUMNS.get(fault.column) or step(Shown(code, "", {}), language)
    return fault.step or (f"Write {COLUMNS[fault.column]}." if fault.column in COLUMNS else "")
