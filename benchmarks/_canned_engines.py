"""The ways to search canned responses that the benchmark compares, behind one small interface."""

import re
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import bm25s
import numpy as np
import Stemmer
import tantivy
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import TfidfVectorizer

from chatdesk.canned.search import CannedSearch, Query, Use
from chatdesk.model.records import CannedResponse

WORD = re.compile(r"\w+")
RANKS = 10


class Engine(Protocol):
    """A search built once over all responses."""

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        ...


@runtime_checkable
class Changeable(Engine, Protocol):
    """One that need not be built anew when a response is edited."""

    def change(self, response: CannedResponse) -> None:
        """The next search finds the response as it is now."""
        ...


class Chatdesk:
    """The subject."""

    def __init__(self, responses: Sequence[CannedResponse]) -> None:
        self.engine = CannedSearch()
        self.engine.add_all((response, ()) for response in responses)

    def change(self, response: CannedResponse) -> None:
        """The next search finds the response as it is now."""
        self.engine.add(response)

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        hits = self.engine.search(Query(text=text, now=0.0, use=use, limit=RANKS))
        return [hit.response.id for hit in hits]


def columns(response: CannedResponse) -> tuple[str, str, str, str, str]:
    """Id, title, keywords, body, shortcut."""
    return (
        response.id,
        response.title,
        "\n".join(response.keywords),
        response.body,
        " ".join(response.shortcuts),
    )


def language_of(responses: Sequence[CannedResponse]) -> str:
    """The language of most responses, by its English name."""
    french = sum(response.language == "fr" for response in responses)
    return "french" if french * 2 > len(responses) else "english"


class Sqlite:
    """Responses in one table of a database in memory, each at its own row."""

    TABLE: str

    def __init__(self, responses: Sequence[CannedResponse]) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute(self.TABLE)
        self.rows = {response.id: row for row, response in enumerate(responses, 1)}
        rows = ((self.rows[each.id], *columns(each)) for each in responses)
        self.db.executemany(
            "INSERT INTO r (rowid, id, title, keywords, body, shortcut) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        self.db.commit()

    def change(self, response: CannedResponse) -> None:
        """The next search finds the response as it is now."""
        _, *texts = columns(response)
        self.db.execute(
            "UPDATE r SET title = ?, keywords = ?, body = ?, shortcut = ? WHERE rowid = ?",
            (*texts, self.rows[response.id]),
        )
        self.db.commit()


class Fts5(Sqlite):
    """SQLite's full text search: accents removed, columns weighted, last word as a prefix."""

    TABLE = (
        "CREATE VIRTUAL TABLE r USING fts5(id UNINDEXED, title, keywords, body, shortcut,"
        " tokenize='unicode61 remove_diacritics 2', prefix='1 2 3')"
    )

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        words = [f'"{word}"' for word in WORD.findall(text)]
        if not words:
            return []
        if use != "question":
            words[-1] += "*"
        rows = self.db.execute(
            "SELECT id FROM r WHERE r MATCH ? ORDER BY bm25(r, 0, 4.0, 2.0, 1.0, 4.0) LIMIT ?",
            (" OR ".join(words), RANKS),
        )
        return [id_ for (id_,) in rows]


class Trigram(Sqlite):
    """SQLite's full text search over runs of three letters."""

    TABLE = (
        "CREATE VIRTUAL TABLE r USING fts5(id UNINDEXED, title, keywords, body, shortcut,"
        " tokenize='trigram')"
    )

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        del use
        folded = text.lower()
        pieces = dict.fromkeys(
            word[i : i + 3] for word in WORD.findall(folded) for i in range(len(word) - 2)
        )
        if not pieces:
            return []
        rows = self.db.execute(
            "SELECT id FROM r WHERE r MATCH ? ORDER BY bm25(r, 0, 4.0, 2.0, 1.0, 4.0) LIMIT ?",
            (" OR ".join(f'"{piece}"' for piece in pieces), RANKS),
        )
        return [id_ for (id_,) in rows]


class Like(Sqlite):
    """What most desks do: LIKE over title, body and shortcut."""

    TABLE = "CREATE TABLE r (id, title, keywords, body, shortcut)"

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        if use == "shortcut":
            where, pattern = "shortcut LIKE ?1", f"{text}%"
        else:
            where, pattern = "title LIKE ?1 OR keywords LIKE ?1 OR body LIKE ?1", f"%{text}%"
        rows = self.db.execute(f"SELECT id FROM r WHERE {where} LIMIT {RANKS}", (pattern,))  # noqa: S608  # fixed text
        return [id_ for (id_,) in rows]


class Tantivy:
    """tantivy with its stemmer, columns boosted, last word as a prefix."""

    def __init__(self, responses: Sequence[CannedResponse]) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        for column in ("title", "keywords", "body", "shortcut"):
            builder.add_text_field(column, tokenizer_name="stemmed")
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema)
        stemmed = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        for step in (
            tantivy.Filter.lowercase(),
            tantivy.Filter.stemmer(language_of(responses)),
            tantivy.Filter.ascii_fold(),
        ):
            stemmed = stemmed.filter(step)
        self.index.register_tokenizer("stemmed", stemmed.build())
        writer = self.index.writer(64_000_000, 1)
        for response in responses:
            writer.add_document(_document(response))
        writer.commit()
        writer.wait_merging_threads()
        self.writer = self.index.writer(64_000_000, 1)
        self._look()

    def _look(self) -> None:
        self.index.reload()
        self.searcher = self.index.searcher()

    def change(self, response: CannedResponse) -> None:
        """The next search finds the response as it is now."""
        self.writer.delete_documents("id", response.id)
        self.writer.add_document(_document(response))
        self.writer.commit()
        self._look()

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        words = [word.lower() for word in WORD.findall(text)]
        if not words:
            return []
        fields = ["title", "keywords", "body", "shortcut"]
        boosts = {"title": 4.0, "keywords": 2.0, "shortcut": 4.0}
        query = self.index.parse_query(" ".join(words), fields, field_boosts=boosts)
        if use != "question":
            begun = tantivy.Query.regex_query(self.schema, "title", f"{words[-1]}.*")
            both = [(tantivy.Occur.Should, query), (tantivy.Occur.Should, begun)]
            query = tantivy.Query.boolean_query(both)
        found = self.searcher.search(query, RANKS).hits
        return [self.searcher.doc(address)["id"][0] for _, address in found]


