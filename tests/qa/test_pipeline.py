from qa.pipeline import Pipeline


def test_search_says_what_was_found_and_how_long_it_took(pipeline: Pipeline) -> None:
    found = pipeline.search("who is in Geneva?", k=2)
    assert found.hits[0].passage.title == "US, Russia to meet"
    assert len(found.hits) == 2
    assert found.total == 3
    assert set(found.timing) == {"embed", "retrieve"}


def test_ask_gives_the_answers_that_are_sure_enough(pipeline: Pipeline) -> None:
    answer = pipeline.ask("officials meet Russian counterparts in Geneva", k=3)
    assert "Russian counterparts" in answer.spans[0].text
    assert answer.confidence == answer.spans[0].confidence >= pipeline.reader.threshold
    assert set(answer.timing) == {"embed", "retrieve", "read"}


def test_ask_abstains_and_still_shows_the_passages(pipeline: Pipeline) -> None:
    answer = pipeline.ask("which dinosaurs lived longest?")
    assert answer.spans == ()
    assert len(answer.found.hits) == 3
    assert answer.confidence < pipeline.reader.threshold


def test_another_threshold_can_be_asked_for(pipeline: Pipeline) -> None:
    assert len(pipeline.ask("dinosaurs", k=2, min_confidence=0.0).spans) == 2
    assert pipeline.ask("officials in Geneva", min_confidence=1.0).spans == ()
