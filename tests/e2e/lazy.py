#!/usr/bin/env python3
"""--lazy: a session begins at any first request, as the service's document has it."""
from mcp import Client, Server, check, equal, run

ECHO = {"name": "echo", "arguments": {"message": "First message"}}


@check
def the_first_call_begins_a_session_and_tells_its_id():
    with Server("--lazy") as server:
        client = Client(server)
        answer = client.ask("tools/call", ECHO)
        equal(answer.status, 200, answer.body)
        equal(len(answer.session) >= 22, True, "the id")
        client.session = answer.session
        equal(client.info()["request_count"], 1, "the call that began it is counted")
        client.call("set_session_data", key="k", value=1)
        equal(client.call("get_session_data", key="k"), "1")
        equal(client.delete().status, 200)
        equal(client.ask("tools/call", ECHO).status, 404, "an id that ended begins nothing")


@check
def every_virtual_host_begins_its_own():
    with Server("--lazy", "--tenant-by-host", "--allow-host", "*.example.com") as server:
        ids = {Client(server, Host=f"echo-stateful{n}.example.com").ask("tools/call", ECHO).session
               for n in range(3)}
        equal(len(ids - {None}), 3)
        equal(server.sessions(), 3)


@check
def what_fails_or_is_refused_begins_nothing():
    with Server("--lazy") as server:
        client = Client(server)
        for answer in (client.ask("tools/call", {"name": "no_such_tool"}),
                       client.ask("no/such/method"), client.send("POST", "{"),
                       client.notify("notifications/initialized"),
                       client.send("POST", {"jsonrpc": "2.0", "id": 1, "result": {}}),
                       client.send("GET"), client.send("HEAD"), client.delete(),
                       *(client.ask("tools/call", ECHO, **header) for header in (
                           {"Host": "evil.example.com"}, {"Origin": "http://evil.example.com"},
                           {"Accept": "text/html"}, {"Content_Type": "text/plain"},
                           {"MCP_Protocol_Version": "2026-06-30"}, {"Mcp_Session_Id": "x" * 43}))):
            equal(answer.session, None, answer.body)
            equal(answer.status == 200 and "result" in answer.body.decode(), False, answer.body)
        equal(server.sessions(), 0)


@check
def without_lazy_a_call_needs_its_session():
    with Server() as server:
        answer = Client(server).ask("tools/call", ECHO)
        equal((answer.status, answer.session), (400, None))


run()