def _document(response: CannedResponse) -> Any:
    id_, title, keywords, body, shortcut = columns(response)
    return tantivy.Document(id=id_, title=title, keywords=keywords, body=body, shortcut=shortcut)


class Bm25s:
    """bm25s with a stemmer and stop words."""

    def __init__(self, responses: Sequence[CannedResponse]) -> None:
        self.ids = [response.id for response in responses]
        language = language_of(responses)
        self.stop = language[:2]
        self.stemmer = Stemmer.Stemmer(language)
        self.engine = bm25s.BM25()
        texts = [" ".join(columns(response)[1:]) for response in responses]
        self.engine.index(self._tokens(texts, ids=False), show_progress=False)

    def _tokens(self, texts: list[str], *, ids: bool) -> Any:
        return bm25s.tokenize(
            texts, stopwords=self.stop, stemmer=self.stemmer, show_progress=False, return_ids=ids
        )

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        del use
        tokens = self._tokens([text], ids=False)
        if not tokens[0]:
            return []
        k = min(RANKS, len(self.ids))
        places, scores = self.engine.retrieve(tokens, k=k, show_progress=False)
        return [self.ids[p] for p, score in zip(places[0], scores[0], strict=True) if score > 0]


class CharTfidf:
    """scikit-learn's TF-IDF of runs of three to five letters."""

    def __init__(self, responses: Sequence[CannedResponse]) -> None:
        self.ids = [response.id for response in responses]
        self.vectors = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, strip_accents="unicode"
        )
        self.matrix = self.vectors.fit_transform(
            [" ".join(columns(response)[1:]) for response in responses]
        )

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        del use
        scores = (self.matrix @ self.vectors.transform([text]).T).toarray().ravel()
        best = np.argsort(-scores, kind="stable")[:RANKS]
        return [self.ids[place] for place in best if scores[place] > 0]


class RapidFuzz:
    """rapidfuzz over the titles."""

    def __init__(self, responses: Sequence[CannedResponse]) -> None:
        self.titles = {response.id: response.title.lower() for response in responses}

    def search(self, text: str, use: Use) -> list[str]:
        """The ids of the ten best."""
        del use
        scorer = fuzz.token_set_ratio if " " in text else fuzz.partial_ratio
        found = process.extract(text.lower(), self.titles, scorer=scorer, limit=RANKS)
        return [id_ for _, _, id_ in found]


ENGINES: dict[str, Callable[[Sequence[CannedResponse]], Engine]] = {
    "chatdesk": Chatdesk,
    "FTS5": Fts5,
    "FTS5 trigram": Trigram,
    "tantivy": Tantivy,
    "bm25s": Bm25s,
    "char TF-IDF": CharTfidf,
    "rapidfuzz": RapidFuzz,
    "LIKE": Like,
}
