"""Texts of the list of releases."""

from typing import Final

ENGLISH: Final = {
    "title": "Releases",
    "lede": (
        "Statistics are released period by period, once every node has made them anew. A release never changes; what "
        "arrives later enters by a revision, and both stay."
    ),
    "more": "How releases are made and revised",
    "pending": "Being judged",
    "pending_row": "{name}: {agreed} of {validators} nodes agree, {objected} object",
    "released": "Released",
    "none": "Nothing has been released yet.",
    "release": "Release",
    "kind": "Kind",
    "published": "Published",
    "checked": "Checked by",
    "files": "Files",
    "replaced": "replaced",
    "first": "first release",
    "revision": "revision {number}",
    "agreed": "{count} of {validators} validators",
    "next": "Earlier releases",
}

FRENCH: Final = {
    "title": "Publications",
    "lede": (
        "Les statistiques paraissent période par période, une fois que chaque nœud les a refaites. Une publication ne "
        "change jamais ; ce qui arrive plus tard entre par une révision, et les deux restent."
    ),
    "more": "Comment les publications sont faites et révisées",
    "pending": "En cours d’examen",
    "pending_row": "{name} : {agreed} nœuds sur {validators} sont d’accord, {objected} s’opposent",
    "released": "Publié",
    "none": "Rien n’a encore été publié.",
    "release": "Publication",
    "kind": "Nature",
    "published": "Parue le",
    "checked": "Contrôlée par",
    "files": "Fichiers",
    "replaced": "remplacée",
    "first": "première publication",
    "revision": "révision {number}",
    "agreed": "{count} validateurs sur {validators}",
    "next": "Publications antérieures",
}
