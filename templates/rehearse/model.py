"""Tables as a program needs to know them that fills them: types, keys, references, checks, partitions, triggers."""
import collections, re

from compare import MINE, ask, is_postgres, quote, tables


class Column:
    def __init__(self, name, kind, required, default, automatic, generated):
        # automatic: the database numbers it; generated: nobody may write it.
        self.name, self.kind, self.required, self.default = name, kind, required, default
        self.automatic, self.generated = automatic, generated
        self.distinct = False  # Part of a unique key or an exclusion.
        self.choices, self.least, self.most = None, None, None  # What a simple CHECK says.


Reference = collections.namedtuple("Reference", "name columns parent targets on_delete on_update")


class Model:
    """A table: `table` is compare.py's, columns by name."""

    def __init__(self, table, insert):
        self.table, self.name, self.insert = table, table.name, insert
        self.columns, self.references, self.uniques, self.checks = {}, [], [], {}
        self.children = []  # References of other tables to this one.
        self.partitions = []  # What each leaf wants: [{column: (values or None, least, most)}].
        self.written_by_triggers = False


def is_number(text):
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def hint(column, text):
    """What a CHECK on one column says, as far as it is simple."""
    literals = [word.replace("''", "'") for word in re.findall(r"'((?:[^']|'')*)'", text)]
    lowered = text.lower()
    if "any (array[" in lowered or "any ((array[" in lowered or re.search(r"\bin \(", lowered) or re.fullmatch(r"[^<>]* = [^<>]*( or [^<>]* = [^<>]*)*", lowered):
        numbers = re.findall(r"[\[(, ](-?\d+)(?=[,\])])", text)
        column.choices = literals or numbers or None
        return
    for operator, number in re.findall(r"(>=|<=|>|<)\s*\(?'?(-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?)'?\)?", text):
        number = float(number)
        step = 1 if number == int(number) else 0.01
        if operator[0] == ">":
            column.least = number + (step if operator == ">" else 0)
        else:
            column.most = number - (step if operator == "<" else 0)
    between = re.search(r"between\s+(-?\d+)\s+and\s+(-?\d+)", lowered)
    if between:
        column.least, column.most = float(between[1]), float(between[2])


def models(engine, connection):
    """Every table's model, by its printed name."""
    found = (postgres if is_postgres(engine) else mysql)(connection)
    for model in found.values():
        for columns in model.uniques:
            for name in columns:
                if name in model.columns:
                    model.columns[name].distinct = True
        for name in model.table.key:
            model.columns[name].distinct = True
        for reference in model.references:
            if reference.parent in found:
                found[reference.parent].children.append((model.name, reference))
    return found


# PostgreSQL -----------------------------------------------------------------------------------------------------------

def postgres_types(connection):
    rows = ask(connection, "SELECT t.oid, t.typname, t.typtype, t.typelem, t.typlen, t.typbasetype, t.typtypmod, t.typnotnull, t.typcategory, "
               "r.rngsubtype, m.rngtypid, t.typrelid FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid "
               "LEFT JOIN pg_catalog.pg_range m ON m.rngmultitypid = t.oid")
    raw = {row[0]: row[1:] for row in rows}
    labels, parts, checks = collections.defaultdict(list), collections.defaultdict(list), collections.defaultdict(list)
    for oid, label in ask(connection, "SELECT enumtypid, enumlabel FROM pg_catalog.pg_enum ORDER BY enumtypid, enumsortorder"):
        labels[oid].append(label)
    for oid, part, mod in ask(connection, "SELECT c.reltype, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c "
                              "ON c.oid = a.attrelid WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"):
        parts[oid].append((part, int(mod)))
    for oid, text in ask(connection, "SELECT contypid, pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE contypid <> 0"):
        checks[oid].append(text)

    def kind(oid, mod, depth=0):
        name, form, element, length, base, base_mod, required, category, subtype, range_of, _ = raw[oid]
        found = {"name": name, "form": form, "mod": mod, "required": required == "t"}
        if depth > 8:
            return found
        if form == "e":
            found["labels"] = labels[oid] or [""]
        elif form == "d":
            found["base"] = kind(base, int(base_mod), depth + 1)
            found["checks"] = checks[oid] + found["base"].get("checks", [])
        elif form == "c":
            found["parts"] = [kind(part, part_mod, depth + 1) for part, part_mod in parts[oid]]
        elif form == "r":
            found["base"] = kind(subtype, -1, depth + 1)
        elif form == "m":
            found["base"] = kind(range_of, -1, depth + 1)
        elif element != "0" and length == "-1" and name not in ("int2vector", "oidvector"):
            found.update(form="a", base=kind(element, mod, depth + 1))
        return found

    return kind


