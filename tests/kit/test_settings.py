"""Settings: where they come from, and that a wrong one is named before anything runs."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from kit.settings import SettingsError, SettingsSchema, load, setting, unknown_variables
from wsgi import create_app

KEY = "0123456789abcdef0123456789abcdef"
# Always the same: parameters that differ from process to process cannot be shared out.
FERNET_KEY = b64encode(KEY.encode()).decode()
POSTGRES = "postgresql+psycopg://bookings:hunter2@db.internal/bookings"


def told(instance: Path, **given: Any) -> list[str]:
    """What is said about settings that are wrong, line by line."""
    with pytest.raises(SettingsError) as caught:
        load(instance, given)
    return str(caught.value).splitlines()


def test_with_nothing_set_the_embedded_database_is_used(tmp_path: Path) -> None:
    values = load(tmp_path)

    assert values["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path / 'bookings.sqlite'}"
    assert values["MAIL_SPOOL"] == str(tmp_path / "mail")
    assert len(values["SECRET_KEY"]) == 64


def test_a_database_and_a_key_are_all_that_production_needs(tmp_path: Path) -> None:
    values = load(tmp_path, {"SQLALCHEMY_DATABASE_URI": POSTGRES, "SECRET_KEY": KEY})

    assert set(values) == set(SettingsSchema().fields)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", [POSTGRES, "sqlite:////var/lib/bookings/own.sqlite"])
def test_a_database_of_ones_own_needs_a_key_of_ones_own(tmp_path: Path, uri: str) -> None:
    [sentence] = told(tmp_path, SQLALCHEMY_DATABASE_URI=uri)

    assert sentence.startswith("FLASK_SECRET_KEY is missing; it must be 32 random characters")
    assert list(tmp_path.iterdir()) == []


WRONG: list[tuple[str, Any, str]] = [
    ("SQLALCHEMY_DATABASE_URI", "bookings.sqlite", "is no database address"),
    ("SQLALCHEMY_DATABASE_URI", "mysql://me:hunter2@host/x", "names the driver 'mysql'"),
    ("SQLALCHEMY_DATABASE_URI", "postgresql://host/x", "names the driver 'postgresql'"),
    ("SQLALCHEMY_DATABASE_URI", "sqlite://", "must name a file"),
    ("SECRET_KEY", "too short, hunter2", "must have 32 characters or more"),
    ("ENCRYPTION_KEYS", "hunter2", "must be Fernet keys"),
    ("ENCRYPTION_KEYS", f"{FERNET_KEY},hunter2", "must be Fernet keys"),
    ("PUBLIC_URL", "pay.example.com", "must be an address such as https://pay.example.com"),
    ("PUBLIC_URL", "ftp://pay.example.com", "must be an address"),
    ("PUBLIC_URL", "https://pay.example.com/?a=1", "must be an address"),
    ("PROXY_HOPS", "6", "must be greater than or equal to 0 and less than or equal to 5"),
    ("PROXY_HOPS", "one", "not a valid integer"),
    ("WEB_THREADS", "0", "must be greater than or equal to 1"),
    ("LOG_LEVEL", "LOUD", "must be one of: DEBUG, INFO, WARNING, ERROR"),
    ("METRICS_TOKEN", "hunter2", "must have 16 characters or more"),
    ("RATELIMIT_STORAGE_URI", "paper://", "must be memory:// or an address such as redis://"),
    ("RATELIMIT_STORAGE_URI", "redis://host:hunter2", "must be memory:// or an address such as"),
    ("SIGN_IN_LIMIT", "often", "it must look like '100/second'"),
    ("PARTNER_PAYMENTS_LIMIT", "100", "it must look like '100/second'"),
    ("INSTALMENTS_REQUIRE_DUE_DATE", "perhaps", "must be true or false"),
    ("OPAYO_VENDOR", "example villas", "must be Opayo's vendor name"),
    ("OPAYO_VENDOR", "sixteenlettersxx", "1 to 15 letters and digits"),
    ("OPAYO_URL", "http://live.opayo.eu.elavon.com", "must begin with https://"),
    ("OPAYO_URL", "http://127.0.0.1:8000", "must begin with https://"),
    ("SMTP_PORT", "70000", "must be greater than or equal to 1"),
    ("SMTP_SECURITY", "ssl", "must be one of: starttls, tls, none"),
    ("SMTP_PASSWORD", "hunter2", "must be given together with the other of the two"),
]


@pytest.mark.parametrize(("name", "value", "why"), WRONG)
def test_a_wrong_setting_is_named_as_it_is_written_and_with_what_would_be_right(
    tmp_path: Path, name: str, value: str, why: str
) -> None:
    [sentence] = told(tmp_path, **{name: value})

    assert sentence.startswith(f"FLASK_{name} ")
    assert why in sentence
    assert "hunter2" not in sentence


def test_opayo_may_be_this_very_machine_where_loopback_is_allowed(tmp_path: Path) -> None:
    url = {"OPAYO_URL": "http://127.0.0.1:8000", "ALLOW_LOOPBACK_TARGETS": True}

    assert load(tmp_path, url)["OPAYO_URL"] == "http://127.0.0.1:8000"
    [sentence] = told(tmp_path, **url | {"OPAYO_URL": "http://opayo.example.com"})
    assert sentence.startswith("FLASK_OPAYO_URL must begin with https://")


OPAYO = {"OPAYO_VENDOR": "examplevillas"}


@pytest.mark.parametrize(
    "given",
    [{}, {"PUBLIC_URL": "http://pay.example.com"}, {"PUBLIC_URL": "http://127.0.0.1:8000"},
     {"PUBLIC_URL": "http://pay.example.com", "ALLOW_LOOPBACK_TARGETS": True},
     {"ALLOW_LOOPBACK_TARGETS": True}],
)  # fmt: skip
def test_with_opayo_the_address_that_it_finds_us_by_must_be_known(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    [sentence] = told(tmp_path, **OPAYO, **given)

    assert sentence.startswith("FLASK_PUBLIC_URL must be set where FLASK_OPAYO_VENDOR is")


@pytest.mark.parametrize(
    "given",
    [{"PUBLIC_URL": "https://pay.example.com"},
     {"PUBLIC_URL": "http://localhost:8000", "ALLOW_LOOPBACK_TARGETS": True}],
)  # fmt: skip
def test_opayo_finds_us_by_https_or_on_this_machine(tmp_path: Path, given: dict[str, Any]) -> None:
    assert load(tmp_path, OPAYO | given)["OPAYO_VENDOR"] == "examplevillas"


def test_a_user_name_without_a_password_is_told_too(tmp_path: Path) -> None:
    [sentence] = told(tmp_path, SMTP_USERNAME="bookings")

    assert sentence.startswith("FLASK_SMTP_PASSWORD must be given together")


def test_all_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    lines = told(tmp_path, PROXY_HOPS="x", LOG_LEVEL="LOUD", SECRET_KEY="short", SMTP_PORT="0")

    assert [line.split()[0] for line in lines] == [
        "FLASK_LOG_LEVEL",
        "FLASK_PROXY_HOPS",
        "FLASK_SECRET_KEY",
        "FLASK_SMTP_PORT",
    ]


def test_a_process_with_wrong_settings_ends_and_says_where_to_read_on(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        create_app({"LOG_LEVEL": "LOUD"}, tmp_path)

    assert "docs/settings.md" in str(caught.value)
    assert "FLASK_LOG_LEVEL" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["proxy_hops", "PROXY_HOPS", "FLASK_PROXY_HOPS", "flask_proxy_hops"]
)
def test_the_file_names_settings_with_or_without_the_prefix_in_any_case(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "settings.toml").write_text(f"{name} = 2\n")

    assert load(tmp_path)["PROXY_HOPS"] == 2


def test_variables_win_over_the_file_and_what_is_given_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text("proxy_hops = 1\nweb_threads = 2\nsmtp_port = 25\n")
    monkeypatch.setenv("FLASK_WEB_THREADS", "3")
    monkeypatch.setenv("FLASK_SMTP_PORT", "26")

    values = load(tmp_path, {"SMTP_PORT": "27"})

    assert (values["PROXY_HOPS"], values["WEB_THREADS"], values["SMTP_PORT"]) == (1, 3, 27)


def test_an_empty_variable_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text("web_threads = 2\n")
    monkeypatch.setenv("FLASK_WEB_THREADS", "")
    monkeypatch.setenv("FLASK_SMTP_PASSWORD", "")

    assert load(tmp_path)["WEB_THREADS"] == 2


def test_several_keys_are_a_list_in_the_file_and_have_commas_in_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    (tmp_path / "settings.toml").write_text(f'encryption_keys = ["{one}", "{two}"]\n')
    from_file = load(tmp_path)["ENCRYPTION_KEYS"]
    monkeypatch.setenv("FLASK_ENCRYPTION_KEYS", f" {two} , {one},")

    assert from_file == [one, two]
    assert load(tmp_path)["ENCRYPTION_KEYS"] == [two, one]


def test_a_name_in_the_file_that_is_no_setting_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('web_treads = 2\nsmtp_hots = "x"\nproxy_hops = 1\n')

    assert told(tmp_path) == ["settings.toml names no settings of ours: SMTP_HOTS, WEB_TREADS"]


def test_a_file_that_is_not_toml_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("proxy_hops: 1\n")

    [sentence] = told(tmp_path)

    assert sentence.startswith("settings.toml in the instance folder is not TOML")


def test_a_variable_that_is_no_setting_is_told_with_the_one_it_resembles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEYS", "x")
    monkeypatch.setenv("FLASK_QUITE_ANOTHER_THING", "x")

    assert unknown_variables() == [
        "FLASK_QUITE_ANOTHER_THING is no setting of this service",
        "FLASK_SECRET_KEYS is no setting of this service; did you mean FLASK_SECRET_KEY?",
    ]


@pytest.mark.parametrize("name", ["APP", "DEBUG", "RUN_PORT", "SKIP_DOTENV", "CLI_COLOUR", "ENV"])
def test_flasks_own_variables_are_not_ours_to_judge(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"FLASK_{name}", "x")

    assert unknown_variables() == []


def test_settings_are_read_by_their_names_while_the_application_runs(tmp_path: Path) -> None:
    app = create_app({"PROXY_HOPS": 1, "LOG_LEVEL": "ERROR"}, tmp_path)

    with app.app_context():
        assert setting("PROXY_HOPS") == 1


def test_the_embedded_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    instance = tmp_path / "not" / "there" / "yet"

    first, second = load(instance)["SECRET_KEY"], load(instance)["SECRET_KEY"]

    assert first == second == (instance / "secret_key").read_text()
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in instance.iterdir()] == ["secret_key"]


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    one, other = load(tmp_path / "one"), load(tmp_path / "other")

    assert one["SECRET_KEY"] != other["SECRET_KEY"]


def test_a_key_that_was_given_is_used_and_none_is_made(tmp_path: Path) -> None:
    assert load(tmp_path, {"SECRET_KEY": KEY})["SECRET_KEY"] == KEY
    assert not (tmp_path / "secret_key").exists()


def test_a_process_that_comes_second_at_the_last_moment_takes_the_firsts_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def link_after_another(draft: Path, path: Path) -> None:
        path.write_text(KEY)
        link(draft, path)

    monkeypatch.setattr(os, "link", link_after_another)

    assert load(tmp_path)["SECRET_KEY"] == KEY
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


STARTS = """
import sys, time
from pathlib import Path
from kit.settings import load
here = Path(sys.argv[1])
print("ready", flush=True)
while not (here / "go").exists():
    time.sleep(0.001)
print(load(here / "instance")["SECRET_KEY"])
"""


@pytest.mark.long
def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS, str(tmp_path)]
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    time.sleep(0.01)  # all of them are now waiting in their loop
    (tmp_path / "go").touch()

    answers = [process.communicate(timeout=30)[0].strip() for process in started]

    assert len(set(answers)) == 1
    assert answers[0] == (tmp_path / "instance" / "secret_key").read_text()
