"""What decoding bytes from outside may end in."""

from typing import Final

import msgspec

# Text that is no UTF-8, and nesting deeper than the stack, escape msgspec as errors that are not its own.
UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
