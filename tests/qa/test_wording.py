import pytest

from qa.wording import searchable


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("who is meeting in Geneva?", "who is meeting in Geneva?"),
        ("Is it true? https://t.co/CsHG8R9cHp", "Is it true?"),
        ("burnt #AustralianFires pic.twitter.com/0eJt", "burnt Australian Fires"),
        ("what did @BBCNews say", "what did BBC News say"),
        ("#COVID19 deaths", "COVID 19 deaths"),
        ("— Brad Trost (@BradTrostCPC) 2019", "— Brad Trost 2019"),
        ("mail ada@example.org about C# 5", "mail ada@example.org about C# 5"),
        ("https://example.org/a", "https://example.org/a"),
    ],
)
def test_addresses_go_and_tags_become_words(question: str, words: str) -> None:
    assert searchable(question) == words
