"""Reads the rules that egress-probe writes with parsers that are not ours.

`read.py FORMAT FILE...` prints a JSON list with, for each file, its rules as [what, port, destination]: what is
`Https`, `Http`, `TCP`, `UDP` or `tag`.
"""

import csv
import json
import sys
from pathlib import Path


def from_csv(path):
    with open(path, newline="") as file:
        for row in csv.DictReader(file, strict=True):
            if None in row or None in row.values():
                raise SystemExit(f"{path}: a line with another number of cells")
            if row["destination"] and not row["needs"]:
                yield from generic(row["layer"], row["protocol"], row["transports"].split(), row["port"], row["destination"])


def from_json(path):
    for rule in json.loads(Path(path).read_text())["rules"]:
        for to in [] if rule["needs"] else rule["destinations"]:
            yield from generic(rule["layer"], rule["protocol"], rule["transports"], rule["port"], to.get("value", "*"))


def generic(layer, protocol, transports, port, destination):
    for what in [protocol.capitalize()] if layer == "application" else [t.upper() for t in transports]:
        yield [what, int(port), destination]


def from_terraform(path):
    import hcl2

    text = Path(path).read_text()
    unquoted = lambda value: json.loads(value) if isinstance(value, str) and value.startswith('"') else value
    (resource,) = hcl2.loads(text)["resource"]
    (group,) = next(iter(resource.values())).values()
    collections = group.get("application_rule_collection", []) + group.get("network_rule_collection", [])
    for collection in collections:
        assert unquoted(collection["action"]) == "Allow", collection
        for rule in collection["rule"]:
            assert rule["source_addresses"] == "${var.node_subnets}", rule
            get = lambda key: [unquoted(value) for value in rule.get(key, [])]
            for protocol in rule["protocols"]:
                if isinstance(protocol, dict):
                    what, ports = unquoted(protocol["type"]), [protocol["port"]]
                else:
                    what, ports = unquoted(protocol), get("destination_ports")
                yield from combined(what, ports, get("destination_fqdns") + get("destination_addresses"))
            yield from combined("tag", [0], get("destination_fqdn_tags"))


def from_bicep(path):
    import pycep

    parsed = pycep.BicepParser().parse(text=Path(path).read_text())
    collections = parsed["resources"]["group"]["config"]["properties"]["ruleCollections"]
    for collection in collections:
        assert collection["action"]["type"] == "Allow", collection
        for rule in collection["rules"]:
            get = lambda key: rule.get(key, [])
            for protocol in get("protocols"):
                yield from combined(protocol["protocolType"], [protocol["port"]], get("targetFqdns"))
            for protocol in get("ipProtocols"):
                to = get("destinationAddresses") + get("destinationFqdns")
                yield from combined(protocol, get("destinationPorts"), to)
            yield from combined("tag", [0], get("fqdnTags"))


def combined(what, ports, destinations):
    for port in ports:
        for destination in destinations:
            yield [what, int(port), destination]


def main(kind, paths):
    read = {"csv": from_csv, "json": from_json, "terraform": from_terraform, "bicep": from_bicep}[kind]
    print(json.dumps([list(read(path)) for path in paths]))


main(sys.argv[1], sys.argv[2:])
