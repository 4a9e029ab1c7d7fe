"""`chatdesk simulate`: what it prints, and what it refuses."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from chatdesk.cli import run
from chatdesk.cli_output import progress
from chatdesk.simulation.formulas.erlang import erlang_a

SMALL = ["simulate", "--agents", "5", "--arrival-rate", "4", "--patience-rate", "0.5"]


def asked(capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    """The JSON that a command line prints."""
    assert run([*SMALL, "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_has_estimates_with_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    """Every figure has its interval, and the exact ones lie within or near it."""
    found = asked(capsys, "--customers", "20000", "--seed", "2")
    exact = erlang_a(5, 4.0, 1.0, 0.5)
    for name in ("p_wait", "mean_wait", "p_abandon", "utilisation"):
        low, high = found[f"{name}_ci"]
        assert low <= found[name] <= high
        assert abs(getattr(exact, name) - found[name]) < high - low
    assert {"p95_wait", "jain", "customers_per_second", "p95_wait_ci", "jain_ci"} <= found.keys()
    assert found["method"] == "batch means, Student t"


def test_the_same_seed_gives_the_same_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the speed differs between two runs with a seed; another seed gives other figures."""
    one, two, other = (
        {**asked(capsys, "--customers", "500", "--seed", seed), "customers_per_second": None}
        for seed in ("7", "7", "8")
    )
    assert one == two
    assert one["p_wait"] != other["p_wait"]


def test_compared_policies_meet_the_same_customers(capsys: pytest.CaptureFixture[str]) -> None:
    """With one chat each, who gets whom changes no wait at all, only evenness."""
    found = asked(capsys, "--customers", "500", "--compare", "least-busy,random")
    (difference,) = found["differences"]
    assert [result["policy"] for result in found["results"]] == ["least-busy", "random"]
    assert (difference["policy"], difference["against"]) == ("random", "least-busy")
    assert difference["mean_wait_ci"] == [0.0, 0.0]
    assert difference["jain_ci"][1] < 0


