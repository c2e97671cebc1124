"""Objects of a database and what is known of each, as lines that can be compared between two servers.

Everything is read from PostgreSQL's catalogs or MySQL's SHOW CREATE; none of it is shared with the scripts that move
databases. What differs between servers by nature (publications of a migration, the next automatic number) is left out."""
import re

from compare import ask, is_postgres, quote

# PostgreSQL: each query gives kind, name and definition. {mine} is a schema n that is the user's; {own(alias, catalog)}
# leaves out what belongs to an extension.
MINE = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'scalectl')"
NAMED = "CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || "


def own(alias, catalog):
    return ("NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.%s'::pg_catalog.regclass "
            "AND x.objid = %s.oid AND x.deptype = 'e')" % (catalog, alias))


RELATION = "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
TABLES = "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND " + MINE + " AND " + own("c", "pg_class")


def roles(acl, default):
    """Grants one by one, sorted, with what holds by default written out."""
    return ("(SELECT string_agg(g.privilege_type || CASE WHEN g.is_grantable THEN '*' ELSE '' END || ' ' || "
            "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee) END, ', ' "
            "ORDER BY CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END COLLATE \"C\", g.privilege_type) "
            "FROM aclexplode(coalesce(%s, %s)) g WHERE g.privilege_type <> 'MAINTAIN' AND "
            "pg_get_userbyid(g.grantee) !~ '^(scalectl|rds)')" % (acl, default))


