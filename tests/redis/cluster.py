#!/usr/bin/env python3
"""A cluster of six: sessions on every primary, slots that move under load, and a primary that dies.

    cluster.py BUILD_FOLDER
"""
import os
import re
import signal
import subprocess
import sys
import threading

from harness import Store, check, end, modules, redis, until

BUILD = sys.argv[1]
SESSIONS = 30
CAP, OWNER_CAP = 6, 4


def primaries(cluster):
    return [n for n in cluster.nodes if n.process.poll() is None and
            n.client()("ROLE")[0] == b"master"]


def records(node, prefix=b"mcp:session:"):
    return [k for k in node.client()("KEYS", "*") if k.startswith(prefix) and k.endswith(b"}:s")]


def sessions_are_spread(cluster):
    with Store(BUILD, cluster.uri()) as store:
        store.say("as alice")
        for i in range(SESSIONS):
            store(f"create s{i} 0")
        counts = [len(records(node)) for node in primaries(cluster)]
        check("every primary has its share of the sessions",
              min(counts) > 0 and sum(counts) == SESSIONS, counts)
        check("they are listed, and counted", store("list").payload == str(SESSIONS) and
              store("stats").payload.split()[0] == str(SESSIONS), store("stats"))


def a_start(uri):
    """How a server ends that is started with a store which does not suit, and what it says."""
    command = [os.path.join(BUILD, "examples/echo-stateful"), "--port", str(redis.free_port()),
               "--store", uri, "--module-dir", modules(BUILD, uri)]
    ended = subprocess.run(command, timeout=20, check=False, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return ended.returncode, ended.stdout


def a_primary_that_refuses(cluster):
    node = cluster.primary("A" * 43)
    policy = ("CONFIG", "SET", "maxmemory-policy")
    node.client()(*policy, "allkeys-lru")
    ended = a_start(cluster.uri())
    check("a server that pings a primary which refuses does not start",
          ended[0] == 1 and "allkeys-lru" in ended[1], ended)
    for first in ("exists s0", "ping"):
        node.client()(*policy, "allkeys-lru")
        with Store(BUILD, cluster.uri()) as store:
            store.say("as alice")
            store(first)
            answers = [store(f"get s{i}") for i in range(SESSIONS)]
            refused = [a for a in answers if a.status != "ok"]
            check(f"only its sessions are unavailable, and at once, after {first}",
                  0 < len(refused) < SESSIONS and all(
                      a.status == "UNAVAILABLE" and "allkeys-lru" in a.text and a.ms < 500
                      for a in refused), refused)
            node.client()(*policy, "noeviction")
            late = {until(store, f"get s{i}")[1].status for i in range(SESSIONS)}
            check("and served again when it does not refuse any more", late == {"ok"}, late)


def counted(store):
    return int(store("stats").payload.split()[0])


def forget_keys(cluster, indexes):
    for node in primaries(cluster):
        for index in node.client()("KEYS", indexes):
            node.client()("ZREMRANGEBYLEX", index, b"[\1", b"(\2")


def places_are_counted(cluster):
    """Whatever an index remembers of ids that were used before."""
    with Store(BUILD, cluster.uri(prefix="again:", tombstone="none", max_sessions=CAP,
                                  max_sessions_per_owner=OWNER_CAP)) as store:
        ids = [f"a{i}" for i in range(OWNER_CAP)]
        store.say("as alice")
        store.say("idle 200")
        before = [store(f"create {name} x").status for name in ids]
        redis.wait_for(lambda: counted(store) == 0, "the expiry")
        store.say("idle 600000")
        after = [store(f"create {name} x").status for name in ids]
        check("ids that have expired are used again", {*before, *after} == {"ok"}, (before, after))
        check("and counted again", counted(store) == OWNER_CAP, counted(store))
        check("and listed", store("list").payload == str(OWNER_CAP), store("list"))
        check("and an owner's cap counts them", store("create more x").status == "LIMIT" and
              counted(store) == OWNER_CAP, counted(store))
        store("delete a0")
        store.say("operation once")
        twice = [store("create a0 x").status for _ in range(2)]
        check("a create that is repeated is counted once", twice == ["ok", "ok"] and
              counted(store) == OWNER_CAP, (twice, counted(store)))
        store.say("operation -")
        check("and so is one that is there", store("create a0 x").status == "EXISTS" and
              counted(store) == OWNER_CAP and store("list").payload == str(OWNER_CAP),
              (counted(store), store("list")))
        store("delete a1")
        forget_keys(cluster, "again:{o:*}i")
        check("which is then known to an index that has not heard of it",
              store("create a0 x").status == "EXISTS" and store("list").payload == "1",
              store("list"))
        store("create a1 x")
        store.say("as bob")
        check("another's too", store("create a0 x").status == "EXISTS" and
              counted(store) == OWNER_CAP, counted(store))
        made = [store(f"create b{i} x").status for i in range(CAP - OWNER_CAP + 1)]
        check("the cap is met exactly", made == ["ok"] * (CAP - OWNER_CAP) + ["LIMIT"] and
              counted(store) == CAP, (made, counted(store)))


def away_from_all(cluster, prefix, store):
    """An id whose record is not on the node of everybody's index, and that node."""
    others = [n for n in primaries(cluster) if n is not cluster.primary("all")]
    for i in range(SESSIONS):
        store(f"create d{i} x")
        at = [n for n in others if records(n, prefix.encode())]
        store(f"delete d{i}")
        if at:
            return f"d{i}", at[0]
    raise RuntimeError("all records are on one node")


def doubts_are_counted_once(cluster):
    with Store(BUILD, cluster.uri(prefix="doubt:", tombstone="none", timeout="300ms",
                                  max_sessions=1)) as store:
        name, node = away_from_all(cluster, "doubt:", store)
        store.say("operation once")
        node.client()("CLIENT", "PAUSE", 10000)
        doubt = [store(f"create {name} x").status for _ in range(2)]
        node.client()("CLIENT", "UNPAUSE")
        _, answer = until(store, f"create {name} x")
        check("a create that did not come about and is repeated is counted once",
              doubt[0] == "UNKNOWN" and answer.status == "ok" and counted(store) == 1,
              (doubt, answer, counted(store)))
        store(f"delete {name}")
        node.send(signal.SIGSTOP)
        doubt = store(f"create {name} x")
        node.send(signal.SIGCONT)
        _, answer = until(store, f"create {name} x")
        check("and one that did", doubt.status == "UNKNOWN" and answer.status == "ok" and
              counted(store) == 1, (doubt, answer, counted(store)))


def asked(node):
    """How often it has answered ASK."""
    found = re.search(rb"errorstat_ASK:count=(\d+)", node.client()("INFO", "errorstats"))
    return int(found.group(1)) if found else 0


def migrate(cluster, slot, source, target):
    """Key by key, and not over before a verb was sent after a key."""
    before = asked(source)
    ids = {node: node.client()("CLUSTER", "MYID") for node in (source, target)}
    give, take = source.client(), target.client()
    take("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
    give("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
    while True:
        keys = give("CLUSTER", "GETKEYSINSLOT", slot, 1)
        if not keys:
            break
        give("MIGRATE", "127.0.0.1", target.port, keys[0], 0, 5000)
    redis.wait_for(lambda: asked(source) > before, "a verb that is told to ASK")
    for node in [target] + [n for n in primaries(cluster) if n is not target]:
        node.client()("CLUSTER", "SETSLOT", slot, "NODE", ids[target])


def moving(node):
    """Some records, and whatever indexes are here."""
    keys = node.client()("KEYS", "mcp:session:*")
    return [k for k in keys if k.endswith((b"{all}", b"}i"))] + records(node)[:3]


class Load:
    """Reads, writes, and sessions that come and go, in a store of their own."""

    def __init__(self, uri):
        self.stop, self.bad, self.count = threading.Event(), [], 0
        self.revisions = [1] * SESSIONS
        self.store = Store(BUILD, uri)
        self.thread = threading.Thread(target=self.run)

    def ask(self, line, want="ok"):
        answer = self.store(line)
        self.count += 1
        if answer.status != want:
            self.bad.append((line, answer))
        return answer

    def run(self):
        self.store.say("as alice")
        turn = 0
        while not self.stop.is_set():
            turn += 1
            for i in range(SESSIONS):
                answer = self.ask(f"update s{i} {self.revisions[i]} {turn}")
                self.revisions[i] = answer.revision or self.revisions[i]
                self.ask(f"get s{i}")
            self.ask(f"create t{turn} x")
            self.ask(f"rotate t{turn} u{turn}")
            self.ask(f"delete u{turn}")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.store.close()


def slots_that_move_under_load(cluster):
    nodes = primaries(cluster)
    moves = [(key, source, nodes[(i + 1) % len(nodes)])
             for i, source in enumerate(nodes) for key in moving(source)]
    with Load(cluster.uri()) as load:
        for key, source, target in moves:
            migrate(cluster, source.client()("CLUSTER", "KEYSLOT", key), source, target)
    check("slots move under load, and every verb is served, by way of ASK or not",
          load.count > 100 and not load.bad, (load.count, load.bad[:3]))
    with Store(BUILD, cluster.uri()) as store:
        store.say("as alice")
        got = [store(f"get s{i}") for i in range(SESSIONS)]
        check("no update is lost or done twice", [a.revision for a in got] == load.revisions,
              (got[:3], load.revisions))
        check("lists and counts are right again", store("list").payload == str(SESSIONS) and
              store("stats").payload.split()[0] == str(SESSIONS), store("stats").payload)


def a_failover(cluster):
    with Store(BUILD, cluster.uri()) as store:
        store.say("as alice")
        for replica in [n for n in cluster.nodes if n not in primaries(cluster)]:
            replica.client()("CLUSTER", "FAILOVER")
            redis.wait_for(lambda one=replica: one.client()("ROLE")[0] == b"master",
                           "the failover")
            got = {store(f"touch s{i}").status for i in range(SESSIONS)}
            check("a verb follows its slot to the replica that has taken over", got == {"ok"}, got)


def a_primary_that_dies(cluster):
    with Store(BUILD, cluster.uri()) as store:
        store.say("as alice")
        for node in primaries(cluster):
            node.client()("WAIT", 1, 1000)
        primaries(cluster)[0].kill()
        answers = [store(f"get s{i}") for i in range(SESSIONS)]
        away = {i for i in range(SESSIONS) if answers[i].status != "ok"}
        check("only the sessions of a dead primary are unavailable", 0 < len(away) < SESSIONS and
              {answers[i].status for i in away} == {"UNAVAILABLE"}, answers)
        late = [until(store, f"get s{i}", seconds=20)[1].status for i in sorted(away)]
        seconds, answer = until(store, "create new x", seconds=20)
        check("the replica that takes over serves what was replicated", set(late) == {"ok"}, late)
        check("within seconds", seconds < 10 and answer.status == "ok", f"{answer} {seconds:.1f} s")


def the_end_of_an_owner(cluster):
    with Store(BUILD, cluster.uri()) as store:
        store.say("as alice")
        answer = store("end_owner")
        got = {store(f"get s{i}").status for i in range(SESSIONS)}
        check("an owner's end reaches every primary", answer.status == "ok" and got == {"REVOKED"},
              got)
        check("and frees the places", store("stats").payload.split()[0] == "0",
              store("stats").payload)


def main():
    with redis.Cluster() as cluster:
        sessions_are_spread(cluster)
        a_primary_that_refuses(cluster)
        places_are_counted(cluster)
        doubts_are_counted_once(cluster)
        slots_that_move_under_load(cluster)
        a_failover(cluster)
        a_primary_that_dies(cluster)
        the_end_of_an_owner(cluster)
    for uri, word in {"redis+cluster://a:1/3": "database", "redis+cluster://a:x": "port",
                      "redis+cluster://a:1?db=2": "db"}.items():
        with Store(BUILD, uri) as store:
            check(f"{uri} is refused, naming {word}",
                  store.opened.startswith("INVALID") and word in store.opened, store.opened)
    end()


if __name__ == "__main__":
    main()
