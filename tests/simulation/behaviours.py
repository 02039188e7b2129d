"""The attacks of 4-consensus.md's table by name."""

from tests.simulation.attacks_leading import (
    Amnesia,
    Censors,
    EquivocatesByHalves,
    EquivocatesOnParents,
    EquivocatesToAll,
    GarbageAnswers,
    InvalidRecords,
    Late,
    Silence,
    SkipsGaps,
    Withholds,
)
from tests.simulation.attacks_voting import (
    AlwaysNullifies,
    BadSignatures,
    FloodsTheFuture,
    FloodsThePast,
    ForgesCertificates,
    Impersonates,
    NotarizesAfterNullify,
    NullifiesAndFinalizes,
    TwoFinalizes,
    TwoVotes,
    WrongEpoch,
)
from tests.simulation.behaviour import Behaviour

BEHAVIOURS: dict[str, type[Behaviour]] = {
    "equivocates by halves": EquivocatesByHalves,
    "equivocates to all": EquivocatesToAll,
    "equivocates on parents": EquivocatesOnParents,
    "withholds": Withholds,
    "late": Late,
    "two notarizes": TwoVotes,
    "two finalizes": TwoFinalizes,
    "nullify and finalize": NullifiesAndFinalizes,
    "notarize after nullify": NotarizesAfterNullify,
    "always nullifies": AlwaysNullifies,
    "silence": Silence,
    "floods the past": FloodsThePast,
    "floods the future": FloodsTheFuture,
    "wrong epoch": WrongEpoch,
    "impersonates": Impersonates,
    "bad signatures": BadSignatures,
    "forges certificates": ForgesCertificates,
    "skips gaps": SkipsGaps,
    "invalid records": InvalidRecords,
    "garbage answers": GarbageAnswers,
    "amnesia": Amnesia,
    "censors": Censors,
}
