"""Check a downloaded journal offline: python3 verify_journal.py FILE... [--kept LINK]...

核对下载的账簿或操作留痕，无需联网，也不依赖平台程序。

Needs Python 3.9 and nothing else. Several files are checked as one, in the order given. Tells of a
changed byte, a line or a block left out, put in or moved, and of an end cut off. `--kept` names a
link noted earlier, from a file or from the list of seals: it must be part of the chain, so that a
hub that rewrote its past, or left its end away, is found out, too. Exit 0: sound. Exit 1: not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from typing import Any

FORMAT = "hub-journal/1"
FIRST_LINK = "00" * 32


class Broken(Exception):  # noqa: N818 -- it says what the journal is
    """What was found, and in which line."""


class Checker:
    """Reads lines one after another and keeps what the next one must agree with."""

    def __init__(self) -> None:
        self.journal = ""
        self.participant = ""
        self.number = 0  # of the last block
        self.chain = ""
        self.links: set[str] = set()
        self.pending: list[bytes] = []  # lines not sealed yet
        self.steps: dict[str, tuple[int, int]] = {}  # version and balance of each account
        self.last_seq = 0
        self.lines = 0
        self.from_start = False
        self.more = False

    def file(self, name: str, content: bytes) -> None:
        """Check one file whole."""
        state = "begun"
        blocks = lines = 0
        if not content.endswith(b"\n"):
            raise Broken(f"{name}: cut off within its last line 文件在行中被截断")
        for at, raw in enumerate(content[:-1].split(b"\n"), 1):
            where = f"{name} line {at}"
            it = self._parsed(where, raw)
            if (state == "begun") != ("header" in it):
                raise Broken(f"{where}: a file has one header, as its first line 文件头缺失或重复")
            if state == "ended":
                raise Broken(f"{where}: something follows the end 结尾之后仍有内容")
            if "header" in it:
                self._header(where, it["header"])
                state = "open"
            elif "seal" in it:
                lines += len(self.pending)
                self._seal(where, it["seal"])
                blocks += 1
            elif "end" in it:
                self._end(where, it["end"], blocks, lines)
                state = "ended"
            else:
                self._line(where, it, raw)
        if state != "ended":
            raise Broken(f"{name}: the end is missing; the file was cut off 缺少结尾，文件被截断")

    def keeps(self, links: list[str]) -> None:
        """Hold the chain to links that were noted earlier."""
        for link in links:
            if link not in self.links:
                raise Broken(f"the link {link} noted earlier is not in the chain 留存链值不在链中")

    def _parsed(self, where: str, raw: bytes) -> dict[str, Any]:
        try:
            it = json.loads(raw)
        except ValueError:
            raise Broken(f"{where}: not readable 无法读取") from None
        if not isinstance(it, dict):
            raise Broken(f"{where}: not readable 无法读取")
        return it

    def _header(self, where: str, it: dict[str, Any]) -> None:
        if it.get("format") != FORMAT:
            raise Broken(f"{where}: not in the format {FORMAT} 格式不符")
        whose = (it["journal"], it["participant"])
        if not self.chain:
            self.journal, self.participant = whose
            self.number, self.chain = it["after"], it["previous"]
            self.from_start = self.number == 0
            if self.from_start and self.chain != FIRST_LINK:
                raise Broken(f"{where}: the first block follows nothing 首块不应有前块")
            self.links.add(self.chain)
        elif whose != (self.journal, self.participant):
            raise Broken(f"{where}: another journal 不是同一账簿")
        elif (it["after"], it["previous"]) != (self.number, self.chain):
            raise Broken(f"{where}: does not go on where the file before ended 与前一文件不衔接")

    def _line(self, where: str, it: dict[str, Any], raw: bytes) -> None:
        self.pending.append(raw)
        if "account" in it:
            self._step(where, it)
        elif it["seq"] <= self.last_seq:
            raise Broken(f"{where}: out of order 顺序颠倒")
        else:
            self.last_seq = it["seq"]

    def _step(self, where: str, it: dict[str, Any]) -> None:
        """Steps of an account have no gap, and each balance follows from the one before."""
        delta = _fen(it["amount"]) * (1 if it["side"] == "debit" else -1)
        version, balance = it["version"], _fen(it["balance"])
        known = self.steps.get(it["account"], (0, 0) if self.from_start else None)
        if known is not None and version != known[0] + 1:
            raise Broken(f"{where}: step {version} follows step {known[0]} 笔序不连续")
        if known is not None and balance != known[1] + delta:
            raise Broken(f"{where}: the balance does not follow 余额不衔接")
        self.steps[it["account"]] = (version, balance)

    def _seal(self, where: str, it: dict[str, Any]) -> None:
        if it["number"] != self.number + 1 or it["previous"] != self.chain:
            raise Broken(f"{where}: block {it['number']} does not follow {self.number} 块不衔接")
        if it["lines"] != len(self.pending):
            raise Broken(f"{where}: {len(self.pending)} lines, sealed {it['lines']} 行数不符")
        if hashlib.sha256(b"\n".join(self.pending)).hexdigest() != it["root"]:
            raise Broken(f"{where}: block {it['number']} is not what was sealed 内容与封存不符")
        parts = (
            self.journal,
            self.participant,
            str(it["number"]),
            it["day"],
            str(it["lines"]),
            it["root"],
            it["previous"],
        )
        if hashlib.sha256(" ".join(parts).encode()).hexdigest() != it["chain"]:
            raise Broken(f"{where}: the seal itself was changed 封存记录被改动")
        self.number, self.chain = it["number"], it["chain"]
        self.links.add(self.chain)
        self.lines += len(self.pending)
        self.pending = []

    def _end(self, where: str, it: dict[str, Any], blocks: int, lines: int) -> None:
        if self.pending:
            raise Broken(f"{where}: {len(self.pending)} lines are under no seal 有未封存的行")
        told = (it["blocks"], it["lines"], it["number"], it["chain"])
        if told != (blocks, lines, self.number, self.chain):
            raise Broken(f"{where}: something is missing before the end 结尾之前有缺失")
        self.more = it["more"]


def _fen(yuan: str) -> int:
    sign = -1 if yuan.startswith("-") else 1
    whole, _, cents = yuan.lstrip("-").partition(".")
    return sign * (int(whole) * 100 + int(cents))


def main() -> int:
    """Check the files named on the command line."""
    asked = argparse.ArgumentParser(description="Check a downloaded journal 核对下载的账簿")
    asked.add_argument("files", nargs="+", metavar="FILE")
    asked.add_argument("--kept", action="append", default=[], metavar="LINK")
    told = asked.parse_args()
    checker = Checker()
    try:
        for name in told.files:
            with open(name, "rb") as file:  # noqa: PTH123 -- as short as a script can be
                checker.file(name, file.read())
        checker.keeps(told.kept)
    except Broken as found:
        sys.stderr.write(f"BROKEN 不符: {found}\n")
        return 1
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        sys.stderr.write(
            f"BROKEN 不符: something is missing or of another kind 内容残缺: {error}\n"
        )
        return 1
    sys.stdout.write(
        f"SOUND 相符: {checker.journal} of {checker.participant}, {checker.lines} lines, "
        f"through block {checker.number}, link {checker.chain}\n"
    )
    if not checker.from_start:
        sys.stdout.write("What came before the first file was not checked 首个文件之前未核对\n")
    if checker.more:
        sys.stdout.write("The journal goes on after the last file 其后尚有内容，请继续下载\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
