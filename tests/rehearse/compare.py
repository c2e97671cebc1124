"""An independent comparison of two databases: every row, and every object with its definition.

It shares no SQL with the action scripts. Rows are fetched by the driver in a form that loses no bit and compared here;
objects are read from the catalogs, one fact per name. Roles that belong to the machinery are named in INFRA.
"""

import hashlib
import re
import struct
from collections import Counter

INFRA = {"rdsadmin", "rds_superuser", "rds_replication", "rds_password", "rds_iam", "scalectl", "app", "site"}


# ---------------------------------------------------------------- PostgreSQL

OWN = "NOT (%s = ANY (ARRAY['pg_catalog', 'information_schema', 'scalectl', 'pg_toast']) OR %s LIKE 'pg_temp%%%%' OR %s LIKE 'pg_toast%%%%')"


def own(column):
    return OWN % (column, column, column)


def free(catalog, column):
    """Not a part of an extension."""
    return ("NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = '%s'::regclass AND e.objid = %s AND e.deptype = 'e')"
            % (catalog, column))


def acl(column, kind, owner):
    """Grants in words, those by default too."""
    return ("(SELECT string_agg(w, ',' ORDER BY w) FROM (SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END "
            "|| ':' || x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END AS w FROM aclexplode(coalesce(%s, acldefault('%s', %s))) x "
            "WHERE x.privilege_type <> 'MAINTAIN') y)" % (column, kind, owner))


RELATIONS = """
SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
    WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite' END, n.nspname || '.' || c.relname,
  jsonb_build_object('kind', c.relkind, 'owner', pg_get_userbyid(c.relowner), 'persistence', c.relpersistence,
    'options', (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o),
    'toast', (SELECT array_agg(o ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = c.reltoastrelid),
    'identity', c.relreplident, 'security', c.relrowsecurity, 'forced', c.relforcerowsecurity,
    'bound', pg_get_expr(c.relpartbound, c.oid), 'key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
    'parents', (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
    'of', CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END,
    'method', (SELECT amname FROM pg_am WHERE pg_am.oid = c.relam),
    'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace),
    'populated', c.relispopulated, 'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
    'server', (SELECT jsonb_build_object('server', s.srvname, 'options', (SELECT array_agg(o ORDER BY o) FROM unnest(f.ftoptions) o)) FROM pg_foreign_table f
      JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid))::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND {own} AND {free}
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = c.reltype AND e.deptype = 'e')
"""

