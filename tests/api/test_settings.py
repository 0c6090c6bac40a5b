import logging
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, variable
from index.errors import InvalidInput

SECRETS = """
    QA_API_KEYS QA_SLACK_SIGNING_SECRET QA_SLACK_BOT_TOKEN QA_DISCORD_PUBLIC_KEY QA_TEAMS_SECRET
    QA_MATTERMOST_TOKEN QA_ROCKETCHAT_TOKEN QA_ZULIP_TOKEN QA_TELEGRAM_SECRET
    QA_MATRIX_PASSWORD QA_MATRIX_TOKEN QA_LLM_API_KEY
""".split()


def test_defaults_serve_this_machine_only() -> None:
    settings = Settings.from_env({})
    assert settings.data == Path("data")
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.engine, settings.reader, settings.embed_model) == ("faiss", "", "")
    assert settings.api_keys == ()
    assert settings.max_article_bytes == 10_000_000
    assert settings.max_body_bytes == 64_000_000


def test_variables_set_fields_and_others_are_left_alone() -> None:
    settings = Settings.from_env({"QA_PORT": "9", "QA_DATA": "/d", "PORT": "7", "qa_host": "x"})
    assert (settings.port, settings.data, settings.host) == (9, Path("/d"), "127.0.0.1")


def test_an_option_goes_before_its_variable_and_none_is_no_option() -> None:
    environ = {"QA_PORT": "9", "QA_HOST": "::1"}
    settings = Settings.from_env(environ, port=10, host=None)
    assert (settings.port, settings.host) == (10, "::1")


def test_an_empty_variable_is_not_set() -> None:
    assert Settings.from_env({"QA_PORT": "", "QA_ENGINE": " "}) == Settings()


def test_keys_are_separated_by_commas() -> None:
    assert Settings.from_env({"QA_API_KEYS": "one, two,,"}).api_keys == ("one", "two")


def test_hosts_are_names_or_addresses_without_a_port() -> None:
    given = {"QA_ALLOWED_HOSTS": "News.example.org, *.example.net,[::1],10.0.0.7"}
    expected = ("news.example.org", "*.example.net", "::1", "10.0.0.7")
    assert Settings.from_env(given).allowed_hosts == expected
    for wrong in ("https://a.example", "a.example:80", "*example", "a b", "a.*", "a/b"):
        with pytest.raises(InvalidInput, match="must be a host such as"):
            Settings.from_env({"QA_ALLOWED_HOSTS": wrong})


def test_keys_and_secrets_do_not_show_where_settings_are_printed() -> None:
    settings = Settings.from_env(dict.fromkeys(SECRETS, "hidden"))
    assert "hidden" not in repr(settings)
    assert len([value for _, value in settings if value in ("hidden", ("hidden",))]) == len(SECRETS)


def test_tools_that_give_each_integration_its_own_secret_may_have_several() -> None:
    settings = Settings.from_env({"QA_MATTERMOST_TOKEN": "one, two", "QA_TEAMS_SECRET": "a+/="})
    assert settings.mattermost_token == ("one", "two")
    assert settings.teams_secret == ("a+/=",)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("QA_PROT", "QA_PORT"), ("QA_EMBEDMODEL", "QA_EMBED_MODEL"), ("QA_port", "QA_PORT")],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    with pytest.raises(
        InvalidInput, match=f"{name} is not a setting; the nearest one is {nearest}"
    ):
        Settings.from_env({name: "1"})


def test_what_is_reserved_for_later_is_warned_of_and_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    later = {"QA_MILVUS_URI": "http://m"}
    with caplog.at_level(logging.WARNING):
        assert Settings.from_env(later) == Settings()
    (warning,) = caplog.messages
    assert warning == f"not used by this version: {', '.join(later)}"
    caplog.clear()
    assert Settings.from_env({"QA_MILVUS_URI": ""}) == Settings()
    assert caplog.messages == []
    with pytest.raises(InvalidInput, match="QA_MILVUS_URL is not a setting"):
        Settings.from_env({**later, "QA_MILVUS_URL": "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QA_PORT", "http"),
        ("QA_PORT", "65536"),
        ("QA_ENGINE", "milvus"),
        ("QA_THREADS", "-1"),
        ("QA_MAX_BODY_MB", "0"),
        ("QA_LOG_LEVEL", "loud"),
        ("QA_LLM_BASE_URL", "localhost:11434/v1"),
        ("QA_LLM_TIMEOUT_S", "0"),
    ],
)
def test_a_wrong_value_is_refused_with_its_variable(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{name}: .*, not '{value}'$"):
        Settings.from_env({name: value})


def test_origins_are_as_a_browser_writes_them() -> None:
    given = "https://news.example, http://localhost:3000,http://[::1]:80"
    found = Settings.from_env({"QA_CORS_ORIGINS": given}).cors_origins
    assert found == ("https://news.example", "http://localhost:3000", "http://[::1]:80")


@pytest.mark.parametrize(
    "value",
    ["*", "https://*.example", "https://news.example/", "news.example", "https://News.example",
     "null", "https://a.example https://b.example", "https://a@b.example", "file://"],
)  # fmt: skip
def test_a_pattern_or_an_address_is_no_origin(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^QA_CORS_ORIGINS: .*is no origin"):
        Settings.from_env({"QA_CORS_ORIGINS": value})


def test_a_language_model_needs_a_name() -> None:
    given = {"QA_LLM_BASE_URL": "http://127.0.0.1:11434/v1"}
    with pytest.raises(InvalidInput, match=r"^QA_LLM_MODEL: .*name the model"):
        Settings.from_env(given)
    found = Settings.from_env(given | {"QA_LLM_MODEL": "small", "QA_LLM_API_KEY": "secret"})
    assert (found.llm_model, found.llm_timeout_s) == ("small", 30)
    assert "secret" not in repr(found)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_every_field_says_what_it_is_for() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undescribed == []


def test_a_field_knows_its_variable() -> None:
    assert variable("embed_model") == "QA_EMBED_MODEL"
