#!/usr/bin/env python3
"""The manifests of examples/kubernetes: by the schemas of Kubernetes, and by what the server knows.

    check.py BUILD_FOLDER

Run by a Python that has what requirements.txt names.
"""
import glob
import os
import subprocess
import sys

import kubernetes_validate
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", "examples", "kubernetes"))
VERSIONS = ("1.29", "1.34")  # old enough for most, new enough for what was removed
VARIANTS = ("redis", "postgres")
FAILED = []


def check(name, problems):
    problems = list(problems)
    for problem in problems:
        print(f"    {problem}")
    print(f"FAIL {name}: {len(problems)} found" if problems else f"ok {name}", flush=True)
    FAILED.extend(problems)


def load(path):
    with open(path, encoding="utf-8") as file:
        return [document for document in yaml.safe_load_all(file) if document]


def resources(folder):
    """Every object of a kustomization."""
    objects = []
    for name in load(os.path.join(folder, "kustomization.yaml"))[0]["resources"]:
        path = os.path.normpath(os.path.join(folder, name))
        objects += resources(path) if os.path.isdir(path) else load(path)
    return objects


def of_kind(objects, kind):
    return {o["metadata"]["name"]: o for o in objects if o["kind"] == kind}


def every_file_is_used():
    for folder in ("base", *VARIANTS):
        folder = os.path.join(ROOT, folder)
        named = {os.path.join(folder, n) for n in
                 load(os.path.join(folder, "kustomization.yaml"))[0]["resources"]}
        for path in glob.glob(os.path.join(folder, "*.yaml")):
            if path not in named and not path.endswith("/kustomization.yaml"):
                yield f"{path} is in no kustomization"


def schema(objects, version):
    for one in objects:
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(part) for part in error.path)
            yield f"{one['kind']} {one['metadata']['name']}: {where}: {error.message}"


def names_meet(objects):
    """Selectors select, ports are there, keys that are referred to exist."""
    pods = {}
    for kind in ("Deployment", "StatefulSet"):
        for name, one in of_kind(objects, kind).items():
            template = one["spec"]["template"]
            pods[name] = template
            if one["spec"]["selector"]["matchLabels"] != template["metadata"]["labels"]:
                yield f"{name} does not select its own pods"
    for name, service in of_kind(objects, "Service").items():
        labels = service["spec"]["selector"]
        chosen = [p for p in pods.values() if p["metadata"]["labels"] == labels]
        ports = {port["name"] for pod in chosen for container in pod["spec"]["containers"]
                 for port in container["ports"]}
        yield from (f"service {name}: no port {p['targetPort']}" for p in service["spec"]["ports"]
                    if p["targetPort"] not in ports)
        if service["spec"].get("sessionAffinity", "None") != "None":
            yield f"service {name} has affinity"
    for name, budget in of_kind(objects, "PodDisruptionBudget").items():
        labels = budget["spec"]["selector"]["matchLabels"]
        replicas = [d["spec"]["replicas"] for d in of_kind(objects, "Deployment").values()
                    if d["spec"]["selector"]["matchLabels"] == labels]
        if not replicas or not 0 < budget["spec"]["minAvailable"] < replicas[0]:
            yield f"budget {name}: no pod may ever be moved, or every one"
    maps = of_kind(objects, "ConfigMap")
    for variable in server(objects)["env"]:
        wanted = variable.get("valueFrom", {}).get("configMapKeyRef")
        if wanted and wanted["key"] not in maps.get(wanted["name"], {}).get("data", {}):
            yield f"{variable['name']}: no {wanted['key']} in a ConfigMap {wanted['name']}"
    if of_kind(objects, "Secret"):
        yield "a secret is in a manifest"


def server(objects):
    template = of_kind(objects, "Deployment")["mcp-server"]["spec"]["template"]
    return template["spec"]["containers"][0]


def the_server_knows_it(objects, build):
    """Variables that it reads, a port that it listens on, a drain shorter than the grace period."""
    known = subprocess.run([os.path.join(build, "examples/echo-stateful"), "--help"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    container, spec = server(objects), of_kind(objects, "Deployment")["mcp-server"]["spec"]
    variables = {v["name"]: v.get("value") for v in container["env"]}
    for name in variables:
        if name not in known and name != "STORE_PASSWORD":
            yield f"{name} is no variable of echo-stateful"
    if variables["PORT"] != str(container["ports"][0]["containerPort"]):
        yield "it listens elsewhere"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if container[probe]["httpGet"] != {"path": "/health", "port": "http"}:
            yield f"{probe} does not ask /health"
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = pause + int(variables["DRAIN_DELAY"]) + 20
    grace = spec["template"]["spec"]["terminationGracePeriodSeconds"]
    if grace <= drain:
        yield f"it is killed after {grace} s, and may need {drain}"
    liveness = container["livenessProbe"]
    if liveness["periodSeconds"] * liveness["failureThreshold"] <= grace:
        yield "it is restarted while it drains"
    if spec["replicas"] < 3:
        yield f"{spec['replicas']} replicas are not several"


def the_store_is_understood(objects, name, build):
    """Its URI is refused for nothing but that there is no such host here."""
    uri = of_kind(objects, "ConfigMap")["mcp-store"]["data"]["uri"]
    mounts = [m["mountPath"] for m in server(objects)["volumeMounts"]]
    if not any(f"password_file={m}/password" in uri for m in mounts):
        yield f"{uri}: its password is in no volume"
    end = subprocess.run(
        [os.path.join(build, "examples/mcpsess"), "--module-dir",
         os.path.join(build, "backends", name), "--store", uri, "exists", "a" * 30],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if end.returncode != 3:
        yield f"{uri}: {end.stdout.strip()}"
    host = uri.split("@")[-1].split("//")[-1].split(":")[0]
    if host not in of_kind(objects, "Service"):
        yield f"{host} is no service"


def main():
    build = sys.argv[1]
    check("every file is used", every_file_is_used())
    for name in VARIANTS:
        objects = resources(os.path.join(ROOT, name))
        for version in VERSIONS:
            check(f"{name} is valid in Kubernetes {version}", schema(objects, version))
        check(f"{name}: names meet", names_meet(objects))
        check(f"{name}: the server knows its settings", the_server_knows_it(objects, build))
        check(f"{name}: the store is understood", the_store_is_understood(objects, name, build))
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
