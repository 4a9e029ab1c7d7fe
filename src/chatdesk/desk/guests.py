"""Records that are not live, fetched or made for the commands of one turn."""

from typing import TypeVar, cast

from attrs import define, field

from chatdesk.model.ids import CustomerId
from chatdesk.model.records import Customer, Record

R = TypeVar("R", bound=Record)


@define(eq=False)
class Guests:
    """What a turn fetched from the store, and what its commands wrote, by type and id.

    Later commands of a turn see what earlier ones wrote although it is not committed yet.
    """

    _records: dict[tuple[type[Record], str], Record] = field(factory=dict)
    _by_email: dict[str, CustomerId] = field(factory=dict)
    _by_number: dict[str, CustomerId] = field(factory=dict)

    def put(self, record: Record) -> None:
        """Takes a record; a customer can then be found by e-mail and number."""
        if isinstance(record, Customer):
            self._name(record)
        self._records[type(record), record.id] = record

    def offer(self, record: Record) -> None:
        """Takes a fetched record, unless this turn has written a newer version."""
        if (type(record), record.id) not in self._records:
            self.put(record)

    def get(self, type_: type[R], id_: str) -> R | None:
        """The record of that type and id."""
        return cast("R | None", self._records.get((type_, id_)))

    def customer_by_email(self, email: str) -> Customer | None:
        """The customer with that e-mail address."""
        return self.get(Customer, self._by_email.get(email, ""))

    def customer_by_number(self, number: str) -> Customer | None:
        """The customer with that customer number."""
        return self.get(Customer, self._by_number.get(number, ""))

    def clear(self) -> None:
        """Forgets all, at the end of a turn."""
        self._records.clear()
        self._by_email.clear()
        self._by_number.clear()

    def _name(self, record: Customer) -> None:
        before = self.get(Customer, record.id)
        if before is not None:
            self._forget_names(before)
        if record.email is not None:
            self._by_email[record.email] = record.id
        if record.customer_number is not None:
            self._by_number[record.customer_number] = record.id

    def _forget_names(self, before: Customer) -> None:
        if before.email is not None and self._by_email.get(before.email) == before.id:
            del self._by_email[before.email]
        number = before.customer_number
        if number is not None and self._by_number.get(number) == before.id:
            del self._by_number[number]
