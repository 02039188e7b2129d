"""Texts of the check of a printed certificate."""

from typing import Final

ENGLISH: Final = {
    "title": "Check a certificate",
    "lede": "Type the number and the code that are printed on the certificate, or scan the square code on its face.",
    "number": "Certificate number",
    "code": "Verdict code",
    "number_note": "Two letters and digits, such as BW0000123.",
    "code_note": "16 letters and digits below the square code; spaces and hyphens do not matter.",
    "check": "Check",
    "incomplete": "One thing is missing",
    "incomplete_text": "Both the number and the code are needed: the code shows that you hold the certificate.",
    "malformed_number": "This is no number of a certificate",
    "malformed_number_text": (
        "A number has the two letters of its issuer and 4 to 10 digits, such as BW0000123. Type it once more."
    ),
    "malformed_code": "This is no verdict code",
    "malformed_code_text": (
        "A code has 16 signs: letters, and digits from 2 to 7. What looks like 0, 1 or 8 is the letter O, I or B. Count "
        "them, and type it once more."
    ),
    "no_match": "No certificate with this number and code",
    "no_match_text": (
        "Compare number and code with the paper once more. If both are as printed, this ledger does not know the "
        "certificate: keep the parcel, and ask the authority that is named as its issuer."
    ),
    "compare": "Compare these with the paper: they are what the issuer signed.",
    "expired": "Expired",
    "expired_text": "The certificate is genuine, nobody has confirmed its parcel, and the date of expiry has passed.",
    "state_open": "Genuine, and still open",
    "state_open_text": "The certificate is on the ledger and no destination has answered for it yet.",
    "state_confirmed": "Genuine, and used up",
    "state_confirmed_text": (
        "The destination has confirmed the parcel as it stands on the certificate. It covers no other parcel any more."
    ),
    "state_discrepancy": "Genuine, and used up with a difference",
    "state_discrepancy_text": (
        "The destination has opened the parcel and found something other than stated. The certificate covers no other "
        "parcel any more."
    ),
    "state_refused": "Refused by the destination",
    "state_refused_text": "The destination has refused the parcel. The certificate covers nothing any more.",
    "state_void": "Void",
    "state_void_text": "The issuer has declared the certificate void.",
    "state_lost": "Reported lost",
    "state_lost_text": "The issuer has reported the certificate or its parcel lost. Inform the authority.",
    "state_stolen": "Reported stolen",
    "state_stolen_text": "The issuer has reported the certificate or its parcel stolen. Inform the authority.",
    "state_returned": "Returned",
    "state_returned_text": "The parcel went back to its issuer. The certificate covers nothing any more.",
    "state_replaced": "Replaced",
    "state_replaced_text": "The issuer has replaced the certificate by another one.",
    "issuer": "Issued by",
    "destination": "Destination",
    "issued": "Issued on",
    "expires": "Expires on",
    "parcels": "Parcels",
    "record": "Newest record",
    "means": "What this tells",
    "means_text": (
        "Whether the issuer's key signed this certificate into the ledger, and what the ledger knows of it now. Names and "
        "values are not shown to anybody here."
    ),
    "means_not": (
        "It does not tell whether the stones before you are those of the certificate, nor whether the paper is the original."
    ),
    "verify_offline": "Check a certificate without a network, or without trusting this server",
    "camera": "Scan with the camera",
    "picture": "Scan a picture",
    "stop": "Stop the camera",
    "looking": "Hold the square code of the certificate's face before the camera.",
    "nothing_found": "No code was found in this picture.",
    "other_code": "This is another code. The one for this page stands on the face of the certificate.",
    "camera_refused": "The camera cannot be used here. Type the number and the code, or scan a picture.",
}

