"""What the store of deliveries asks of a database: SQLite and PostgreSQL differ in nothing but this."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

Value = str | float | bytes | None
Values = Mapping[str, Value]
Row = tuple[object, ...]


class Due(NamedTuple):
    """A delivery that is to be processed: what it is about, and whether it is a slot of a schedule."""

    id: int
    lock_key: str
    is_slot: bool


class Session(Protocol):
    """One transaction. Values are named: ``:name`` in the text.

    Attributes:
        is_shared: Whether others write at the same time; False where there is one writer at a time anyway.
    """

    is_shared: bool

    def run(self, text: str, values: Values = ...) -> int:
        """Execute a statement, and return how many rows it changed."""
        ...

    def rows(self, text: str, values: Values = ...) -> list[Row]:
        """Execute a statement, and return the rows that it gives."""
        ...

    def row(self, text: str, values: Values = ...) -> Row | None:
        """Execute a statement, and return its first row; None for none."""
        ...

    def lock(self, key: str) -> None:
        """Keep others from locking the same key until the transaction ends; nothing where there is one writer at a time anyway."""
        ...

    def check_open(self) -> None:
        """See whether the store may be written to.

        Raises:
            ConfigError: It was moved elsewhere.
        """
        ...

    def notify(self, due: Sequence[Due]) -> None:
        """Have the engine process deliveries, as part of the transaction."""
        ...


class Database(Protocol):
    """A database. All of its errors are raised as `SupopsError`, and then nothing was changed."""

    def writing(self) -> AbstractContextManager[Session]:
        """Open a transaction; it is durable when the block has ended, and taken back where the block raises."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Open a transaction that changes nothing, and does not wait for others."""
        ...
