"""Small canned responses for the tests of this room."""

from chatdesk.canned.search import CannedSearch, Query
from chatdesk.model.records import CannedResponse


def response(
    id_: str,
    title: str = "Opening hours",
    body: str = "We are open from nine to five.",
    **fields: object,
) -> CannedResponse:
    """A response that may be kept, with the given fields."""
    values: dict[str, object] = {"shortcuts": (f"#{id_}",), "categories": ("general",), **fields}
    return CannedResponse(id=id_, title=title, body=body, **values)  # type: ignore[arg-type]  # a test's fields


def searching(*responses: CannedResponse) -> CannedSearch:
    """A search over the responses."""
    search = CannedSearch()
    for one in responses:
        search.add(one)
    return search


def found(search: CannedSearch, text: str, **fields: object) -> list[str]:
    """The ids a query finds, best first, at time 0 unless the fields say otherwise."""
    values: dict[str, object] = {"now": 0.0, **fields}
    query = Query(text=text, **values)  # type: ignore[arg-type]  # a test's fields
    return [hit.response.id for hit in search.search(query)]
