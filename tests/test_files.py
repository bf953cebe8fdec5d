"""Files are written whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from supops.files import write_new_private, write_private, write_whole


def test_a_new_file_has_the_permissions_that_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new" / "file", b"x")
    finally:
        os.umask(before)

    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == 0o640


def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(0o600)

    write_whole(file, b"new")

    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_private_file_is_for_its_owner_only(tmp_path: Path) -> None:
    write_private(tmp_path / "new" / "file", b"x")

    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")

    write_whole(tmp_path / "link", b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_is_no_file_is_not_replaced_by_one() -> None:
    write_whole(Path(os.devnull), b"x")

    assert Path(os.devnull).is_char_device()


def test_a_failure_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_bytes() == b"old"


def test_a_new_private_file_replaces_nothing_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "key"
    write_new_private(target, b"first")

    with pytest.raises(FileExistsError):
        write_new_private(target, b"second")

    assert target.read_bytes() == b"first"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_where_there_are_no_hard_links_a_new_private_file_replaces_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def none(_source: object, _target: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", none)
    target, other = tmp_path / "key", tmp_path / "other"
    other.symlink_to(tmp_path / "nowhere")
    write_new_private(target, b"first")

    for taken in (target, other):
        with pytest.raises(FileExistsError):
            write_new_private(taken, b"second")

    assert target.read_bytes() == b"first"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == [target, other]


def test_what_fails_without_hard_links_leaves_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_paths: object) -> None:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(os, "link", fails)
    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="no"):
        write_new_private(tmp_path / "key", b"first")

    assert list(tmp_path.iterdir()) == []
