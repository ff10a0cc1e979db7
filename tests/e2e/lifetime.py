#!/usr/bin/env python3
"""How long sessions live: idle expiry, long calls, initialized in any order."""
import json
import time

from mcp import Client, Server, check, equal, initialize, opened, run, until


@check
def a_session_that_waits_past_its_timeout_is_gone():
    with Server("--session-timeout", "1") as server:
        client = opened(server)
        for number in range(5):
            client.call("echo", message=f"Message {number}")
        equal(client.info()["request_count"], 5, "counted")
        opener = opened(server)
        until(lambda: server.sessions() == 0)
        equal(client.ask("ping").status, 404, "after the timeout")
        equal(opener.ask("ping").status, 404, "after the timeout")
        equal(server.metric('mcpsess_sessions_ended_total{cause="expired"}'), 2, "expired")


@check
def a_busy_session_outlives_ten_idle_periods():
    with Server("--session-timeout", "1") as server:
        client = opened(server)
        client.call("set_session_data", key="k", value="kept")
        end = time.monotonic() + 10.5
        while time.monotonic() < end:
            equal(client.call("get_session_data", key="k"), '"kept"')
            time.sleep(0.3)


@check
def a_call_longer_than_the_idle_period_is_not_cut():
    with Server("--session-timeout", "1") as server:
        client = opened(server)
        began = time.monotonic()
        equal("long" in client.call("echo", message="long", delay=3), True)
        equal(time.monotonic() - began > 2.9, True, "it took its time")
        client.call("echo", message="and goes on")


@check
def information_counts_calls_and_tells_the_time_left():
    with Server("--session-timeout", "60") as server:
        client = opened(server)
        first = client.info()
        equal(first["request_count"], 0, "before the first call")
        client.call("set_session_data", key="a", value=[1, {"b": None}])
        second = client.info()
        equal(second["request_count"], 2, "calls before this one")
        equal(second["data_keys"], ["a"])
        equal(0 <= second["age_seconds"] < 30, True, second)
        equal(30 < second["expires_in_seconds"] <= 60, True, second)
        equal(client.session.startswith(second["session_id"]), False, "the id opens nothing")
        equal(len(second["session_id"]) <= 12, True, second)
        for name in ("created_at", "first_request", "last_request"):
            equal(bool(second[name]), True, name)


@check
def initialized_may_come_early_twice_or_never():
    with Server() as server:
        client = Client(server)
        equal(client.notify("notifications/initialized").status in (202, 400), True, "too early")
        client.session = client.ask("initialize", initialize()).session
        client.call("echo", message="before initialized")
        equal(client.notify("notifications/initialized").status, 202)
        equal(client.notify("notifications/initialized").status, 202)
        client.call("echo", message="after two")
        equal(server.sessions(), 1, "sessions")


@check
def every_kind_of_value_comes_back_as_it_was():
    with Server() as server:
        client = opened(server)
        values = [None, True, 0, -1.5, 12345678901234567890, "", "\u00e9\U0001f600\n\"\\\u0000",
                  [], {}, {"theme": "dark", "list": [1, [2, [3]]]}]
        for number, value in enumerate(values):
            client.call("set_session_data", key=f"k{number}", value=value)
            equal(json.loads(client.call("get_session_data", key=f"k{number}")), value)
        everything = json.loads(client.call("get_session_data"))
        equal(everything, {f"k{n}": v for n, v in enumerate(values)})
        equal(client.info()["data_keys"], [f"k{n}" for n in range(len(values))])


run()
