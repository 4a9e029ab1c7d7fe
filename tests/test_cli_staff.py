"""`chatdesk staff`: what it prints, and what it refuses."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatdesk.cli import run
from chatdesk.cli_staff_options import app
from chatdesk.simulation.estimates import Estimate
from chatdesk.simulation.plan_check import Checked

DAY = ["staff", "60", "120", "0", "--handle-seconds", "300", "--patience-seconds", "180"]
DRAIN = ["staff", "drain", "3", "2", "--handle-seconds", "300", "--agent-rates", "0,1,1.6,1.9"]
LIMIT = [
    *("staff", "limit", "60", "4", "--handle-seconds", "300", "--patience-seconds", "120"),
    *("--agent-rates", "0,1,1.6,1.9", "--lost-chat", "600"),
]
QUICK = ["--check", "--customers", "2000"]
SIMULATED = ["--agents", "2", "--arrival-rate", "1", "--customers", "200"]


def lines(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What a command line prints."""
    assert run(arguments) == 0
    return capsys.readouterr().out.splitlines()


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON that a command line prints."""
    return json.loads("\n".join(lines(capsys, *arguments, "--json")))


def table(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    """The CSV that a command line prints."""
    return list(csv.DictReader(io.StringIO("\n".join(lines(capsys, *arguments, "--csv")))))


# -- agents by hour ------------------------------------------------------------------------------


def test_a_row_an_hour_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each hour has its row, an empty one with no agents, and the target stands below."""
    printed = lines(capsys, *DAY)
    assert [row.split()[:3] for row in printed[1:4]] == [
        ["0", "60", "7"],
        ["1", "120", "13"],
        ["2", "0", "0"],
    ]
    assert printed[4:] == ["target: 80% in 20s"]


@pytest.mark.parametrize(
    "same",
    [
        ["staff", "hours", *DAY[1:]],
        ["staff", *DAY[4:], "--chats-per-hour", "60", "120", "0"],
        ["staff", "--target", "80% in 20s", "--chats-per-hour", "60", "120", "0", *DAY[4:]],
        [*DAY, "--agent-rates", "0,1"],
    ],
)
def test_without_a_command_hours_are_planned(
    capsys: pytest.CaptureFixture[str], same: list[str]
) -> None:
    """Chats may stand first or behind their name, and `hours` may be left out."""
    assert lines(capsys, *same) == lines(capsys, *DAY)


def test_hours_that_are_not_exact_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    """A floor too large for its exact chain is marked, and the mark explained."""
    rates = ("--agent-rates", "0,1,1.6,1.9")
    printed = lines(capsys, "staff", "1500", *DAY[4:], *rates)
    assert printed[1].endswith("~")
    assert printed[3].startswith("~ ")


def test_a_whole_day_is_planned(capsys: pytest.CaptureFixture[str]) -> None:
    """E01: all 24 hours, some of them empty, have a row each."""
    chats = [str(3 * hour) for hour in range(24)]
    found = asked(capsys, "staff", *chats, *DAY[4:])["hours"]
    assert [hour["hour"] for hour in found] == list(range(24))
    agents = [hour["agents"] for hour in found]
    assert agents == sorted(agents)
    assert agents[0] == 0


def test_json_has_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    """What was not asked for, and what an empty hour has not, is null."""
    found = asked(capsys, *DAY)
    assert found.keys() == {"target", "hours", "cost", "agent_cost_per_chat"}
    busy, _, empty = found["hours"]
    assert found["cost"] is None
    assert 0.8 <= busy["reached"] <= 1
    assert busy["cost"] is busy["simulated"] is busy["agrees"] is None
    assert empty["reached"] is empty["mean_wait"] is None
    assert {"p_wait", "p_abandon", "slot_utilisation", "simulated_ci", "exact"} <= busy.keys()


@pytest.mark.parametrize(
    ("target", "low", "high"),
    [("90% in 30s", 0.9, 1.0), ("ASA<=12s", 0.0, 12.0), ("abandon<=2%", 0.0, 0.02)],
)
def test_the_targets_own_figure_is_reached(
    capsys: pytest.CaptureFixture[str], target: str, low: float, high: float
) -> None:
    """The figure of which the target speaks is told, and it meets the target."""
    found = asked(capsys, *DAY, "--target", target)
    assert found["target"] == target
    assert all(low <= hour["reached"] <= high for hour in found["hours"][:2])


