"""What models of several areas say, and the few answers that are no models of their own (`api.schemas.base`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "Height of the ledger at which this was read.": "Hauteur du registre à laquelle ceci a été lu.",
    "Bytes as lower-case hex.": "Octets en hexadécimal minuscule.",
    "Carats with two places.": "Carats à deux décimales.",
    "As issued.": "À la délivrance.",
    "Participant: ISO 3166-1 alpha-2, or EU.": "Participant : ISO 3166-1 alpha-2, ou EU.",
    "710210 unsorted, 710221 industrial, 710231 non-industrial.": (
        "710210 non triés, 710221 industriels, 710231 non industriels."
    ),
    "Certificate number.": "Numéro de certificat.",
    "As the destination measured; null without an outcome that counts.": (
        "Mesurés par la destination ; null sans issue qui compte."
    ),
    "32 bytes as lower-case hex.": "32 octets en hexadécimal minuscule.",
    "An OpenAPI 3.1 document.": "Un document OpenAPI 3.1.",
    "Number of a block.": "Numéro d’un bloc.",
    "Place in the log; lists are in this order.": "Place au journal ; les listes sont dans cet ordre.",
    "Time of the block at `height`.": "Heure du bloc de hauteur `height`.",
    "A web page.": "Une page web.",
    "RFC 9457 problem document. Further members give figures: `given`, `limit`, `certificate`, ...": (
        "Document de problème selon la RFC 9457. D’autres membres donnent des chiffres : `given`, `limit`, `certificate`…"
    ),
    "Link to the error's explanation.": "Lien vers l’explication de l’erreur.",
    "Stable code of the error.": "Code stable de l’erreur.",
    "Where to look: header, parameter or path inside the record; empty for the whole.": (
        "Où regarder : en-tête, paramètre ou chemin dans l’enregistrement ; vide pour le tout."
    ),
    "A tree size in decimal and a newline.": "Une taille d’arbre en décimal et un saut de ligne.",
    "Plain text.": "Texte brut.",
    "Bytes.": "Octets.",
}
