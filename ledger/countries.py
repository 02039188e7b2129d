"""The officially assigned ISO 3166-1 alpha-2 codes: what a line's `origin` (the country of mining) may name.

Fixed text, so that every node judges an origin the same way for ever; `NA` is Namibia, never a missing value.
Reference: ISO 3166-1:2020, 249 entries. `EU` is a participant's code, no country.
"""

_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR "
    "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT "
    "MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ "
    "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)

COUNTRIES: tuple[str, ...] = tuple(_CODES.split())
"""All codes, ascending."""

EU = "EU"
"""The one participant that is several countries."""

_KNOWN = frozenset(COUNTRIES)


def is_country(code: str) -> bool:
    """Whether `code` is an assigned ISO 3166-1 alpha-2 code."""
    return code in _KNOWN


def is_participant_code(code: str) -> bool:
    """Whether `code` has the form of a participant's code: a country's, or `EU`."""
    return code == EU or code in _KNOWN
