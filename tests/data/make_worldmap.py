"""Makes `api/pages/data/world.json`, the outlines of the world map: `python -m tests.data.make_worldmap FILE`.

Input: `countries-110m.json` of the npm package world-atlas 2.0.2 (ISC licence, Michael Bostock): Natural Earth's boundaries at
1:110 million, public domain. Output: for each country its ISO alpha-2 code and one SVG path in the Equal Earth projection
(Savric, Patterson and Jenny 2018), in whole units of a picture 2,000 wide; what has no code of its own stands under an
empty one. Antarctica is left out. Participants too small for this scale are added as points.
"""

import json
import math
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

WIDTH = 2000
TARGET = Path(__file__).parents[2] / "api" / "pages" / "data" / "world.json"
SMALL = {"HK": (22.3, 114.2), "MT": (35.9, 14.4), "MU": (-20.2, 57.5), "SG": (1.35, 103.8)}
"""Latitude and longitude of what the outlines lack."""

_CODES = (
    "004AF 008AL 010AQ 012DZ 024AO 031AZ 032AR 036AU 040AT 044BS 050BD 051AM 056BE 064BT 068BO 070BA 072BW 076BR "
    "084BZ 090SB 096BN 100BG 104MM 108BI 112BY 116KH 120CM 124CA 140CF 144LK 148TD 152CL 156CN 158TW 170CO 178CG "
    "180CD 188CR 191HR 192CU 196CY 203CZ 204BJ 208DK 214DO 218EC 222SV 226GQ 231ET 232ER 233EE 238FK 242FJ 246FI "
    "250FR 260TF 262DJ 266GA 268GE 270GM 275PS 276DE 288GH 300GR 304GL 320GT 324GN 328GY 332HT 340HN 348HU 352IS "
    "356IN 360ID 364IR 368IQ 372IE 376IL 380IT 384CI 388JM 392JP 398KZ 400JO 404KE 408KP 410KR 414KW 417KG 418LA "
    "422LB 426LS 428LV 430LR 434LY 440LT 442LU 450MG 454MW 458MY 466ML 478MR 484MX 496MN 498MD 499ME 504MA 508MZ "
    "512OM 516NA 524NP 528NL 540NC 548VU 554NZ 558NI 562NE 566NG 578NO 586PK 591PA 598PG 600PY 604PE 608PH 616PL "
    "620PT 624GW 626TL 630PR 634QA 642RO 643RU 646RW 682SA 686SN 688RS 694SL 703SK 704VN 705SI 706SO 710ZA 716ZW "
    "724ES 728SS 729SD 732EH 740SR 748SZ 752SE 756CH 760SY 762TJ 764TH 768TG 780TT 784AE 788TN 792TR 795TM 800UG "
    "804UA 807MK 818EG 826GB 834TZ 840US 854BF 858UY 860UZ 862VE 887YE 894ZM "
)
"""ISO 3166-1 numeric codes, each with its alpha-2 code."""

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = math.sqrt(3) / 2
_HALF_WIDTH = 2 * math.sqrt(3) * math.pi / (3 * _A[0])
_NORTH, _SOUTH = 84, -57

Point = tuple[int, int]


def project(longitude: float, latitude: float) -> Point:
    """A place on earth as whole units of the picture."""
    theta = math.asin(_M * math.sin(math.radians(latitude)))
    square = theta * theta
    sixth = square**3
    slope = _A[0] + 3 * _A[1] * square + sixth * (7 * _A[2] + 9 * _A[3] * square)
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * slope)
    scale = WIDTH / (2 * _HALF_WIDTH)
    return round((x + _HALF_WIDTH) * scale), round((_high(_NORTH) - _high(latitude)) * scale)


def _high(latitude: float) -> float:
    theta = math.asin(_M * math.sin(math.radians(latitude)))
    square = theta * theta
    return theta * (_A[0] + _A[1] * square + square**3 * (_A[2] + _A[3] * square))


def rings(topology: dict, geometry: dict) -> Iterator[list[Point]]:
    """The rings of a country, projected, without points that repeat; what crosses the date line stands on both edges."""
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    for ring in (ring for polygon in polygons for ring in polygon):
        places: list[tuple[float, float]] = []
        for number in ring:
            x = y = 0
            arc = []
            for dx, dy in topology["arcs"][number if number >= 0 else ~number]:
                x, y = x + dx, y + dy
                arc.append((x * sx + tx, y * sy + ty))
            places += arc if number >= 0 else arc[::-1]
        for piece in pieces(places):
            points: list[Point] = []
            for place in piece:
                point = project(*place)
                if not points or points[-1] != point:
                    points.append(point)
            if len(set(points)) > 2:
                yield points


def pieces(ring: list[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """A ring as it goes round the earth without a jump, cut at the edges of the map."""
    whole, turn = [ring[0]], 0
    for (before, _), (longitude, latitude) in pairwise(ring):
        turn += 360 if longitude - before < -180 else -360 if longitude - before > 180 else 0
        whole.append((longitude + turn, latitude))
    for shift in (-360, 0, 360):
        moved = [(longitude + shift, latitude) for longitude, latitude in whole]
        cut = clip(clip(moved, 180, 1), -180, -1)
        if len(cut) > 2:
            yield cut


def clip(ring: list[tuple[float, float]], edge: int, side: int) -> list[tuple[float, float]]:
    """What of a ring lies on the inner side of a meridian (Sutherland and Hodgman 1974)."""
    kept = []
    for (x1, y1), (x2, y2) in zip([*ring[-1:], *ring[:-1]], ring, strict=True):
        inside1, inside2 = side * x1 <= side * edge, side * x2 <= side * edge
        if inside1 != inside2:
            kept.append((float(edge), y1 + (y2 - y1) * (edge - x1) / (x2 - x1)))
        if inside2:
            kept.append((x2, y2))
    return kept


def path(points: list[Point]) -> str:
    """A closed ring; steps from point to point are shorter than places."""
    (x, y), *others = points if points[0] != points[-1] else points[:-1]
    text = f"M{x} {y}l"
    for at, (to_x, to_y) in enumerate(others):
        dx, dy = to_x - x, to_y - y
        text += f"{' ' if at and dx >= 0 else ''}{dx}{' ' if dy >= 0 else ''}{dy}"
        x, y = to_x, to_y
    return text + "z"


def main(source: Path) -> None:
    """Reads the topology, writes the outlines."""
    topology = json.loads(source.read_text())
    codes = {word[:3]: word[3:] for word in _CODES.split()}
    shapes: dict[str, str] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = codes.get(geometry.get("id", ""), "")
        if code != "AQ":
            shapes[code] = shapes.get(code, "") + "".join(map(path, rings(topology, geometry)))
    outlines = {
        "source": "Natural Earth 1:110m (public domain) by world-atlas 2.0.2 (ISC), Equal Earth projection",
        "width": WIDTH,
        "height": project(0, _SOUTH)[1],
        "shapes": dict(sorted(shapes.items())),
        "points": {code: project(longitude, latitude) for code, (latitude, longitude) in SMALL.items()},
    }
    TARGET.write_text(json.dumps(outlines, separators=(",", ":")) + "\n")
    sys.stdout.write(f"{TARGET}: {len(shapes)} outlines, {TARGET.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
