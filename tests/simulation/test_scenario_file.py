"""Scenarios written down."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatdesk.rules.disciplines import Priority
from chatdesk.rules.policies import LongestIdle
from chatdesk.simulation import scenario_file
from chatdesk.simulation.arrivals import Poisson
from chatdesk.simulation.errors import InvalidParameter, OverloadedKinds
from chatdesk.simulation.laws import Exponential, Fixed, Never
from chatdesk.simulation.scenario import Break, Crew, Kind, Scenario
from chatdesk.simulation.scenario_file import CrewEntry, CustomersEntry, ScenarioFile, read_scenario

WHOLE: dict[str, Any] = {
    "policy": "longest-idle",
    "discipline": "priority",
    "ageing_seconds": 5.0,
    "target_seconds": 6.0,
    "offer_seconds": 7.0,
    "customers": [
        {
            "name": "order",
            "arrivals": {"type": "poisson", "rate": 0.5},
            "work": {"type": "fixed", "value": 1.0},
            "patience": {"type": "exponential", "rate": 2.0},
            "skills": ["x"],
            "priority": 2,
            "language": "fr",
            "turns": 3,
            "transfer_share": 0.25,
        },
        {"arrivals": {"type": "poisson", "rate": 0.5}, "work": {"type": "fixed", "value": 1.0}},
    ],
    "crews": [
        {
            "name": "night",
            "agents": 2,
            "capacity": 2,
            "rates": [0, 1, 1.5],
            "speed": 1.25,
            "skills": ["x"],
            "languages": ["fr"],
            "leaving_rates": [0, 0, 0.5],
            "shifts": [[0, 100]],
            "breaks": [[10, 20]],
            "no_answer_share": 0.125,
        },
        {},
    ],
}


def _written(folder: Path, content: dict[str, Any]) -> Path:
    file = folder / "shop.json"
    file.write_text(json.dumps(content))
    return file


def test_every_field_of_a_file_is_in_the_scenario(tmp_path: Path) -> None:
    """Kinds, crews, rules and lengths of time, and defaults for what is left out."""
    work = Fixed(1.0)
    assert read_scenario(_written(tmp_path, WHOLE)) == Scenario(
        policy=LongestIdle(),
        discipline=Priority(),
        ageing_seconds=5.0,
        target_seconds=6.0,
        offer_seconds=7.0,
        kinds=(
            Kind(
                name="order",
                arrivals=Poisson(0.5),
                work=work,
                patience=Exponential(2.0),
                skills=("x",),
                priority=2,
                language="fr",
                turns=3,
                transfer_share=0.25,
            ),
            Kind(arrivals=Poisson(0.5), work=work, patience=Never()),
        ),
        crews=(
            Crew(
                name="night",
                agents=2,
                capacity=2,
                rates=(0.0, 1.0, 1.5),
                speed=1.25,
                skills=("x",),
                languages=("fr",),
                leaving_rates=(0.0, 0.0, 0.5),
                shifts=(Break(begin=0, end=100),),
                breaks=(Break(begin=10, end=20),),
                no_answer_share=0.125,
            ),
            Crew(),
        ),
    )


def test_a_file_has_all_fields_that_a_scenario_has() -> None:
    """Whatever a kind, a crew or a scenario is given in Python can be written down too."""
    renamed = {"kinds": "customers"}
    for entry, whole in ((CustomersEntry, Kind), (CrewEntry, Crew), (ScenarioFile, Scenario)):
        fields = {renamed.get(a.name, a.name) for a in whole.__attrs_attrs__}
        assert set(entry.__struct_fields__) == fields


def test_toml_says_the_same_as_json(tmp_path: Path) -> None:
    """The name of the file says how it is written."""
    toml = tmp_path / "SHOP.TOML"
    toml.write_text(
        """
        [[customers]]
        arrivals = { type = "poisson", rate = 0.5 }
        work = { type = "fixed", value = 1.0 }
        [[crews]]
        """
    )
    content = {"customers": [WHOLE["customers"][1]], "crews": [{}]}
    assert read_scenario(toml) == read_scenario(_written(tmp_path, content))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"crews": [{"agents": "two"}]}, r"\$\.crews\[0\]\.agents"),
        ({"crews": [{"agnets": 2}]}, "agnets"),
        ({"customers": [{"work": {"type": "fixed", "value": 1.0}}]}, "arrivals"),
        ({"customers": [WHOLE["customers"][1] | {"work": {"type": "gamma"}}]}, "gamma"),
        ({"customers": [WHOLE["customers"][1] | {"work": {"type": "fixed", "value": -1}}]}, "-1"),
        ({"policy": "leest_busy"}, "Did you mean least_busy"),
        ({"discipline": "nowhere:Mine"}, "cannot be found"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    """A wrong type, an unknown field or name, a missing one, and a value that cannot be."""
    with pytest.raises(InvalidParameter, match=told):
        read_scenario(_written(tmp_path, WHOLE | change))


def test_too_much_work_is_told_from_a_file_too(tmp_path: Path) -> None:
    """The kinds that cannot be served are named."""
    many = WHOLE["customers"][1] | {"arrivals": {"type": "poisson", "rate": 3.0}}
    with pytest.raises(OverloadedKinds) as caught:
        read_scenario(_written(tmp_path, {"customers": [many], "crews": [{"agents": 3}]}))
    assert caught.value.kinds == ("customer",)


def test_files_that_cannot_be_read_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another ending, no such file, no text, and more than anybody would write."""
    with pytest.raises(InvalidParameter, match=r"neither \.json nor \.toml"):
        read_scenario(tmp_path / "shop.yaml")
    with pytest.raises(InvalidParameter, match="cannot be read"):
        read_scenario(tmp_path / "nowhere.json")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidParameter, match=r"binary\.toml"):
        read_scenario(binary)
    monkeypatch.setattr(scenario_file, "MOST_BYTES", 10)
    with pytest.raises(InvalidParameter, match="larger than 10 bytes"):
        read_scenario(_written(tmp_path, WHOLE))
