"""Who a client is: signed tokens that the shop's backend makes and the desk's adapters read.

A token says the kind and id of an actor and, for a visitor, which customer number the shop has
seen him prove. It says nothing about an agent's role: the desk looks that up each time. Whoever
has a token is that actor until it expires, so hand it out over HTTPS only, to the person alone.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from msgspec import Struct

from chatdesk._extras import require_extra
from chatdesk.model.errors import ConfigurationError, Unauthenticated
from chatdesk.model.ids import AgentId, VisitorId
from chatdesk.model.values import Actor, ActorKind
from chatdesk.transport.codec import MAX_ID_LENGTH

if TYPE_CHECKING:
    from itsdangerous import TimestampSigner

MIN_KEY_LENGTH = 32
"""Fewest characters of a key: 128 bits, when they are hexadecimal digits."""


class Claims(Struct, frozen=True):
    """What a token says."""

    actor: Actor
    customer_number: str | None = None
    """The visitor's, proved to the shop."""


class _Payload(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is signed; the kind stands in the salt."""

    id: str
    customer_number: str | None = None


_PREFIXES = {"v": ActorKind.VISITOR, "a": ActorKind.AGENT}
_decoder = msgspec.json.Decoder(_Payload)


def _keys(keys: str | Sequence[str]) -> tuple[str, ...]:
    """One key or several, as a tuple."""
    return (keys,) if isinstance(keys, str) else tuple(keys)


@attrs.frozen
class Tokens:
    """Makes and reads the tokens of one desk.

    `keys` is a secret of at least `MIN_KEY_LENGTH` characters (`secrets.token_hex(32)` makes one),
    or several, the newest first: the first signs and all are accepted, so that a key can be
    changed without logging anybody out. Desks that are strangers need keys of their own.
    Needs the extra `tokens`.

    Raises:
        ConfigurationError: no key, or one that is too short.
        MissingExtra: itsdangerous is not installed.
    """

    keys: tuple[str, ...] = attrs.field(converter=_keys, repr=False)
    visitor_max_age: int = attrs.field(default=30 * 86_400, kw_only=True)
    """Seconds a visitor's token is good for."""
    agent_max_age: int = attrs.field(default=12 * 3_600, kw_only=True)
    """Seconds an agent's token is good for."""
    clock: Callable[[], float] = attrs.field(default=time.time, kw_only=True, repr=False)
    _signers: "dict[str, TimestampSigner]" = attrs.field(init=False, repr=False, eq=False)

    @keys.validator
    def _check_keys(self, _: object, keys: tuple[str, ...]) -> None:
        if not keys or any(len(key) < MIN_KEY_LENGTH for key in keys):
            raise ConfigurationError(
                f"a token key needs at least {MIN_KEY_LENGTH} characters; "
                "make one with secrets.token_hex(32) and keep it in the shop's settings"
            )

    @_signers.default
    def _make_signers(self) -> "dict[str, TimestampSigner]":
        require_extra("tokens", "itsdangerous")
        return {
            prefix: _signer(self.keys, f"chatdesk.{kind}", self.clock)
            for prefix, kind in _PREFIXES.items()
        }

    def visitor(self, visitor_id: VisitorId, *, customer_number: str | None = None) -> str:
        """A token for a visitor; give a `customer_number` only if he has proved it is his."""
        return self._make("v", _Payload(visitor_id, customer_number))

    def agent(self, agent_id: AgentId) -> str:
        """A token for an agent, whom the shop has authenticated."""
        return self._make("a", _Payload(agent_id))

    def _make(self, prefix: str, payload: _Payload) -> str:
        from itsdangerous.encoding import base64_encode

        if not 0 < len(payload.id) <= MAX_ID_LENGTH:
            raise ValueError(f"an id has 1 to {MAX_ID_LENGTH} characters: {payload.id[:80]!r}")
        body = base64_encode(msgspec.json.encode(payload))
        return f"{prefix}.{self._signers[prefix].sign(body).decode()}"

    def read(self, token: str) -> Claims:
        """What the token says; raises `Unauthenticated` when it is false or expired."""
        from itsdangerous import BadData, SignatureExpired
        from itsdangerous.encoding import base64_decode

        prefix, _, signed = token.partition(".")
        if prefix not in _PREFIXES:
            raise Unauthenticated("this is not a token of the desk")
        max_age = self.visitor_max_age if prefix == "v" else self.agent_max_age
        try:
            body = self._signers[prefix].unsign(signed.encode(), max_age=max_age)
            payload = _decoder.decode(base64_decode(body))
        except SignatureExpired:
            raise Unauthenticated("the token has expired") from None
        except (BadData, msgspec.MsgspecError, UnicodeError):
            raise Unauthenticated("the token is false") from None
        return Claims(Actor(_PREFIXES[prefix], payload.id), payload.customer_number)


def _signer(keys: Sequence[str], salt: str, clock: Callable[[], float]) -> "TimestampSigner":
    """A signer by the given clock; itsdangerous wants the newest key last."""
    import hashlib

    from itsdangerous import TimestampSigner

    class ClockedSigner(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(clock())

        @cache  # noqa: B019 - as many entries as there are keys, for as long as the signer lives
        def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
            return super().derive_key(secret_key)

    options: dict[str, Any] = {"salt": salt, "digest_method": hashlib.sha256}
    return ClockedSigner(list(reversed(keys)), **options)
