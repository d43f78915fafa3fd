"""The results of a batch operation, read from their archive without storing it.

https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/
"""

import codecs
import gzip
import io
import json
import re
import tarfile
import zlib
from typing import Any, NamedTuple

import orjson

from ..exceptions import MailchimpRetryLater
from . import wire

_CHUNK = 1 << 16
# Of the packing, and of what is packed
_DAMAGES = (
    tarfile.TarError,
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    KeyError,
    TypeError,
    ValueError,
)
_BETWEEN_ELEMENTS = re.compile(r"[\s,\[]*")


class BatchResult(NamedTuple):
    """The answer to one operation of a batch; ``body`` is None where it is empty."""

    operation_id: str
    status: int
    body: Any


def read_results(chunks):
    """Read the results out of a gzipped tar archive.

    Holds one result at a time, whatever the size of the archive.  Its entries are
    ``./``, then files (some of zero bytes), each a JSON array of results.

    :param chunks: iterator over the bytes of the archive
    :rtype: Iterator[BatchResult]
    :raise MailchimpRetryLater: if the archive is damaged or cut short
    """
    source = io.BufferedReader(_Chunks(chunks), _CHUNK)
    try:
        # A proxy may have unpacked the outer layer already.
        packed = source.peek(2)[:2] == b"\x1f\x8b"
        content = gzip.GzipFile(fileobj=source) if packed else source
        with tarfile.open(fileobj=content, mode="r|") as archive:
            for file in _files(archive):
                yield from map(_result, _elements(file))
        while content.read(_CHUNK):
            pass  # to the end, where gzip finds out what is missing
    except _DAMAGES as error:
        raise MailchimpRetryLater(
            "The results of the batch could not be read."
        ) from error


class _Chunks(io.RawIOBase):
    """A readable file over an iterator of byte strings."""

    def __init__(self, chunks):
        super().__init__()
        self._chunks = iter(chunks)
        self._left = b""

    def readable(self):
        return True

    def readinto(self, buffer):
        while not self._left:
            try:
                self._left = next(self._chunks)
            except StopIteration:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _files(archive):
    for entry in iter(archive.next, None):
        archive.members.clear()  # else it remembers every entry
        if entry.isfile() and entry.size:
            yield archive.extractfile(entry)


def _elements(file):
    """Parse the elements of a JSON array one by one."""
    to_text = codecs.getincrementaldecoder("utf-8")().decode
    decode = json.JSONDecoder().raw_decode
    buffer, position = "", 0
    while True:
        position = _BETWEEN_ELEMENTS.match(buffer, position).end()
        try:
            element, position = decode(buffer, position)
        except json.JSONDecodeError:
            if buffer[position:].strip() == "]":
                return
            # Reading as much again keeps the work linear in the size of an element.
            data = file.read(max(_CHUNK, len(buffer) - position))
            if not data:
                raise
            buffer, position = buffer[position:] + to_text(data), 0
        else:
            yield element


def _result(element):
    if not isinstance(element, dict):
        raise TypeError("not the result of an operation")
    return BatchResult(
        operation_id=str(element.get("operation_id") or ""),
        status=int(element["status_code"]),
        body=_body(element.get("response")),
    )


def _body(response):
    if not isinstance(response, str):
        return response
    try:
        return wire.parse(response.encode("utf-8", "replace")) if response else None
    except orjson.JSONDecodeError:
        return response
