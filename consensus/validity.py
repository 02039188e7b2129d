"""What makes a block valid without any application: its own shape, and how it hangs on its parent (R4, R13)."""

from consensus.events import Config, Tip
from consensus.messages import DIGEST_BYTES, Block


def well_shaped(block: Block, config: Config) -> bool:
    """What a block must be by itself; one that ends its epoch holds no records (R13)."""
    payload = block.payload
    return (
        (block.version, block.epoch) == (config.protocol, config.epoch)
        and block.parent_view < block.view
        and (not payload.next or (len(payload.next) == DIGEST_BYTES and not payload.records))
    )


def follows(block: Block, parent: Tip) -> bool:
    """Whether a block can stand on this parent: place, time, a mark not older than the parent's nor newer than the parent."""
    payload = block.payload
    return (
        (block.parent_view, block.height) == (parent.view, parent.height + 1)
        and payload.time > parent.time
        and parent.mark <= payload.mark.height <= parent.height
        and not parent.closes
    )
