"""Models of records, their receipts, and the history of accepted ones (`api.schemas`: `records`, `receipts`, `history`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "An answer for each submission, in the order given: what each alone would have been answered.": (
        "Une réponse par soumission, dans l’ordre donné : ce que chacune aurait reçu seule."
    ),
    "Body of `import.confirm`.": "Corps de `import.confirm`.",
    "Id of the certificate's record that this answers.": (
        "Identifiant de l’enregistrement du certificat auquel celui-ci répond."
    ),
    "Code that was sealed inside the container.": "Code qui était scellé dans le conteneur.",
    (
        "Server-sent events. `record`: `id` is the place in the log, `data` the record as a line of `/v1/export` has it. "
        "`head`: nothing further now; `id` is the place that the stream has come to, `data` names the log's `height` and "
        "`tree_size`."
    ): (
        "Événements du serveur. `record` : `id` est la place au journal, `data` l’enregistrement, comme une ligne de "
        "`/v1/export`. `head` : plus rien pour l’instant ; `id` est la place à laquelle le flux est arrivé, `data` nomme "
        "`height` et `tree_size` du journal."
    ),
    "The record is final: executed, and a quorum checkpoint covers its leaf.": (
        "L’enregistrement est définitif : exécuté, et un point de contrôle du quorum couvre sa feuille."
    ),
    "Place in the log.": "Place au journal.",
    "Body of `certificate.issue`.": "Corps de `certificate.issue`.",
    "A later reader of a sealed part.": "Un lecteur ultérieur d’une partie scellée.",
    "Of the reader's sealing key.": "Époque de la clé de scellement du lecteur.",
    "Of the `sealed.share`, whose body holds the wrapped key.": (
        "Identifiant du `sealed.share` dont le corps contient la clé enveloppée."
    ),
    "One line of a certificate.": "Une ligne d’un certificat.",
    "Countries of mining; empty: mixed, not stated.": "Pays d’extraction ; vide : origine mêlée, non déclarée.",
    "Commitment to the line's value.": "Engagement sur la valeur de la ligne.",
    (
        "A line of JSON for each record. Members: `index`, `height`, `id`, `kind`, `author`, `at`, `key`, `body` and `record`, "
        "as `/v1/records/{id}` has them."
    ): (
        "Une ligne de JSON par enregistrement. Membres : `index`, `height`, `id`, `kind`, `author`, `at`, `key`, `body` et "
        "`record`, comme dans `/v1/records/{id}`."
    ),
    "One line as the importer measured it.": "Une ligne telle que l’importateur l’a mesurée.",
    "An accepted record.": "Un enregistrement accepté.",
    "Says which form `body` has.": "Dit quelle forme a `body`.",
    "The author's own instant.": "L’instant que donne l’auteur.",
    "Public key that signed it.": "Clé publique qui l’a signé.",
    "Whether this node holds the sealed envelope.": "Si ce nœud détient l’enveloppe scellée.",
    "The record's bytes: the leaf of the log.": "Les octets de l’enregistrement : la feuille du journal.",
    "The later readers of a sealed part, by code.": "Les lecteurs ultérieurs d’une partie scellée, par code.",
    "Carats taken from an earlier import.": "Carats pris sur une importation antérieure.",
    (
        "A header and a row for each record. Columns: `index`, `height`, `id`, `kind`, `author`, `at`; where the kind has them "
        "`number`, `partner`, `date`, `parcels` and `carats`; and `body` as JSON."
    ): (
        "Un en-tête et une rangée par enregistrement. Colonnes : `index`, `height`, `id`, `kind`, `author`, `at` ; là où le "
        "genre les a, `number`, `partner`, `date`, `parcels` et `carats` ; et `body` en JSON."
    ),
    "The record was taken and is not final yet; sending the same bytes again is safe.": (
        "L’enregistrement a été pris et n’est pas encore définitif ; renvoyer les mêmes octets est sans risque."
    ),
    (
        "What a receipt establishes under this node's policy, or why it establishes nothing. A valid receipt says that the "
        "record's bytes are in the log. It does not say that the record still stands, nor that what it says is true. Trust "
        "this answer as far as you trust this node; `kpledger receipt verify` needs no node at all."
    ): (
        "Ce qu’un reçu établit sous la politique de ce nœud, ou pourquoi il n’établit rien. Un reçu valable dit que les octets "
        "de l’enregistrement sont dans le journal. Il ne dit pas que l’enregistrement vaut encore, ni que ce qu’il dit est "
        "vrai. Fiez-vous à cette réponse autant qu’à ce nœud ; `kpledger receipt verify` n’a besoin d’aucun nœud."
    ),
    "Which check failed, null when valid.": "La vérification qui a échoué, null quand le reçu est valable.",
    "The failure in words; empty when valid.": "L’échec en mots ; vide quand le reçu est valable.",
    "The record's id.": "L’identifiant de l’enregistrement.",
    "Leaves of the tree that the checkpoint is about.": "Nombre de feuilles de l’arbre dont parle le point de contrôle.",
    "Names of the cosigning keys that count.": "Noms des clés de cosignature qui comptent.",
    "Newest time that a cosignature states, seconds since 1970 UTC.": (
        "Heure la plus récente qu’indique une cosignature, en secondes depuis 1970 UTC."
    ),
    "The record's bytes, as the receipt carries them.": "Les octets de l’enregistrement, tels que le reçu les porte.",
}
