-- refused: labels
-- The index that was the replica identity is gone, and the catalog still names one.
CREATE TABLE labels (name text NOT NULL, uses int); CREATE UNIQUE INDEX labels_name ON labels (name);
ALTER TABLE labels REPLICA IDENTITY USING INDEX labels_name; DROP INDEX labels_name;
INSERT INTO labels SELECT 'l' || n, n FROM generate_series(1, 100) n;
