"""What the command `hub` can do: the list of commands, and one sentence for every mistake.

Nothing of the hub is imported here: each command brings what it needs when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import typer

from app.cli.late import Place, program_of

PLACES: Mapping[str, Place] = {
    "token": Place(
        "app.cli.token", "token", "Print an access token 访问令牌 of a client in credentials.json."
    ),
    "verify": Place(
        "app.cli.proving",
        "verify",
        "Prove that everything adds up: settlements, books, claims, notices, payments, seals.",
    ),
    "trace": Place(
        "app.cli.proving",
        "trace",
        "Trace a settlement's money: line, bill, month, period, claim, notice, payment.",
    ),
    "seal": Place(
        "app.cli.proving",
        "seal",
        "Seal every day that is over; the service does so by itself, and again changes nothing.",
    ),
    "tick": Place(
        "app.cli.ticks",
        "tick",
        "Do what is due 办理到期事项: each act once for each day, missed days in order.",
    ),
    "deliver": Place(
        "app.cli.deliveries",
        "deliver",
        "Send events to subscribers 推送事件: everything whose time has come, once.",
    ),
    "run": Place(
        "app.cli.running",
        "run",
        "Serve on an embedded Postgres in HUB_HOME, or on DATABASE_URL when it is set.",
    ),
    "demo": Place(
        "app.cli.demo",
        "demo",
        "Play one case along the whole road over HTTP, on the demo's own clock, and keep serving.",
    ),
    "serve": Place(
        "app.cli.running",
        "serve",
        "Serve in production: needs DATABASE_URL, already migrated, HUB_TOKEN_KEY and data keys.",
    ),
    "migrate": Place("app.cli.database", "migrate", "Bring the database to the newest schema."),
    "seed": Place(
        "app.cli.database",
        "seed",
        "Load regions, parties, institutions and synthetic catalogues; again changes nothing.",
    ),
    "generate": Place(
        "app.cli.generate",
        "generate",
        "Load synthetic national traffic into a sandbox; the same again changes nothing.",
    ),
    "problems": Place("app.cli.papers", "problems", "List every refusal with its status."),
    "openapi": Place("app.cli.papers", "openapi", "Print the OpenAPI document."),
    "docs": Place(
        "app.cli.papers",
        "docs",
        "Write the pages of docs/ that follow from the code (from a checkout).",
    ),
    "clients": Place("app.cli.clients", "program", "Credentials of parties 接入凭据."),
    "persons": Place("app.cli.persons", "program", "The operator's and agencies' people 人员."),
    "keys": Place("app.cli.keys", "program", "Keys of personal data 个人信息密钥."),
    "policy": Place("app.cli.policy", "program", "Editions of the policy book 政策参数版次."),
    "conformance": Place(
        "app.conformance.command",
        "program",
        "Play what a hub must survive 符合性测试; exit 0 only when every case passed.",
    ),
    "audit": Place("app.cli.proving", "audit", "The audit trail 操作留痕."),
    "sandbox": Place("app.cli.sandbox", "program", "The sandbox 沙箱."),
    "institutions": Place("app.cli.notices", "program", "Agreement institutions 协议机构."),
}
program = program_of(
    "Cross-province settlement of work-injury insurance 工伤保险跨省异地就医直接结算平台", PLACES
)


def main() -> None:
    """Run a command; a mistake is answered with one sentence and exit code 1."""
    if sys.flags.optimize:  # what is asserted is then not even done
        typer.echo(
            "The hub needs its assertions: start it without -O and PYTHONOPTIMIZE.", err=True
        )
        sys.exit(1)
    try:
        program(prog_name="hub")
    except Exception as error:
        from app.cli.mistakes import sentence_of

        sentence = sentence_of(error)
        if sentence is None:
            raise
        typer.echo(sentence, err=True)
        sys.exit(1)