POSTGRES = [
    ("database", """
SELECT 'database', 'itself', jsonb_build_object('encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'type', datctype,
    'provider', datlocprovider, 'icu', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
    'limit', datconnlimit)::text
FROM pg_database d WHERE datname = current_database()"""),
    ("database grants", """
SELECT 'grant', 'database ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END || ' ' || x.privilege_type, x.is_grantable::text
FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
WHERE datname = current_database() AND x.grantee <> d.datdba"""),
    ("comments of shared objects", """
SELECT 'comment', 'database', description FROM pg_shdescription s JOIN pg_database d ON d.oid = s.objoid
  WHERE classoid = 'pg_database'::regclass AND datname = current_database()
UNION ALL SELECT 'comment', 'role ' || rolname, description FROM pg_shdescription s JOIN pg_roles d ON d.oid = s.objoid
  WHERE classoid = 'pg_authid'::regclass AND rolname <> ALL ({infra})"""),
    ("settings", """
SELECT 'setting', coalesce('role ' || rolname, 'all roles') || CASE setdatabase WHEN 0 THEN '' ELSE ' here' END || ' ' || split_part(c, '=', 1), c
FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) c
WHERE (setdatabase = 0 OR datname = current_database()) AND coalesce(rolname, '') <> ALL ({machinery})"""),
    ("roles", """
SELECT 'role', rolname, jsonb_build_object('inherit', rolinherit, 'createrole', rolcreaterole, 'createdb', rolcreatedb,
    'login', rolcanlogin, 'limit', rolconnlimit, 'until', rolvaliduntil, 'password', md5(rolpassword))::text
FROM pg_authid WHERE rolname !~ '^pg_' AND rolname <> ALL ({infra})"""),
    ("memberships", """
SELECT 'membership', m.rolname || ' in ' || r.rolname, bool_or(admin_option)::text
FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
WHERE r.rolname <> ALL ({infra}) AND m.rolname <> ALL ({infra}) AND m.rolname !~ '^pg_' GROUP BY 1, 2"""),
    ("memberships of predefined roles", """
SELECT 'membership', m.rolname || ' in ' || r.rolname, bool_or(admin_option)::text
FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member
WHERE r.rolname ~ '^pg_' AND r.rolname <> 'pg_database_owner' AND m.rolname <> ALL ({infra}) AND m.rolname !~ '^pg_' GROUP BY 1, 2"""),
    ("schemas", """
SELECT 'schema', nspname, pg_get_userbyid(nspowner) || ' ' || coalesce({acl_n}, '') FROM pg_namespace n
WHERE {own_n} AND {free_n} AND nspname <> 'public'
UNION ALL SELECT 'grant', 'schema public', coalesce({acl_n}, '') FROM pg_namespace n WHERE nspname = 'public'"""),
    ("relations", None),
    ("replica identity indexes", """
SELECT 'identity index', i.indrelid::regclass::text, i.indexrelid::regclass::text FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.indisreplident AND {own_n}"""),
    ("grants on relations", """
SELECT 'grant', CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.oid::regclass, {acl_c}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {own_n} AND {free_c}
UNION ALL SELECT 'grant', 'sequence ' || c.oid::regclass, {acl_s}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND {own_n} AND {free_c}"""),
    ("columns", """
SELECT 'column', a.attrelid::regclass || '.' || a.attname, jsonb_build_object(
  'place', row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), 'type', format_type(a.atttypid, a.atttypmod),
  'collation', CASE WHEN a.attcollation <> 0 THEN (SELECT collname FROM pg_collation WHERE oid = a.attcollation) END,
  'not null', a.attnotnull, 'default', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
  'identity', a.attidentity, 'generated', a.attgenerated, 'storage', a.attstorage, 'compression', a.attcompression,
  'statistics', CASE WHEN coalesce(a.attstattarget, -1) = -1 THEN -1 ELSE a.attstattarget END, 'options', a.attoptions,
  'foreign', (SELECT array_agg(o ORDER BY o) FROM unnest(a.attfdwoptions) o), 'grants', (SELECT array_agg(w ORDER BY w) FROM (SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC'
    ELSE pg_get_userbyid(x.grantee) END || ':' || x.privilege_type || x.is_grantable AS w FROM aclexplode(a.attacl) x) y), 'local', a.attislocal, 'inherited', a.attinhcount)::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND {own_n} AND {free_c}"""),
    ("indexes", """
SELECT 'index', i.indexrelid::regclass::text, jsonb_build_object('definition', pg_get_indexdef(i.indexrelid), 'unique', indisunique,
  'primary', indisprimary, 'immediate', indimmediate, 'valid', indisvalid, 'clustered', indisclustered, 'exclusion', indisexclusion,
  'options', (SELECT reloptions FROM pg_class x WHERE x.oid = i.indexrelid), 'statistics', (SELECT array_agg(attstattarget ORDER BY attnum)
   FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND coalesce(attstattarget, -1) <> -1))::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {own_n} AND {free_c}"""),
    ("constraints", """
SELECT 'constraint', coalesce(nullif(conrelid, 0)::regclass::text, nullif(contypid, 0)::regtype::text) || '.' || conname,
  jsonb_build_object('definition', pg_get_constraintdef(o.oid), 'valid', convalidated, 'deferrable', condeferrable,
    'deferred', condeferred, 'local', conislocal, 'inherit', CASE WHEN contype = 'c' THEN connoinherit END)::text
FROM pg_constraint o JOIN pg_namespace n ON n.oid = connamespace
WHERE contype <> 'n' AND {own_n} AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.deptype = 'e'
  AND (e.classid = 'pg_class'::regclass AND e.objid = conrelid OR e.classid = 'pg_type'::regclass AND e.objid = contypid))"""),
    ("triggers", """
SELECT 'trigger', tgrelid::regclass || '.' || tgname, tgenabled::text || ' ' || pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT tgisinternal AND {own_n}"""),
    ("rules", """
SELECT 'rule', ev_class::regclass || '.' || rulename, ev_enabled::text || ' ' || pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE rulename <> '_RETURN' AND {own_n}"""),
    ("functions", """
SELECT 'function', p.oid::regprocedure::text, jsonb_build_object('owner', pg_get_userbyid(proowner), 'grants', {acl_p},
  'definition', CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE (SELECT row_to_json(a)::jsonb - 'aggfnoid' FROM
    (SELECT aggfnoid, aggkind, aggtransfn::text, aggfinalfn::text, aggcombinefn::text, aggtranstype::regtype::text, agginitval) a
    WHERE a.aggfnoid = p.oid)::text END)::text
FROM pg_proc p LEFT JOIN (SELECT aggfnoid::oid AS number, * FROM pg_aggregate) g ON g.number = p.oid
JOIN pg_namespace n ON n.oid = pronamespace WHERE {own_n} AND {free_p}
AND NOT EXISTS (SELECT 1 FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')"""),
    ("types", """
SELECT 'type', t.oid::regtype::text, jsonb_build_object('owner', CASE WHEN typtype <> 'm' THEN pg_get_userbyid(typowner) END, 'kind', typtype,
  'grants', CASE WHEN typtype <> 'm' THEN {acl_t} END,
  'labels', (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
  'base', CASE WHEN typtype = 'd' THEN format_type(typbasetype, typtypmod) END, 'not null', typnotnull, 'default', typdefault,
  'collation', CASE WHEN typtype = 'd' THEN (SELECT collname FROM pg_collation c WHERE c.oid = typcollation) END,
  'range', (SELECT jsonb_build_object('of', rngsubtype::regtype::text, 'diff', rngsubdiff::text, 'canonical', rngcanonical::text)
    FROM pg_range WHERE rngtypid = t.oid))::text
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace
WHERE {own_n} AND {free_t} AND typelem = 0 AND (typrelid = 0 OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = typrelid AND c.relkind = 'c'))"""),
    ("policies", """
SELECT 'policy', polrelid::regclass || '.' || polname, jsonb_build_object('for', polcmd, 'permissive', polpermissive,
  'roles', (SELECT array_agg(w ORDER BY w) FROM (SELECT CASE x WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x)::text END AS w FROM unnest(polroles) x) y),
  'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid))::text FROM pg_policy"""),
    ("statistics", """
SELECT 'statistics', n.nspname || '.' || stxname, pg_get_statisticsobjdef(s.oid) || ' ' || coalesce((to_jsonb(s) ->> 'stxstattarget'), '-1') || ' ' || pg_get_userbyid(stxowner)
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = stxnamespace WHERE {own_n}"""),
    ("sequences", """
SELECT 'sequence', c.oid::regclass::text, jsonb_build_object('type', seqtypid::regtype::text, 'start', seqstart, 'by', seqincrement,
  'min', seqmin, 'max', seqmax, 'cache', seqcache, 'cycle', seqcycle, 'owner', pg_get_userbyid(c.relowner), 'logged', c.relpersistence,
  'of', (SELECT d.refobjid::regclass || '.' || a.attname || ' ' || d.deptype::text FROM pg_depend d JOIN pg_attribute a
    ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')))::text
FROM pg_sequence q JOIN pg_class c ON c.oid = seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {own_n} AND {free_c}"""),
    ("event triggers", """
SELECT 'event trigger', evtname, jsonb_build_object('event', evtevent, 'state', evtenabled, 'tags', evttags,
  'function', evtfoid::regproc::text)::text FROM pg_event_trigger"""),
    ("publications", """
SELECT 'publication', pubname, jsonb_build_object('all', puballtables, 'insert', pubinsert, 'update', pubupdate, 'delete', pubdelete,
  'truncate', pubtruncate, 'root', pubviaroot, 'tables', (SELECT array_agg(w ORDER BY w) FROM (SELECT prrelid::regclass || coalesce(' where ' ||
  pg_get_expr(prqual, prrelid), '') || coalesce(' columns ' || prattrs::text, '') AS w FROM pg_publication_rel WHERE prpubid = p.oid) y),
  'schemas', (SELECT array_agg(pnnspid::regnamespace::text ORDER BY pnnspid::regnamespace::text) FROM pg_publication_namespace WHERE pnpubid = p.oid))::text
FROM pg_publication p WHERE pubname <> 'scalectl'"""),
    ("foreign servers", """
SELECT 'foreign server', srvname, jsonb_build_object('options', (SELECT array_agg(o ORDER BY o) FROM unnest(srvoptions) o), 'owner', pg_get_userbyid(srvowner), 'type', srvtype,
  'version', srvversion, 'wrapper', fdwname, 'grants', {acl_f})::text FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = srvfdw
UNION ALL SELECT 'user mapping', srvname || ' for ' || usename, (SELECT array_agg(o ORDER BY o) FROM unnest(umoptions) o)::text FROM pg_user_mappings
UNION ALL SELECT 'foreign data wrapper', fdwname, jsonb_build_object('options', (SELECT array_agg(o ORDER BY o) FROM unnest(fdwoptions) o), 'handler', fdwhandler::regproc::text)::text
  FROM pg_foreign_data_wrapper w WHERE {free_w}"""),
    ("default privileges", """
SELECT 'default privileges', pg_get_userbyid(defaclrole) || ' ' || coalesce(nspname, 'everywhere') || ' ' || defaclobjtype::text,
  (SELECT string_agg(w, ',' ORDER BY w) FROM (SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee) END || ':' ||
   x.privilege_type || x.is_grantable AS w FROM aclexplode(defaclacl) x WHERE x.privilege_type <> 'MAINTAIN') y)
FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace"""),
    ("extensions", """
SELECT 'extension', extname, jsonb_build_object('schema', extnamespace::regnamespace::text)::text FROM pg_extension"""),
    ("members of extensions", """
SELECT 'member of extension', extname || ' ' || i.type || ' ' || i.identity, '' FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid,
  pg_identify_object(d.classid, d.objid, d.objsubid) i
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype IN ('x') """),
    ("comments", """
SELECT 'comment', i.type || ' ' || i.identity, description FROM pg_description d, pg_identify_object(classoid, objoid, objsubid) i
WHERE (objoid >= 16384 OR classoid = 'pg_namespace'::regclass) AND i.identity NOT LIKE 'pg\\_%%' AND i.identity NOT IN ('scalectl', 'information_schema')
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')"""),
    ("security labels", """
SELECT 'security label', coalesce(objname, '') || ' ' || objtype || ' ' || provider, label FROM pg_seclabels"""),
    ("large objects", """
SELECT 'large object', oid::text, pg_get_userbyid(lomowner) || ' ' || (SELECT md5(string_agg(data, '' ORDER BY pageno)) FROM pg_largeobject WHERE loid = m.oid)
FROM pg_largeobject_metadata m"""),
    ("collations", """
SELECT 'collation', n.nspname || '.' || collname, jsonb_build_object('provider', collprovider, 'deterministic', collisdeterministic,
  'collate', collcollate, 'ctype', collctype, 'icu', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale'), 'owner', pg_get_userbyid(collowner))::text
FROM pg_collation c JOIN pg_namespace n ON n.oid = collnamespace WHERE {own_n} AND {free_l}"""),
    ("operators and the like", """
SELECT i.type, i.identity, coalesce(more, '') FROM (
  SELECT 'pg_operator'::regclass AS class, oid, jsonb_build_object('f', oprcode::text, 'c', oprcom::regoperator::text, 'n', oprnegate::regoperator::text,
    'r', oprrest::text, 'm', oprcanmerge, 'h', oprcanhash, 'owner', pg_get_userbyid(oprowner))::text AS more FROM pg_operator
  UNION ALL SELECT 'pg_cast'::regclass, oid, castcontext::text || castmethod::text FROM pg_cast
  UNION ALL SELECT 'pg_opclass'::regclass, oid, opcdefault::text FROM pg_opclass
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, '' FROM pg_opfamily
  UNION ALL SELECT 'pg_conversion'::regclass, oid, '' FROM pg_conversion
  UNION ALL SELECT 'pg_language'::regclass, oid, {acl_l} FROM pg_language
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, (SELECT string_agg(maptokentype || ':' || mapseqno || ':' || mapdict::regdictionary, ',' ORDER BY maptokentype, mapseqno)
    FROM pg_ts_config_map WHERE mapcfg = c.oid) FROM pg_ts_config c
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictinitoption FROM pg_ts_dict
  UNION ALL SELECT 'pg_ts_parser'::regclass, oid, '' FROM pg_ts_parser
  UNION ALL SELECT 'pg_ts_template'::regclass, oid, '' FROM pg_ts_template
  UNION ALL SELECT 'pg_transform'::regclass, oid, '' FROM pg_transform
  UNION ALL SELECT 'pg_am'::regclass, oid, '' FROM pg_am) o, pg_identify_object(class, oid, 0) i
WHERE o.oid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = class AND e.objid = o.oid AND e.deptype = 'e')"""),
]


