#!/usr/bin/env python3
"""Extracts what AWS's regions offer from the PyPI packages cfn-lint and botocore.

    python3 -m venv target/schemas && target/schemas/bin/pip install cfn-lint==1.58.0 botocore==1.44.8
    target/schemas/bin/python schemas/offers.py 2026-11-30

The argument is the day of the extraction. Writes schemas/offers.txt, a line for each fact:

    source PACKAGE VERSION DAY
    region NAME ZONES DESCRIPTION            the letters of its zones, in the order of the next lines' masks
    ec2 FAMILY PROCESSOR MASK SIZES          sizes of a family that the same regions have
    postgres FAMILY MASK SIZES               the same of database classes, by engine
    mysql FAMILY MASK SIZES
    mariadb FAMILY MASK SIZES
    oracle-se2 FAMILY MASK SIZES             and so on: an edition of Oracle or SQL Server, and -byol with a licence of one's own
    cache FAMILY MASK SIZES                  the same of cache nodes
    version ENGINE VERSIONS                  versions that can be created, oldest first; a major one alone has Extended
                                             Support's versions only
    lacks ENGINE MAJOR CLASSES               classes of the engine that this major version does not run on

A mask is a number in hexadecimal, whose lowest bit is the first region's. Commercial regions only. Left out is what the
blueprints cannot use: Macs, which need a dedicated host.
"""

import importlib.metadata
import json
import pathlib
import re
import sys

import botocore
from cfnlint.data import schemas
from cfnlint.helpers import AVAILABILITY_ZONES

HERE = pathlib.Path(__file__).parent
EXTENSIONS = pathlib.Path(schemas.__file__).parent / "extensions"
ENDPOINTS = pathlib.Path(botocore.__file__).parent / "data/endpoints.json"
# Sizes from small to large, as AWS lists them.
ORDER = ["nano", "micro", "small", "medium", "large", "xlarge"]
ENGINES = ("postgres", "mysql", "mariadb")
# Classes by edition and licence, each as the rule for both has them; cfn-lint has no versions of Oracle.
EDITIONS = {
    "aurora-mysql": ("aurora-mysql", None),
    "aurora-postgresql": ("aurora-postgresql", None),
    "oracle-ee": ("oracle-ee", "bring-your-own-license"),
    "oracle-se2": ("oracle-se2", "license-included"),
    "oracle-se2-byol": ("oracle-se2", "bring-your-own-license"),
    "sqlserver-ee": ("sqlserver-ee", "license-included"),
    "sqlserver-ex": ("sqlserver-ex", "license-included"),
    "sqlserver-se": ("sqlserver-se", "license-included"),
    "sqlserver-web": ("sqlserver-web", "license-included"),
}
# Families that take no version of today.
OLD = {"db.t1", "db.t2", "db.m1", "db.m2", "db.m3", "db.m4", "db.r3", "db.r4", "db.x1", "db.x1e"}


def read(path):
    return json.loads((EXTENSIONS / path).read_text())


def commercial():
    """Region names and descriptions, as botocore has them, of those whose zones cfn-lint knows."""
    partition = next(one for one in json.loads(ENDPOINTS.read_text())["partitions"] if one["partition"] == "aws")
    return {name: partition["regions"][name]["description"] for name in sorted(partition["regions"]) if name in AVAILABILITY_ZONES}


def processor(family):
    # A g after the generation is Amazon's Arm processor: m7g, c6gn, i4g, im4gn, is4gen. The first one was a1.
    attributes = re.fullmatch(r"[a-z]+[0-9]+(.*)", family)
    return "arm" if family == "a1" or (attributes and "g" in attributes[1].split("-")[0]) else "x86"


def size_key(size):
    if size in ORDER:
        return (ORDER.index(size), 0, size)
    times = re.match(r"([0-9]+)xlarge", size)
    return (len(ORDER), int(times[1]) if times else 10**6, size)


def lines(kind, regions, offered, describe=lambda family: []):
    """`offered` is the set of names by region."""
    families = {}
    for name in sorted(set().union(*offered.values())):
        family, size = name.rsplit(".", 1)
        mask = sum(1 << bit for bit, region in enumerate(regions) if name in offered.get(region, ()))
        families.setdefault(family, {}).setdefault(mask, []).append(size)
    for family in sorted(families):
        for mask, sizes in sorted(families[family].items(), key=lambda item: size_key(min(item[1], key=size_key))):
            yield " ".join([kind, family, *describe(family), f"{mask:x}", *sorted(sizes, key=size_key)])


def by_region(path, regions):
    found = read(path)
    return {region: set(found[region]["enum"]) for region in regions if region in found}


def is_of(rule, engine):
    wanted = rule["if"]["properties"]["Engine"]
    return wanted.get("const") == engine or engine in wanted.get("enum", [])


def classes(engine, regions):
    found = read("aws_rds_dbinstance/dbinstanceclass_enum.json")
    result = {}
    for region in regions:
        for rule in found.get(region, {}).get("allOf", []):
            if is_of(rule, engine):
                result.setdefault(region, set()).update(rule["then"]["properties"]["DBInstanceClass"]["enum"])
    return result


