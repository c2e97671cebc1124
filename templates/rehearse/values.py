"""Values for columns, by type: ordinary ones, awkward ones, and ones of which no two are equal.

Awkward values are those that migrations lose: NaN, infinity, negative zero, dates at the ends of the calendar, characters
of four bytes, control characters, texts of more than a page, arrays with bounds of their own. PostgreSQL's values are
literals of unknown type; MySQL's are parameters, or a Raw expression."""
import datetime, random, uuid

WORDS = "amber basin cedar delta ember fjord grove harbor inlet juniper kelp lagoon meadow nectar orchid prairie".split()
TEXTS = ["", " ", "NULL", "null", "\\N", "\\.", "it's", 'say "yes"', "a\tb\nc\rd", "back\\slash", "percent % and _", "\x01\x07\x1f\x7f",
         "😀 four bytes 🇪🇺", "e\u0301 and é", "İstanbul ß ẞ", "\u202eright to left", "\ufeffmark", "\uffff", "trailing  ", "-- no comment", "$$ $1 ${x}", "0", "0e5"]
EPOCH = datetime.datetime(2024, 1, 1)
LONG = 9000
# Text that does not compress; a long text is a part of it.
MANY = "".join(chr(n % 94 + 33 if n % 3 else n % 400 + 0xA1) for n in (random.Random(7).randrange(1_000_000) for _ in range(4 * LONG)))


class Raw:
    """An SQL expression with parameters of its own."""

    def __init__(self, sql, *parameters):
        self.sql, self.parameters = sql, parameters


def words(rng, length=3):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, length)))


def long_text(rng):
    """More than a page of text that does not compress."""
    start = rng.randrange(3 * LONG)
    return MANY[start:start + LONG]


def base36(number, length):
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits[-length:].rjust(length, "0") if length else digits


def decimal_places(precision, scale, rng):
    whole = precision - scale
    return "9" * max(whole, 0) + ("." + "9" * scale if scale > 0 else "0" * -scale) or "0"


def date_of(number):
    return EPOCH.date() + datetime.timedelta(days=number % 2_000_000)


