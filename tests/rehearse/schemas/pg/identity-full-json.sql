-- refused: happenings
-- quick: yes
-- refused: json
-- REPLICA IDENTITY FULL with a type that has no equality: the follower would stop at the first update.
CREATE TABLE happenings (id int, doc json); ALTER TABLE happenings REPLICA IDENTITY FULL;
INSERT INTO happenings SELECT n, '{"n": 1}' FROM generate_series(1, 20) n;
