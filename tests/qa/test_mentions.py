from qa.mentions import content, names, persons, places

SAID = (
    "US officials will meet tomorrow with their Russian counterparts in Geneva, US Secretary of "
    "State John Kerry said on Thursday."
)


def test_names_are_capitals_but_not_days_and_not_the_first_word() -> None:
    assert names(SAID) == ["US", "Russian", "Geneva", "US Secretary of State John Kerry"]
    assert names("Doctors in Port Dunmore said It was May.") == ["Port Dunmore"]
    assert names("Renn's lawyer and Renn") == ["Renn"]
    assert names("the market in the town") == []
    assert names("did Östen Ek meet Шевченко in Łódź?") == ["Östen Ek", "Шевченко", "Łódź"]


def test_a_place_stands_after_its_preposition() -> None:
    assert places(SAID) == ["Geneva"]
    assert places("fire near the Tarrow Hills") == ["Tarrow Hills"]


def test_who_speaks_comes_first_among_persons_then_full_names() -> None:
    text = "In Oslo the Wire asked whether Brandt or Iain Crewe would play; Bruno Salvi said no."
    assert persons(text) == ["Bruno Salvi", "Iain Crewe", "Wire", "Brandt"]


def test_content_leaves_out_what_says_nothing() -> None:
    assert content("And how many, exactly, until when?") == []
    assert content("How long did the talks last?") == ["talks", "last"]
