"""What is stored, in the contract's terms: read from the store alone, without model or index."""

from api import replies
from api.schemas_articles import ArticleList, ArticleOut
from index.identity import article_id
from index.store import PassageStore

EXTERNAL = "ext:"


def articles(store: PassageStore, limit: int, cursor: str | None = None) -> ArticleList:
    """A page of what is stored, in the order of ids."""
    rows = store.listing(limit=limit + 1, after=cursor)
    more = rows[limit - 1].id if len(rows) > limit else None
    data = [replies.listed(row) for row in rows[:limit]]
    return ArticleList(data=data, total=store.counts().articles, next_cursor=more)


def article(store: PassageStore, key: str) -> ArticleOut:
    """One article with its text; raises NotFound."""
    row = store.listed(id_of(key))
    return ArticleOut(**replies.listed(row).model_dump(), text=store.article(row.id).text)


def text(store: PassageStore, key: str) -> str:
    """One article's text, exactly as stored; raises NotFound."""
    return store.article(id_of(key)).text


def id_of(key: str) -> str:
    """An article's id; `ext:` and the caller's own id will do as well."""
    if key.startswith(EXTERNAL) and len(key) > len(EXTERNAL):
        return article_id(key.removeprefix(EXTERNAL), None, "")
    return key
