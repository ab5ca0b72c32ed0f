"""Text tables as people save them: which separator and which encoding a file has."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unscene.samples.readers.table_columns import (
    NEEDED,
    find_head,
    is_head,
    is_photo_name,
    match_columns,
)

SEPARATORS = (",", ";", "\t", "|")
BY_SUFFIX = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
_HEAD_BYTES = 2**16
_GUESSED_BYTES = 2**18
_ROWS = 50
# One byte in so many is zero in UTF-16 text, at least; in Latin letters every second one is.
_NULLS_OF_UTF16 = 10
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods are zip archives; xls is an OLE file
# How files begin that came in place of a table, and what to do.
_FOREIGN = (
    (b"version https://git-lfs", "is a pointer of Git LFS, not the file itself; run git lfs pull there"),
    (b"PAR1", "is parquet; give it the ending .parquet"),
    *(
        (mark, "is compressed; unpack it")
        for mark in (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")
    ),
)
_WEB_PAGE = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
SAVE_AS_CSV = (
    'save it as CSV in UTF-8 (Excel: Save As, "CSV UTF-8 (Comma delimited)"; LibreOffice: Save As, Text CSV, '
    "character set UTF-8)"
)


@dataclass(frozen=True)
class Layout:
    """How a text table is written. first: its first row; has_head: whether that row names the columns.
    late_head: the number of rows above the one that does, where that is not the first.
    """

    separator: str
    first: list[str]
    has_head: bool
    late_head: int | None


def find_fault(path: Path) -> str | None:
    """Return why a file is no UTF-8 text, with the way out, in one line; None when its first blocks are."""
    with open(path, "rb") as file:
        head = file.read(_HEAD_BYTES)
    if foreign := find_foreign(head):
        return foreign
    if head.startswith(_SPREADSHEETS):
        return f"is a spreadsheet, not text; {SAVE_AS_CSV}"
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _tell_encoding(path, encoding)
    if nulls := head.count(b"\x00"):
        return (
            _tell_encoding(path, "UTF-16")
            if nulls > len(head) / _NULLS_OF_UTF16
            else f"holds a zero byte at {head.index(bytes(1))}, as no text does; is it damaged?"
        )
    return None if _is_utf8(head) else _tell_encoding(path, guess_encoding(head))


def find_foreign(head: bytes) -> str | None:
    """Return what a file is that came in place of a text table, by its first bytes, with the way out."""
    if _WEB_PAGE.match(head):
        return "is a web page, as a wrong address or a login gives it; get the file itself"
    return next((told for mark, told in _FOREIGN if head.startswith(mark)), None)


def find_fault_anywhere(path: Path) -> str | None:
    """Return why a file is no UTF-8 text; None when all of it is. Reads it to the first wrong byte."""
    with open(path, "rb") as file:
        decoder = codecs.getincrementaldecoder("utf-8")()
        while block := file.read(_GUESSED_BYTES):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return _tell_encoding(path, guess_encoding(block))
    return None


def describe_encoding(path: Path) -> str:
    """Return in what a text that is no table is written in place of UTF-8, with the way out, in one line."""
    content = path.read_bytes()[:_GUESSED_BYTES]
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    return _tell_encoding(path, marked or guess_encoding(content), is_table=False)


def guess_encoding(content: bytes) -> str | None:
    """Return the name of the encoding that a text most likely has; None when nothing fits."""
    from charset_normalizer import from_bytes

    # GBK is a part of GB18030, and short texts in it are taken for other encodings of the region.
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as error:
        text = content[: error.start].decode("gb18030") if error.start > len(content) - 4 else ""
    letters = [letter for letter in text if ord(letter) > 127]
    common = sum(_is_common_han(letter) or letter in "，。、！？：；（）《》“”" for letter in letters)
    if letters and common > 0.9 * len(letters) and not (_is_cyrillic(content) or _is_within_words(text)):
        return "euc-kr" if _is_hangul(content) else "GB18030"
    if _is_western(content):
        return "cp1252"
    # Plain letters say nothing, and make short texts of others look Latin.
    telling = b" ".join(word for word in re.split(rb"[\s,;]+", content) if not word.isascii())
    for guess in from_bytes(telling, cp_isolation=[*_OF_BYTES, *_OF_PAIRS]):
        if guess.encoding in _OF_BYTES or _has_eastern_words(str(guess)):
            return guess.encoding.replace("_", "-")
    return None


def _has_eastern_words(text: str) -> bool:
    """Tell whether what is no ASCII are mostly Eastern signs side by side. An accented letter taken together
    with the plain one behind it gives single ones.
    """
    runs = re.findall(r"[\u3001-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff5e]{2,}", text)
    return sum(map(len, runs)) > sum(not letter.isascii() for letter in text) / 2


def _is_cyrillic(content: bytes) -> bool:
    """Tell whether a text that could be Chinese is Windows-1251: there its small letters lie where GB 2312
    has its rare characters.
    """
    high = [byte for byte in content if byte > 127]
    return sum(byte >= 0xE0 for byte in high) > len(high) / 2


def _is_within_words(text: str) -> bool:
    """Tell whether what could be Chinese stands within Latin words: it is two accented letters, then."""
    runs = re.findall(r"[\u4e00-\u9fff]+", text)
    return len(re.findall(r"(?<=[A-Za-z])[\u4e00-\u9fff]{1,2}(?=[a-z]{2})", text)) > len(runs) / 2


def _is_hangul(content: bytes) -> bool:
    """Tell whether a text that could be Chinese is Korean: as EUC-KR it has Hangul alone, where Chinese in
    GB2312 gives Hanja, too. A few signs don't tell.
    """
    try:
        others = [letter for letter in content.decode("euc_kr") if ord(letter) > 127]
    except UnicodeDecodeError:
        return False
    return len(others) >= 8 and all("\uac00" <= letter <= "\ud7a3" for letter in others)


# What iconv converts by the same name. The rest of what charset_normalizer tries fits short texts by chance.
_OF_BYTES = ("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r")
_OF_PAIRS = ("big5", "shift_jis", "euc_jp", "euc_kr")
_WESTERN = frozenset("àâäáãåæçèéêëìíîïñòóôöõøœùúûüß")
_WESTERN |= {letter.upper() for letter in _WESTERN} | set("«»‘“”–—…°€£¿¡·½¼²³\u00a0")
# Signs that no Western word has within it or, but for ¿, before it: letters of Windows-1250 (Ł, ł, Ľ, ż).
_WITHIN = re.compile(r"[£³¼](?=[^\W\d_])|(?<=[^\W\d_])¿(?=[^\W\d_])")


def _is_western(content: bytes) -> bool:
    """Tell whether a text is that of a Western language in Windows-1252, of which Latin-1 is a part: mostly
    plain letters, and no other signs than these languages have.
    """
    try:
        text = content.decode("cp1252").replace("’", "'")
    except UnicodeDecodeError:
        return False
    others = [letter for letter in text if ord(letter) > 127]
    plain = sum(letter.isascii() and letter.isalpha() for letter in text)
    is_plain = _WESTERN.issuperset(others) and len(others) < plain / 2
    return is_plain and not _WITHIN.search(text)


def _is_common_han(letter: str) -> bool:
    """Tell whether a letter is one of the 6,763 of GB 2312. An accented letter of Western text that is taken
    together with the one behind it gives others.
    """
    try:
        return "\u4e00" <= letter <= "\u9fff" and len(letter.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def sniff_layout(path: Path, separator: str | None = None) -> Layout:
    """Return how a text table is written. `separator` goes before what the file's rows tell.

    A separator is right when the first row then names the columns, or has a photo's file name in a
    cell of its own; among several, the one that gives most rows the width of the first.
    """
    with open(path, "rb") as file:
        block = file.read(_HEAD_BYTES)
    text = codecs.getincrementaldecoder("utf-8-sig")("replace").decode(block, len(block) < _HEAD_BYTES)
    usual = BY_SUFFIX.get(path.suffix.lower(), ",")
    candidates = [separator] if separator else [usual, *(one for one in SEPARATORS if one != usual)]
    rows = {one: list(_read_rows(text, one)) or [[]] for one in candidates}
    # The first of the best: max keeps the suffix's own where nothing tells.
    best = max(candidates, key=lambda one: _rate(rows[one]))
    first = rows[best][0]
    heads = (find_head(rows[one][:_ROWS]) for one in candidates)
    return Layout(best, first, is_head(first), next((above for above in heads if above), None))


def _read_rows(text: str, separator: str) -> Iterator[list[str]]:
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            if row:
                yield row
    except csv.Error:
        return


def _rate(rows: list[list[str]]) -> tuple[bool, bool, float]:
    first, some = rows[0], rows[:_ROWS]
    named = set(NEEDED) <= set(match_columns(first))
    photo = len(first) > 1 and any(is_photo_name(cell) for cell in first)
    alike = sum(len(row) == len(first) for row in some) / len(some) if len(first) > 1 else 0.0
    return named, photo, alike


def _is_utf8(block: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _tell_encoding(path: Path, encoding: str | None, is_table: bool = True) -> str:
    # What has no mark is a guess: some bytes fit several encodings (m³x in cp1252 is młx in cp1250).
    guessed = "" if not encoding or encoding.startswith("UTF-") else ", a guess: look at the result"
    looks = f"it looks like {encoding}{guessed}" if encoding else "its encoding is unknown"
    convert = f', or: iconv -f {encoding} -t UTF-8 "{path.name}" > new{path.suffix}' if encoding else ""
    save = f"; {SAVE_AS_CSV}" if is_table and path.suffix.lower() in BY_SUFFIX else "; save it as UTF-8"
    return f"is not UTF-8 text ({looks}){save}{convert}"