FRENCH: Final = {
    "title": "Vérifier un certificat",
    "lede": "Saisissez le numéro et le code imprimés sur le certificat, ou scannez le code carré de son recto.",
    "number": "Numéro du certificat",
    "code": "Code de vérification",
    "number_note": "Deux lettres et des chiffres, par exemple BW0000123.",
    "code_note": "16 lettres et chiffres sous le code carré ; espaces et traits d’union sont sans importance.",
    "check": "Vérifier",
    "incomplete": "Il manque quelque chose",
    "incomplete_text": "Il faut le numéro et le code : le code montre que vous détenez le certificat.",
    "malformed_number": "Ce n’est pas un numéro de certificat",
    "malformed_number_text": (
        "Un numéro a les deux lettres de son émetteur et 4 à 10 chiffres, par exemple BW0000123. Saisissez-le à nouveau."
    ),
    "malformed_code": "Ce n’est pas un code de vérification",
    "malformed_code_text": (
        "Un code a 16 signes : des lettres, et des chiffres de 2 à 7. Ce qui ressemble à 0, 1 ou 8 est la lettre O, I ou "
        "B. Comptez-les, et saisissez-le à nouveau."
    ),
    "no_match": "Aucun certificat avec ce numéro et ce code",
    "no_match_text": (
        "Comparez encore le numéro et le code avec le papier. Si tous deux sont comme imprimés, ce registre ne connaît "
        "pas le certificat : retenez le colis et interrogez l’autorité qui y figure comme émettrice."
    ),
    "compare": "Comparez avec le papier : voici ce que l’émetteur a signé.",
    "expired": "Expiré",
    "expired_text": "Le certificat est authentique, personne n’a confirmé son colis et la date d’expiration est passée.",
    "state_open": "Authentique, et encore ouvert",
    "state_open_text": "Le certificat est au registre et aucune destination n’a encore répondu.",
    "state_confirmed": "Authentique, et utilisé",
    "state_confirmed_text": (
        "La destination a confirmé le colis tel qu’il figure sur le certificat. Celui-ci ne couvre plus aucun autre colis."
    ),
    "state_discrepancy": "Authentique, et utilisé avec un écart",
    "state_discrepancy_text": (
        "La destination a ouvert le colis et trouvé autre chose que ce qui est déclaré. Le certificat ne couvre plus "
        "aucun autre colis."
    ),
    "state_refused": "Refusé par la destination",
    "state_refused_text": "La destination a refusé le colis. Le certificat ne couvre plus rien.",
    "state_void": "Annulé",
    "state_void_text": "L’émetteur a déclaré le certificat nul.",
    "state_lost": "Déclaré perdu",
    "state_lost_text": "L’émetteur a déclaré perdus le certificat ou son colis. Informez l’autorité.",
    "state_stolen": "Déclaré volé",
    "state_stolen_text": "L’émetteur a déclaré volés le certificat ou son colis. Informez l’autorité.",
    "state_returned": "Renvoyé",
    "state_returned_text": "Le colis est retourné à son émetteur. Le certificat ne couvre plus rien.",
    "state_replaced": "Remplacé",
    "state_replaced_text": "L’émetteur a remplacé le certificat par un autre.",
    "issuer": "Délivré par",
    "destination": "Destination",
    "issued": "Délivré le",
    "expires": "Expire le",
    "parcels": "Colis",
    "record": "Dernier enregistrement",
    "means": "Ce que cela dit",
    "means_text": (
        "Si la clé de l’émetteur a signé ce certificat dans le registre, et ce que le registre en sait aujourd’hui. Noms "
        "et valeurs ne sont montrés ici à personne."
    ),
    "means_not": "Cela ne dit pas si les pierres devant vous sont celles du certificat, ni si le papier est l’original.",
    "verify_offline": "Vérifier un certificat sans réseau, ou sans faire confiance à ce serveur",
    "camera": "Scanner avec la caméra",
    "picture": "Scanner une image",
    "stop": "Arrêter la caméra",
    "looking": "Tenez le code carré du recto du certificat devant la caméra.",
    "nothing_found": "Aucun code n’a été trouvé dans cette image.",
    "other_code": "C’est un autre code. Celui de cette page se trouve au recto du certificat.",
    "camera_refused": "La caméra n’est pas utilisable ici. Saisissez le numéro et le code, ou scannez une image.",
}
