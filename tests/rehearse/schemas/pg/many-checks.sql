-- expect: moved
-- quick: yes
-- Many tables whose rules by functions and domains preflight tries, one question after another in one session.
CREATE FUNCTION right_(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 > 0; END $$; CREATE DOMAIN small AS int CHECK (public.right_(VALUE)); CREATE DOMAIN label AS text CHECK (length(VALUE) < 100);
SELECT format('CREATE TABLE checked_%s (id bigserial PRIMARY KEY, n small, l label, m int CHECK (public.right_(m))); INSERT INTO checked_%s (n, l, m) SELECT g, g, g FROM generate_series(1, 5) g', n, n) FROM generate_series(1, 50) n \gexec
