"""Texts of signing in, the desk, the search box and what goes wrong."""

from typing import Final

from api.strings.reading import words

ENGLISH: Final = {
    **words.ENGLISH,
    # sign in
    "sign_in_title": "Sign in to read",
    "sign_in_lede": "For authorities of participants, the secretariat and auditors. What is public needs no token.",
    "token": "Token",
    "token_hint": "It begins with kpl_. Whoever runs this node issues one: `kpledger token new`.",
    "sign_in": "Sign in",
    "sign_in_failed": "This token is not valid here. It may be cut off, expired or revoked, or of another node.",
    "sign_in_kept": (
        "This browser keeps a session of some hours; the token itself is kept nowhere. Records are signed with keys, never "
        "here: whoever reads over your shoulder can submit nothing."
    ),
    "already": "You are signed in already.",
    "go_on": "Go on",
    # desk
    "desk_title": "Desk",
    "desk_lede": "What does not add up and is grave, and who owes an outcome.",
    "grave": "Grave and still there",
    "grave_all": "All findings, to filter, assign and export",
    "grave_none": "No grave finding is open.",
    "owed_title": "Outcomes owed",
    "owed_text": "{count} certificates are open; those that owe longest come first.",
    "owed_all": "All open confirmations by age",
    "owed_none": "Nothing is owed.",
    "saved": "Saved filters",
    "saved_none": "A work list that was filtered can be kept under a name; it then stands here.",
    "remove": "Remove",
    # search
    "search_title": "Find",
    "search_several": "Several participants fit “{text}”.",
    "search_nothing": "Nothing was found for “{text}”.",
    "search_empty": "Type what you are looking for.",
    "search_number": (
        "It has the form of a certificate's number, and no certificate of that number is on this ledger. A number that was "
        "typed wrongly is the most frequent reason; a certificate that exists on paper only is not here before its import is."
    ),
    "search_record": (
        "It has the form of a record's id, and no record of that id is in the log. A record that was refused, or that no "
        "block holds yet, is not."
    ),
    "search_takes": "What can be found:",
    "search_takes_number": "a certificate by its number: the issuer's code and 4 to 10 digits, as BW25210001",
    "search_takes_record": "a record by its id: 64 hexadecimal digits",
    "search_takes_country": "a participant by its code, the code of a country that it stands for, or a part of its name",
    # problems
    "missing_title": "Not on this ledger",
    "missing_text": (
        "What this address names is not here, or does not concern you. The search box finds numbers, records and countries."
    ),
    "parameter_title": "This cannot be shown",
    "parameter_text": "A value is not among those offered: {field}. Choose again on the page itself.",
    "forbidden_title": "Not with this token",
    "forbidden_text": "This is for the secretariat and auditors, or for the participant that it concerns.",
    "form_title": "This form was not taken",
    "form_text": (
        "It did not come from a page of this session: it was open too long, or another site sent it. Nothing was changed. Go "
        "back, load the page anew, and send it again."
    ),
    "full_title": "No room for more",
    "full_text": "The workbook of this node holds as many notes or filters as it may. Remove some first.",
    "overloaded_title": "Too much at once",
    "overloaded_text": "The node is busy with other questions of this kind. Try again in some seconds.",
    "back": "To the desk",
}

FRENCH: Final = {
    **words.FRENCH,
    # sign in
    "sign_in_title": "Se connecter pour lire",
    "sign_in_lede": (
        "Pour les autorités des participants, le secrétariat et les auditeurs. Ce qui est public ne demande pas de jeton."
    ),
    "token": "Jeton",
    "token_hint": "Il commence par kpl_. Qui exploite ce nœud en délivre : `kpledger token new`.",
    "sign_in": "Se connecter",
    "sign_in_failed": "Ce jeton n’est pas valable ici. Il est peut-être coupé, expiré ou révoqué, ou celui d’un autre nœud.",
    "sign_in_kept": (
        "Ce navigateur garde une session de quelques heures ; le jeton lui-même n’est gardé nulle part. Les enregistrements "
        "sont signés avec des clés, jamais ici : qui lit par-dessus votre épaule ne peut rien soumettre."
    ),
    "already": "Vous êtes déjà connecté.",
    "go_on": "Continuer",
    # desk
    "desk_title": "Bureau",
    "desk_lede": "Ce qui ne concorde pas et qui est grave, et qui doit une issue.",
    "grave": "Graves et toujours présents",
    "grave_all": "Tous les constats, à filtrer, attribuer et exporter",
    "grave_none": "Aucun constat grave n’est ouvert.",
    "owed_title": "Issues dues",
    "owed_text": "{count} certificats sont ouverts ; ceux qui doivent depuis le plus longtemps viennent d’abord.",
    "owed_all": "Toutes les confirmations en attente, par âge",
    "owed_none": "Rien n’est dû.",
    "saved": "Filtres enregistrés",
    "saved_none": "Une liste filtrée peut être gardée sous un nom ; elle se trouve alors ici.",
    "remove": "Supprimer",
    # search
    "search_title": "Chercher",
    "search_several": "Plusieurs participants conviennent à « {text} ».",
    "search_nothing": "Rien n’a été trouvé pour « {text} ».",
    "search_empty": "Tapez ce que vous cherchez.",
    "search_number": (
        "Cela a la forme d’un numéro de certificat, et aucun certificat de ce numéro n’est dans ce registre. Le plus souvent, "
        "le numéro est mal tapé ; un certificat qui n’existe que sur papier n’y est pas avant son importation."
    ),
    "search_record": (
        "Cela a la forme d’un identifiant d’enregistrement, et aucun n’est dans le journal sous cet identifiant. Un "
        "enregistrement refusé, ou qu’aucun bloc ne contient encore, n’y est pas."
    ),
    "search_takes": "Ce qui peut être trouvé :",
    "search_takes_number": "un certificat par son numéro : le code de l’émetteur et 4 à 10 chiffres, comme BW25210001",
    "search_takes_record": "un enregistrement par son identifiant : 64 chiffres hexadécimaux",
    "search_takes_country": ("un participant par son code, le code d’un pays qu’il représente, ou une partie de son nom"),
    # problems
    "missing_title": "Pas dans ce registre",
    "missing_text": (
        "Ce que nomme cette adresse n’est pas ici, ou ne vous concerne pas. La recherche trouve numéros, enregistrements et "
        "pays."
    ),
    "parameter_title": "Ceci ne peut pas être affiché",
    "parameter_text": "Une valeur n’est pas parmi celles proposées : {field}. Choisissez de nouveau sur la page même.",
    "forbidden_title": "Pas avec ce jeton",
    "forbidden_text": "Ceci est pour le secrétariat et les auditeurs, ou pour le participant concerné.",
    "form_title": "Ce formulaire n’a pas été pris",
    "form_text": (
        "Il ne vient pas d’une page de cette session : elle est restée ouverte trop longtemps, ou un autre site l’a envoyé. "
        "Rien n’a été changé. Revenez, rechargez la page, et envoyez-le de nouveau."
    ),
    "full_title": "Plus de place",
    "full_text": "Le carnet de ce nœud contient autant de notes ou de filtres qu’il peut. Supprimez-en d’abord.",
    "overloaded_title": "Trop à la fois",
    "overloaded_text": "Le nœud est occupé par d’autres questions de ce genre. Réessayez dans quelques secondes.",
    "back": "Vers le bureau",
}
