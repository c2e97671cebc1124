-- refused: elsewhere
-- way: up
-- A tablespace of one's own: RDS has none.
\set place '/tmp/corpus-tablespace-' :PORT
\setenv PLACE :place
\! mkdir -p "$PLACE" && { chown postgres "$PLACE" 2>/dev/null || true; }
CREATE TABLESPACE elsewhere LOCATION :'place'; CREATE TABLE kept (id int PRIMARY KEY) TABLESPACE elsewhere;