QUERIES = [
    ("SELECT 'database', 'settings', concat_ws(' ', pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, "
     "(SELECT string_agg(u, ', ' ORDER BY u) FROM pg_db_role_setting s, unnest(s.setconfig) u WHERE s.setdatabase = d.oid "
     "AND s.setrole = 0)) FROM pg_database d WHERE d.datname = current_database()"),
    ("SELECT 'setting of role', pg_get_userbyid(s.setrole), string_agg(u, ', ' ORDER BY u) FROM pg_db_role_setting s, "
     "unnest(s.setconfig) u WHERE s.setrole <> 0 AND u !~ '^role=' AND pg_get_userbyid(s.setrole) !~ '^scalectl' AND s.setdatabase = (SELECT oid FROM pg_database "
     "WHERE datname = current_database()) GROUP BY 2"),
    f"SELECT 'schema', n.nspname, '' FROM pg_namespace n WHERE {MINE} AND {own('n', 'pg_namespace')}",
    ("SELECT 'extension', e.extname, concat(e.extversion, ' in ', n.nspname) FROM pg_extension e "
     "JOIN pg_namespace n ON n.oid = e.extnamespace"),
    # Tables and their kin.
    (f"SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' "
     f"WHEN 'c' THEN 'composite type' ELSE 'table' END, {NAMED} c.relname, concat_ws('; ', c.relkind, c.relpersistence, "
     "(SELECT amname FROM pg_am a WHERE a.oid = c.relam), array_to_string(c.reloptions, ','), "
     "(SELECT array_to_string(t.reloptions, ',') FROM pg_class t WHERE t.oid = c.reltoastrelid), "
     "'row security ' || c.relrowsecurity::text || c.relforcerowsecurity::text, 'identity ' || c.relreplident::text, "
     "CASE WHEN c.reloftype <> 0 THEN 'of ' || c.reloftype::regtype END, 'populated ' || c.relispopulated, "
     "pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid), (SELECT 'inherits ' || string_agg(i.inhparent::regclass::text, "
     "', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), CASE WHEN c.relkind IN ('v', 'm') THEN "
     "pg_get_viewdef(c.oid) END, (SELECT s.srvname || array_to_string(f.ftoptions, ',') FROM pg_foreign_table f "
     f"JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)) {RELATION} WHERE {TABLES}"),
    (f"SELECT 'column', {NAMED} c.relname || '.' || a.attname, concat_ws('; ', format_type(a.atttypid, a.atttypmod), "
     "CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'default ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(a.attidentity::text, ''), "
     "'generated ' || nullif(a.attgenerated::text, ''), 'collation ' || CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text "
     "END, 'storage ' || a.attstorage::text, 'compression ' || nullif(a.attcompression::text, ''), 'statistics ' || nullif(coalesce(a.attstattarget, -1), -1), "
     "array_to_string(a.attoptions, ','), array_to_string(a.attfdwoptions, ','), CASE WHEN a.attislocal THEN 'local' END, "
     "'place ' || (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = a.attrelid AND b.attnum > 0 AND b.attnum <= a.attnum "
     "AND NOT b.attisdropped)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
     "JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
     f"WHERE a.attnum > 0 AND NOT a.attisdropped AND {TABLES}"),
    (f"SELECT 'constraint', {NAMED} coalesce(c.relname, t.typname) || '.' || k.conname, concat_ws('; ', pg_get_constraintdef(k.oid), "
     "CASE WHEN NOT k.convalidated THEN 'NOT VALID' END, CASE WHEN k.conislocal THEN 'local' END) FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace "
     "LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid "
     f"WHERE k.contype NOT IN ('t', 'n') AND {MINE} AND {own('c', 'pg_class')} AND {own('t', 'pg_type')}"),
    (f"SELECT 'index', {NAMED} i.relname, concat_ws('; ', pg_get_indexdef(x.indexrelid), 'valid ' || x.indisvalid, "
     "CASE WHEN x.indisclustered THEN 'clustered' END, CASE WHEN x.indisreplident THEN 'identity' END, (SELECT string_agg(a.attnum || '=' || "
     "a.attstattarget, ',' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = i.oid AND coalesce(a.attstattarget, -1) >= 0)) "
     "FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid "
     f"JOIN pg_namespace n ON n.oid = i.relnamespace WHERE {MINE} AND {own('c', 'pg_class')}"),
    (f"SELECT 'sequence', {NAMED} c.relname, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, "
     "s.seqcycle, c.relpersistence, (SELECT 'of ' || d.refobjid::regclass || '.' || a.attname FROM pg_depend d JOIN pg_attribute a ON "
     "a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND "
     f"d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass)) {RELATION} JOIN pg_sequence s ON s.seqrelid = c.oid "
     f"WHERE c.relpersistence <> 't' AND {MINE} AND {own('c', 'pg_class')}"),
    (f"SELECT 'trigger', {NAMED} c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid) || '; ' || t.tgenabled::text {RELATION} "
     f"JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal AND {MINE} AND {own('c', 'pg_class')}"),
    (f"SELECT 'rule', {NAMED} c.relname || '.' || r.rulename, pg_get_ruledef(r.oid) || '; ' || r.ev_enabled::text {RELATION} "
     f"JOIN pg_rewrite r ON r.ev_class = c.oid WHERE r.rulename <> '_RETURN' AND {MINE} AND {own('c', 'pg_class')}"),
    (f"SELECT 'policy', {NAMED} c.relname || '.' || p.polname, concat_ws('; ', p.polcmd, p.polpermissive, pg_get_expr(p.polqual, c.oid), "
     "pg_get_expr(p.polwithcheck, c.oid), (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END, ',' ORDER BY 1) "
     f"FROM unnest(p.polroles) r)) {RELATION} JOIN pg_policy p ON p.polrelid = c.oid WHERE {MINE}"),
    (f"SELECT 'statistics', {NAMED} s.stxname, concat(pg_get_statisticsobjdef(s.oid), '; ', nullif(coalesce(s.stxstattarget, -1), -1)) FROM pg_statistic_ext s "
     f"JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {MINE}"),
    # Functions and types.
    (f"SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, {NAMED} p.proname || '(' || "
     "pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n "
     f"ON n.oid = p.pronamespace WHERE p.prokind <> 'a' AND {MINE} AND {own('p', 'pg_proc')}"),
    (f"SELECT 'aggregate', {NAMED} p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', "
     "concat_ws('; ', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval, a.aggsortop, p.proparallel) "
     f"FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {MINE} AND {own('p', 'pg_proc')}"),
    (f"SELECT 'type', {NAMED} t.typname, concat_ws('; ', t.typtype, t.typlen, t.typinput, t.typdefault, CASE WHEN t.typnotnull THEN "
     "'NOT NULL' END, CASE WHEN t.typbasetype <> 0 THEN format_type(t.typbasetype, t.typtypmod) END, nullif(t.typcollation, 0)::regcollation, "
     "(SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), "
     "(SELECT concat_ws(',', r.rngsubtype::regtype, r.rngsubdiff, r.rngcanonical, nullif(r.rngcollation, 0)::regcollation) FROM pg_range r WHERE r.rngtypid = t.oid)) "
     "FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('b', 'd', 'e', 'r', 'm') AND t.typelem = 0 "
     f"AND {MINE} AND {own('t', 'pg_type')}"),
    ("SELECT 'cast', format_type(c.castsource, NULL) || ' to ' || format_type(c.casttarget, NULL), concat_ws(';', c.castcontext, c.castmethod, "
     f"nullif(c.castfunc, 0)::regprocedure) FROM pg_cast c WHERE c.oid >= 16384 AND {own('c', 'pg_cast')}"),
    (f"SELECT 'operator', o.oid::regoperator::text, concat_ws(';', o.oprcode, nullif(o.oprcom, 0)::regoperator, nullif(o.oprnegate, 0)::regoperator, "
     f"o.oprrest, o.oprjoin) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE {MINE} AND {own('o', 'pg_operator')}"),
    (f"SELECT 'operator class', {NAMED} o.opcname, concat_ws(';', a.amname, o.opcintype::regtype, o.opcdefault) FROM pg_opclass o "
     f"JOIN pg_am a ON a.oid = o.opcmethod JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE {MINE} AND {own('o', 'pg_opclass')}"),
    (f"SELECT 'operator family', {NAMED} f.opfname, (SELECT string_agg(concat_ws(' ', m.amopstrategy, m.amopopr::regoperator), ', ' ORDER BY 1) "
     f"FROM pg_amop m WHERE m.amopfamily = f.oid) FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace WHERE {MINE} AND {own('f', 'pg_opfamily')}"),
    (f"SELECT 'collation', {NAMED} c.collname, concat_ws(';', c.collprovider, c.collisdeterministic, c.collencoding, c.collcollate, c.collctype) "
     f"FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE {MINE} AND {own('c', 'pg_collation')}"),
    (f"SELECT 'conversion', {NAMED} c.conname, concat_ws(';', c.conforencoding, c.contoencoding, c.conproc, c.condefault) "
     f"FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE {MINE}"),
    (f"SELECT 'text search configuration', {NAMED} c.cfgname, (SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapseqno, "
     "m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid) FROM pg_ts_config c "
     f"JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE {MINE} AND {own('c', 'pg_ts_config')}"),
    (f"SELECT 'text search dictionary', {NAMED} d.dictname, d.dictinitoption FROM pg_ts_dict d "
     f"JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE {MINE} AND {own('d', 'pg_ts_dict')}"),
    # What is in no schema.
    f"SELECT 'foreign data wrapper', w.fdwname, array_to_string(w.fdwoptions, ',') FROM pg_foreign_data_wrapper w WHERE {own('w', 'pg_foreign_data_wrapper')}",
    "SELECT 'foreign server', s.srvname, concat_ws(';', w.fdwname, s.srvtype, s.srvversion, array_to_string(s.srvoptions, ',')) FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw",
    "SELECT 'user mapping', m.usename || ' at ' || m.srvname, array_to_string(m.umoptions, ',') FROM pg_user_mappings m",
    f"SELECT 'event trigger', t.evtname, concat_ws(';', t.evtevent, t.evtfoid::regproc, t.evtenabled, array_to_string(t.evttags, ',')) FROM pg_event_trigger t WHERE {own('t', 'pg_event_trigger')}",
    f"SELECT 'language', l.lanname, l.lanpltrusted::text FROM pg_language l WHERE l.oid >= 16384 AND {own('l', 'pg_language')}",
    "SELECT 'publication', p.pubname, concat_ws(';', p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, (SELECT string_agg(r.prrelid::regclass::text, ',' ORDER BY 1) FROM pg_publication_rel r WHERE r.prpubid = p.oid)) FROM pg_publication p WHERE p.pubname !~ '^scalectl'",
    "SELECT 'default privileges', concat_ws(' ', pg_get_userbyid(d.defaclrole), n.nspname, d.defaclobjtype), " + roles("d.defaclacl", "d.defaclacl") + " FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace",
    "SELECT 'security label', o.identity, l.provider || ' ' || l.label FROM pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) o",
    ("SELECT 'large object', m.oid::text, (SELECT md5(string_agg(md5(l.data), ',' ORDER BY l.pageno)) FROM pg_largeobject l WHERE l.loid = m.oid) FROM pg_largeobject_metadata m"),
    # Comments, owners and grants, of objects of every kind.
    ("SELECT 'comment on', o.type || ' ' || o.identity, d.description FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o "
     "WHERE (d.objoid >= 16384 OR d.classoid = 'pg_extension'::regclass OR (d.classoid = 'pg_namespace'::regclass AND d.objoid = 2200)) "
     "AND o.identity !~ '(^|\\W)(scalectl|pg_toast)\\M' AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = d.classoid AND x.objid = d.objoid AND x.deptype = 'e') "
     "AND NOT (d.classoid = 'pg_trigger'::regclass AND EXISTS (SELECT FROM pg_trigger t WHERE t.oid = d.objoid AND t.tgisinternal))"),
    ("SELECT 'comment on', 'database', d.description FROM pg_shdescription d WHERE d.classoid = 'pg_database'::regclass AND d.objoid = "
     "(SELECT oid FROM pg_database WHERE datname = current_database())"),
    (f"SELECT 'owner of', CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END || ' ' || {NAMED} c.relname, pg_get_userbyid(c.relowner) {RELATION} "
     f"WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND {MINE} AND {own('c', 'pg_class')}"),
    (f"SELECT 'owner of', 'function ' || {NAMED} p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_userbyid(p.proowner) "
     f"FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {MINE} AND {own('p', 'pg_proc')}"),
    (f"SELECT 'owner of', 'type ' || {NAMED} t.typname, pg_get_userbyid(t.typowner) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
     f"WHERE t.typtype IN ('d', 'e', 'r') AND {MINE} AND {own('t', 'pg_type')}"),
    f"SELECT 'owner of', 'schema ' || n.nspname, pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE {MINE} AND n.nspname <> 'public' AND {own('n', 'pg_namespace')}",
    (f"SELECT 'grants on', 'table ' || {NAMED} c.relname, " + roles("c.relacl", "acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", c.relowner)")
     + f" {RELATION} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND {MINE} AND {own('c', 'pg_class')}"),
    (f"SELECT 'grants on', 'column ' || {NAMED} c.relname || '.' || a.attname, " + roles("a.attacl", "a.attacl")
     + f" {RELATION} JOIN pg_attribute a ON a.attrelid = c.oid WHERE a.attacl IS NOT NULL AND {MINE}"),
    (f"SELECT 'grants on', 'function ' || {NAMED} p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', "
     + roles("p.proacl", "acldefault('f', p.proowner)") + f" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {MINE} AND {own('p', 'pg_proc')}"),
    (f"SELECT 'grants on', 'type ' || {NAMED} t.typname, " + roles("t.typacl", "acldefault('T', t.typowner)")
     + f" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e', 'r') AND {MINE} AND {own('t', 'pg_type')}"),
    f"SELECT 'grants on', 'schema ' || n.nspname, " + roles("n.nspacl", "acldefault('n', n.nspowner)") + f" FROM pg_namespace n WHERE {MINE}",
]


