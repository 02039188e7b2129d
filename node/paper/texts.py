# ruff: noqa: RUF001 - Cyrillic letters are meant
"""The words of a printed certificate. English always stands there; a further language stands beside it (KPCS, Annex I, A).

Rules: every table has the same keys; a test compares them. Only scripts that the fonts of the printing library hold.
"""

from types import MappingProxyType

ENGLISH = "en"

_EN = {
    "title": "Kimberley Process Certificate",
    "statement": (
        "The rough diamonds in this shipment have been handled in accordance with the provisions of the Kimberley Process "
        "Certification Scheme for rough diamonds."
    ),
    "number": "Number",
    "type": "Type",
    "export": "Export",
    "re-export": "Re-export",
    "origin": "Country of origin",
    "mixed": "Mixed, not stated",
    "provenance": "Country of provenance",
    "destination": "Country of destination",
    "issued": "Date of issue",
    "expires": "Date of expiry",
    "authority": "Issuing authority",
    "parcels": "Number of parcels",
    "exporter": "Exporter",
    "importer": "Importer",
    "hs": "HS code",
    "goods": "Rough diamonds",
    "710210": "Unsorted",
    "710221": "Industrial",
    "710231": "Non-industrial",
    "carats": "Carats",
    "value": "Value (US$)",
    "total": "Total",
    "validation": "Validation by the exporting authority",
    "date": "Date",
    "signature": "Signature and stamp",
    "confirmation": "Import confirmation",
    "received": "Date of receipt",
    "authentication": "Authentication by the importing authority",
    "sources": "Taken from certificates",
    "continued": "The lines stand on page 3.",
    "lines": "Lines of the certificate",
}

_FR = {
    "title": "Certificat du Processus de Kimberley",
    "statement": (
        "Les diamants bruts contenus dans cet envoi ont été traités conformément aux dispositions du Système de "
        "certification du Processus de Kimberley pour les diamants bruts."
    ),
    "number": "Numéro",
    "type": "Type",
    "export": "Exportation",
    "re-export": "Réexportation",
    "origin": "Pays d'origine",
    "mixed": "Mélangée, non indiquée",
    "provenance": "Pays de provenance",
    "destination": "Pays de destination",
    "issued": "Date de délivrance",
    "expires": "Date d'expiration",
    "authority": "Autorité de délivrance",
    "parcels": "Nombre de lots",
    "exporter": "Exportateur",
    "importer": "Importateur",
    "hs": "Code SH",
    "goods": "Diamants bruts",
    "710210": "Non triés",
    "710221": "Industriels",
    "710231": "Non industriels",
    "carats": "Carats",
    "value": "Valeur (US$)",
    "total": "Total",
    "validation": "Validation par l'autorité d'exportation",
    "date": "Date",
    "signature": "Signature et cachet",
    "confirmation": "Confirmation d'importation",
    "received": "Date de réception",
    "authentication": "Authentification par l'autorité d'importation",
    "sources": "Pris sur les certificats",
    "continued": "Les lignes figurent à la page 3.",
    "lines": "Lignes du certificat",
}

_ES = {
    "title": "Certificado del Proceso de Kimberley",
    "statement": (
        "Los diamantes en bruto de esta remesa han sido manipulados de conformidad con las disposiciones del Sistema de "
        "Certificación del Proceso de Kimberley para los diamantes en bruto."
    ),
    "number": "Número",
    "type": "Tipo",
    "export": "Exportación",
    "re-export": "Reexportación",
    "origin": "País de origen",
    "mixed": "Mezclado, no indicado",
    "provenance": "País de procedencia",
    "destination": "País de destino",
    "issued": "Fecha de expedición",
    "expires": "Fecha de vencimiento",
    "authority": "Autoridad expedidora",
    "parcels": "Número de lotes",
    "exporter": "Exportador",
    "importer": "Importador",
    "hs": "Código SA",
    "goods": "Diamantes en bruto",
    "710210": "Sin clasificar",
    "710221": "Industriales",
    "710231": "No industriales",
    "carats": "Quilates",
    "value": "Valor (US$)",
    "total": "Total",
    "validation": "Validación por la autoridad exportadora",
    "date": "Fecha",
    "signature": "Firma y sello",
    "confirmation": "Confirmación de importación",
    "received": "Fecha de recepción",
    "authentication": "Autenticación por la autoridad importadora",
    "sources": "Tomado de los certificados",
    "continued": "Las líneas figuran en la página 3.",
    "lines": "Líneas del certificado",
}

_PT = {
    "title": "Certificado do Processo de Kimberley",
    "statement": (
        "Os diamantes brutos desta remessa foram tratados em conformidade com as disposições do Sistema de Certificação do "
        "Processo de Kimberley para os diamantes brutos."
    ),
    "number": "Número",
    "type": "Tipo",
    "export": "Exportação",
    "re-export": "Reexportação",
    "origin": "País de origem",
    "mixed": "Misturada, não indicada",
    "provenance": "País de proveniência",
    "destination": "País de destino",
    "issued": "Data de emissão",
    "expires": "Data de validade",
    "authority": "Autoridade emissora",
    "parcels": "Número de lotes",
    "exporter": "Exportador",
    "importer": "Importador",
    "hs": "Código SH",
    "goods": "Diamantes brutos",
    "710210": "Não classificados",
    "710221": "Industriais",
    "710231": "Não industriais",
    "carats": "Quilates",
    "value": "Valor (US$)",
    "total": "Total",
    "validation": "Validação pela autoridade exportadora",
    "date": "Data",
    "signature": "Assinatura e carimbo",
    "confirmation": "Confirmação de importação",
    "received": "Data de recepção",
    "authentication": "Autenticação pela autoridade importadora",
    "sources": "Retirado dos certificados",
    "continued": "As linhas constam na página 3.",
    "lines": "Linhas do certificado",
}

_RU = {
    "title": "Сертификат Кимберлийского процесса",
    "statement": (
        "Обращение с необработанными алмазами в данной партии осуществлялось в соответствии с положениями Системы "
        "сертификации Кимберлийского процесса для необработанных алмазов."
    ),
    "number": "Номер",
    "type": "Вид",
    "export": "Экспорт",
    "re-export": "Реэкспорт",
    "origin": "Страна происхождения",
    "mixed": "Смешанное, не указано",
    "provenance": "Страна вывоза",
    "destination": "Страна назначения",
    "issued": "Дата выдачи",
    "expires": "Срок действия до",
    "authority": "Выдавший орган",
    "parcels": "Число упаковок",
    "exporter": "Экспортёр",
    "importer": "Импортёр",
    "hs": "Код ГС",
    "goods": "Необработанные алмазы",
    "710210": "Несортированные",
    "710221": "Технические",
    "710231": "Нетехнические",
    "carats": "Караты",
    "value": "Стоимость (US$)",
    "total": "Итого",
    "validation": "Заверено органом страны-экспортёра",
    "date": "Дата",
    "signature": "Подпись и печать",
    "confirmation": "Подтверждение импорта",
    "received": "Дата получения",
    "authentication": "Удостоверено органом страны-импортёра",
    "sources": "Взято по сертификатам",
    "continued": "Строки приведены на странице 3.",
    "lines": "Строки сертификата",
}

LANGUAGES = MappingProxyType({ENGLISH: _EN, "fr": _FR, "es": _ES, "pt": _PT, "ru": _RU})
"""The table of each language, by its ISO 639-1 code."""
