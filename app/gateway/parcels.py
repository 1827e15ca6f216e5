"""Files on their way (9101, 9102): one text in a zip, as base64 or as the signed bytes of Java."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Sequence

from app.gateway.errors import FileUnreadable

TEXT_BYTES_MAX = 4 * 1024 * 1024  # unpacked: a small zip can hold very much
BYTE_VALUES = 256


def content_of(sent: object) -> bytes:
    """Return the bytes of an upload: base64 text, or a list of bytes from -128 to 255."""
    if isinstance(sent, str):
        try:
            return base64.b64decode("".join(sent.split()), validate=True)
        except (binascii.Error, ValueError):
            raise FileUnreadable(why="base64") from None
    if isinstance(sent, Sequence) and all(_is_byte(each) for each in sent):
        return bytes(int(str(each)) % BYTE_VALUES for each in sent)
    raise FileUnreadable(why="bytes")


def unpacked(content: bytes) -> str:
    """Return the one text in a zip, or a text that was not packed at all."""
    if not content.startswith(b"PK"):
        return _text(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [it for it in archive.infolist() if not it.is_dir()]
            if len(members) != 1 or members[0].file_size > TEXT_BYTES_MAX:
                raise FileUnreadable(why="zip")
            with archive.open(members[0]) as member:
                text = member.read(TEXT_BYTES_MAX + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise FileUnreadable(why="zip") from None
    return _text(text)


def _text(content: bytes) -> str:
    if len(content) > TEXT_BYTES_MAX:
        raise FileUnreadable(why="size")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileUnreadable(why="utf-8") from None


def _is_byte(value: object) -> bool:
    return type(value) is int and -BYTE_VALUES // 2 <= value < BYTE_VALUES
