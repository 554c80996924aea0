"""Makes src/probe/http/public_suffixes.txt of the list that the crate `psl` of Cargo.lock was made of."""

import json
import pathlib
import subprocess

metadata = subprocess.run(
    ["cargo", "metadata", "--format-version", "1"], check=True, capture_output=True
)
packages = json.loads(metadata.stdout)["packages"]
[crate] = [package for package in packages if package["name"] == "psl"]
listed = pathlib.Path(crate["manifest_path"]).parent / "data" / "rules.txt"


def in_dns(rule: str) -> str:
    return ".".join(
        label if label.isascii() else label.encode("idna").decode() for label in rule.split(".")
    )


rules = sorted(in_dns(rule) for rule in listed.read_text(encoding="utf-8").split())
written = pathlib.Path(__file__).parent.parent / "src/probe/http/public_suffixes.txt"
written.write_text("".join(rule + "\n" for rule in rules), encoding="ascii")