def postgres_objects(connection, machinery):
    """Facts about the database: {(kind, name): definition}. `machinery` are the roles that the move itself makes."""
    facts = {}
    words = {
        "infra": "ARRAY[%s]::name[]" % ",".join("'%s'" % role for role in sorted(INFRA)),
        "machinery": "ARRAY[%s]::name[]" % ",".join("'%s'" % role for role in sorted(machinery)),
        "own_n": own("n.nspname"), "free_n": free("pg_namespace", "n.oid"), "free_c": free("pg_class", "c.oid"),
        "free_p": free("pg_proc", "p.oid"), "free_t": free("pg_type", "t.oid"), "free_l": free("pg_collation", "c.oid"),
        "free_w": free("pg_foreign_data_wrapper", "w.oid"),
        "acl_n": acl("n.nspacl", "n", "n.nspowner"), "acl_c": acl("c.relacl", "r", "c.relowner"), "acl_s": acl("c.relacl", "s", "c.relowner"),
        "acl_p": acl("p.proacl", "f", "p.proowner"), "acl_t": acl("t.typacl", "T", "t.typowner"), "acl_f": acl("s.srvacl", "S", "s.srvowner"),
        "acl_l": acl("lanacl", "l", "lanowner"),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
        cursor.execute("SET timezone = 'UTC'")
        for _, text in POSTGRES:
            if text is None:
                text = RELATIONS.format(own=own("n.nspname"), free=free("pg_class", "c.oid"))
            else:
                text = text.format(**words)
            cursor.execute(text.replace("%%", "%"))
            for kind, name, definition in cursor.fetchall():
                facts[kind, name] = definition
    # Grants to the machinery's roles are not the application's.
    strip = re.compile(r"(?<![\w])(?:%s|scalectl\w*):[A-Z ]+\*?,?" % "|".join(sorted(machinery)))
    for key, definition in list(facts.items()):
        if definition and any(role + ":" in definition for role in machinery | {"scalectl", "scalectl_follower"}):
            facts[key] = strip.sub("", definition).strip(",")
        who = key[1].split(" ")[1] if key[0] == "grant" and key[1].startswith("database ") else ""
        if who in machinery | {"site", "app"} or who.startswith("scalectl"):
            facts.pop(key, None)
        # What the move itself keeps, as long as it goes on.
        if key[0] in ("role", "membership", "setting", "comment") and re.search(r"\bscalectl_?\w*\b", key[1]):
            facts.pop(key, None)
        if key[0] == "setting" and "default_transaction_read_only" in key[1]:
            facts.pop(key, None)
    return facts


def postgres_sequences(connection):
    """The next value of each sequence and its step: {name: (value, step)}."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
        cursor.execute("SELECT c.oid::regclass::text, seqincrement, seqmin, seqmax, seqcycle FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid "
                       "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " + own("n.nspname").replace("%%", "%"))
        for name, step, low, high, cycle in cursor.fetchall():
            cursor.execute("SELECT last_value, is_called FROM " + name)
            value, called = cursor.fetchone()
            if called:
                value += step
                if value > high or value < low:
                    value = (low if step > 0 else high) if cycle else None
            found[name] = (value, step, cycle)
    return found


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def postgres_tables(connection):
    """Each place that holds rows: (name, columns with how they are read, key columns)."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
        # Extensions' tables count where the extension marks them as configuration.
        cursor.execute("SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "WHERE c.relkind = 'r' AND "
                       + own("n.nspname").replace("%%", "%") +
                       " AND (" + free("pg_class", "c.oid") + " OR EXISTS (SELECT 1 FROM pg_extension WHERE c.oid = ANY (extconfig)))"
                       " ORDER BY 2, 3")
        for number, schema, table in cursor.fetchall():
            cursor.execute("SELECT attname, atttypid < 10000 AND typtype = 'b' AND typname !~ '^_?(reg|aclitem)' "
                           "AND typname NOT IN ('oidvector', 'pg_node_tree', '_record', '_pg_attribute'), attgenerated FROM pg_attribute a "
                           "JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum", (number,))
            columns = [(name, binary) for name, binary, _ in cursor.fetchall()]
            cursor.execute("SELECT attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) "
                           "WHERE i.indrelid = %s AND i.indisprimary", (number,))
            yield schema + "." + table, schema, table, columns, [name for name, in cursor.fetchall()]


class Tuples:
    """Reads what COPY writes in its binary form: a digest per row, and one of its key."""

    def __init__(self, keys):
        self.keys, self.rest, self.started, self.found = keys, b"", False, Counter()

    def write(self, data):
        self.rest += data
        text, at = self.rest, 0
        if not self.started:
            if len(text) < 19:
                return
            assert text[:11] == b"PGCOPY\n\xff\r\n\0"
            at = 19 + struct.unpack_from("!i", text, 15)[0]
            self.started = True
        while True:
            begin = at
            if at + 2 > len(text):
                break
            count = struct.unpack_from("!h", text, at)[0]
            at += 2
            if count == -1:
                begin = at
                break
            key = hashlib.blake2b(digest_size=16)
            for number in range(count):
                if at + 4 > len(text):
                    at = None
                    break
                size = struct.unpack_from("!i", text, at)[0]
                end = at + 4 + max(size, 0)
                if end > len(text):
                    at = None
                    break
                if number in self.keys:
                    key.update(text[at:end])
                at = end
            if at is None:
                break
            self.found[key.digest(), hashlib.blake2b(text[begin:at], digest_size=16).digest()] += 1
        self.rest = text[begin:]


def postgres_rows(connection):
    """Every row of every table: {table: Counter of (key, row)}."""
    found = {}
    for name, schema, table, columns, keys in list(postgres_tables(connection)):
        reader = Tuples({number for number, (column, _) in enumerate(columns) if column in keys} or set(range(len(columns))))
        words = ", ".join(quoted(column) if binary else quoted(column) + "::text" for column, binary in columns)
        with connection.cursor() as cursor:
            cursor.execute("SET timezone = 'UTC'; SET extra_float_digits = 3; SET intervalstyle = 'postgres_verbose'; SET bytea_output = 'hex'; "
                           "SET datestyle = 'ISO'")
            cursor.copy_expert("COPY (SELECT %s FROM ONLY %s.%s) TO STDOUT (FORMAT binary)" % (words, quoted(schema), quoted(table)), reader)
        found[name] = reader.found
    return found


# ---------------------------------------------------------------- MySQL

FLOATS = {"float", "double"}
CHARS = {"decimal", "date", "time", "datetime", "timestamp", "year", "uuid", "inet6", "inet4"}


def ticked(name):
    return "`" + name.replace("`", "``") + "`"


def lossless(name, kind):
    """An expression that loses no bit of a column."""
    name = ticked(name)
    if kind in FLOATS:
        return "CAST(CAST(%s AS double) AS char)" % name
    if kind == "bit":
        return "BIN(%s + 0)" % name
    if kind in CHARS:
        return "CAST(%s AS char)" % name
    if kind == "enum":
        return "CONCAT(%s + 0, ':', HEX(%s))" % (name, name)
    if kind in ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"):
        return "HEX(ST_AsBinary(%s)), ST_SRID(%s)" % (name, name)
    return "HEX(%s)" % name


def mysql_rows(connection, database):
    """Every row of every table: {table: Counter of (key, row)}."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET time_zone = '+00:00', sql_mode = ''")
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE' ORDER BY 1", (database,))
        for table, in cursor.fetchall():
            cursor.execute("SELECT column_name, data_type, column_key = 'PRI' FROM information_schema.columns "
                           "WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position", (database, table))
            columns = cursor.fetchall()
            words, keys = [], []
            for name, kind, key in columns:
                word = lossless(name, kind.lower())
                if key:
                    keys += range(len(words), len(words) + word.count("ST_") or len(words) + 1)
                words.append(word)
            cursor.execute("SELECT %s FROM %s.%s" % (", ".join(words), ticked(database), ticked(table)))
            rows = Counter()
            marks = [number for number, (_, _, key) in enumerate(columns) if key] or list(range(len(columns)))
            while True:
                batch = cursor.fetchmany(2000)
                if not batch:
                    break
                for row in batch:
                    whole = hashlib.blake2b(repr(row).encode(), digest_size=16).digest()
                    key = hashlib.blake2b(repr([row[number] for number in marks]).encode(), digest_size=16).digest()
                    rows[key, whole] += 1
            found[table] = rows
    return found


def mysql_objects(connection, database, machinery):
    """Facts about the database: {(kind, name): definition}."""
    facts = {}
    with connection.cursor() as cursor:
        cursor.execute("SET sql_mode = '', time_zone = '+00:00'")

        def rows(text, *values):
            # Texts of defaults may hold bytes of no character set.
            cursor.execute(text, values or None)
            return [tuple(one.decode("utf-8", "backslashreplace") if isinstance(one, bytes) else one for one in row) for row in cursor.fetchall()]

        facts["database", "itself"] = str(rows("SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
                                               "WHERE schema_name = %s", database))
        for name, kind in rows("SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = %s", database):
            where = "%s.%s" % (ticked(database), ticked(name))
            if kind == "VIEW":
                try:
                    facts["view", name] = str(rows("SHOW CREATE VIEW " + where)[0][1:])
                except Exception as error:  # A view may be broken; the words are the fact.
                    facts["view", name] = str(error)
                continue
            if kind == "SEQUENCE":
                facts["sequence", name] = re.sub(r"\bstart with \d+", "", rows("SHOW CREATE TABLE " + where)[0][1])
                facts["sequence", name] += str(rows("SELECT minimum_value, maximum_value, start_value, increment, cache_size, cycle_option FROM " + where))
                continue
            text = rows("SHOW CREATE TABLE " + where)[0][1]
            facts["table", name] = re.sub(r" AUTO_INCREMENT=\d+", "", text)
            for row in rows("SELECT column_name, ordinal_position, column_type, character_set_name, collation_name, column_default, is_nullable, extra, "
                            "generation_expression, column_comment FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
                            database, name):
                facts["column", name + "." + row[0]] = str(row[1:])
            for row in rows("SELECT index_name, seq_in_index, column_name, non_unique, sub_part, index_type, collation, index_comment, ignored "
                            "FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s", database, name):
                facts["index", "%s.%s %s" % (name, row[0], row[1])] = str(row[2:])
        for name, in rows("SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = %s", database):
            row = rows("SHOW CREATE TRIGGER %s.%s" % (ticked(database), ticked(name)))[0]
            facts["trigger", name] = str(row[1:6])
        for row in rows("SELECT event_object_table, action_timing, event_manipulation, action_order, trigger_name FROM information_schema.triggers "
                        "WHERE trigger_schema = %s", database):
            facts["trigger order", "%s %s %s %s" % row[:4]] = row[4]
        for name, kind in rows("SELECT routine_name, routine_type FROM information_schema.routines WHERE routine_schema = %s", database):
            facts[kind.lower(), name] = str(rows("SHOW CREATE %s %s.%s" % (kind, ticked(database), ticked(name)))[0][1:])
        for name, in rows("SELECT event_name FROM information_schema.events WHERE event_schema = %s", database):
            row = rows("SHOW CREATE EVENT %s.%s" % (ticked(database), ticked(name)))[0]
            state = rows("SELECT status FROM information_schema.events WHERE event_schema = %s AND event_name = %s", database, name)
            facts["event", name] = str(row[1:]) + str(state)
        # Who defines what the login made is the other side's login there; no other account is told from another.
        for key, text in facts.items():
            facts[key] = re.sub(r"[`\"]?\b(?:site|app|root)[`\"]?@[`\"]?(?:%|127\.0\.0\.1|localhost)[`\"]?", "login", text)
        skip = machinery | {"root", "mariadb.sys", "mysql", "site", "app", "rdsadmin", "PUBLIC", ""}
        for user, host, role in rows("SELECT user, host, is_role FROM mysql.user"):
            if user in skip or user.startswith("mysql."):
                continue
            who = ticked(user) + ("" if role == "Y" else "@" + ticked(host))
            for row in rows("SHOW GRANTS FOR " + who):
                facts["grant", who + " " + re.sub(r"IDENTIFIED BY PASSWORD.*", "", row[0])] = row[0]
            if role != "Y":
                facts["user", who] = rows("SHOW CREATE USER " + who)[0][0]
    return facts


def mysql_sequences(connection, database):
    """The next value of each counter and sequence: {name: (value, step, cycle)}."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE' "
                       "AND auto_increment IS NOT NULL", (database,))
        for name, value in cursor.fetchall():
            found[name + " (counter)"] = (value, 1, False)
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'SEQUENCE'", (database,))
        for name, in cursor.fetchall():
            cursor.execute("SELECT next_not_cached_value, increment, cycle_option FROM %s.%s" % (ticked(database), ticked(name)))
            value, step, cycle = cursor.fetchone()
            found[name] = (value, step, bool(cycle))
    return found


