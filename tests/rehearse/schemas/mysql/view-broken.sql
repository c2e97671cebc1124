-- refused: old_view
-- quick: yes
-- A view whose table is gone.
CREATE TABLE gone (id int PRIMARY KEY); CREATE VIEW old_view AS SELECT id FROM gone; DROP TABLE gone; CREATE TABLE kept (id int PRIMARY KEY);
