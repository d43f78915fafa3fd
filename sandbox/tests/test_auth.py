"""Whose key opens what."""

import pytest
import requests

KEY = "0123456789abcdef0123456789abcdef-us1"


def ping(sandbox, **options):
    return requests.get(f"{sandbox.url}/ping", timeout=60, **options)


@pytest.mark.parametrize("scheme", ["Bearer", "apikey", "OAuth"])
def test_key_in_a_header(sandbox, account, scheme):
    answer = ping(sandbox, headers={"Authorization": f"{scheme} {account.api_key}"})
    assert answer.json() == {"health_status": "Everything's Chimpy!"}


def test_basic_with_any_user(sandbox, account):
    assert ping(sandbox, auth=("whoever", account.api_key)).status_code == 200


def test_token(sandbox):
    sandbox.add_account("k-us5", token="t0ken")
    for value in ("t0ken", "t0ken-us5"):
        answer = ping(sandbox, headers={"Authorization": f"Bearer {value}"})
        assert answer.status_code == 200
    answer = ping(sandbox, headers={"Authorization": "Bearer t0ken-us6"})
    assert answer.status_code == 401


def test_no_key(sandbox, account):
    answer = ping(sandbox)
    assert answer.status_code == 401
    assert answer.json()["title"] == "API Key Missing"
    assert answer.json()["detail"] == "Your request did not include an API key."


@pytest.mark.parametrize("key", ["wrong-us1", KEY.replace("us1", "us2"), KEY[:-4]])
def test_wrong_key_or_data_centre(sandbox, account, connect, key):
    answer = connect(key).get("/ping")
    assert answer.status_code == 401
    assert answer.json()["detail"] == (
        "Your API key may be invalid, or you've attempted to access the wrong "
        "datacenter."
    )


def test_host_of_another_data_centre(client):
    answer = client.call("GET", "/ping", headers={"Host": "us7.localhost"})
    assert answer.status_code == 401


def test_revoked_and_deactivated(client, account):
    account.disabled = True
    assert client.get("/ping").json()["detail"] == "API key has been disabled"
    account.disabled, account.deactivated = False, True
    answer = client.get("/ping")
    assert (answer.status_code, answer.json()["title"]) == (403, "User Disabled")


def test_accounts_do_not_see_each_other(sandbox, client, audience, connect):
    sandbox.add_account("other-us3", "Other")
    other = connect("other-us3")
    assert other.get("/lists").json()["lists"] == []
    assert other.get(f"/lists/{audience.id}").status_code == 404
    assert client.get(f"/lists/{audience.id}").status_code == 200


def test_root_tells_who_it_is(client, account):
    answer = client.get("/").json()
    assert answer["account_name"] == account.name
    assert answer["role"] == "owner"


def test_query_key_that_contradicts(client):
    answer = client.get("/ping", apikey="another-us1")
    assert answer.status_code == 401
    assert "not consistent" in answer.json()["detail"]
