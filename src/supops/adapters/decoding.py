"""What decoding bytes from outside may end in, and how many are taken."""

from typing import Final

import msgspec

# Text that is no UTF-8, and nesting deeper than the stack, escape msgspec as errors that are not its own.
UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
# No file that people edit is longer. Here, so that whoever only reads the bytes needs no parser.
MAX_YAML_BYTES: Final = 256 * 1024


def is_json(body: bytes) -> bool:
    """Whether something is JSON, whatever it says."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except UNDECODABLE:
        return False
    return True
