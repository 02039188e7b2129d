"""Texts of the page on method."""

from typing import Final

ENGLISH: Final = {
    "title": "Method",
    "lede": (
        "What the figures mean, how they are protected, how anybody can verify them, and what verification does not prove."
    ),
    "contents": "Contents",
    "counted": "What is counted",
    "counted_exports": (
        "Exports: certificates by their date of issue, as the issuing authority signed them, technical certificates and "
        "void ones left out. A certificate with stones of two classes counts once in each and once in all."
    ),
    "counted_imports": (
        "Imports: parcels by their date of receipt, as the destination's authority measured them, whatever the "
        "certificate said."
    ),
    "counted_production": "Production: each participant's own half-yearly report, as it stands in its newest revision.",
    "counted_values": (
        "Values in US$: those of the quarterly returns. Each value is sealed; a return opens the sum of a quarter, and "
        "every node has checked that it is the sum of what the certificates committed to. US$ per carat is value divided "
        "by carats."
    ),
    "counted_difference": (
        "World imports and exports differ in real life by about 3 per cent: parcels under way at the end of a period, "
        "differences in measuring, dates of different quarters. Both are shown, neither is adjusted to the other."
    ),
    "counted_confirmations": (
        "Confirmations in time: certificates by destination, answered and waiting, by days since their date of issue."
    ),
    "protected": "Confidential figures",
    "protected_why": (
        "Where one or two traders make up a figure, publishing it would publish their business. Such figures are "
        "withheld, always and by rule."
    ),
    "protected_rule": (
        "A trade figure is withheld when fewer than three traders stand behind it, or when what is left after the two "
        "largest is too small a part of the largest. Since totals would give it away, further figures are withheld with "
        "it until no difference, mirror flow, year or earlier release tells it."
    ),
    "protected_check": (
        "Every node has checked each release with whole numbers only: for every withheld figure there are other tables "
        "with the same published numbers."
    ),
    "protected_flags": (
        "c means confidential, m that no return states the value; neither is zero. Why a figure is confidential is never "
        "said. Counts of certificates and reports of production are always shown."
    ),
    "parameters": "Parameters in force",
    "revised": "Releases and revisions",
    "revised_text": (
        "A period closes 60 days after its end. Its release rests on one block and never changes; what arrives later "
        "enters by a revision, and both stay readable for ever."
    ),
    "revised_held": (
        "A revision shows a change only where at least three certificates make it up: a smaller one would be one trader's "
        "shipment."
    ),
    "dictionary": "Data dictionary",
    "dictionary_text": (
        "Columns of the CSV files; JSON has the same under `data`. Files are UTF-8, decimals have a point, one figure "
        "stands on each line."
    ),
    "column": "Column",
    "form": "Form",
    "meaning": "Meaning",
    "form_period": "2026Q1, 2026H1, 2026",
    "meaning_period": "Quarter, half-year or year.",
    "form_year": "2026",
    "meaning_year": "Calendar year.",
    "form_quarter": "1 to 4",
    "meaning_quarter": "Quarter of the year; empty for half-years and years.",
    "form_flow": "word",
    "meaning_flow": "`export`, `import` or `production`.",
    "form_participant": "two letters or `world`",
    "meaning_participant": "Code of the participant, or `world` for the sum over all.",
    "form_country": "text",
    "meaning_country": "Name in the register, or World.",
    "form_iso": "two letters",
    "meaning_iso": "ISO 3166-1 alpha-2; empty for the European Union and the world.",
    "form_hs": "six digits or `all`",
    "meaning_hs": "Class of the Harmonized System, or the sum over all three.",
    "form_partner": "two letters",
    "meaning_partner": "The other side in a year's trade by partner; empty in all other rows.",
    "form_carats": "decimal",
    "meaning_carats": "Weight in carats, two places.",
    "form_value": "decimal",
    "meaning_value": "Value in US$, two places.",
    "form_unit_value": "decimal",
    "meaning_unit_value": "US$ per carat: value divided by carats, rounded half up.",
    "form_certificates": "whole number",
    "meaning_certificates": "Certificates issued, or parcels confirmed; only in rows over all classes.",
    "form_status": "letter",
    "meaning_status": (
        "Empty: shown. `c`: confidential, carats and value are withheld. `m`: the value, or a part of it, is missing."
    ),
    "form_release": "text",
    "meaning_release": "The release, or `live` on a test network.",
    "form_height": "whole number",
    "meaning_height": (
        "The block after which the figure was read. The files of releases have `earlier_carats` and `earlier_value` here: "
        "what the release before showed, where that was different."
    ),
    "verify": "How to verify",
    "verify_text": (
        "You need not trust this server. Each figure names its block; the nodes of many governments sign what the log "
        "held then, and public tools check their signatures."
    ),
    "how_1": "Fetch the policy: whose keys count, how many must sign. Compare it with another participant's node.",
    "how_2": (
        "Fetch the checkpoint and check its signatures, with ours or any other tool for C2SP signed notes and tlog-tiles."
    ),
    "how_3": "Whoever holds a receipt checks it offline: the record, its place in the log, the signatures.",
    "how_4": "A participant or an auditor exports the log with a token, checks every entry and adds the figures up again.",
    "how_5": "Watch several nodes: an alarm is raised with proof as soon as two of them show different histories.",
    "proves": "What verification proves, and what it does not",
    "proves_yes": "It proves",
    "proves_not": "It does not prove",
    "yes_signed": "That each record was signed with a key that the participant had registered for it.",
    "yes_order": (
        "That a quorum of the participants' nodes holds the same records in the same order, and that none was changed or "
        "removed since."
    ),
    "yes_sums": "That a figure is the sum of the records up to its block, by the rules on this page.",
    "yes_values": "That the values of a return add up to what the certificates committed to when they were issued.",
    "not_true": "That what an authority signed is true: what a parcel really held or was worth.",
    "not_origin": "Where stones were mined, beyond what authorities say and what sources on the ledger bear out.",
    "not_undeclared": "What was never declared: smuggled goods leave no record.",
    "not_completeness": (
        "That a withheld figure is harmless, or that a published one tells everything about a country's trade."
    ),
    "not_quorum": (
        "Anything, should more than a third of the validators act together against the others and all witnesses stay silent."
    ),
    "cite": "Citing and map",
    "cite_text": (
        "Cite the ledger, the release (or block) and the address of the view: Kimberley Process Certificate Ledger, "
        "release 2026Q1, block 12,345. Figures are free to use with that source."
    ),
    "map_text": (
        "The map draws Natural Earth's boundaries (public domain, 1:110 million) in the Equal Earth projection. They "
        "imply no opinion on the status of any territory."
    ),
}

