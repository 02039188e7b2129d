"""Models of figures, releases and quarterly returns (`api.schemas`: `statistics`, `releases`, `returns`)."""

from collections.abc import Mapping
from typing import Final

FRENCH: Final[Mapping[str, str]] = {
    "Test networks show their live figures and the releases, all others the releases alone.": (
        "Les réseaux d’essai montrent leurs chiffres courants et les publications, tous les autres, les publications seulement."
    ),
    "Trade with one partner in one HS code.": "Commerce avec un partenaire dans un code SH.",
    "How many certificates have such lines.": "Combien de certificats ont de telles lignes.",
    "Sum of the lines' value commitments, a point of edwards25519.": (
        "Somme des engagements sur la valeur des lignes, un point d’edwards25519."
    ),
    "The quorum checkpoint that the figures rest on.": "Le point de contrôle du quorum sur lequel reposent les chiffres.",
    "Whether it covers every record that the figures count.": "S’il couvre chaque enregistrement que comptent les chiffres.",
    "Names of the cosigning keys, as they stand in the note.": (
        "Noms des clés de cosignature, tels qu’ils figurent dans la note."
    ),
    "The signed note itself, as `/log/checkpoint/{size}` answers it.": (
        "La note signée elle-même, telle que la donne `/log/checkpoint/{size}`."
    ),
    "Comma-separated values with a header, UTF-8.": "Valeurs séparées par des virgules, avec un en-tête, en UTF-8.",
    (
        "Imports or exports: carats in all and by HS code (all three, ascending), and the certificates behind them. A "
        "certificate with lines of two HS codes counts once here and once in each of the two."
    ): (
        "Importations ou exportations : carats en tout et par code SH (les trois, en ordre croissant), et les certificats qui "
        "sont derrière. Un certificat avec des lignes de deux codes SH compte une fois ici et une fois dans chacun des deux."
    ),
    "Carats of one HS code, and the certificates that have such a line.": (
        "Carats d’un code SH, et les certificats qui ont une telle ligne."
    ),
    "The statistics of a network whose figures are protected: the newest release of each period, the latest first.": (
        "Les statistiques d’un réseau dont les chiffres sont protégés : la dernière publication de chaque période, la plus "
        "récente d’abord."
    ),
    "The sums of one participant, flow and quarter.": "Les sommes d’un participant, d’un flux et d’un trimestre.",
    "In force, with or without carats.": "En vigueur, avec ou sans carats.",
    "The participant's record that counted last; null while none has.": (
        "Le dernier enregistrement du participant qui a compté ; null tant qu’aucun n’a compté."
    ),
    "By partner and HS code, ascending.": "Par partenaire et code SH, en ordre croissant.",
    "The parameter `p-percent` as it stands now: protection of a return is computed with it.": (
        "Le paramètre `p-percent` tel qu’il vaut maintenant : la protection d’une déclaration est calculée avec lui."
    ),
    "Ids of the returns filed, by revision from 1; at most the first 500.": (
        "Identifiants des déclarations déposées, par révision à partir de 1 ; au plus les 500 premières."
    ),
    "One release, and who has checked it.": "Une publication, et qui l’a contrôlée.",
    "Milliseconds since 1970 UTC.": "Millisecondes depuis 1970 UTC.",
    "In the log's order.": "Dans l’ordre du journal.",
    "The JSON file of a release, byte by byte as its digest names it.": (
        "Le fichier JSON d’une publication, octet par octet tel que le désigne son empreinte."
    ),
    "A release of one period's statistics. Those that stand are kept for ever, a newer revision beside them.": (
        "Une publication des statistiques d’une période. Celles qui valent sont gardées pour toujours, une révision plus "
        "récente à côté d’elles."
    ),
    "Of the record that published it.": "Identifiant de l’enregistrement qui l’a publiée.",
    "A quarter, a half or a year.": "Un trimestre, un semestre ou une année.",
    "0 for the first release of a period; each further one restates figures.": (
        "0 pour la première publication d’une période ; chaque suivante révise des chiffres."
    ),
    "`released` once a quorum of the validators has made the same file.": (
        "`released` dès qu’un quorum des validateurs a produit le même fichier."
    ),
    "Whether a newer revision of the period stands.": "S’il y a une révision plus récente de la période qui vaut.",
    "The secretariat, or the participant that is statistics chair.": (
        "Le secrétariat, ou le participant qui préside le groupe de travail sur les statistiques."
    ),
    "The day of its block.": "Le jour de son bloc.",
    "Block after which its figures are read.": "Bloc après lequel ses chiffres sont lus.",
    "Entries of the log at that height: a checkpoint of at least that size covers it.": (
        "Entrées du journal à cette hauteur : un point de contrôle d’au moins cette taille la couvre."
    ),
    "SHA-256 of its JSON file, which names that of its CSV file.": (
        "SHA-256 de son fichier JSON, qui nomme celui de son fichier CSV."
    ),
    "Nodes that have made it anew and agree.": "Nœuds qui l’ont refaite et sont d’accord.",
    "Nodes that object.": "Nœuds qui s’opposent.",
    "Block that decided it; null while it is being judged.": "Bloc qui en a décidé ; null tant qu’elle est en cours d’examen.",
    "Path of its JSON file; null unless it is released.": "Chemin de son fichier JSON ; null si elle n’a pas paru.",
    "Path of its CSV file; null unless it is released.": "Chemin de son fichier CSV ; null si elle n’a pas paru.",
    "Where a release stands; all but `undecided` are final.": (
        "Où en est une publication ; tout sauf `undecided` est définitif."
    ),
    "What one participant's node says of a release.": "Ce que le nœud d’un participant dit d’une publication.",
    "Id of its `statistics.verdict`.": "Identifiant de son `statistics.verdict`.",
    "Why it objects; shown with a token, else null.": "Pourquoi il s’oppose ; montré avec un jeton, sinon null.",
    "The cell or field that it objects to; shown with a token, else null.": (
        "La cellule ou le champ auquel il s’oppose ; montré avec un jeton, sinon null."
    ),
    "A page of releases, those published last at the top.": "Une page de publications, les dernières parues en tête.",
    (
        "Trade by participant and flow, as recorded. Exports count certificates by their issuer; imports count confirmations "
        "by the importer, as measured. The two differ by what is under way and by discrepancies, and are never balanced."
    ): (
        "Le commerce par participant et flux, tel qu’enregistré. Les exportations comptent les certificats par émetteur ; les "
        "importations comptent les confirmations par importateur, telles que mesurées. Les deux diffèrent de ce qui est en "
        "route et des écarts, et ne sont jamais égalisées."
    ),
    "Certificates without an outcome.": "Certificats sans issue.",
    "Those with any trade, by code.": "Ceux qui ont commercé, par code.",
    "Beside these figures: the newest release of each period, the latest first.": (
        "À côté de ces chiffres : la dernière publication de chaque période, la plus récente d’abord."
    ),
    "One participant's trade.": "Le commerce d’un participant.",
}
