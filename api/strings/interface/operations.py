"""What the document, its groups, operations and bodies of requests are."""

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
    "Submit many records at once.": "Soumettre plusieurs enregistrements à la fois.",
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
        "Les blocs définitifs à partir de cette hauteur, avec le jugement de chaque enregistrement et ses octets. 404 là où "
        "aucun ne l’est encore."
    ),
    "Findings whose names follow `after`, in the order of their names; nothing at the end.": (
        "Les constats dont le nom suit `after`, dans l’ordre des noms ; rien à la fin."
    ),
    "Accepted records as they come, as server-sent events.": (
        "Les enregistrements acceptés à mesure qu’ils arrivent, en événements du serveur."
    ),
    "The history of accepted records as JSON lines, all of it or what passes every filter given (for auditors).": (
        "L’historique des enregistrements acceptés en lignes JSON, en entier ou ce qui passe tous les filtres donnés (pour "
        "les auditeurs)."
    ),
    "The same as a table, a row for each record.": "Le même en tableau, une rangée par enregistrement.",
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
        "Une publication, et ce qu’en dit chaque nœud. Savoir pourquoi un nœud s’y oppose demande un jeton."
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
    # operations at length
    (
        "With `wait=final` the answer is 200 with the receipt as soon as the record is final; without it, or when that takes "
        "longer than 30 s, 202. The same bytes may be sent again at any time: an accepted record gets its receipt. A refusal "
        "names the rule (`error`), the place (`field`), what was given and what is allowed."
    ): (
        "Avec `wait=final`, la réponse est 200 avec le reçu dès que l’enregistrement est définitif ; sans lui, ou si cela "
        "prend plus de 30 s, 202. Les mêmes octets peuvent être renvoyés à tout moment : un enregistrement accepté obtient son "
        "reçu. Un refus nomme la règle (`error`), l’endroit (`field`), ce qui a été donné et ce qui est permis."
    ),
    (
        "Answers a list with one item for each submission, in order: what it alone would have been answered; problems carry "
        "their `status`. One that is refused does not touch the others."
    ): (
        "Répond par une liste avec un élément par soumission, dans l’ordre : ce qu’elle aurait reçu seule ; les problèmes "
        "portent leur `status`. Une soumission refusée est sans effet sur les autres."
    ),
    (
        "A `head` event comes when there is nothing further, and again every 15 s. `Last-Event-ID`, which browsers send by "
        "themselves, or else `after` says behind which place in the log it begins; without either it begins with what comes "
        "now. A stream ends after 15 minutes, or when its reader does not take what it is sent."
    ): (
        "Un événement `head` vient quand il n’y a plus rien, puis de nouveau toutes les 15 s. `Last-Event-ID`, que les "
        "navigateurs envoient d’eux-mêmes, ou sinon `after`, dit après quelle place du journal le flux commence ; sans l’un ni "
        "l’autre, il commence par ce qui vient maintenant. Un flux s’arrête au bout de 15 minutes, ou quand son lecteur ne "
        "prend pas ce qui lui est envoyé."
    ),
    "`issue` is what the issuer signed, `outcome` what the destination measured and signed; both stand for themselves.": (
        "`issue` est ce que l’émetteur a signé, `outcome` ce que la destination a mesuré et signé ; chacun répond de soi."
    ),
    "A browser, which asks for HTML, is sent to the page: this is the address behind the code on the certificate's face.": (
        "Un navigateur, qui demande du HTML, est envoyé vers la page : c’est l’adresse que contient le code au recto du "
        "certificat."
    ),
    (
        "Bounds hold whatever way the points have travelled that the records allow. Both chains are bounded; one that is cut "
        "says so, and at each certificate how many carats were not followed."
    ): (
        "Les bornes tiennent quel que soit le chemin des carats que permettent les enregistrements. Les deux chaînes sont "
        "limitées ; une chaîne coupée le dit, et à chaque certificat combien de carats n’ont pas été suivis."
    ),
    (
        "An auditor reads all, a participant those that concern it. Of those that name a certificate a page may hold fewer "
        "than the limit, or none, when there are other filters or a participant asks: `next` says whether more follow."
    ): (
        "Un auditeur lit tout, un participant ce qui le concerne. Parmi les constats qui nomment un certificat, une page peut "
        "en contenir moins que la limite, ou aucun, quand il y a d’autres filtres ou que c’est un participant qui demande : "
        "`next` dit s’il en vient encore."
    ),
    "Answers 200 whether it holds or not: `valid` says which.": "Répond 200 que le reçu tienne ou non : `valid` le dit.",
    "Answers signature lines; 409 with the size that was cosigned last when the request begins at another.": (
        "Répond par des lignes de signature ; 409 avec la taille cosignée en dernier quand la demande commence à une autre."
    ),
    "`height`, `tree_size`, `root` and `state` are of the same block.": (
        "`height`, `tree_size`, `root` et `state` sont du même bloc."
    ),
    "A return is accepted when its points are these, and its values and sums of blindings open these commitments.": (
        "Une déclaration est acceptée quand ses carats sont ceux-ci et que ses valeurs et ses sommes de facteurs d’aveuglement "
        "ouvrent ces engagements."
    ),
    "The list of unanswered ones is public; answered and closed ones take a token.": (
        "La liste des questions sans réponse est publique ; celles qui ont une réponse ou qui sont closes demandent un jeton."
    ),
    "Without a release, a network whose genesis does not say `dev` answers 404 `not-released`.": (
        "Sans publication, un réseau dont la genèse ne dit pas `dev` répond 404 `not-released`."
    ),
    "MessagePack, for `kpledger statistics propose`. 404 for what is no period or has not closed.": (
        "MessagePack, pour `kpledger statistics propose`. 404 pour ce qui n’est pas une période ou n’est pas encore clos."
    ),
    (
        "200 when every check holds, 503 with `Retry-After` otherwise. With `?verbose` each check is named; otherwise only "
        "those that fail are."
    ): (
        "200 quand chaque vérification est bonne, sinon 503 avec `Retry-After`. Avec `?verbose`, chaque vérification est "
        "nommée ; sinon, seulement celles qui échouent."
    ),
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
}