def editions(engine, license, regions):
    found = read("aws_rds_dbinstance/dbinstanceclass_enum.json")
    result = {}
    for region in regions:
        for rule in found.get(region, {}).get("allOf", []):
            model = rule["if"]["properties"].get("LicenseModel")
            if is_of(rule, engine) and (model.get("const") if isinstance(model, dict) else None) == license:
                names = rule["then"]["properties"]["DBInstanceClass"]["enum"]
                # Without bare metal, and without classes whose memory or threads are chosen beside their size.
                names = {name for name in names if name.count(".") == 2 and ".metal" not in name}
                result.setdefault(region, set()).update(name for name in names if name.rsplit(".", 1)[0] not in OLD)
    return result


def version_key(version):
    return [int(part) if part.isdigit() else 0 for part in re.split(r"[.-]", version)]


def versions(engine):
    every = next(rule["then"] for rule in read("aws_rds_dbinstance/engine_version.json")["allOf"] if is_of(rule, engine))
    rules = read("aws_rds_dbinstance/engine_version_deprecated.json")["allOf"]
    gone = set().union(*(rule["if"]["properties"]["EngineVersion"]["enum"] for rule in rules if is_of(rule, engine)))
    here = {version for version in every["properties"]["EngineVersion"]["enum"] if version not in gone}
    if not gone:
        # Of MariaDB the list keeps what RDS dropped long ago; the major versions that a class can be ordered for remain.
        here = {version for version in here if major(engine, version) in orderable(engine)}
    if engine == "aurora-mysql":
        # A major one has two numbers, as cfn-lint lists them too; before 8.0 RDS has Extended Support only.
        return sorted((one for one in here if one.startswith("8.") and one.count(".") > 1), key=version_key)
    if engine.startswith("sqlserver"):
        return sorted(here, key=version_key)
    parts = 2 if engine in ("postgres", "aurora-postgresql") else 3
    plain = {one for one in here if "-" not in one and one.count(".") == parts - 1}
    # What only RDS Extended Support has follows from the name of the major version, not from a minor one's.
    extended = {major(engine, one) for one in here if "-rds" in one} - {major(engine, one) for one in plain}
    return sorted(plain | extended, key=version_key)


def orderable(engine):
    """The major versions in the rules of which class runs which version."""
    for rule in read("aws_rds_dbinstance/db_instance_class.json")["allOf"]:
        if is_of(rule, engine):
            yield re.match(r"\^\((.+?)\\\.\.\+", rule["if"]["properties"]["EngineVersion"]["pattern"])[1].replace("\\", "")


def cache_versions():
    for rule in read("aws_elasticache_cachecluster/engine_version.json")["allOf"]:
        engine = rule["if"]["properties"]["Engine"].get("const")
        if engine:
            found = rule["then"]["properties"]["EngineVersion"]["enum"]
            yield " ".join(["version", engine, *sorted(found, key=version_key)])


def major(engine, version):
    return ".".join(version.split(".")[: 1 if engine in ("postgres", "aurora-postgresql") else 2])


def runs(engine):
    """The classes that each major version runs on. A rule of MySQL's is for all versions of a major one."""
    have = {}
    for rule in read("aws_rds_dbinstance/db_instance_class.json")["allOf"]:
        if not is_of(rule, engine):
            continue
        version = re.match(r"\^\((.+?)\\\.\.\+", rule["if"]["properties"]["EngineVersion"]["pattern"])
        version = version[1].replace("\\", "")
        have.setdefault(version, set()).update(rule["then"]["properties"]["DBInstanceClass"]["enum"])
    here = versions(engine)
    result = {}
    for version, names in have.items():
        one = major(engine, version)
        if version in here or version in {major(engine, each) for each in here}:
            result.setdefault(one, set()).update(names)
    return result


def current(engine, regions):
    """Without the classes that no version of today runs on, such as db.m1.small."""
    every = set().union(*runs(engine).values())
    return {region: names & every for region, names in classes(engine, regions).items()}


def lacking(engine, offered):
    every = set().union(*offered.values())
    for one, names in sorted(runs(engine).items(), key=lambda item: version_key(item[0])):
        missing = every - names
        if missing:
            yield " ".join(["lacks", engine, one, *sorted(missing)])


def main(day):
    regions = commercial()
    ec2 = by_region("aws_ec2_instance/instancetype_enum.json", regions)
    ec2 = {region: {name for name in names if not name.startswith("mac")} for region, names in ec2.items()}
    text = [f"source {name} {importlib.metadata.version(name)} {day}" for name in ("cfn-lint", "botocore")]
    for region, description in regions.items():
        zones = "".join(sorted(zone.removeprefix(region) for zone in AVAILABILITY_ZONES[region] if len(zone) == len(region) + 1))
        text.append(f"region {region} {zones} {description}")
    text += lines("ec2", regions, ec2, lambda family: [processor(family)])
    for engine in ENGINES:
        text += lines(engine, regions, current(engine, regions))
    for name, (engine, license) in EDITIONS.items():
        text += lines(name, regions, editions(engine, license, regions))
    text += lines("cache", regions, by_region("aws_elasticache_cachecluster/cachenodetype_enum.json", regions))
    for engine in ENGINES:
        text.append(" ".join(["version", engine, *versions(engine)]))
    for engine in EDITIONS:
        if not engine.startswith("oracle"):
            text.append(" ".join(["version", engine, *versions(engine)]))
    text += cache_versions()
    for engine in ENGINES:
        text += lacking(engine, current(engine, regions))
    (HERE / "offers.txt").write_text("\n".join(text) + "\n")


sys.exit(main(*sys.argv[1:]))
