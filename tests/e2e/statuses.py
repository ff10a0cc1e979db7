#!/usr/bin/env python3
"""Which HTTP status and which JSON-RPC error each kind of refusal gets."""
from mcp import Client, Server, check, equal, initialize, opened, run

REFUSED = {"invalid": -32600, "unknown method": -32601, "params": -32602, "parse": -32700}


def refusal(answer, status, code=None):
    equal(answer.status, status, answer.body)
    equal(answer.json().get("id", 0) is None, False, "an id that is null")
    if code is not None:
        reply = answer.json()
        equal(reply["error"]["code"], code, reply)
        equal(reply["jsonrpc"], "2.0", reply)


@check
def a_missing_id_is_400_on_POST_and_DELETE_and_405_on_GET():
    with Server() as server:
        client = Client(server)
        refusal(client.ask("tools/list"), 400, REFUSED["invalid"])
        refusal(client.delete(), 400)
        for accept in ("text/event-stream", "application/json", None):
            answer = client.send("GET", Accept=accept)
            refusal(answer, 405)
            equal("POST" in answer.headers["allow"], True, "Allow")


@check
def an_id_that_was_never_minted_is_404_whatever_it_looks_like():
    with Server() as server:
        client = Client(server)
        for made_up in ("a", "no-such-session", "x" * 22, "x" * 128, "x" * 7500, "a b", "../..",
                        "%00", "00000000-0000-0000-0000-000000000000", "\u00e9" * 30):
            client.session = made_up.encode("latin-1")
            refusal(client.ask("tools/list"), 404, REFUSED["invalid"])
            refusal(client.notify("notifications/initialized"), 404)
            refusal(client.ask("no/such/method"), 404, REFUSED["invalid"])
            refusal(client.delete(), 404)
            refusal(client.send("GET", Accept="text/event-stream"), 404)
        equal(server.sessions(), 0, "sessions")


@check
def an_unknown_id_and_one_that_was_deleted_get_the_same_answer():
    with Server() as server:
        client = opened(server)
        equal(client.delete().status, 200, "DELETE")
        gone = client.send("POST", {"jsonrpc": "2.0", "id": 5, "method": "ping"})
        client.session = "A" * len(client.session)
        unknown = client.send("POST", {"jsonrpc": "2.0", "id": 5, "method": "ping"})
        equal(gone.same(), unknown.same())


@check
def a_GET_with_a_session_is_405_while_no_stream_is_offered():
    with Server() as server:
        client = opened(server)
        for accept in ("text/event-stream", "application/json"):
            answer = client.send("GET", Accept=accept)
            equal(answer.status, 405)
            equal(sorted(answer.headers["allow"].replace(" ", "").split(","))[-1], "POST")


@check
def Accept_and_Content_Type_are_checked_and_a_missing_Accept_is_served():
    with Server() as server:
        client = opened(server)
        refusal(client.ask("ping", Accept="text/html"), 406)
        refusal(client.ask("ping", Content_Type="text/plain"), 415)
        for fine in (None, "*/*", "application/json", "text/event-stream", "application/*;q=0.5",
                     "text/html, application/json;q=0.1"):
            equal(client.ask("ping", Accept=fine).status, 200, f"Accept: {fine}")
        equal(client.ask("ping", Content_Type="application/json; charset=utf-8").status, 200)


@check
def a_foreign_Host_or_Origin_is_403():
    with Server() as server:
        client = opened(server)
        own = f"127.0.0.1:{server.port}"
        refusal(client.ask("ping", Host="evil.example.com"), 403)
        refusal(client.ask("ping", Origin="http://evil.example.com"), 403)
        refusal(client.ask("ping", Origin="null"), 403)
        equal(client.ask("ping", Host=own, Origin="http://" + own).status, 200)
        equal(client.ask("ping", Host=f"localhost:{server.port}").status, 200)


@check
def a_version_header_that_nobody_speaks_is_400():
    with Server() as server:
        client = opened(server)
        refusal(client.ask("ping", MCP_Protocol_Version="1999-01-01"), 400)
        equal(client.ask("ping", MCP_Protocol_Version="2025-06-18").status, 200)
        equal(client.ask("ping").status, 200)


@check
def every_revision_is_negotiated_and_an_unknown_one_gets_the_newest():
    with Server() as server:
        for version in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
            equal(Client(server).initialize(version)["protocolVersion"], version)
        equal(Client(server).initialize("2199-01-01")["protocolVersion"], "2025-11-25")
    with Server("--protocol-version", "2025-06-18") as server:
        equal(Client(server).initialize("2025-11-25")["protocolVersion"], "2025-06-18")
    with Server(env={"MCP_PROTOCOL_VERSION": "2025-03-26"}) as server:
        equal(Client(server).initialize("2025-06-18")["protocolVersion"], "2025-03-26")


@check
def unknown_methods_and_tools_and_bad_parameters_have_their_codes():
    with Server() as server:
        client = opened(server)
        refusal(client.ask("no/such/method"), 200, REFUSED["unknown method"])
        refusal(client.ask("tools/call", {"name": "no_such_tool"}), 200, REFUSED["params"])
        wrong = client.result("tools/call", {"name": "echo", "arguments": {"message": 7}})
        equal(wrong["isError"], True, "a model can read what was wrong")
        refusal(Client(server).ask("initialize", {"protocolVersion": 7}), 400, REFUSED["params"])


@check
def other_verbs_are_405_and_OPTIONS_and_HEAD_make_no_session():
    with Server() as server:
        client = Client(server)
        for verb in ("PUT", "PATCH"):
            answer = client.send(verb, "{}")
            refusal(answer, 405)
            equal("POST" in answer.headers["allow"], True, "Allow")
        for verb in ("OPTIONS", "HEAD"):
            client.send(verb)
        equal(server.sessions(), 0, "sessions")


@check
def a_path_that_is_not_ours_is_404_and_the_path_can_be_chosen():
    with Server("--path", "/elsewhere") as server:
        body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
        equal(server.request("POST", "/mcp", body).status, 404)
        equal(server.request("POST", "/elsewhere", body,
                             {"Content-Type": "application/json"}).status, 400)


@check
def a_second_initialize_on_a_session_is_refused_and_the_session_lives():
    with Server() as server:
        client = opened(server)
        refusal(client.ask("initialize", initialize()), 400, REFUSED["invalid"])
        client.call("echo", message="alive")
        equal(server.sessions(), 1, "sessions")


run()
