"""What the store of deliveries asks of a database: SQLite and PostgreSQL differ in nothing but this."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Value = str | float | bytes | None
Values = Mapping[str, Value]
Row = tuple[object, ...]


class Session(Protocol):
    """One transaction. Values are named: ``:name`` in the text.

    Attributes:
        lock_row: What a SELECT ends in to keep others from changing the row; empty where there is one writer at a time anyway.
    """

    lock_row: str

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

    def notify(self, due: Sequence[tuple[int, str]]) -> None:
        """Have the engine process deliveries, as part of the transaction: their ids, and what each is about."""
        ...


class Database(Protocol):
    """A database. All of its errors are raised as `SupopsError`, and then nothing was changed."""

    def writing(self) -> AbstractContextManager[Session]:
        """Open a transaction; it is durable when the block has ended, and taken back where the block raises."""
        ...

    def reading(self) -> AbstractContextManager[Session]:
        """Open a transaction that changes nothing, and does not wait for others."""
        ...
