-- What RDS adds to MySQL, as far as the scripts meet it. Others do not follow what is made here.
SET sql_log_bin = 0;
CREATE TABLE rds_heartbeat2 (id int PRIMARY KEY, value bigint);
CREATE TABLE rds_configuration (name varchar(100) PRIMARY KEY, value text);
DELIMITER //
CREATE PROCEDURE rds_set_external_master(host text, port int, user text, word text, file text, place bigint, tls int)
BEGIN
  EXECUTE IMMEDIATE 'STOP SLAVE';
  EXECUTE IMMEDIATE 'RESET SLAVE ALL';
  EXECUTE IMMEDIATE concat('CHANGE MASTER TO MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = no, MASTER_HOST = ', quote(host),
    ', MASTER_PORT = ', port, ', MASTER_USER = ', quote(user), ', MASTER_PASSWORD = ', quote(word),
    ', MASTER_LOG_FILE = ', quote(file), ', MASTER_LOG_POS = ', place, ', MASTER_SSL = ', tls, ', MASTER_SSL_VERIFY_SERVER_CERT = 0');
END//
CREATE PROCEDURE rds_reset_external_master() EXECUTE IMMEDIATE 'RESET SLAVE ALL'//
CREATE PROCEDURE rds_start_replication() START SLAVE//
CREATE PROCEDURE rds_stop_replication() STOP SLAVE//
CREATE PROCEDURE rds_set_configuration(name text, value int) REPLACE INTO rds_configuration VALUES (name, value)//
CREATE PROCEDURE rds_kill(session bigint) KILL session//
CREATE EVENT rds_heartbeat ON SCHEDULE EVERY 1 SECOND DO REPLACE INTO mysql.rds_heartbeat2 VALUES (1, unix_timestamp())//
DELIMITER ;
SET GLOBAL event_scheduler = ON;
-- As the blueprints' parameter group has it.
SET GLOBAL log_bin_trust_function_creators = ON;