def test_csv_has_a_row_a_figure(capsys: pytest.CaptureFixture[str]) -> None:
    """CSV is one row for each policy and figure."""
    assert run([*SMALL, "--customers", "300", "--csv", "--policy", "longest_idle"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "policy,against,figure,value,low,high"
    assert lines[1].startswith("longest_idle,,p_wait,")


def test_tables_tell_kinds_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """With priorities each class has a row, and the urgent wait less."""
    options = ["--agents", "1", "--arrival-rate", "0.8", "--customers", "4000"]
    assert run(["simulate", *options, "--priorities", "1,1"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    waits = {row[0]: float(row[3]) for row in rows if row[0].startswith("class")}
    assert waits["class1"] < waits["class2"]


def test_agent_rates_say_how_agents_slow_down(capsys: pytest.CaptureFixture[str]) -> None:
    """A slower second chat is a longer service than with none."""
    slowed = asked(capsys, "--customers", "1000", "--agent-rates", "0,1,1.2")
    alone = asked(capsys, "--customers", "1000", "--capacity", "2")
    assert slowed["mean_service"] > alone["mean_service"]


def test_a_users_own_policy_is_found_beside_him(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`module:Class` is looked for in the working directory."""
    (tmp_path / "own_rule.py").write_text(
        "from chatdesk.rules.policies import RankedPolicy\n"
        "class First(RankedPolicy):\n"
        "    def rank(self, seat):\n"
        "        return ()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    found = asked(capsys, "--customers", "300", "--policy", "own_rule:First")
    received = [agent["received"] for agent in found["agents"]]
    assert received[0] == max(received)
    assert received[-1] == min(received)


SCENARIO = """
policy = "skilled"
discipline = "priority"

[[customers]]
name = "plain"
arrivals = { type = "poisson", rate = 3.0 }
work = { type = "log_normal", mean = 1.0, variation = 0.8 }
patience = { type = "exponential", rate = 0.5 }

[[customers]]
name = "expert"
skills = ["returns"]
priority = 1
arrivals = { type = "bursty", calm_rate = 0.5, burst_rate = 4.0, mean_calm = 9, mean_burst = 1 }
work = { type = "exponential", rate = 1.0 }

[[crews]]
name = "junior"
agents = 3

[[crews]]
name = "senior"
agents = 3
capacity = 2
rates = [0, 1, 1.6]
skills = ["returns"]
"""


def test_a_scenario_file_says_who_comes_and_who_is_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Kinds, crews and rules come from a file."""
    file = tmp_path / "shop.toml"
    file.write_text(SCENARIO)
    assert run(["simulate", "--scenario", str(file), "--customers", "500", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [kind["name"] for kind in found["kinds"]] == ["plain", "expert"]
    assert len(found["agents"]) == 6


def test_a_mistake_in_a_scenario_file_is_told_with_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An unknown field is refused, and where it stands is said."""
    file = tmp_path / "shop.toml"
    file.write_text(SCENARIO.replace("capacity = 2", "capasity = 2"))
    assert run(["simulate", "--scenario", str(file)]) == 2
    told = capsys.readouterr().err
    assert "capasity" in told
    assert "crews" in told


def test_a_plot_is_written(tmp_path: Path) -> None:
    """SVG and PNG by the name of the file."""
    for name, begin in (("a.svg", b"<?xml"), ("a.png", b"\x89PNG")):
        assert run([*SMALL, "--customers", "300", "--plot", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_bytes().startswith(begin)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--agents", "0"], "agents of agent is 0"),
        (["--capacity", "0"], "capacity of agent is 0"),
        (["--capacity", "-1"], "capacity of agent is -1"),
        (["--arrival-rate", "nan"], "--arrival-rate is nan"),
        (["--arrival-rate", "inf"], "--arrival-rate is inf"),
        (["--arrival-rate", "-4"], "--arrival-rate is -4"),
        (["--service-rate", "0"], "--service-rate is 0"),
        (["--patience-rate", "-1"], "--patience-rate is -1"),
        (["--patience-rate", "0", "--arrival-rate", "9"], "nobody gives up"),
        (["--patience", "1"], "not both"),
        (["--policy", "lest-busy"], "Did you mean least_busy?"),
        (["--policy", "no_such_module:Rule"], "cannot be found"),
        (["--policy", "os:path"], "no subclass of AssignmentPolicy"),
        (["--policy", "chatdesk.rules.policies:RankedPolicy"], "cannot be made"),
        (["--discipline", "last-come"], "there is no discipline"),
        (["--agent-rates", "0,x"], "no list of numbers"),
        (["--agent-rates", "1,2"], "give 0 for level 0"),
        (["--agent-rates", "0,0"], "nothing gets finished"),
        (["--agent-rates", "0,1", "--capacity", "3"], "up to the capacity"),
        (["--customers", "0"], "customers is 0"),
        (["--replications", "0"], "replications is 0"),
        (["--warm-up", "-1"], "warm_up is -1"),
        (["--plot", "x.pdf"], "neither in .svg nor in .png"),
        (["--plot", "no/such/folder/x.svg"], "there is no folder"),
        (["--scenario", "x.yaml"], "neither .json nor .toml"),
        (["--scenario", "no-such.json"], "cannot be read"),
    ],
)
def test_wrong_parameters_are_refused(
    capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    """Exit code 2, and one sentence says what is wrong; nothing is printed as a result."""
    base = [
        word
        for name, value in zip(SMALL[1::2], SMALL[2::2], strict=True)
        if name not in options
        for word in (name, value)
    ]
    assert run(["simulate", *base, *options]) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.out == ""


def test_progress_is_for_terminals_only() -> None:
    """A file or a pipe gets no progress; a terminal does."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert progress(io.StringIO(), 1) is None
    terminal = Terminal()
    tell = progress(terminal, 2)
    assert tell is not None
    tell(0)
    tell(4096)
    assert "run 1 of 2:     4,096 customers" in terminal.getvalue()
