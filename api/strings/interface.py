"""The interface's own words on its page, in other languages: by the English sentence that the OpenAPI document has.

Here are operations, groups, parameters, bodies and statuses. Models, their members and longer descriptions stay as the document
has them, in English, as do the sentences of error codes, which programs get too.
"""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    (
        "One node of the Kimberley Process certificate ledger. Submitting takes signed records; reading records and "
        "certificates takes a token; the log, the register and this document are public."
    ): (
        "Un nœud du registre des certificats du Processus de Kimberley. On y soumet des enregistrements signés ; lire des "
        "enregistrements et des certificats demande un jeton ; le journal, le registre des participants et ce document sont "
        "publics."
    ),
    # groups
    "Submitting signed records and reading them back.": "Soumettre des enregistrements signés et les relire.",
    "Certificates, both sides' figures, open confirmations.": "Certificats, chiffres des deux côtés, confirmations en attente.",
    "What follows from the records: chains of custody, origins, stock, for how long outcomes are owed.": (
        "Ce qui découle des enregistrements : chaînes de possession, origines, stocks, retard des issues dues."
    ),
    "What in the records does not add up, and the rules that find it.": (
        "Ce qui ne concorde pas dans les enregistrements, et les règles qui le trouvent."
    ),
    "The transparency log: C2SP tlog-tiles, signed notes, policy.": (
        "Le journal de transparence : tuiles C2SP tlog-tiles, notes signées, politique."
    ),
    "What an auditor exports to judge the whole ledger again, offline.": (
        "Ce qu’un auditeur exporte pour rejuger tout le registre, hors ligne."
    ),
    "The ledger, its participants and its figures.": "Le registre, ses participants et ses chiffres.",
    "Health of the answering node.": "Santé du nœud qui répond.",
    # operations
    "Submit a signed record.": "Soumettre un enregistrement signé.",
    "Submit many records at once.": "Soumettre beaucoup d’enregistrements à la fois.",
    "An accepted record: its clear fields, its bytes and its place.": (
        "Un enregistrement accepté : ses champs en clair, ses octets et sa place."
    ),
    "The record's receipt, `tlog-proof@v1`, under the newest quorum checkpoint. 404 until one covers it.": (
        "Le reçu de l’enregistrement, `tlog-proof@v1`, sous le dernier point de contrôle du quorum. 404 tant qu’aucun ne le "
        "couvre."
    ),
    "The record's sealed envelope, for its readers, those to whom one of them gave a key later, and the secretariat.": (
        "L’enveloppe scellée de l’enregistrement, pour ses lecteurs, ceux à qui l’un d’eux a donné une clé ensuite, et le "
        "secrétariat."
    ),
    "Who was given a key to the record's envelope later, and the record that holds it.": (
        "Qui a reçu ensuite une clé de l’enveloppe de l’enregistrement, et l’enregistrement qui la contient."
    ),
    "Certificates in the order in which they entered the log.": "Les certificats dans l’ordre de leur entrée au journal.",
    "One certificate with both sides' figures.": "Un certificat avec les chiffres des deux côtés.",
    "The register of open confirmations: certificates that no destination has given an outcome.": (
        "Le registre des confirmations en attente : les certificats dont aucune destination n’a donné l’issue."
    ),
    "A certificate's chain of custody: where its carats came from, who took carats from it, and of which origins it is.": (
        "La chaîne de possession d’un certificat : d’où viennent ses carats, qui en a repris, et de quelles origines il est."
    ),
    "For how long outcomes have been owed, by destination.": "Depuis quand des issues sont dues, par destination.",
    "What a participant has received less what it has sent, by HS code (for auditors).": (
        "Ce qu’un participant a reçu moins ce qu’il a envoyé, par code SH (pour les auditeurs)."
    ),
    "What has become of a certificate, with the code that is printed on it.": (
        "Ce qu’est devenu un certificat, avec le code qui y est imprimé."
    ),
    "Check a receipt against this node's policy.": "Vérifier un reçu avec la politique de ce nœud.",
    "The newest quorum checkpoint, a signed note.": "Le dernier point de contrôle du quorum, une note signée.",
    "The quorum checkpoint of exactly this tree size.": "Le point de contrôle du quorum d’exactement cette taille de l’arbre.",
    "The C2SP policy: this node's log key, every node's cosigning key, the quorum of validators.": (
        "La politique C2SP : la clé du journal de ce nœud, la clé de cosignature de chaque nœud, le quorum des validateurs."
    ),
    "A hash tile: `<L>/<N>` when it is full, `<L>/<N>.p/<W>` before.": (
        "Une tuile d’empreintes : `<L>/<N>` quand elle est pleine, `<L>/<N>.p/<W>` avant."
    ),
    "A bundle of log entries, each a record behind its length in two bytes: `<N>` or `<N>.p/<W>`.": (
        "Un lot d’entrées du journal, chacune un enregistrement derrière sa longueur en deux octets : `<N>` ou `<N>.p/<W>`."
    ),
    "Which certificates stand, signed by this node: what an officer takes along to check them without a network.": (
        "Quels certificats valent encore, signé par ce nœud : ce qu’un agent emporte pour les vérifier sans réseau."
    ),
    "Cosign a checkpoint that continues what was cosigned before.": (
        "Cosigner un point de contrôle qui continue ce qui a été cosigné avant."
    ),
    "The newest checkpoint that this node cosigned for the log with this SHA-256 of its origin.": (
        "Le dernier point de contrôle que ce nœud a cosigné pour le journal dont l’origine a cette empreinte SHA-256."
    ),
    "The ledger and where it stands.": "Le registre et où il en est.",
    "The participants' nodes: who votes in this epoch, who will, and who contradicted itself.": (
        "Les nœuds des participants : qui vote dans cette époque, qui votera, et qui s’est contredit."
    ),
    "The register of participants, by code.": "Le registre des participants, par code.",
    "One participant of the register.": "Un participant du registre.",
    "Proposals to the Plenary, by the id of their record.": (
        "Les propositions à la Plénière, par l’identifiant de leur enregistrement."
    ),
    "The public keys of a participant (its code), of `secretariat`, or of who has a signing key (64 hex digits).": (
        "Les clés publiques d’un participant (son code), de `secretariat`, ou de qui a une clé de signature (64 chiffres "
        "hexadécimaux)."
    ),
    "A participant's trade of a quarter as the ledger sums it, and the returns filed for it.": (
        "Le commerce d’un participant en un trimestre, tel que le registre l’additionne, et les déclarations déposées à son "
        "sujet."
    ),
    "Inquiries in the order in which they were opened.": "Les questions dans l’ordre où elles ont été posées.",
    "Findings, those first seen last at the top.": "Les constats, les plus récemment apparus en tête.",
    "Every rule: what it finds, and its thresholds on the day of the newest block.": (
        "Chaque règle : ce qu’elle trouve, et ses seuils au jour du dernier bloc."
    ),
    "One finding by its name; what stands behind the rule may hold slashes.": (
        "Un constat par son nom ; ce qui suit la règle peut contenir des barres obliques."
    ),
    "Final blocks from this height on, with what was judged of each record, and its bytes. 404 where none is final yet.": (
        "Les blocs définitifs à partir de cette hauteur, avec le jugement de chaque enregistrement et ses octets. 404 où aucun "
        "ne l’est encore."
    ),
    "Findings whose names follow `after`, in the order of their names; nothing at the end.": (
        "Les constats dont le nom suit `after`, dans l’ordre des noms ; rien à la fin."
    ),
    "Accepted records as they come, as server-sent events.": (
        "Les enregistrements acceptés à mesure qu’ils arrivent, en événements du serveur."
    ),
    "The history of accepted records as JSON lines, all of it or what passes every filter given (for auditors).": (
        "L’histoire des enregistrements acceptés en lignes JSON, toute ou ce qui passe tous les filtres donnés (pour les "
        "auditeurs)."
    ),
    "The same as a table, a row for each record.": "La même en tableau, une rangée par enregistrement.",
    "The newest release of each period; on test networks beside live figures of trade by participant and flow.": (
        "La dernière publication de chaque période ; sur les réseaux d’essai, à côté des chiffres courants par participant et "
        "flux."
    ),
    "The rows of the newest release of each period, one table. 404 `not-released` while there is none.": (
        "Les rangées de la dernière publication de chaque période, en un tableau. 404 `not-released` tant qu’il n’y en a "
        "aucune."
    ),
    "Releases of statistics, those published last at the top; without a parameter those that stand, replaced ones too.": (
        "Les publications de statistiques, les dernières en tête ; sans paramètre celles qui valent, remplacées comprises."
    ),
    "A release, and what each node says of it. Why a node objects takes a token.": (
        "Une publication, et ce qu’en dit chaque nœud. Pourquoi un nœud s’y oppose demande un jeton."
    ),
    "What a proposer needs for a closed period's next release: the figures and the year's earlier releases.": (
        "Ce qu’il faut pour proposer la prochaine publication d’une période close : les chiffres et les publications "
        "précédentes de l’année."
    ),
    "The JSON file of a release that stands. It never changes.": (
        "Le fichier JSON d’une publication qui vaut. Il ne change jamais."
    ),
    "The CSV file of a release that stands. It never changes.": (
        "Le fichier CSV d’une publication qui vaut. Il ne change jamais."
    ),
    "Whether the process answers.": "Si le processus répond.",
    "Whether the node takes traffic.": "Si le nœud accepte des demandes.",
    "This interface as an OpenAPI 3.1 document.": "Cette interface en document OpenAPI 3.1.",
    "This interface as a page.": "Cette interface en page.",
    "The public page.": "La page publique.",
    # bodies
    "The record, or `{envelope, record}`, as canonical MessagePack.": (
        "L’enregistrement, ou `{envelope, record}`, en MessagePack canonique."
    ),
    "A canonical MessagePack array of submissions, at most 500.": (
        "Un tableau MessagePack canonique de soumissions, 500 au plus."
    ),
    "The receipt's text, `tlog-proof@v1`.": "Le texte du reçu, `tlog-proof@v1`.",
    "An old size, a consistency proof, an empty line, a checkpoint (C2SP tlog-witness).": (
        "Une ancienne taille, une preuve de cohérence, une ligne vide, un point de contrôle (C2SP tlog-witness)."
    ),
    # statuses
    "Taken, not final yet.": "Pris, pas encore définitif.",
    "To the page, for browsers.": "Vers la page, pour les navigateurs.",
    "Not modified.": "Inchangé.",
    "Malformed, or a parameter that is not allowed.": "Mal formé, ou un paramètre qui n’est pas admis.",
    "No valid token.": "Pas de jeton valable.",
    "The token's scope does not cover this.": "La portée du jeton ne couvre pas cela.",
    "Not here.": "Pas ici.",
    "Begins at another size than the one cosigned last, which the body names.": (
        "Commence à une autre taille que la dernière cosignée, que nomme le corps."
    ),
    "The body did not come in time.": "Le corps n’est pas venu à temps.",
    "Too large.": "Trop grand.",
    "Not the expected media type.": "Pas le type de média attendu.",
    "Refused by a rule.": "Refusé par une règle.",
    "Too many requests.": "Trop de demandes.",
    "The node failed.": "Le nœud a failli.",
    "Overloaded or not ready.": "Surchargé ou pas prêt.",
    # parameters
    "Only those of this severity.": "Seulement ceux de cette gravité.",
    "Given in any form: a JSON document with every check.": "Donné sous toute forme : un document JSON de chaque vérification.",
    "Place in the log of the last record held; -1: none.": "Place au journal du dernier enregistrement qu’on a ; -1 : aucun.",
    "Anybody may read `unanswered`; the others take a token.": (
        "Chacun peut lire `unanswered` ; les autres demandent un jeton."
    ),
    "Where it came from, where it went, or both.": "D’où il vient, où il est allé, ou les deux.",
    "Only records whose own instant is of this day (UTC) or later.": (
        "Seulement les enregistrements dont l’instant propre est de ce jour (UTC) ou après."
    ),
    "Only records whose own instant is of this day (UTC) or earlier.": (
        "Seulement les enregistrements dont l’instant propre est de ce jour (UTC) ou avant."
    ),
    "The name (`rule/about`) of the last one of the page before.": "Le nom (`rule/about`) du dernier de la page précédente.",
    "Only open ones, or all.": "Seulement les ouvertes, ou toutes.",
    "Only this participant's.": "Seulement ceux de ce participant.",
    "Wait up to 30 s for finality.": "Attendre jusqu’à 30 s que ce soit définitif.",
    "Only of this rule.": "Seulement de cette règle.",
    "Only records by or about this participant.": "Seulement les enregistrements de ce participant ou à son sujet.",
    "Exports by date of issue, imports by date of receipt.": (
        "Exportations par date de délivrance, importations par date de réception."
    ),
    "Begin behind this place in the log; -1: with the first record. Without: with what comes now.": (
        "Commencer après cette place au journal ; -1 : au premier enregistrement. Sans : à ce qui vient maintenant."
    ),
    "Only those to this participant.": "Seulement ceux à ce participant.",
    "Where they stand.": "Où ils en sont.",
    "Only in this state.": "Seulement dans cet état.",
    "Only to this participant.": "Seulement vers ce participant.",
    "Which comes first.": "Lequel vient d’abord.",
    "Items a page.": "Éléments par page.",
    "Only those that concern it.": "Seulement ceux qui le concernent.",
    "`next` of the page before.": "`next` de la page précédente.",
    "Only those with this status.": "Seulement ceux de ce statut.",
    "Only of this year's periods.": "Seulement des périodes de cette année.",
    "Block after which the figures are read, else the newest.": "Bloc après lequel les chiffres sont lus, sinon le dernier.",
    "16 letters and digits, as printed.": "16 lettres et chiffres, comme imprimés.",
    "Only those that name it.": "Seulement ceux qui le nomment.",
    "Only records of this kind.": "Seulement les enregistrements de ce genre.",
    # forms
    "list of ": "liste de ",
    " or ": " ou ",
    "query": "requête",
    "path": "chemin",
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {"fr": FRENCH}
"""By language."""