def quoted(text):
    """An element of an array, a composite or a range."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# PostgreSQL -----------------------------------------------------------------------------------------------------------

INTEGERS = {"int2": 2 ** 15, "int4": 2 ** 31, "int8": 2 ** 63}
AWKWARD = {
    "float4": ["NaN", "Infinity", "-Infinity", "-0", "1e-45", "1.1754944e-38", "3.4028235e+38", "16777217", "0.1", "1.23456789"],
    "float8": ["NaN", "Infinity", "-Infinity", "-0", "5e-324", "1.7976931348623157e+308", "0.30000000000000004", "1e23", "-1.2345678901234567e-7"],
    "date": ["4713-11-24 BC", "0001-01-01 BC", "5874897-12-31", "infinity", "-infinity", "2024-02-29", "1582-10-10"],
    "timestamp": ["4713-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity", "2024-10-27 01:30:00.000001"],
    "timestamptz": ["4713-11-24 00:00:00 BC+00", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity", "2024-10-27 01:30:00.000001+02:30"],
    "time": ["00:00:00", "24:00:00", "23:59:59.999999"],
    "timetz": ["00:00:00+15:59", "24:00:00-15:59", "12:00:00.000001+02:30"],
    "interval": ["0", "-178000000 years", "1 mon -1 day +00:00:00.000001", "-1 mon +1 day", "2147483647 days", "30 days", "1 mon"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "json": ['{"":1," a ":[1e400,-0.0,12345678901234567890.0123456789]}', '{"a":1,"a":2}', "  null ", '"\\u0000 \\ud83d\\ude00"', "[[],{},[null]]", '{"é😀":"\\u00e9"}'],
    "jsonb": ['{"":1," a ":[1e300,-0.0,12345678901234567890.0123456789]}', '{"b":1,"aa":2}', "null", '"\\ud83d\\ude00 \\u0001"', "[[],{},[null]]", '{"é😀":"\\u00e9"}', "1.000"],
    "xml": ["<a/>", '<?xml version="1.0"?><a b="c">é&#233;</a>', "text <b/> more", "<![CDATA[<]]>", ""],
    "inet": ["0.0.0.0/0", "10.1.2.3/8", "::ffff:1.2.3.4", "2001:db8::1/64", "::/0"],
    "cidr": ["0.0.0.0/0", "10.0.0.0/8", "2001:db8::/32", "::1/128"],
    "macaddr": ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"], "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "money": ["92233720368547758.07", "-92233720368547758.08", "0", "-0.01"],
    "point": ["(-0,0)", "(NaN,Infinity)", "(1e-300,1e300)"], "line": ["{1,-1,0.1}"], "lseg": ["[(0,0),(0,0)]"], "box": ["(1,1),(-0,-1)"],
    "path": ["[(0,0),(1,1)]", "((0,0),(1,1),(2,0))"], "polygon": ["((0,0),(1,1),(2,0))"], "circle": ["<(0,0),0>", "<(1,1),Infinity>"],
    "tsvector": ["", "'a':1A,2B 'it''s':3 '😀':16383"], "tsquery": ["", "'a' & !('b' | 'c' <-> 'd':*AB)"],
    "bool": ["true", "false"], "oid": ["0", "4294967295"], "pg_lsn": ["0/0", "FFFFFFFF/FFFFFFFF"], "jsonpath": ['$."a b"[*]?(@ > 1)', "lax $"],
    "xid": ["0", "4294967295"], "xid8": ["18446744073709551615"], "pg_snapshot": ["10:20:10,14"], "txid_snapshot": ["10:20:10,14"], "tid": ["(0,1)"],
    "char": ["", "x", "\\001"], "regclass": ["pg_catalog.pg_class"], "regtype": ["integer", "text[]"], "regproc": ["pg_catalog.now"],
    "hstore": ["", '"a"=>"1", "b"=>NULL, ""=>"x y", "q\\"uote"=>"😀"'], "ltree": ["", "a.b.c", "A_1." + "x" * 200], "lquery": ["*.a@.b{1,2}"], "ltxtquery": ["a & !b"],
    "cube": ["(1,2,3)", "(0),(1)", "()"], "seg": ["1 .. 2", "~5", "< 3"], "int4range": ["empty", "(,)", "[-2147483648,2147483647)"], "isbn": ["978-0-393-04002-9"],
    "_int4": ["{}", "{1,NULL}", "{ {1,2},{3,4}}", "[0:1]={5,6}", "[-2:-1][3:4]={ {1,2},{3,NULL}}"],
}
PLAIN_OF = {  # One ordinary value by a number; it is different for different numbers as far as the type has room.
    "float4": lambda n: "%d.5" % (n % 8_000_000), "float8": lambda n: "%d.25" % n, "bool": lambda n: "tf"[n % 2], "oid": lambda n: str(n % 2 ** 32),
    "date": lambda n: str(date_of(n)), "timestamp": lambda n: str(EPOCH + datetime.timedelta(seconds=n)),
    "timestamptz": lambda n: str(EPOCH + datetime.timedelta(seconds=n)) + "+00", "interval": lambda n: "%d seconds" % n,
    "time": lambda n: "%02d:%02d:%02d" % (n // 3600 % 24, n // 60 % 60, n % 60), "timetz": lambda n: "%02d:%02d:%02d+01" % (n // 3600 % 24, n // 60 % 60, n % 60),
    "uuid": lambda n: str(uuid.UUID(int=(n * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2 ** 128)), "json": lambda n: '{"n": %d, "tags": ["a"]}' % n,
    "jsonb": lambda n: '{"n": %d, "tags": ["a"]}' % n, "xml": lambda n: "<n>%d</n>" % n, "money": lambda n: "%d.50" % n,
    "inet": lambda n: "10.%d.%d.%d" % (n >> 16 & 255, n >> 8 & 255, n & 255), "cidr": lambda n: "10.%d.%d.%d/32" % (n >> 16 & 255, n >> 8 & 255, n & 255),
    "macaddr": lambda n: "02:00:%02x:%02x:%02x:%02x" % (n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255),
    "macaddr8": lambda n: "02:00:00:00:%02x:%02x:%02x:%02x" % (n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255),
    "point": lambda n: "(%d,1)" % n, "line": lambda n: "{1,1,%d}" % n, "lseg": lambda n: "[(%d,0),(1,1)]" % n, "box": lambda n: "(%d.5,1),(%d,0)" % (n, n),
    "path": lambda n: "[(%d,0),(1,1)]" % n, "polygon": lambda n: "((%d,0),(%d,1),(%d.5,0))" % (n, n, n), "circle": lambda n: "<(%d,0),0.4>" % n,
    "tsvector": lambda n: "'word%d':1" % n, "tsquery": lambda n: "'word%d'" % n, "bytea": lambda n: "\\x%016x" % n, "pg_lsn": lambda n: "0/%X" % n,
    "hstore": lambda n: "n=>%d" % n, "ltree": lambda n: "top.n%d" % n, "lquery": lambda n: "*.n%d" % n, "ltxtquery": lambda n: "n%d" % n, "cube": lambda n: "(%d)" % n, "seg": lambda n: str(n),
    "xid": lambda n: str(n % 2 ** 31), "xid8": lambda n: str(n), "jsonpath": lambda n: "$.n%d" % n, "tid": lambda n: "(%d,1)" % n, "char": lambda n: "abcdefgh"[n % 8],
    "pg_snapshot": lambda n: "%d:%d:" % (n, n + 1), "txid_snapshot": lambda n: "%d:%d:" % (n, n + 1), "regclass": lambda n: "pg_catalog.pg_class",
    "regtype": lambda n: "integer", "regproc": lambda n: "pg_catalog.now",
}


def modifiers(kind):
    """Length, or precision and scale, of a type's modifier."""
    mod = kind["mod"]
    if mod < 0:
        return None
    if kind["name"] == "numeric":
        scale = (mod - 4) & 0x7FF
        return (mod - 4) >> 16 & 0xFFFF, scale - 0x800 if scale > 1000 else scale
    return mod if kind["name"] in ("bit", "varbit") else mod - 4


