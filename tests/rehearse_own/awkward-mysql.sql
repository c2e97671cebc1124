-- Tables that are hard to move, one concern each.
CREATE TABLE tenants (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(60) NOT NULL UNIQUE) CHARSET utf8mb4;
CREATE TABLE people (
  tenant int unsigned NOT NULL, id int NOT NULL, boss int, mood enum('sad', 'it''s ok', 'né') NOT NULL DEFAULT 'sad', email varchar(80) NOT NULL,
  PRIMARY KEY (tenant, id), UNIQUE KEY (email),
  FOREIGN KEY (tenant) REFERENCES tenants (id) ON DELETE CASCADE ON UPDATE CASCADE
) CHARSET utf8mb4;
CREATE TABLE numbers (
  id bigint AUTO_INCREMENT PRIMARY KEY, f float, uf float unsigned, d double, n decimal(30, 10), tiny tinyint unsigned, big bigint unsigned,
  small smallint CHECK (small BETWEEN -5 AND 500), doubled bigint AS (small * 2) STORED, later bigint AS (small + 1) VIRTUAL
);
CREATE TABLE texts (id int AUTO_INCREMENT PRIMARY KEY, body longtext, short varchar(12), fixed char(5), code varchar(10) CHECK (code IN ('new', 'sent', 'it''s'))) CHARSET utf8mb4;
CREATE TABLE old_texts (id int AUTO_INCREMENT PRIMARY KEY, body text, three varchar(20) CHARSET utf8mb3) CHARSET latin1;
CREATE TABLE times (id int AUTO_INCREMENT PRIMARY KEY, d date, t time(3), dt datetime(6), ts timestamp(6) NULL, y year, changed timestamp NOT NULL DEFAULT current_timestamp ON UPDATE current_timestamp);
CREATE TABLE bytes (id binary(16) PRIMARY KEY, raw longblob, some varbinary(40), bits bit(13), one bit(1));
CREATE TABLE lists (id int AUTO_INCREMENT PRIMARY KEY, choices set('a', 'b', 'c d'), state enum('', 'x'), j json);
CREATE TABLE places (id int AUTO_INCREMENT PRIMARY KEY, spot point NOT NULL, any_shape geometry, SPATIAL INDEX (spot));
CREATE TABLE events (id int, at date, note text, PRIMARY KEY (id, at))
  PARTITION BY RANGE (to_days(at)) (PARTITION old VALUES LESS THAN (738000), PARTITION new VALUES LESS THAN MAXVALUE);
CREATE TABLE audit (id bigint AUTO_INCREMENT PRIMARY KEY, what varchar(20) NOT NULL);
CREATE TABLE `we``ird "name" %` (`the key` varchar(50) COLLATE utf8mb4_bin PRIMARY KEY, `ünïcode` text, hidden int INVISIBLE DEFAULT 7) CHARSET utf8mb4;
CREATE TRIGGER noted AFTER UPDATE ON texts FOR EACH ROW INSERT INTO audit (what) VALUES ('update');
CREATE VIEW moods AS SELECT mood, count(*) AS n FROM people GROUP BY mood;
