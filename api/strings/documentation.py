"""Texts of the documentation page; words for what the OpenAPI document says stand in `interface`."""

from typing import Final

ENGLISH: Final = {
    "title": "Documentation of the interface",
    "text": "Made from the same OpenAPI document that programs read.",
    "document": "OpenAPI 3.1 document",
    "contents": "Contents",
    "parameters": "Parameter",
    "in": "In",
    "meaning": "Meaning",
    "body": "Body",
    "colon": ": ",
    "answers": "Answers",
    "status": "Status",
    "form": "Form",
    "token": "needs a token",
    "errors": "Errors",
    "errors_text": "Errors are RFC 9457 problem documents; `error` is one of these codes. They are stable.",
    "code": "Code",
    "models": "Models",
    "field": "Field",
}

FRENCH: Final = {
    "title": "Documentation de l’interface",
    "text": "Tirée du document OpenAPI que lisent aussi les programmes.",
    "document": "Document OpenAPI 3.1",
    "contents": "Sommaire",
    "parameters": "Paramètre",
    "in": "Où",
    "meaning": "Sens",
    "body": "Corps",
    "colon": " : ",
    "answers": "Réponses",
    "status": "Statut",
    "form": "Forme",
    "token": "demande un jeton",
    "errors": "Erreurs",
    "errors_text": "Les erreurs sont des documents RFC 9457 ; `error` est l’un de ces codes. Ils ne changent pas.",
    "code": "Code",
    "models": "Modèles",
    "field": "Champ",
}
