-- expect: moved
-- login: superuser
-- way: up
-- target: SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'
-- target: SET GLOBAL time_zone = '+05:30'
-- target: SET GLOBAL group_concat_max_len = 10
-- target: SET GLOBAL tx_isolation = 'SERIALIZABLE'
-- Settings of the server that change how SQL is read, that cut long statements and idle sessions, and small images of rows.
CREATE TABLE words (id int PRIMARY KEY AUTO_INCREMENT, v varchar(100), ts timestamp NULL, f double); INSERT INTO words (v, ts, f) SELECT concat('ä\\b''"', seq), '2026-01-01' + INTERVAL seq HOUR, seq / 3 FROM seq_1_to_100; CREATE TABLE `it's` (id int PRIMARY KEY, `q"` int); INSERT INTO `it's` VALUES (1, 1); CREATE FUNCTION esc() RETURNS varchar(20) DETERMINISTIC RETURN 'a\\b';
SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'; SET GLOBAL time_zone = '+05:30'; SET GLOBAL binlog_row_image = MINIMAL; SET GLOBAL group_concat_max_len = 10; SET GLOBAL wait_timeout = 2; SET GLOBAL idle_transaction_timeout = 2; SET GLOBAL max_statement_time = 2; SET GLOBAL lock_wait_timeout = 1; SET GLOBAL innodb_lock_wait_timeout = 1; SET GLOBAL tx_isolation = 'SERIALIZABLE'; SET GLOBAL net_write_timeout = 2;
