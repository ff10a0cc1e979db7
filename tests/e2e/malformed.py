#!/usr/bin/env python3
"""Bodies that broke other servers are answered by their code, and the session goes on."""
import json

from mcp import Client, Server, check, equal, initialize, opened, run

PARSE, INVALID, PARAMS = -32700, -32600, -32602


def code(answer):
    return answer.json()["error"]["code"]


@check
def bodies_that_are_no_message_have_their_code():
    with Server() as server:
        client = opened(server)
        cases = [
            ("", PARSE), ("{", PARSE), ("nul", PARSE), ('{"jsonrpc":"2.0",}', PARSE),
            ('{"jsonrpc":"2.0","id":1,"method":"ping"} x', PARSE), ("\xff\xfe", PARSE),
            ("null", INVALID), ("1", INVALID), ('"text"', INVALID), ("[]", INVALID),
            ("{}", INVALID), ('{"jsonrpc":"1.0","id":1,"method":"ping"}', INVALID),
            ('{"jsonrpc":"2.0","id":{},"method":"ping"}', INVALID),
            ('{"jsonrpc":"2.0","id":1,"method":7}', INVALID),
            ('{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}', INVALID),
            ("[" * 1000 + "]" * 1000, None),
        ]
        for body, wanted in cases:
            answer = client.send("POST", body.encode("latin-1"))
            equal(answer.status, 400, body)
            if wanted is not None:
                equal(code(answer), wanted, body)
        client.call("echo", message="alive")


@check
def ids_of_every_kind_come_back_as_they_were():
    with Server() as server:
        client = opened(server)
        for ident in ('"s"', '""', "0", "-7", "9007199254740993", "1.5", "1e3",
                      '"\\u00e9\\n"', "123456789012345678901234567890"):
            answer = client.send("POST", '{"jsonrpc":"2.0","id":%s,"method":"ping"}' % ident)
            equal(answer.status, 200, ident)
            equal(answer.json()["id"], json.loads(ident), ident)


@check
def text_that_looks_like_a_method_stays_text():
    with Server() as server:
        client = opened(server)
        text = '"method":"initialize","id":99,"params":{"name":"get_session_info"}'
        equal(text in client.call("echo", message=text), True)
        equal(client.call("set_session_data", key="method", value={"method": "initialize"}) != "",
              True)
        equal(server.sessions(), 1, "sessions")


@check
def half_a_surrogate_pair_is_carried_as_it_came_but_names_nothing():
    with Server() as server:
        client = opened(server)
        half = "\ud800"
        equal(half in client.call("echo", message=half), True)
        client.call("set_session_data", key="k", value=[half])
        equal(json.loads(client.call("get_session_data", key="k")), [half])
        for tool in ("set_session_data", "get_session_data"):
            answer = client.result("tools/call", {"name": tool,
                                                  "arguments": {"key": half, "value": 1}})
            equal(answer["isError"], True, answer)
            equal("surrogate" in answer["content"][0]["text"], True, answer)
            answer = client.result("tools/call", {"name": tool,
                                                  "arguments": {"key": 7, "value": 1}})
            equal(answer["content"][0]["text"], "key must be a string")


@check
def a_quotation_has_its_mark_on_every_line_however_it_was_written():
    with Server() as server:
        client = opened(server)
        for newline in ("\\n", "\\u000a", "\\u000A"):
            answer = client.send(
                "POST", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",'
                        '"arguments":{"format":"markdown","message":"a%sb\\\\u000ac"}}}' % newline)
            text = answer.json()["result"]["content"][0]["text"]
            equal(text.split("\n")[:3], ["> a", "> b\\u000ac", ""], newline)


@check
def a_null_clientInfo_harms_nobody():
    with Server() as server:
        client = Client(server)
        for info in (None, 7, [], {}, {"name": None}):
            answer = client.ask("initialize", {**initialize(), "clientInfo": info})
            equal(answer.status in (200, 400), True, answer.body)
        other = opened(server)
        other.info()


@check
def bodies_of_every_small_size_are_echoed():
    with Server() as server:
        client = opened(server)
        for length in [*range(0, 300), 1023, 1024, 4095, 4096, 32768, 65536, 1 << 20, 3 << 20]:
            message = "x" * length
            equal(message in client.call("echo", message=message), True, length)


@check
def batches_are_served_where_their_revision_has_them():
    batch = [{"jsonrpc": "2.0", "id": 1, "method": "ping"},
             {"jsonrpc": "2.0", "method": "notifications/cancelled"},
             {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
              "params": {"name": "echo", "arguments": {"message": "in a batch"}}}]
    with Server() as server:
        old = Client(server)
        old.initialize("2025-03-26")
        answer = old.send("POST", batch)
        equal(answer.status, 200, answer.body)
        equal(sorted(reply["id"] for reply in answer.json()), [1, 2])
        equal(opened(server).send("POST", batch).status, 400)


run()