def postgres_objects(connection):
    found = {}
    cursor = connection.cursor()
    # Names are printed with their schema, except for PostgreSQL's own.
    cursor.execute("SET search_path = ''")
    for query in QUERIES:
        for kind, name, definition in ask(connection, query):
            found["%s %s" % (kind, name)] = definition or ""
    return found


# MySQL ----------------------------------------------------------------------------------------------------------------

def mysql_objects(connection):
    found = {}
    (database, charset, collation), = ask(
        connection, "SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata "
        "WHERE schema_name = database()")
    found["database character set"] = charset + " " + collation
    for name, kind in ask(connection, "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = database()"):
        statement = ask(connection, "SHOW CREATE %s %s" % ("VIEW" if "VIEW" in kind else "TABLE", quote("mysql", name)))[0][1]
        found[("view " if "VIEW" in kind else "table ") + name] = re.sub(r" AUTO_INCREMENT=\d+(?= )", "", statement)
    routines = ask(connection, "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = database()")
    for kind, name in routines:
        row = ask(connection, "SHOW CREATE %s %s" % (kind, quote("mysql", name)))[0]
        found["%s %s" % (kind.lower(), name)] = "; ".join(str(word) for word in row[1:])
    for row in ask(connection, "SELECT trigger_name, action_order, event_object_table, action_timing, event_manipulation, action_statement, "
                   "sql_mode, definer, character_set_client, collation_connection, database_collation FROM information_schema.triggers "
                   "WHERE trigger_schema = database()"):
        found["trigger " + row[0]] = "; ".join(str(word) for word in row[1:])
    for row in ask(connection, "SELECT event_name, event_definition, event_type, execute_at, interval_value, interval_field, sql_mode, starts, "
                   "ends, on_completion, event_comment, time_zone, definer FROM information_schema.events WHERE event_schema = database()"):
        found["event " + row[0]] = "; ".join(str(word) for word in row[1:])
    return found


def objects(engine, connection):
    """{"table orders": definition}, and so for every object and fact."""
    return postgres_objects(connection) if is_postgres(engine) else mysql_objects(connection)
