"""The options of `chatdesk replay`; each is described by the sentence below it."""

from typing import Annotated

import attrs
from cyclopts import Parameter

from chatdesk.cli_output import TABLES, Output, names
from chatdesk.cli_replay import Source, run_replay
from chatdesk.simulation.replay import ReplaySettings


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Options:
    """What the command line says."""

    desk: str = "default"
    """Which desk of the database."""
    form: str | None = None
    """The form of the file, csv, livechat or chatwoot, where it does not tell by itself."""
    policy: str | None = None
    """The policy that ran, for a log that does not say: a name, or module:Class for your own."""
    compare: str | None = None
    """Policies to try on the same customers, such as longest-idle,shop:Mine."""
    fail_if: Annotated[tuple[str, ...], Parameter(negative=())] = ()
    """A condition, such as p95_wait>120, p_abandon>5% or mean_wait>1.1*ran, of any compared policy,
    and without --compare of the one that ran. May be given several times."""
    target: float = 120.0
    """Seconds within which a chat should be answered."""
    replications: int = 10
    """How often what the log leaves open is drawn."""
    seed: int = 1
    """Another number draws it otherwise."""


DEFAULTS = Options()


def replay(source: str, /, *, options: Options = DEFAULTS, output: Output = TABLES) -> int:
    """Go through a desk's own past again, with other policies for the same customers.

    The exit code is 1 when a condition of --fail-if holds.

    Parameters
    ----------
    source
        The desk's database (sqlite:///FILE or postgresql://USER@HOST/DATABASE), or a file: desk.db,
        a CSV, or an archive of LiveChat or Chatwoot.
    """
    return run_replay(
        Source(name=source, desk=options.desk, form=options.form),
        ReplaySettings(
            replications=options.replications,
            seed=options.seed,
            target_seconds=options.target,
        ),
        ran=options.policy,
        compared=names(options.compare),
        fail_if=options.fail_if,
        output=output,
    )
