-- refused: settings that change what statements give
-- refused: group_concat_max_len is '1048576' on the target and '2048' on the source
-- refused: auto_increment_increment
-- refused: tx_isolation
-- refused: max_allowed_packet is 16777216 on the target
-- login: superuser
-- way: up
-- target: SET GLOBAL max_allowed_packet = 16777216
-- The servers give other results for the same statements, count in other steps, and take shorter statements.
CREATE TABLE kept (id int PRIMARY KEY AUTO_INCREMENT, v text); INSERT INTO kept (v) VALUES ('a'), ('b');
SET GLOBAL group_concat_max_len = 2048; SET GLOBAL auto_increment_increment = 2; SET GLOBAL tx_isolation = 'READ-COMMITTED';