def test_costs_are_told_for_each_hour_and_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """E09: an hour's cost is that of its agents, its chats and who is lost; they make the sum."""
    costs = ["--agent-hour", "20", "--paid-share-at-desk", "0.8", "--lost-chat", "4"]
    found = asked(capsys, *DAY, *costs, "--overhead-per-chat", "0.5")
    whole = found["cost"]
    assert whole["agents"] == pytest.approx(20 / 0.8 * 20)
    assert whole["total"] == pytest.approx(sum(hour["cost"] for hour in found["hours"]))
    assert whole["total"] == pytest.approx(whole["agents"] + whole["overhead"] + whole["lost"])
    assert whole["lost"] == pytest.approx(4 * (180 - whole["finished_chats"]))
    assert any(line.startswith("cost ") for line in lines(capsys, *DAY, *costs))


def test_two_chats_at_once_halve_the_cost_of_a_chat(capsys: pytest.CaptureFixture[str]) -> None:
    """E10: agent time for a chat costs half with two at once, if they do not slow the agent."""
    found = asked(capsys, *DAY, "--agent-hour", "24", "--agent-rates", "0,1,2,2.5")
    assert found["agent_cost_per_chat"] == pytest.approx([2.0, 1.0, 0.8])


@pytest.mark.parametrize("asking", [DAY, DRAIN, LIMIT], ids=["hours", "drain", "limit"])
def test_every_key_is_documented(capsys: pytest.CaptureFixture[str], asking: list[str]) -> None:
    """The reference has each key of the JSON and each column of the CSV."""
    page = (Path(__file__).parents[1] / "docs/reference/simulation.md").read_text("utf-8")
    _, _, rest = page.partition("## The JSON of `chatdesk staff`")
    section = rest.partition("\n## ")[0]
    found = asked(capsys, *asking)
    rows = next(found[name] for name in ("hours", "stops", "options") if name in found)
    keys = {*found, *rows[0], *table(capsys, *asking)[0]}
    assert [key for key in keys if f"`{key}`" not in section] == []


# -- the check -----------------------------------------------------------------------------------


def test_a_plan_is_held_against_a_simulation(capsys: pytest.CaptureFixture[str]) -> None:
    """The production routing code finds what was planned, hour by hour; empty hours have none."""
    *busy, empty = asked(capsys, *DAY, *QUICK)["hours"]
    for hour in busy:
        low, high = hour["simulated_ci"]
        assert low < hour["simulated"] < high
        assert hour["agrees"] is True
    assert empty["agrees"] is empty["simulated"] is None
    printed = lines(capsys, *DAY, *QUICK)
    assert "95 % interval" in printed[0]
    assert printed[-1].startswith("plan and simulation agree")


