"""What time it is."""

from datetime import UTC, datetime

from supops.services.ports import Clock


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return datetime.now(UTC)