# ---------------------------------------------------------------- both

def objects(server, machinery=frozenset(), database="app"):
    """Facts about a server's database."""
    connection = server.admin(database) if server.engine == "postgres" else server.admin(database, use_unicode=False)
    try:
        if server.engine == "postgres":
            return postgres_objects(connection, set(machinery))
        return mysql_objects(connection, database, set(machinery))
    finally:
        connection.close()


def rows(server, database="app"):
    """Every row of a server's database."""
    connection = server.admin(database)
    try:
        if server.engine == "postgres":
            connection.autocommit = False
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            return postgres_rows(connection)
        return mysql_rows(connection, database)
    finally:
        connection.close()


def sequences(server, database="app"):
    """The next value of each sequence."""
    connection = server.admin(database)
    try:
        return postgres_sequences(connection) if server.engine == "postgres" else mysql_sequences(connection, database)
    finally:
        connection.close()


def compare_rows(ours, theirs):
    """(rows compared, [what differs]) of two sides' rows; `lost`, `doubled` and `changed` are counts per table."""
    wrong, total = [], 0
    for table in sorted(set(ours) | set(theirs)):
        if table not in ours or table not in theirs:
            wrong.append((table, {"table": "missing" if table not in theirs else "extra", "lost": sum(ours.get(table, Counter()).values())}))
            continue
        total += sum(ours[table].values())
        missing, extra = ours[table] - theirs[table], theirs[table] - ours[table]
        if not missing and not extra:
            continue
        here, there = Counter(), Counter()
        for (key, _), count in missing.items():
            here[key] += count
        for (key, _), count in extra.items():
            there[key] += count
        changed = sum((here & there).values())
        wrong.append((table, {"lost": sum(here.values()) - changed, "doubled": sum(there.values()) - changed, "changed": changed}))
    return total, wrong