def test_an_hour_that_does_not_agree_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plan and simulation share no code, so that only a mistake in one sets them apart."""
    apart = Checked(0.9, Estimate(0.5, 0.4, 0.6), agrees=False)
    monkeypatch.setattr("chatdesk.cli_staff.check_plan", lambda *_, **__: (apart, None, None))
    assert lines(capsys, *DAY, *QUICK)[-1] == (
        "hour 0: planned 90.00%, simulated 50.00%: they do not agree"
    )
    assert asked(capsys, *DAY, *QUICK)["hours"][0]["agrees"] is False


def test_one_seed_gives_the_same_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """Another seed gives other figures, and the same plan."""
    one, two, other = (asked(capsys, *DAY, *QUICK, "--seed", seed) for seed in ("5", "5", "6"))
    assert one == two
    assert one["hours"][0]["simulated"] != other["hours"][0]["simulated"]
    assert one["hours"][0]["agents"] == other["hours"][0]["agents"]


def test_progress_is_for_terminals_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person at a terminal sees how far it is; it is gone before the answer."""
    assert run([*DAY, *QUICK]) == 0
    assert capsys.readouterr().err == ""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run([*DAY, *QUICK]) == 0
    assert "run 2 of 2" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\033[K")


# -- the end of a shift, chats at once -----------------------------------------------------------


def test_more_certainty_takes_longer(capsys: pytest.CaptureFixture[str]) -> None:
    """B05: the surer one wants to be, the earlier one stops; all forms tell the same times."""
    seconds = [stop["seconds"] for stop in asked(capsys, *DRAIN)["stops"]]
    assert seconds == sorted(seconds)
    assert [float(row["seconds"]) for row in table(capsys, *DRAIN)] == seconds
    minutes = [int(row.split()[1]) for row in lines(capsys, *DRAIN)[1:]]
    assert all(0 <= told - exact / 60 < 1 for told, exact in zip(minutes, seconds, strict=True))


def test_one_limit_is_best(capsys: pytest.CaptureFixture[str]) -> None:
    """C14: every limit has a row and exactly one is best; all forms tell the same burden."""
    found = asked(capsys, *LIMIT)
    burdens = {option["limit"]: option["burden_per_hour"] for option in found["options"]}
    assert list(burdens) == [1, 2, 3]
    assert burdens[found["best"]] == min(burdens.values())
    assert [float(row["burden_per_hour"]) for row in table(capsys, *LIMIT)] == [*burdens.values()]
    best = [row for row in lines(capsys, *LIMIT) if row.endswith(" best")]
    assert [int(row.split()[0]) for row in best] == [found["best"]]


def test_limits_that_slow_down_too_much_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """C14: a full agent of three takes 3/1.9 as long, more than is allowed here."""
    found = asked(capsys, *LIMIT, "--most-slowdown", "1.3")
    assert [option["limit"] for option in found["options"]] == [1, 2]


# -- forms of an answer, wrong use ---------------------------------------------------------------


def test_csv_has_a_row_an_hour(capsys: pytest.CaptureFixture[str]) -> None:
    """The header names each figure, and an absent one is an empty field."""
    first, _, empty = table(capsys, *DAY, *QUICK, "--agent-hour", "20")
    assert float(first["simulated_low"]) < float(first["simulated_high"])
    assert float(first["cost"]) == 140
    assert empty["agents"] == "0"
    assert empty["mean_wait"] == ""


@pytest.mark.parametrize("asking", [DAY, DRAIN, LIMIT], ids=["hours", "drain", "limit"])
@pytest.mark.parametrize(("name", "begin"), [("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")])
def test_a_plot_is_written(tmp_path: Path, asking: list[str], name: str, begin: bytes) -> None:
    """SVG and PNG by the name of the file, for each of the three questions."""
    picture = tmp_path / name
    assert run([*asking, "--plot", str(picture)]) == 0
    written = picture.read_bytes()
    assert written.startswith(begin)
    assert len(written) > 5_000


@pytest.mark.parametrize("asking", [DAY, DRAIN, LIMIT], ids=["hours", "drain", "limit"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--handle-seconds", "0"], "--handle-seconds is 0"),
        (["--handle-seconds", "nan"], "--handle-seconds is nan"),
        (["--handle-seconds", "-5"], "--handle-seconds is -5"),
        (["--agent-rates", "1,2"], "give 0 for level 0"),
        (["--agent-rates", "0,0"], "give a rate above 0"),
        (["--agent-rates", "0,nan"], "--agent-rates[1] is nan"),
        (["--agent-rates", "0;1"], "no list of numbers"),
        (["--agent-rates", ""], "no list of numbers"),
        (["--plot", "x.pdf"], "neither in .svg nor in .png"),
        (["--plot", "no/such/folder/x.svg"], "there is no folder"),
    ],
)
def test_what_all_three_refuse(
    capsys: pytest.CaptureFixture[str], asking: list[str], options: list[str], told: str
) -> None:
    """Exit code 2, and one sentence says what is wrong; nothing is printed as a result."""
    refused(capsys, asking, options, told)


@pytest.mark.parametrize(
    ("asking", "options", "told"),
    [
        (["staff"], DAY[4:], "there is no hour"),
        (["staff", "-5"], DAY[4:], "chats_per_hour is -5"),
        (["staff", "60", "inf"], DAY[4:], "chats_per_hour is inf"),
        (["staff", "60", "many"], DAY[4:], "many"),
        (DAY, ["--target", "soon"], "write '80% in 20s'"),
        (DAY, ["--target", "120% in 20s"], "no share"),
        (DAY, ["--patience-seconds", "0"], "--patience-seconds is 0"),
        (DAY, ["--agent-hour", "-1"], "agent_hour is -1"),
        (DAY, ["--agent-hour", "20", "--paid-share-at-desk", "0"], "paid_share_at_desk is 0"),
        (DAY, ["--agent-hour", "20", "--lost-chat", "nan"], "lost_chat is nan"),
        (DAY, ["--lost-chat", "4"], "--agent-hour"),
        (DAY, ["--check", "--customers", "0"], "customers is 0"),
        (["staff", "9999999"], DAY[4:], "10000 agents do not meet 80% in 20s"),
        (["staff", "drain"], DAY[4:6], "there are no open chats"),
        (["staff", "drain", "-1"], DAY[4:6], "open_chats is -1"),
        (DRAIN, ["--probabilities", "1"], "less than 1"),
        (DRAIN, ["--probabilities", "0.5,nan"], "probability is nan"),
        (LIMIT, ["--lost-chat", "-1"], "burden is -1"),
        (LIMIT, ["--most-slowdown", "0"], "--most-slowdown is 0"),
        (LIMIT, ["--most-slowdown", "0.5"], "allow more slowdown"),
        (["staff", "limit", "60", "0"], LIMIT[4:], "agents is 0"),
        (["staff", "limit", "0", "4"], LIMIT[4:], "chats_per_hour is 0"),
    ],
)
def test_what_one_refuses(
    capsys: pytest.CaptureFixture[str], asking: list[str], options: list[str], told: str
) -> None:
    """Exit code 2, and one sentence says what is wrong; nothing is printed as a result."""
    refused(capsys, asking, options, told)


def refused(
    capsys: pytest.CaptureFixture[str], asking: list[str], options: list[str], told: str
) -> None:
    """Run a command line with some options given otherwise, and see it refused."""
    kept = list(asking)
    for option in {one for one in options if one.startswith("--") and one in asking}:
        place = kept.index(option)
        del kept[place : place + 2]
    assert run([*kept, *options]) == 2
    printed = capsys.readouterr()
    assert told in " ".join(printed.err.replace("│", " ").split())
    assert printed.out == ""


def test_a_file_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder is no file, and a full disk gives a sentence, not a traceback."""
    folder = tmp_path / "x.svg"
    folder.mkdir()
    assert run([*DRAIN, "--plot", str(folder)]) == 2
    assert "is a folder" in capsys.readouterr().err
    full = tmp_path / "full.png"
    full.symlink_to("/dev/full")
    assert run([*DRAIN, "--plot", str(full)]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_without_matplotlib_a_plot_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The command that installs it is told before anything is reckoned."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert run([*DAY, "--plot", str(tmp_path / "x.svg")]) == 2
    printed = capsys.readouterr()
    assert "pip install 'chatdesk[plot]'" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("command", ["hours", "drain", "limit"])
def test_every_option_is_described(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """`--help` has a sentence for each option, that of `staff` alone for those of `hours`."""
    described = {
        argument.name: (argument.parameter.help or "")
        for argument in app[command].assemble_argument_collection(parse_docstring=True)
        if argument.name != "*"  # a group of options
    }
    assert {"--handle-seconds", "--agent-rates", "--json", "--csv", "--plot"} <= described.keys()
    assert [name for name, sentence in described.items() if not sentence.endswith(".")] == []
    for asking in (["staff", "--help"], ["staff", "hours", "--help"]):
        assert "--paid-share-at-desk" in "\n".join(lines(capsys, *asking))


def test_an_ascii_terminal_gets_the_figures_too() -> None:
    """What a terminal cannot show is spelled in letters it can, in answers and in help."""
    program = [sys.executable, "-W", "error", "-c", "from chatdesk.cli import main; main()"]
    for arguments in ([*DAY, *QUICK], ["staff", "--help"], ["simulate", *SIMULATED]):
        done = subprocess.run(
            [*program, *arguments],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"..." in done.stdout
