-- refused: in_memory
-- A table in memory: empty after each restart, and not a part of one moment's copy.
CREATE TABLE in_memory (id int PRIMARY KEY) ENGINE = MEMORY; CREATE TABLE kept (id int PRIMARY KEY);