FRENCH: Final = {
    "title": "Méthode",
    "lede": (
        "Ce que signifient les chiffres, comment ils sont protégés, comment chacun peut les vérifier, et ce que la "
        "vérification ne prouve pas."
    ),
    "contents": "Sommaire",
    "counted": "Ce qui est compté",
    "counted_exports": (
        "Exportations : les certificats selon leur date de délivrance, tels que l’autorité émettrice les a signés, sans "
        "les certificats techniques ni les annulés. Un certificat portant des pierres de deux classes compte une fois "
        "dans chacune et une fois dans l’ensemble."
    ),
    "counted_imports": (
        "Importations : les colis selon leur date de réception, tels que l’autorité de destination les a mesurés, quoi "
        "que dise le certificat."
    ),
    "counted_production": "Production : le rapport semestriel de chaque participant, dans sa dernière révision.",
    "counted_values": (
        "Valeurs en US$ : celles des déclarations trimestrielles. Chaque valeur est scellée ; une déclaration ouvre la "
        "somme d’un trimestre, et chaque nœud a vérifié que c’est la somme de ce à quoi les certificats s’étaient "
        "engagés. US$ par carat : la valeur divisée par les carats."
    ),
    "counted_difference": (
        "Les importations et exportations mondiales diffèrent dans la réalité d’environ 3 pour cent : colis en route à la "
        "fin d’une période, écarts de mesure, dates de trimestres différents. Les deux sont montrées, aucune n’est "
        "ajustée à l’autre."
    ),
    "counted_confirmations": (
        "Confirmations dans les délais : les certificats par destination, répondus et en attente, selon les jours écoulés "
        "depuis leur délivrance."
    ),
    "protected": "Chiffres confidentiels",
    "protected_why": (
        "Quand un ou deux négociants forment un chiffre, le publier serait publier leurs affaires. De tels chiffres sont "
        "retenus, toujours et par règle."
    ),
    "protected_rule": (
        "Un chiffre du commerce est retenu quand moins de trois négociants le forment, ou quand ce qui reste après les "
        "deux plus grands est une part trop petite du plus grand. Comme les totaux le trahiraient, d’autres chiffres sont "
        "retenus avec lui, jusqu’à ce qu’aucune différence, aucun flux miroir, aucune année ni publication antérieure ne "
        "le révèle."
    ),
    "protected_check": (
        "Chaque nœud a contrôlé chaque publication en nombres entiers seulement : pour tout chiffre retenu, il existe "
        "d’autres tableaux avec les mêmes nombres publiés."
    ),
    "protected_flags": (
        "c signifie confidentiel, m qu’aucune déclaration ne donne la valeur ; ni l’un ni l’autre n’est zéro. La raison "
        "d’un chiffre confidentiel n’est jamais dite. Les nombres de certificats et les rapports de production sont "
        "toujours montrés."
    ),
    "parameters": "Paramètres en vigueur",
    "revised": "Publications et révisions",
    "revised_text": (
        "Une période est close 60 jours après sa fin. Sa publication repose sur un bloc et ne change jamais ; ce qui "
        "arrive plus tard entre par une révision, et les deux restent lisibles pour toujours."
    ),
    "revised_held": (
        "Une révision ne montre un changement que s’il réunit au moins trois certificats : un plus petit serait l’envoi "
        "d’un seul négociant."
    ),
    "dictionary": "Dictionnaire des données",
    "dictionary_text": (
        "Colonnes des fichiers CSV ; JSON a les mêmes sous `data`. Les fichiers sont en UTF-8, les décimales ont un "
        "point, chaque ligne porte un chiffre."
    ),
    "column": "Colonne",
    "form": "Forme",
    "meaning": "Sens",
    "form_period": "2026Q1, 2026H1, 2026",
    "meaning_period": "Trimestre, semestre ou année.",
    "form_year": "2026",
    "meaning_year": "Année civile.",
    "form_quarter": "1 à 4",
    "meaning_quarter": "Trimestre de l’année ; vide pour les semestres et les années.",
    "form_flow": "mot",
    "meaning_flow": "`export`, `import` ou `production`.",
    "form_participant": "deux lettres ou `world`",
    "meaning_participant": "Code du participant, ou `world` pour la somme de tous.",
    "form_country": "texte",
    "meaning_country": "Nom au registre, en anglais, ou World.",
    "form_iso": "deux lettres",
    "meaning_iso": "ISO 3166-1 alpha-2 ; vide pour l’Union européenne et le monde.",
    "form_hs": "six chiffres ou `all`",
    "meaning_hs": "Classe du Système harmonisé, ou la somme des trois.",
    "form_partner": "deux lettres",
    "meaning_partner": "L’autre partie dans le commerce annuel par partenaire ; vide dans les autres lignes.",
    "form_carats": "décimal",
    "meaning_carats": "Poids en carats, deux décimales.",
    "form_value": "décimal",
    "meaning_value": "Valeur en US$, deux décimales.",
    "form_unit_value": "décimal",
    "meaning_unit_value": "US$ par carat : valeur divisée par les carats, arrondie au plus proche.",
    "form_certificates": "nombre entier",
    "meaning_certificates": "Certificats délivrés, ou colis confirmés ; seulement dans les lignes de toutes les classes.",
    "form_status": "lettre",
    "meaning_status": (
        "Vide : montré. `c` : confidentiel, carats et valeur sont retenus. `m` : la valeur, ou une partie, manque."
    ),
    "form_release": "texte",
    "meaning_release": "La publication, ou `live` sur un réseau d’essai.",
    "form_height": "nombre entier",
    "meaning_height": (
        "Le bloc après lequel le chiffre a été lu. Les fichiers des publications ont ici `earlier_carats` et "
        "`earlier_value` : ce que montrait la publication précédente, là où c’était différent."
    ),
    "verify": "Comment vérifier",
    "verify_text": (
        "Vous n’avez pas à faire confiance à ce serveur. Chaque chiffre nomme son bloc ; les nœuds de nombreux "
        "gouvernements signent ce que le journal contenait alors, et des outils publics contrôlent leurs signatures."
    ),
    "how_1": (
        "Téléchargez la politique : quelles clés comptent, combien doivent signer. Comparez-la avec celle du nœud d’un "
        "autre participant."
    ),
    "how_2": (
        "Téléchargez le point de contrôle et vérifiez ses signatures, avec notre outil ou tout autre pour les notes "
        "signées et tlog-tiles de C2SP."
    ),
    "how_3": "Qui détient un reçu le vérifie hors ligne : l’enregistrement, sa place dans le journal, les signatures.",
    "how_4": (
        "Un participant ou un auditeur exporte le journal avec un jeton, contrôle chaque entrée et refait les additions."
    ),
    "how_5": (
        "Surveillez plusieurs nœuds : une alarme est donnée, avec preuve, dès que deux d’entre eux montrent des histoires "
        "différentes."
    ),
    "proves": "Ce que la vérification prouve, et ce qu’elle ne prouve pas",
    "proves_yes": "Elle prouve",
    "proves_not": "Elle ne prouve pas",
    "yes_signed": "Que chaque enregistrement a été signé avec une clé que le participant avait enregistrée à cet effet.",
    "yes_order": (
        "Qu’un quorum des nœuds des participants détient les mêmes enregistrements dans le même ordre, et qu’aucun n’a "
        "été changé ni retiré depuis."
    ),
    "yes_sums": "Qu’un chiffre est la somme des enregistrements jusqu’à son bloc, selon les règles de cette page.",
    "yes_values": (
        "Que les valeurs d’une déclaration forment la somme de ce à quoi les certificats s’étaient engagés à leur délivrance."
    ),
    "not_true": "Que ce qu’une autorité a signé est vrai : ce qu’un colis contenait ou valait réellement.",
    "not_origin": (
        "Où des pierres ont été extraites, au-delà de ce que disent les autorités et de ce qu’étayent les sources du registre."
    ),
    "not_undeclared": "Ce qui n’a jamais été déclaré : la contrebande ne laisse pas d’enregistrement.",
    "not_completeness": "Qu’un chiffre retenu soit anodin, ni qu’un chiffre publié dise tout du commerce d’un pays.",
    "not_quorum": (
        "Quoi que ce soit, si plus d’un tiers des validateurs s’entendaient contre les autres et que tous les témoins se "
        "taisaient."
    ),
    "cite": "Citer, et la carte",
    "cite_text": (
        "Citez le registre, la publication (ou le bloc) et l’adresse de la vue : Registre des certificats du Processus de "
        "Kimberley, publication 2026Q1, bloc 12 345. Les chiffres sont d’usage libre avec cette source."
    ),
    "map_text": (
        "La carte dessine les frontières de Natural Earth (domaine public, 1:110 millions) en projection Equal Earth. "
        "Elles n’expriment aucune opinion sur le statut d’aucun territoire."
    ),
}
