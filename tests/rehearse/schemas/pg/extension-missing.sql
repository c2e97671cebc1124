-- refused: corpus_only_here
-- login: superuser
-- An extension that the target does not have.
CREATE EXTENSION corpus_only_here; CREATE TABLE kept (id int PRIMARY KEY);
