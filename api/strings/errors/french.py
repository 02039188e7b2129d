"""The same in French."""

from typing import Final

from api.errors import ApiCode
from ledger.errors import Code

FRENCH: Final[dict[Code | ApiCode, str]] = {
    # form
    Code.MALFORMED: "Les octets ne sont pas une valeur MessagePack de la forme attendue.",
    Code.NOT_CANONICAL: "Les octets sont du MessagePack, mais pas sous sa forme canonique : réencodés, ils diffèrent.",
    Code.TOO_LARGE: "L’enregistrement ou l’une de ses parties est plus grand que le format ne permet.",
    Code.TOO_DEEP: "La valeur est imbriquée plus profondément que le format ne permet.",
    Code.UNKNOWN_KIND: "Cette version du protocole ne connaît pas ce genre d’enregistrement.",
    Code.BAD_VALUE: "Un champ manque, est inconnu, ou a une valeur hors de ses bornes.",
    # signature, key and time
    Code.BAD_KEY: "La clé d’un lecteur ne permet pas de lui sceller une enveloppe.",
    Code.BAD_SIGNATURE: "La signature ne correspond pas à la clé, à la déclaration et au registre.",
    Code.UNKNOWN_AUTHOR: "L’auteur n’est pas sur ce registre.",
    Code.UNKNOWN_KEY: "La clé de signature n’est pas enregistrée pour cet auteur.",
    Code.KEY_NOT_IN_FORCE: "La clé de signature est enregistrée, mais pas en vigueur à ce moment.",
    Code.KEY_ROLE: "Le rôle de la clé de signature ne permet pas ce genre d’enregistrement.",
    Code.TOO_OLD: "La déclaration a été faite trop longtemps avant l’heure du bloc.",
    Code.IN_FUTURE: "La déclaration se dit plus tardive que l’heure du bloc ne le permet.",
    Code.DAILY_QUOTA: "L’auteur a épuisé ses enregistrements de cette sorte pour la journée, qui commence à minuit UTC.",
    # sealed part
    Code.ENVELOPE_MISSING: "Un enregistrement de ce genre vient avec son enveloppe scellée, et elle manque.",
    Code.ENVELOPE_UNEXPECTED: "Un enregistrement de ce genre n’a pas d’enveloppe scellée, et il en est venu une.",
    Code.ENVELOPE_HASH: "L’enveloppe n’est pas celle que nomme la déclaration signée.",
    Code.ENVELOPE_READERS: (
        "Les lecteurs de l’enveloppe ne sont pas l’émetteur, la destination et le secrétariat, chacun à l’époque de sa clé."
    ),
    Code.ENVELOPE_UNREADABLE: "L’enveloppe ne s’ouvre pas, ou son contenu ne correspond pas à ses engagements.",
    Code.RID_USED: "L’identifiant aléatoire de l’enregistrement a déjà servi.",
    Code.BAD_COMMITMENT: "L’engagement sur une valeur n’est pas un point valide de la courbe.",
    # certificate.issue
    Code.NUMBER_PREFIX: "Le numéro du certificat ne commence pas par le code de son émetteur.",
    Code.NUMBER_USED: "Un certificat portant ce numéro existe déjà.",
    Code.NUMBER_OUT_OF_RANGE: "Le numéro est hors des plages que l’émetteur a engagées pour l’année.",
    Code.ISSUER_NOT_IN_FORCE: "L’émetteur ne délivre pas sur ce registre à la date de délivrance.",
    Code.ISSUER_SUSPENDED: "L’émetteur est suspendu.",
    Code.DESTINATION_UNKNOWN: "La destination n’est pas un participant.",
    Code.DESTINATION_NOT_IN_FORCE: "La destination ne participe pas à la date de délivrance.",
    Code.DESTINATION_IS_ISSUER: "La destination d’un certificat ne peut être son émetteur.",
    Code.VALIDATED_BEFORE_ISSUED: "La date de validation précède la date de délivrance.",
    Code.EXPIRES_BEFORE_VALIDATED: "La date d’expiration précède la date de validation.",
    Code.EXPIRY_OVER_LIMIT: "La validité du certificat dépasserait la limite de son émetteur.",
    Code.ISSUED_IN_FUTURE: "La date de délivrance est dans le futur partout sur terre.",
    Code.VALIDATED_IN_FUTURE: "La date de validation est dans le futur partout sur terre.",
    Code.ISSUED_TOO_LATE: "La date de délivrance est trop ancienne pour que le certificat entre encore au registre.",
    Code.CARATS_DIFFER_FROM_LINES: "Le total des carats n’est pas la somme des lignes.",
    Code.UNKNOWN_ORIGIN: "Une origine n’est pas un code de pays connu.",
    Code.ORIGIN_ORDER: "Les origines doivent être en ordre croissant, sans répétition.",
    Code.ORIGIN_SUSPENDED: "Une origine est suspendue et le lot ne vient pas d’une zone conforme.",
    Code.SOURCE_UNKNOWN: "Un certificat source n’est pas sur ce registre.",
    Code.SOURCE_NOT_CONFIRMED_HERE: "Un certificat source n’a pas été confirmé comme importation par cet émetteur.",
    Code.SOURCE_REPEATED: "Un certificat source est nommé deux fois.",
    Code.SOURCE_IS_SELF: "Un certificat ne peut être sa propre source.",
    Code.SOURCES_EXCEED_CERTIFICATE: "Les sources totalisent plus de carats que n’en a le certificat.",
    Code.CARATS_EXCEED_SOURCE: "Plus de carats sont pris sur une source qu’il n’en reste.",
    # import.confirm
    Code.CERTIFICATE_UNKNOWN: "Aucun certificat de ce numéro n’est sur ce registre.",
    Code.CERTIFICATE_CLOSED: "Le certificat a déjà une issue.",
    Code.WRONG_DESTINATION: "Le certificat est adressé à un autre participant.",
    Code.STALE_HEAD: "La confirmation ne répond pas au dernier enregistrement du certificat.",
    Code.RECEIVED_BEFORE_ISSUED: "La date de réception précède la date de délivrance.",
    Code.RECEIVED_IN_FUTURE: "La date de réception est dans le futur partout sur terre.",
    Code.CONFIRMED_BUT_DIFFERS: "Lots ou carats diffèrent du certificat ; l’issue est alors un écart.",
    Code.CONFIRMED_BUT_EXPIRED: "Le certificat avait expiré à la réception ; l’issue est alors un écart.",
    Code.RECEIPT_CODE: "Le code de réception n’est pas celui qui était scellé avec le lot.",
    # certificate.amend, certificate.close, import.correct
    Code.NOT_ISSUER: "Seul le participant qui a délivré le certificat peut le modifier ou le clore.",
    Code.REPLACEMENT: (
        "Ce qui le remplace doit être un autre certificat du même émetteur ; les autres motifs n’en nomment pas."
    ),
    Code.NO_OUTCOME: "Il n’y a pas d’issue à corriger.",
    Code.CORRECTED_BELOW_CLAIMED: "Des certificats ultérieurs ont pris plus de carats que l’issue corrigée n’en laisse.",
    # paper.import, paper.confirm, technical.issue
    Code.PAPER_NOT_NEEDED: (
        "L’autre partie délivre ou confirme sur ce registre à cette date ; le papier est pour qui ne le fait pas."
    ),
    Code.LINK_MISSING: "Des marchandises rendues ou saisies nomment le certificat sous lequel elles ont voyagé.",
    Code.NOT_PARTY: "Seuls l’émetteur et la destination du certificat nommé peuvent s’y rattacher.",
    # node.set
    Code.NOT_ROOT_KEY: "Seule la clé racine de l’auteur signe les enregistrements de ce genre.",
    Code.NODE_ADDRESS: "L’adresse du nœud n’est pas hôte:port avec un port de 1 à 65535.",
    Code.NODE_ADDRESS_USED: "Le nœud d’un autre participant a cette adresse.",
    Code.NODE_KEY: "Une clé du nœud n’est pas une clé publique Ed25519 d’ordre premier.",
    Code.NODE_CERTIFICATE: "Le certificat TLS du nœud n’est pas un certificat en DER.",
    Code.KEY_IN_USE: "Une clé ou le certificat du nœud sert déjà à autre chose ou à un autre participant.",
    Code.KEY_RETIRED: "Cette clé de consensus a été remplacée par une autre ; une clé retirée ne revient jamais.",
    Code.NODE_UNCHANGED: "Le nœud est déjà enregistré ainsi.",
    Code.TOO_MANY_VALIDATORS: "Il y aurait plus de validateurs que le protocole n’en admet.",
    Code.NO_VALIDATOR_LEFT: "Il ne resterait aucun validateur.",
    # node.ready
    Code.NOT_CONSENSUS_KEY: "La clé de signature n’est pas la clé de consensus du nœud de l’auteur.",
    Code.EPOCH_NOT_NEXT: "L’époque n’est pas la suivante.",
    Code.LIST_NOT_PENDING: "La liste de validateurs n’est pas celle qui attend.",
    Code.NOT_IN_LIST: "L’auteur n’est pas parmi les validateurs de la liste qui attend.",
    Code.READY_ALREADY: "Le nœud de l’auteur est déjà prêt pour cette liste.",
    # participation.set, participant.withdraw, range.commit, authority.set, key.add, key.revoke
    Code.DATE_NOT_FUTURE: "Le jour a déjà commencé quelque part sur terre ; il doit être dans le futur.",
    Code.PARTICIPATION_BEGUN: "Le participant délivre ou confirme ici depuis ce jour, qui ne peut plus être déplacé.",
    Code.NOTHING_CHANGES: "Le registre le dit déjà.",
    Code.RANGE_ORDER: "Le dernier numéro de la plage précède le premier.",
    Code.RANGE_YEAR: "Des numéros ne peuvent être engagés pour une année révolue.",
    Code.RANGE_OVERLAPS: "La plage a des numéros en commun avec une plage déjà engagée.",
    Code.AUTHORITY_UNKNOWN: "Le participant n’a pas d’autorité de ce nom.",
    Code.KEY_FORM: "Ce ne sont pas les 32 octets d’une clé publique d’ordre premier.",
    Code.KEY_SPAN: "Les jours de la clé commencent avant celui du bloc, ou finissent avant de commencer.",
    Code.KEY_NOT_HELD: "L’auteur n’a pas cette clé de signature ou de scellement.",
    Code.KEY_REVOKED: "La clé a déjà été révoquée.",
    Code.ROLES: "Les rôles, ou ce qui les accompagne, ne vont pas ensemble.",
    Code.SEAL_EPOCH: "Une nouvelle clé de scellement demande une époque au-dessus de la plus récente.",
    Code.TOO_MANY: "Il n’y a plus de place pour d’autres.",
    # plenary.propose, plenary.position, mission.report, bilateral.accept
    Code.PROPOSAL_FIELD: "La décision a besoin de ce champ, ou ne l’admet pas.",
    Code.SUBJECT_UNKNOWN: "Aucun participant n’a ce code.",
    Code.CLOSES_TOO_SOON: "La procédure laisse plus de jours pour prendre position.",
    Code.CLOSES_TOO_LATE: "Une proposition est ouverte un an au plus.",
    Code.EFFECTIVE_TOO_SOON: "Une décision ne peut valoir avant d’être prise.",
    Code.ADMITTED_ALREADY: "Le candidat est déjà admis.",
    Code.COUNTRY_TAKEN: "Un participant représente déjà ce pays.",
    Code.MISSION_REPORT_MISSING: "L’admission demande le rapport d’une mission sur le candidat.",
    Code.PARAMETER_UNKNOWN: "Il n’y a pas de paramètre de ce nom.",
    Code.PARAMETER_BOUNDS: "La valeur du paramètre doit être dans ses bornes.",
    Code.PROTOCOL_NOT_NEWER: "La version d’un protocole doit être au-dessus de la dernière activée.",
    Code.PROPOSAL_UNKNOWN: "Aucune proposition n’a cet identifiant.",
    Code.PROPOSAL_CLOSED: "La proposition est décidée, ou son temps est écoulé.",
    Code.NO_VOICE: "Seul un participant admis, en vigueur et non suspendu prend position.",
    Code.CONCERNED: "La proposition concerne l’auteur lui-même, qui n’y prend pas position.",
    Code.NOT_MISSION_LEAD: "La Plénière n’a pas nommé l’auteur chef des missions.",
    Code.DATES_ORDER: "Les dates sont dans le mauvais ordre, ou la plus tardive n’est pas encore venue.",
    Code.PARTNER_IS_SELF: "Un participant n’a pas d’accord avec lui-même.",
    # evidence.equivocation
    Code.EPOCH_UNKNOWN: "Cette époque n’a jamais existé.",
    Code.EVIDENCE_INVALID: "Les deux votes ne prouvent pas qu’un validateur de l’époque s’est contredit.",
    Code.EVIDENCE_KNOWN: "Une preuve contre ce validateur dans cette époque est déjà au registre.",
    # production.report, stock.declare, return.file, return.countersign
    Code.PERIOD_NOT_OVER: "Le jour ou la période dont sont les chiffres n’est encore terminé nulle part sur terre.",
    Code.REVISION_NOT_NEXT: (
        "La révision n’est pas celle qui suit la dernière ; la première est 1, et 0 pour une publication de statistiques."
    ),
    Code.FIGURES_ORDER: "Les rangées des chiffres doivent être en ordre croissant, chacune une fois.",
    Code.STOCK_DECLARED: "Le participant a déjà déclaré son stock initial.",
    Code.RETURN_STALE: (
        "La déclaration ne nomme pas le dernier enregistrement de son auteur qui a compté dans le trimestre : préparez-la de "
        "nouveau."
    ),
    Code.RETURN_CERTIFICATES: "Le registre compte un autre nombre de certificats dans le trimestre.",
    Code.RETURN_CELLS: "Le registre a aussi du commerce avec d’autres partenaires ou dans d’autres codes SH.",
    Code.RETURN_CARATS: "Le registre a d’autres carats avec ce partenaire dans ce code SH.",
    Code.RETURN_PROTECTION: (
        "La déclaration doit indiquer la protection pour chaque code SH dans lequel elle a du commerce, et pour tous ensemble."
    ),
    Code.RETURN_ANNUAL_QUARTER: (
        "La protection de l’année est indiquée dans la déclaration du quatrième trimestre, et dans aucune autre."
    ),
    Code.RETURN_ANNUAL: (
        "La déclaration doit indiquer la protection pour chaque code SH et chaque partenaire de son commerce de l’année, et "
        "pour tous ensemble."
    ),
    Code.RETURN_BLINDING: "La somme des facteurs d’aveuglement n’est pas un scalaire inférieur à l’ordre du groupe.",
    Code.RETURN_VALUE: (
        "Les engagements du registre ne s’ouvrent pas sur cette valeur et cette somme de facteurs d’aveuglement."
    ),
    Code.RETURN_UNKNOWN: "Aucune déclaration trimestrielle n’a cet identifiant.",
    Code.RETURN_REPLACED: "Une révision plus récente a remplacé la déclaration.",
    Code.RETURN_COUNTERSIGNED: "La déclaration est déjà contresignée.",
    # inquiry.open, inquiry.answer, inquiry.close
    Code.INQUIRY_UNKNOWN: "Aucune question n’a cet identifiant.",
    Code.INQUIRY_OF_ANOTHER: "La question est posée à un autre participant.",
    Code.INQUIRY_CLOSED: "La question est close.",
    # sealed.share, sealed.fault
    Code.ENVELOPE_UNKNOWN: "Aucun enregistrement à partie scellée n’a cet identifiant aléatoire.",
    Code.NOT_A_READER: "L’auteur n’est pas de ceux qui peuvent lire la partie scellée.",
    Code.SHARE_EPOCH: "Le lecteur n’a pas de clé de scellement en vigueur de cette époque.",
    Code.SHARED_ALREADY: "Le lecteur a déjà reçu la clé pour cette époque.",
    Code.FAULT_STATED: "L’auteur a déjà déclaré cette partie scellée inutilisable.",
    # statistics.attach, statistics.publish, statistics.verdict
    Code.NOT_STATISTICS_CHAIR: (
        "L’auteur n’est ni le secrétariat ni le participant nommé par la Plénière pour présider le groupe de travail sur les "
        "statistiques."
    ),
    Code.CHAIR_TOO_SOON: (
        "La présidence du groupe de travail sur les statistiques publie ce que le secrétariat n’a pas publié, à partir de 30 "
        "jours après la clôture."
    ),
    Code.PERIOD_NOT_CLOSED: "La période n’est pas close : ses chiffres peuvent encore changer.",
    Code.HEIGHT_OUTSIDE: ("La hauteur n’est pas exécutée, ou précède la clôture ou une publication antérieure de l’année."),
    Code.RELEASE_UNDECIDED: (
        "Les nœuds n’ont pas encore jugé la dernière publication de l’année ; la suivante est comparée à elle."
    ),
    Code.ATTACHMENT_UNKNOWN: "Aucune partie d’une annexe n’a cet identifiant.",
    Code.ATTACHMENT_OF_ANOTHER: "La partie de l’annexe a été déposée par un autre auteur.",
    Code.ATTACHMENT_ORDER: "Les parties ne sont pas celles d’une même annexe, dans l’ordre, à partir de la première.",
    Code.ATTACHMENT_LENGTH: "Les parties ont ensemble une autre longueur.",
    Code.RELEASE_UNKNOWN: "Aucune publication de statistiques n’a cet identifiant.",
    Code.RELEASE_DECIDED: "Les nœuds ont déjà jugé la publication.",
    Code.NOT_VALIDATOR: "L’auteur n’a pas de voix dans l’époque en vigueur.",
    Code.VERDICT_GIVEN: "Le nœud de l’auteur a déjà rendu son verdict sur cette publication.",
    # genesis
    Code.BAD_GENESIS: "Le fichier de genèse n’est pas valide.",
    # the interface itself
    ApiCode.BAD_PARAMETER: "Un paramètre de la demande a une valeur qui n’est pas admise.",
    ApiCode.UNAUTHORIZED: "Il faut un jeton valable ; celui envoyé manque, est inconnu ou a expiré.",
    ApiCode.FORBIDDEN: "Le jeton est valable, mais sa portée ne couvre pas cela.",
    ApiCode.NOT_FOUND: "Il n’y a rien ici.",
    ApiCode.NOT_RELEASED: "Ce réseau ne publie aucun chiffre avant qu’une publication protégée n’existe.",
    ApiCode.METHOD_NOT_ALLOWED: "Cette adresse ne répond pas aux demandes de cette méthode.",
    ApiCode.BODY_TIMEOUT: "Le corps de la demande n’est pas venu à temps.",
    ApiCode.BODY_TOO_LARGE: "Le corps de la demande est trop grand.",
    ApiCode.UNSUPPORTED_MEDIA_TYPE: "Le corps n’est pas déclaré du type de média attendu ici.",
    ApiCode.TOO_MANY_REQUESTS: "Trop de demandes ; redemandez après le délai que donne Retry-After.",
    ApiCode.OVERLOADED: "Le nœud n’accepte plus de travail pour l’instant ; redemandez après le délai que donne Retry-After.",
    ApiCode.NOT_READY: "Le nœud démarre, rattrape son retard ou s’arrête ; redemandez après le délai que donne Retry-After.",
    ApiCode.INTERNAL: "Le nœud n’a pas pu répondre ; le journal de son exploitant dit pourquoi.",
    # add-checkpoint
    ApiCode.WITNESS_REQUEST: (
        "Ce n’est pas une demande add-checkpoint : une ancienne taille, une preuve, une ligne vide, un point de contrôle."
    ),
    ApiCode.LOG_UNKNOWN: "Ce témoin ne cosigne pas le journal de ce point de contrôle.",
    ApiCode.LOG_SIGNATURE: "Le point de contrôle n’a pas de signature d’une clé de son journal, ou une qui n’est pas valable.",
    ApiCode.NOT_CONSISTENT: "La preuve ne montre pas que le point de contrôle continue ce qui a été cosigné avant.",
    ApiCode.TWO_ROOTS: "Le point de contrôle n’a pas la racine cosignée pour cette taille : le journal a deux histoires.",
}