def postgres_plain(kind, n, rng):
    """The ordinary value of a number."""
    name, form = kind["name"], kind["form"]
    if form == "e":
        return kind["labels"][n % len(kind["labels"])]
    if form == "d":
        return postgres_plain(kind["base"], n, rng)
    if form == "c":
        return "(" + ",".join(quoted(v) for v in (postgres_plain(part, n, rng) for part in kind["parts"])) + ")"
    if form == "a":
        return "{" + quoted(postgres_plain(kind["base"], n, rng)) + "}"
    if form == "r":
        return "[" + quoted(postgres_plain(kind["base"], n * 10, rng)) + "," + quoted(postgres_plain(kind["base"], n * 10 + 5, rng)) + ")"
    if form == "m":
        return "{" + postgres_plain(kind["base"], n, rng) + "}"
    mod = modifiers(kind)
    if name in INTEGERS:
        return str(n % INTEGERS[name])
    if name == "numeric":
        precision, scale = mod or (1000, 2)
        number = str(n % 10 ** max(precision - scale, 0) if precision > scale else 0)
        return number if scale <= 0 else "%s.%0*d" % (number, scale, n % 10 ** scale if precision <= scale else 5 % 10 ** scale)
    if name in ("bit", "varbit"):
        length = mod or 32
        return format(n % 2 ** min(length, 62), "b").rjust(length, "0")
    if name in PLAIN_OF:
        return PLAIN_OF[name](n)
    text = "%s-%d" % (WORDS[n % len(WORDS)], n)
    return text if mod is None or mod >= len(text) else base36(n, mod)


