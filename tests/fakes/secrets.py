"""Stands in for `supops.adapters.secrets`: a place for a key, in memory."""

from supops.errors import UsageError
from supops.models.secrets import Secret
from supops.services.ports import KeyPlace


class FakeKeyPlace(KeyPlace):
    """A place for one key.

    Attributes:
        kept: The key that is kept there; None for none.
        is_taken: Whether somebody else's is there.
    """

    def __init__(self, *, is_taken: bool = False) -> None:
        self.name = "the drawer"
        self.kept: str | None = None
        self.is_taken = is_taken

    def check(self) -> None:
        if self.is_taken or self.kept:
            raise UsageError("there is a key in the drawer")

    def make(self) -> Secret:
        self.check()
        self.kept = "new-key"
        return Secret(self.kept, self.name)

    def forget(self) -> None:
        self.kept = None
