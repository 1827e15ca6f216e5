"""Every setting and every limit of the service in one frozen object, read from the environment."""

from __future__ import annotations

import enum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Mode(enum.StrEnum):
    """运行方式: what a hub is for, and so what it may be made to do."""

    SANDBOX = "sandbox"  # 沙箱: synthetic people, faults on demand, a clock that can be set
    PRODUCTION = "production"  # 生产


class Settings(BaseSettings):
    """The hub's settings: `HUB_<NAME>` in the environment, and `DATABASE_URL`."""

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True, populate_by_name=True)

    home: Path = Field(default=Path(".hub"), description="Data, logs, keys of an embedded hub")
    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="Any Postgres from 15 on; without it the hub starts its own",
    )
    database_role: str = Field(
        default="hub_app", description="Role the service takes after connecting; owns nothing"
    )
    mode: Mode | None = Field(
        default=None,
        description="What the hub is for; unset: sandbox on the embedded database, else production",
    )
    token_key: SecretStr | None = Field(
        default=None, description="Key that signs access tokens, at least 32 characters"
    )
    token_minutes: int = Field(default=15, ge=1, le=60)
    person_minutes: int = Field(
        default=15, ge=1, le=60, description="How long a person's session lives"
    )
    sealing_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Seals what the hub must read again (seeds of one-time codes) and makes the "
        "keys shared with clients; unset: the token key",
    )
    data_keys: SecretStr | None = Field(
        default=None,
        description="Keys personal data are encrypted under, each of 32 characters or more, newest "
        "first, separated by commas; the older ones only decrypt",
    )
    index_key: SecretStr | None = Field(
        default=None,
        description="Key of the index by which personal numbers are found; it stays for good",
    )
    signing_key: SecretStr | None = Field(
        default=None,
        description="The hub's SM2 private key, 64 hexadecimal digits; unset: made from the "
        "sealing key",
    )
    signature_window_seconds: int = Field(
        default=300, ge=1, description="How far the date of a signed message may be off"
    )
    proposal_hours: int = Field(
        default=72, ge=1, description="How long a proposal waits for its second person"
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="CIDR blocks of the proxies whose X-Forwarded-For is believed, as a JSON list",
    )
    client_requests_per_minute: int = Field(
        default=60_000, ge=1, description="For each client and replica, unless it has its own"
    )
    person_requests_per_minute: int = Field(
        default=1_200, ge=1, description="For each person and replica, over all their sessions"
    )
    party_requests_per_minute: int = Field(
        default=120_000, ge=1, description="For each party and replica, unless it has its own"
    )
    sign_ins_per_minute: int = Field(
        default=600, ge=1, description="Attempts to sign in, for each address and replica"
    )
    pool_connections: int = Field(default=8, ge=1, le=64)
    pool_wait_seconds: float = Field(default=5.0, gt=0)
    connect_seconds: float = Field(
        default=5.0, gt=0, description="How long connecting to Postgres may take"
    )
    lock_wait_ms: int = Field(default=5_000, ge=100)
    running_wait_ms: int = Field(
        default=2_000, ge=0, description="How long a message waits for its twin under way"
    )
    statement_ms: int = Field(default=15_000, ge=1_000)
    lane_calls: int = Field(
        default=2,
        ge=0,
        le=16,
        description="Calls at once of each lane, which carry what is plain; 0: all to the door",
    )
    lane_each_max: int = Field(default=32, ge=1, le=256, description="How many a call carries")
    lane_beside_min: int = Field(
        default=4,
        ge=1,
        le=256,
        description="How many settlements wait before a call begins beside another",
    )
    attempts_max: int = Field(default=3, ge=1, le=10)
    body_bytes_max: int = Field(default=2 * 1024 * 1024, ge=1024)
    upload_bytes_max: int = Field(default=8 * 1024 * 1024, ge=1024)
    body_wait_seconds: float = Field(
        default=30.0, gt=0, description="How long a body may take to arrive"
    )
    answer_wait_seconds: float = Field(
        default=30.0, gt=0, description="How long an answer may wait for its reader to go on"
    )
    request_seconds: float = Field(
        default=60.0, gt=0, description="Until when a request is answered, or told to come again"
    )
    operator_request_seconds: float = Field(
        default=1_800.0, gt=0, description="The same for what only the operator may ask"
    )
    working_max: int = Field(
        default=64, ge=1, description="How many requests are worked on at a time"
    )
    waiting_max: int = Field(default=128, ge=1, description="How many more may wait for their turn")
    turn_wait_seconds: float = Field(
        default=5.0, gt=0, description="How long a request waits for its turn"
    )
    turn_target_ms: int = Field(
        default=500, ge=1, description="How long it waits where more comes than can be done"
    )
    turn_interval_ms: int = Field(
        default=3_000, ge=1, description="How long all must have waited longer for that to be so"
    )
    header_bytes_max: int = Field(default=32 * 1024, ge=1024)
    page_rows_default: int = Field(default=50, ge=1)
    page_rows_max: int = Field(default=200, ge=1)
    gateway_strict: bool = Field(
        default=False, description="Gateway: ask for a sign-in, list unknown fields"
    )
    gateway_skew_minutes: int = Field(
        default=30, ge=0, description="Gateway: how far a sender's clock may be off; 0 = any"
    )
    gateway_text_amounts: frozenset[str] = Field(
        default=frozenset(),
        description='Gateway: who gets amounts as text, as a JSON list: ["H37010000001"]',
    )
    tick_seconds: int = Field(
        default=60,
        ge=0,
        description="How often the service does what is due; 0 = never, run `hub tick`",
    )
    deliver_seconds: int = Field(
        default=5,
        ge=0,
        description="How often the service sends events to subscribers; 0 = never, run "
        "`hub deliver`",
    )
    webhook_seconds: float = Field(
        default=10.0, gt=0, description="How long a subscriber may take to answer"
    )
    webhook_attempts_max: int = Field(
        default=15, ge=1, description="How often an event is tried before it is given up"
    )
    webhook_disable_hours: int = Field(
        default=120, ge=1, description="How long nothing may arrive before a subscription ends"
    )
    delivery_log_days: int = Field(
        default=30, ge=1, description="For how long attempts to deliver events are kept"
    )
    dead_letter_days: int = Field(
        default=365, ge=1, description="The same for events that were given up"
    )
    webhook_networks: tuple[str, ...] = Field(
        default=(),
        description="CIDR blocks of inner networks events may be sent to, as a JSON list",
    )
    log_json: bool = Field(default=True, description="One JSON object a line; false for people")
    log_level: str = "INFO"
