//! Names that a database engine keeps for itself, which RDS refuses for a database.

/// Whether an engine, in RDS's word for it, or RDS with it, reserves a name.
pub fn is_reserved(engine: &str, name: &str) -> bool {
    let (words, own): (&str, &[&str]) = match engine {
        "postgres" | "aurora-postgresql" => (POSTGRES, &["rdsadmin", "template0", "template1"]),
        // MariaDB's own reserved words are among MySQL's, but for a few.
        "mariadb" => (
            MYSQL,
            &[
                "rdsadmin",
                "innodb",
                "mysql",
                "information_schema",
                "performance_schema",
                "sys",
                // https://mariadb.com/kb/en/reserved-words/
                "current_role",
                "delete_domain_id",
                "do_domain_ids",
                "ignore_domain_ids",
                "offset",
                "page_checksum",
                "parse_vcol_expr",
                "position",
                "ref_system_id",
                "returning",
                "stats_auto_recalc",
                "stats_persistent",
                "stats_sample_pages",
            ],
        ),
        "mysql" | "aurora-mysql" => (
            MYSQL,
            &[
                "rdsadmin",
                "innodb",
                "mysql",
                "information_schema",
                "performance_schema",
                "sys",
            ],
        ),
        engine if engine.starts_with("oracle") => (ORACLE, &["sys", "system", "rdsadmin"]),
        _ => return false,
    };
    let name = &*name.to_ascii_lowercase();
    own.contains(&name) || words.split_ascii_whitespace().any(|word| word == name)
}

/// Whether an engine, or RDS with it, reserves a name that the master user would have
/// (botocore: CreateDBInstance.MasterUsername; RDS guide, "Master user account privileges").
pub fn is_reserved_user(engine: &str, name: &str) -> bool {
    let lower = &*name.to_ascii_lowercase();
    let own: &[&str] = match engine {
        // https://www.postgresql.org/docs/18/sql-createrole.html: names that begin with pg_.
        "postgres" | "aurora-postgresql" if lower.starts_with("pg_") => return true,
        "postgres" | "aurora-postgresql" => &["admin", "public", "none"],
        "mysql" | "aurora-mysql" | "mariadb" => &[
            "mysql_sys",
            "mysql_session",
            "mysql_infoschema",
            "mariadb_sys",
        ],
        // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.Concepts.General.FeatureNonSupport.html
        engine if engine.starts_with("sqlserver") => &[
            "sa",
            "guest",
            "dbo",
            "public",
            "sys",
            "information_schema",
            "sysadmin",
        ],
        _ => &[],
    };
    lower == "rdsa"
        || lower.starts_with("rds_")
        || ["rdsadmin", "rdsrepladmin", "rdsproxyadmin", "rdstopmgr"].contains(&lower)
        || own.contains(&lower)
        || is_reserved(engine, lower)
}

/// <https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Oracle-SQL-Reserved-Words.html>
const ORACLE: &str = "access add all alter and any as asc audit between by char check cluster column comment compress \
    connect create current date decimal default delete desc distinct drop else exclusive exists file float for from \
    grant group having identified immediate in increment index initial insert integer intersect into is level like lock \
    long maxextents minus mlslabel mode modify noaudit nocompress not nowait null number of offline on online option or \
    order pctfree prior public raw rename resource revoke row rowid rownum rows select session set share size smallint \
    start successful synonym sysdate table then to trigger uid union unique update user validate values varchar varchar2 \
    view whenever where with";

/// <https://www.postgresql.org/docs/18/sql-keywords-appendix.html>: reserved, also where a function or type may have
/// the name.
const POSTGRES: &str = "all analyse analyze and any array as asc asymmetric authorization binary both case cast check \
    collate collation column concurrently constraint create cross current_catalog current_date current_role \
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except \
    false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join \
    lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer \
    overlaps placing primary references returning right select session_user similar some symmetric system_user table \
    tablesample then to trailing true union unique user using variadic verbose when where window with";

/// <https://dev.mysql.com/doc/refman/8.4/en/keywords.html>: those marked (R), of 8.0 and 8.4.
const MYSQL: &str = "accessible add all alter analyze and as asc asensitive before between bigint binary blob both by \
    call cascade case change char character check collate column condition constraint continue convert create cross \
    cube cume_dist current_date current_time current_timestamp current_user cursor database databases day_hour \
    day_microsecond day_minute day_second dec decimal declare default delayed delete dense_rank desc describe \
    deterministic distinct distinctrow div double drop dual each else elseif empty enclosed escaped except exists exit \
    explain false fetch first_value float float4 float8 for force foreign from fulltext function generated get grant \
    group grouping groups having high_priority hour_microsecond hour_minute hour_second if ignore in index infile inner \
    inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids \
    io_before_gtids is iterate join json_table key keys kill lag last_value lateral lead leading leave left like limit \
    linear lines load localtime localtimestamp lock long longblob longtext loop low_priority manual master_bind \
    master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond \
    minute_second mod modifies natural no_write_to_binlog not nth_value ntile null numeric of on optimize \
    optimizer_costs option optionally or order out outer outfile over parallel partition percent_rank precision primary \
    procedure purge qualify range rank read read_write reads real recursive references regexp release rename repeat \
    replace require resignal restrict return revoke right rlike row row_number rows schema schemas second_microsecond \
    select sensitive separator set show signal smallint spatial specific sql sql_big_result sql_calc_found_rows \
    sql_small_result sqlexception sqlstate sqlwarning ssl starting stored straight_join system table tablesample \
    terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock unsigned update usage \
    use using utc_date utc_time utc_timestamp values varbinary varchar varcharacter varying virtual when where while \
    window with write xor year_month zerofill";
