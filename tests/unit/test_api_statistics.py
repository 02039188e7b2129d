"""Figures and head belong to one block, though blocks are applied on another thread meanwhile."""

import threading

from api.statistics import read_statistics
from ledger.record import parse_submission
from ledger.state import Block
from tests.support.port import NOW, local_port
from tests.support.trade import Trader

CERTIFICATES = 120


def test_figures_are_of_the_block_that_they_name(tmp_path):
    with local_port(tmp_path) as port:
        trader = Trader(port.network, NOW)
        made = []
        for n in range(1, CERTIFICATES + 1):
            issued = trader.issue(f"BW{n:07}", "EU", [("710231", "1.00", ["BW"])])
            made += [issued, trader.confirm(issued)]
        records = [parse_submission(one.raw).record for one in made]

        def apply():
            for height, record in enumerate(records, start=1):
                port.ledger.apply(Block(height, NOW + height, record.id, [record]))

        thread = threading.Thread(target=apply)
        thread.start()
        seen = []
        while not seen or (seen[-1].height < len(records) and thread.is_alive()):
            seen.append(read_statistics(port))
        thread.join()
        for figures in seen:
            issued, answered = figures.world_exports.certificates, figures.world_imports.certificates
            assert issued + answered == figures.tree_size == figures.height
            assert figures.open_confirmations == issued - answered
        assert len({figures.height for figures in seen}) > 10