EXPRESSIONS = {"constraint", "index", "view", "materialized view", "policy", "column", "rule", "trigger"}
# How expressions are printed changes when they are read again: `a IN ('x')` on varchar gets its casts elsewhere.
CASTS = re.compile(r"::(?:character varying|text|bpchar|character|numeric|bigint)(?:\(\d+\))?(?:\[\])?|[()\s]")


def alike(ours, theirs):
    return ours == theirs or ours is not None and theirs is not None and CASTS.sub("", ours) == CASTS.sub("", theirs)


def compare_objects(ours, theirs):
    """What differs between two sides' objects, in words: [(how, kind, name, here, there)]."""
    wrong = []
    for key in sorted(set(ours) | set(theirs)):
        if key not in theirs:
            wrong.append(("missing", *key, ours[key], None))
        elif key not in ours:
            wrong.append(("extra", *key, None, theirs[key]))
        elif not (alike(ours[key], theirs[key]) if key[0] in EXPRESSIONS else ours[key] == theirs[key]):
            wrong.append(("differs", *key, ours[key], theirs[key]))
    return wrong


def compare_sequences(ours, theirs, exact):
    """Sequences of `theirs` that would not give what those of `ours` would."""
    wrong = []
    for name in sorted(set(ours) | set(theirs)):
        here, there = ours.get(name), theirs.get(name)
        if here is None or there is None:
            wrong.append((name, here, there))
        elif exact:
            if here[0] != there[0]:
                wrong.append((name, here[0], there[0]))
        elif not here[2] and here[0] is not None and (there[0] is not None) and ((there[0] - here[0]) * here[1] < 0):
            wrong.append((name, here[0], there[0]))
    return wrong
