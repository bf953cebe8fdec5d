"""What was done to a store of deliveries."""

from supops.render.machine import Json
from supops.render.tables import Table

STORE_SCHEMA = "supops.store/1"
MOVED_SCHEMA = "supops.store-moved/1"


def store_table(address: str, said: str) -> Table:
    """Return what was done to the tables."""
    return Table("", ("store", "what was done"), [[address, said]])


def store_json(address: str, *, changed: bool) -> Json:
    """Return the same as ``supops.store/1``."""
    return {"schema": STORE_SCHEMA, "store": address, "changed": changed}


def moved_table(address: str, deliveries: int, attempts: int) -> Table:
    """Return what was moved."""
    return Table("", ("store", "deliveries", "attempts"), [[address, deliveries, attempts]])


def moved_json(address: str, deliveries: int, attempts: int) -> Json:
    """Return the same as ``supops.store-moved/1``."""
    return {
        "schema": MOVED_SCHEMA,
        "store": address,
        "deliveries": deliveries,
        "attempts": attempts,
    }