def postgres_awkward(kind, n, rng):
    name, form = kind["name"], kind["form"]
    mod = modifiers(kind)
    if form == "d":
        return postgres_awkward(kind["base"], n, rng)
    if form == "a":
        element = kind["base"]
        one, two = quoted(postgres_awkward(element, n, rng)), quoted(postgres_plain(element, n, rng))
        return rng.choice(["{}", "{NULL}", "{%s,NULL,%s}" % (one, two), "{ {%s,%s},{NULL,%s}}" % (one, two, one), "[0:1]={%s,%s}" % (two, one),
                           "[-2:-1][3:3]={ {%s},{%s}}" % (one, two)])
    if form == "c":
        return "(" + ",".join("" if rng.random() < 0.3 else quoted(postgres_awkward(part, n, rng)) for part in kind["parts"]) + ")"
    if form == "r":
        low = quoted(postgres_plain(kind["base"], n, rng))
        return rng.choice(["empty", "(,)", "[%s,]" % low, "(,%s)" % low, "[%s,%s]" % (low, low)])
    if form == "m":
        return rng.choice(["{}", "{(,)}", "{%s,%s}" % (postgres_plain(kind["base"], 1, rng), postgres_plain(kind["base"], n + 5, rng))])
    if name in INTEGERS:
        most = INTEGERS[name]
        return str(rng.choice([0, -1, most - 1, -most, 1]))
    if name == "numeric":
        if mod:
            return rng.choice(["NaN", decimal_places(*mod, rng), "-" + decimal_places(*mod, rng), "0"])
        return rng.choice(["NaN", "Infinity", "-Infinity", "1" * 400 + "." + "3" * 200, "0." + "0" * 300 + "1", "-0.000", "1.500", "1e1000"])
    if name in ("bit", "varbit"):
        return rng.choice("01") * mod if mod and name == "bit" else rng.choice(["", "1", "0"]) if name == "varbit" else "1"
    if name == "bytea":
        return rng.choice(["\\x", "\\x" + bytes(range(256)).hex(), "\\x00", "\\x" + rng.randbytes(LONG if n % 50 == 0 else 90).hex()])
    if name == "interval" and mod is not None:
        return "1 day"
    if name in AWKWARD:
        return rng.choice(AWKWARD[name])
    if name in PLAIN_OF or kind["form"] == "e":
        return postgres_plain(kind, n, rng)
    text = long_text(rng) if n % 50 == 0 else rng.choice(TEXTS) + (words(rng) if rng.random() < 0.3 else "")
    if name == "name":
        return text[:15]
    return text if mod is None else text[:mod]


# MySQL ----------------------------------------------------------------------------------------------------------------

SIZES = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
GEOMETRIES = {
    "point": ["POINT(%d -0.5)"], "linestring": ["LINESTRING(0 0,%d 1,2 2)"], "polygon": ["POLYGON((0 0,%d 0,%d 1,0 0))"],
    "multipoint": ["MULTIPOINT(0 0,%d 1)"], "multilinestring": ["MULTILINESTRING((0 0,1 %d),(2 2,3 3))"],
    "multipolygon": ["MULTIPOLYGON(((0 0,%d 0,1 1,0 0)))"], "geometrycollection": ["GEOMETRYCOLLECTION(POINT(1 %d),LINESTRING(0 0,1 1))"],
}
GEOMETRIES["geometry"] = [shape for shapes in list(GEOMETRIES.values()) for shape in shapes]
LENGTHS = {"tinytext": 255, "tinyblob": 255}


def geometry(kind, n, rng):
    shape = GEOMETRIES[kind["name"]]
    shape = shape[n % len(shape)]
    return Raw("ST_GeomFromText(%s)", shape.replace("%d", str(n % 100_000 + 1)))


def fitting(text, kind, rng):
    """As much of a text as the column's character set and length hold."""
    charset = kind.get("charset") or "utf8mb4"
    if charset in ("utf8mb3", "utf8", "ucs2"):
        text = "".join(sign for sign in text if ord(sign) < 0x10000)
    elif charset not in ("utf8mb4", "utf16", "utf32"):
        text = text.encode("latin1" if charset == "latin1" else "ascii", "ignore").decode("latin1")
    return text[:kind.get("length") or LONG * 2]