def postgres(connection):
    kind = postgres_types(connection)
    known = tables("postgres", connection)
    by_sql = {table.sql.removeprefix("ONLY "): table for table in known.values()}
    found, by_oid = {}, {}
    for oid, schema, name in ask(connection, "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                                 "ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND " + MINE):
        table = by_sql.get(quote("postgres", schema) + "." + quote("postgres", name))
        if table:
            by_oid[oid] = found[table.name] = Model(table, table.sql.removeprefix("ONLY "))
    names = collections.defaultdict(dict)
    for oid, number, name, type_, mod, required, default, identity, generated in ask(
            connection, "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, pg_catalog.pg_get_expr(d.adbin, d.adrelid), "
            "a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND "
            "d.adnum = a.attnum WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"):
        model = by_oid.get(oid)
        if not model:
            continue
        names[oid][number] = name
        of = kind(type_, int(mod))
        column = model.columns[name] = Column(
            name, of, required == "t" or (of["form"] == "d" and of["required"]), default is not None,
            identity != "" or (default or "").startswith("nextval("), generated != "" or identity == "a")
        for text in of.get("checks", []):
            hint(column, text)
    listed = lambda text: [word for word in (text or "").strip("{}").split(",") if word]
    for oid, columns in ask(connection, "SELECT i.indrelid, ARRAY(SELECT k FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY u(k, o) WHERE k > 0 "
                            "AND o <= i.indnkeyatts UNION SELECT refobjsubid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
                            "AND d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid > 0) FROM pg_catalog.pg_index i WHERE i.indisunique OR i.indisexclusion"):
        if oid in by_oid:
            by_oid[oid].uniques.append([names[oid][number] for number in listed(columns) if number in names[oid]])
    for oid, name, type_, columns, parent, targets, on_delete, on_update, text in ask(
            connection, "SELECT conrelid, conname, contype, conkey, confrelid, confkey, confdeltype, confupdtype, pg_catalog.pg_get_constraintdef(oid) "
            "FROM pg_catalog.pg_constraint WHERE contype IN ('c', 'f') AND conrelid <> 0 AND (contype = 'c' OR conparentid = 0) ORDER BY conrelid, oid"):
        model = by_oid.get(oid)
        if not model:
            continue
        columns = [names[oid][number] for number in listed(columns)]
        if type_ == "c":
            model.checks[name] = columns
            if len(columns) == 1:
                hint(model.columns[columns[0]], text)
        elif parent in by_oid:
            model.references.append(Reference(name, columns, by_oid[parent].name, [names[parent][number] for number in listed(targets)],
                                              on_delete, on_update))
    postgres_partitions(connection, by_oid, names)
    bodies = ask(connection, "SELECT t.tgrelid, p.prosrc FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal "
                 "UNION SELECT ev_class, pg_catalog.pg_get_ruledef(oid) FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN'")
    note_triggers(found, [body for oid, body in bodies])
    return found


def note_triggers(found, bodies):
    """Notes the tables that triggers name: what is in them is not what somebody wrote there."""
    said = collections.Counter(word for body in bodies for word in set(re.findall(r"\w+", body.lower())))
    for model in found.values():
        model.written_by_triggers = said[model.name.split(".")[-1].lower()] > 0


def postgres_partitions(connection, by_oid, names):
    tree = collections.defaultdict(list)
    for parent, child, bound in ask(connection, "SELECT i.inhparent, i.inhrelid, pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM pg_catalog.pg_inherits i "
                                    "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE c.relispartition"):
        tree[parent].append((child, bound or ""))
    keys = {oid: key for oid, key in ask(connection, "SELECT partrelid, ARRAY(SELECT coalesce(a.attname, '')::text FROM pg_catalog.unnest(p.partattrs::int2[]) "
                                         "WITH ORDINALITY u(k, o) LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = u.k ORDER BY o) "
                                         "FROM pg_catalog.pg_partitioned_table p")}

    def leaves(oid, wants, depth=0):
        if oid not in keys or depth > 5:
            yield wants
            return
        columns = [word.strip('"') for word in keys[oid].strip("{}").split(",")]
        for child, bound in tree[oid]:
            more = dict(wants)
            literal = r"'((?:[^']|'')*)'|(-?[\d.]+|MINVALUE|MAXVALUE|NULL|true|false)"
            read = lambda text: [quoted.replace("''", "'") if bare == "" else bare for quoted, bare in re.findall(literal, text)]
            if " IN (" in bound:
                more[columns[0]] = ([None if word == "NULL" else word for word in read(bound.split(" IN (")[1])], None, None)
            elif " FROM (" in bound:
                low, high = bound.split(" FROM (")[1].split(") TO (")
                for column, least, most in zip(columns, read(low), read(high)):
                    more[column] = (None, None if least == "MINVALUE" else least, None if most == "MAXVALUE" else most)
                    if least != most:
                        break
            more.pop("", None)
            yield from leaves(child, more, depth + 1)

    for oid, model in by_oid.items():
        if oid in keys:
            model.partitions = list(leaves(oid, {}))


# MySQL ----------------------------------------------------------------------------------------------------------------

def mysql(connection):
    found = {name: Model(table, table.sql) for name, table in tables("mysql", connection).items()}
    (mode,), = ask(connection, "SELECT @@GLOBAL.sql_mode")
    zero = {"date": [], "datetime": []} if "NO_ZERO_DATE" in mode or "TRADITIONAL" in mode else {
        "date": ["0000-00-00"] + ([] if "NO_ZERO_IN_DATE" in mode else ["2024-00-00"]),
        "datetime": ["0000-00-00 00:00:00"] + ([] if "NO_ZERO_IN_DATE" in mode else ["2024-01-00 10:00:00"])}
    for table, name, type_, full, nullable, default, extra, charset, length, precision, scale, fraction in ask(
            connection, "SELECT table_name, column_name, data_type, column_type, is_nullable, column_default, extra, character_set_name, "
            "character_maximum_length, numeric_precision, numeric_scale, datetime_precision FROM information_schema.columns "
            "WHERE table_schema = database() ORDER BY table_name, ordinal_position"):
        if table not in found:
            continue
        type_ = type_.lower()
        number = lambda text: int(text) if text is not None else 0
        labels = [word.replace("''", "'") for word in re.findall(r"'((?:[^']|'')*)'", full)] if type_ in ("enum", "set") else []
        of = {"name": type_, "unsigned": "unsigned" in full, "labels": labels, "charset": charset, "length": min(number(length), 2 ** 31),
              "precision": number(precision), "scale": number(scale), "zero": zero, "width": 19 + (1 + number(fraction) if number(fraction) else 0)}
        extra = extra.lower()
        found[table].columns[name] = Column(name, of, nullable == "NO", default is not None and default != "NULL", "auto_increment" in extra,
                                            "generated" in extra and "default_generated" not in extra or "invisible" in extra and "row " in extra)
    uniques = collections.defaultdict(list)
    for table, index, name in ask(connection, "SELECT table_name, index_name, column_name FROM information_schema.statistics "
                                  "WHERE table_schema = database() AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index"):
        uniques[table, index].append(name)
    for (table, _), columns in uniques.items():
        if table in found:
            found[table].uniques.append(columns)
    references = collections.defaultdict(list)
    actions = {"CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
    for table, name, column, parent, target, on_delete, on_update in ask(
            connection, "SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name, r.delete_rule, "
            "r.update_rule FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r ON r.constraint_schema = "
            "k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name WHERE k.table_schema = database() "
            "AND k.referenced_table_schema = database() ORDER BY k.table_name, k.constraint_name, k.ordinal_position"):
        references[table, name, parent, actions.get(on_delete, "a"), actions.get(on_update, "a")].append((column, target))
    for (table, name, parent, on_delete, on_update), pairs in references.items():
        if table in found and parent in found:
            found[table].references.append(Reference(name, [a for a, _ in pairs], parent, [b for _, b in pairs], on_delete, on_update))
    mysql_checks(connection, found)
    mysql_partitions(connection, found)
    note_triggers(found, [body for (body,) in ask(connection, "SELECT action_statement FROM information_schema.triggers WHERE trigger_schema = database()")])
    return found


def mysql_checks(connection, found):
    try:
        rows = ask(connection, "SELECT table_name, constraint_name, check_clause FROM information_schema.check_constraints "
                   "WHERE constraint_schema = database()")
    except Exception:  # MySQL keeps the table's name elsewhere.
        rows = ask(connection, "SELECT t.table_name, c.constraint_name, c.check_clause FROM information_schema.check_constraints c JOIN "
                   "information_schema.table_constraints t USING (constraint_schema, constraint_name) WHERE constraint_schema = database()")
    for table, name, clause in rows:
        model = found.get(table)
        if not model:
            continue
        columns = [column for column in model.columns if re.search(r"`%s`" % re.escape(column), clause)]
        if len(columns) == 1 and re.fullmatch(r"json_valid\(`.*`\)", clause):
            model.columns[columns[0]].kind["name"] = "json"
            continue
        model.checks[name] = columns
        if len(columns) == 1:
            hint(model.columns[columns[0]], clause)


def mysql_partitions(connection, found):
    for table, method, expression, description in ask(
            connection, "SELECT table_name, partition_method, partition_expression, partition_description FROM information_schema.partitions "
            "WHERE table_schema = database() AND partition_name IS NOT NULL ORDER BY table_name, partition_ordinal_position"):
        model = found.get(table)
        if not model or not description or "RANGE" not in method and "LIST" not in method:
            continue
        used = [column for column in model.columns if column in re.findall(r"\w+", expression or "")]
        if len(used) != 1:
            continue
        function = re.match(r"(\w+)\(", expression)
        values = [word.replace("''", "'").strip("'") for word in description.split(",")]
        if "LIST" in method:
            model.partitions.append({used[0]: ([None if value == "NULL" else value for value in values], None, None)} if not function else {})
            continue
        most = before(values[0], function and function[1].lower())
        model.partitions.append({used[0]: (None, most, most)} if most is not None else {})


def before(value, function):
    """A value of a column that lies right below a partition's end."""
    import datetime
    if value == "MAXVALUE":
        return None
    try:
        if function is None and is_number(value):
            return str(int(value) - 1)
        if function == "to_days":
            return str(datetime.date.fromordinal(int(value) - 366))
        if function == "year":
            return "%04d-06-15" % (int(value) - 1)
        if function == "unix_timestamp":
            return str(datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(value) - 1))
        return str(datetime.date.fromisoformat(value[:10]) - datetime.timedelta(days=1)) if function is None else None
    except ValueError:
        return None
