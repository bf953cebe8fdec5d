"""What every place for a new key promises: the fake in memory, and a file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from supops.adapters.secrets import NewKey, SecretStore
from supops.errors import UsageError
from supops.models.secrets import SecretRef
from supops.services.ports import KeyPlace
from tests.fakes.secrets import FakeKeyPlace

Open = Callable[..., KeyPlace]


@pytest.fixture(params=["fake", "file"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return a maker of places, of which one may be taken."""

    def file(*, is_taken: bool = False) -> KeyPlace:
        if is_taken:
            (tmp_path / "key").write_text("in use")
        return NewKey(SecretStore({}), SecretRef(file=str(tmp_path / "key")), purpose="the key")

    def fake(*, is_taken: bool = False) -> KeyPlace:
        return FakeKeyPlace(is_taken=is_taken)

    return fake if request.param == "fake" else file


def test_a_key_is_kept_once(opened: Open) -> None:
    place = opened()
    place.check()

    made = place.make()

    assert made.reveal()
    assert made.origin == place.name
    with pytest.raises(UsageError):
        place.check()
    with pytest.raises(UsageError):
        place.make()


def test_where_a_key_was_forgotten_another_can_be_kept(opened: Open) -> None:
    place = opened()
    place.make()

    place.forget()
    place.check()

    assert place.make().reveal()


def test_what_is_there_already_is_left_alone(opened: Open) -> None:
    place = opened(is_taken=True)

    with pytest.raises(UsageError):
        place.check()
    place.forget()
    with pytest.raises(UsageError):
        place.make()