def mysql_plain(kind, n, rng):
    name = kind["name"]
    if name in SIZES:
        return n % (2 ** (SIZES[name] - (0 if kind["unsigned"] else 1)))
    if name == "decimal":
        whole = kind["precision"] - kind["scale"]
        return ("%d" % (n % 10 ** whole if whole else 0)) + (".%0*d" % (kind["scale"], n % 10 ** kind["scale"] if not whole else 5 % 10 ** kind["scale"]) if kind["scale"] else "")
    if name in ("float", "double"):
        return "%d.5" % (n % 8_000_000)
    if name == "bit":
        return n % 2 ** kind["precision"]
    if name == "date":
        return str(EPOCH.date() + datetime.timedelta(days=n % 2_000_000))
    if name in ("datetime", "timestamp"):
        return str(EPOCH + datetime.timedelta(seconds=n % 400_000_000))
    if name == "time":
        return "%02d:%02d:%02d" % (n // 3600 % 800, n // 60 % 60, n % 60)
    if name == "year":
        return 1901 + n % 255
    if name == "enum":
        return kind["labels"][n % len(kind["labels"])]
    if name == "set":
        return ",".join(label for place, label in enumerate(kind["labels"]) if n >> place & 1)
    if name == "json":
        return '{"n": %d, "tags": ["a"]}' % n
    if name in GEOMETRIES:
        return geometry(kind, n, rng)
    if name == "binary":
        return n.to_bytes(max(kind.get("length") or 8, 8), "big")[-(kind.get("length") or 8):]
    if name == "varbinary" or name.endswith("blob"):
        return n.to_bytes(8, "big")[-(kind.get("length") or 8):]
    if name == "uuid":
        return PLAIN_OF["uuid"](n)
    if name in ("inet4", "inet6"):
        return ("::ffff:" if name == "inet6" else "") + PLAIN_OF["inet"](n)
    text = "%s-%d" % (WORDS[n % len(WORDS)], n)
    length = kind.get("length") or 1000
    return text if length >= len(text) else base36(n, length)


def mysql_awkward(kind, n, rng):
    name = kind["name"]
    if name in SIZES:
        size = SIZES[name]
        return rng.choice([0, 2 ** size - 1] if kind["unsigned"] else [0, -1, 2 ** (size - 1) - 1, -2 ** (size - 1)])
    if name == "decimal":
        most = "9" * (kind["precision"] - kind["scale"]) + ("." + "9" * kind["scale"] if kind["scale"] else "")
        return rng.choice([most, "0"] + ([] if kind["unsigned"] else ["-" + most]))
    if name == "float":
        return rng.choice(["16777217", "1234567.875", "3.402823e38", "1.17549435e-38", "0.1", "1.23456789", "0"] + ([] if kind["unsigned"] else ["-0e0", "-9.87654321"]))
    if name == "double":
        return rng.choice(["1.7976931348623157e308", "2.2250738585072014e-308", "0.30000000000000004", "1e23", "5e-324"] + ([] if kind["unsigned"] else ["-0e0"]))
    if name == "bit":
        return rng.choice([0, 2 ** kind["precision"] - 1])
    if name == "date":
        return rng.choice(["9999-12-31", "1000-01-01", "0001-01-01", "2024-02-29"] + kind["zero"]["date"])
    if name == "datetime":
        return rng.choice(["9999-12-31 23:59:59.999999"[:kind["width"]], "1000-01-01 00:00:00", "2024-10-27 01:30:00"] + kind["zero"]["datetime"])
    if name == "timestamp":
        return rng.choice(["2038-01-19 03:14:07", "1970-01-01 00:00:01", "2024-10-27 01:30:00"] + kind["zero"]["datetime"][:1])
    if name == "time":
        return rng.choice(["-838:59:59", "838:59:59", "00:00:00", "-00:00:01"])
    if name == "year":
        return rng.choice([0, 1901, 2155])
    if name == "set":
        return rng.choice(["", ",".join(kind["labels"])])
    if name == "json":
        return rng.choice([text for text in AWKWARD["jsonb"] if "\\u0001" not in text])
    if name in ("binary", "varbinary") or name.endswith("blob"):
        some = rng.choice([b"", bytes(range(256)), b"\x00", b" ", b"\\'\"", rng.randbytes(LONG if n % 50 == 0 else 90)])
        return some[:kind.get("length") or LENGTHS.get(name, LONG * 2)]
    if name in ("char", "varchar") or name.endswith("text"):
        text = long_text(rng) if n % 50 == 0 else rng.choice(TEXTS)
        if name in LENGTHS:
            text = text[:60]
        return fitting(text, kind, rng)
    if name == "inet6":
        return rng.choice(["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"])
    if name == "inet4":
        return rng.choice(["0.0.0.0", "255.255.255.255"])
    return mysql_plain(kind, n, rng)


def plain(engine, kind, n, rng):
    return (postgres_plain if engine == "postgres" else mysql_plain)(kind, n, rng)


def awkward(engine, kind, n, rng):
    return (postgres_awkward if engine == "postgres" else mysql_awkward)(kind, n, rng)
