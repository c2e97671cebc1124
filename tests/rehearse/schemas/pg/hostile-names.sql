-- expect: moved
-- quick: yes
-- Names with quotes, spaces, backslashes, percent signs, dots, dollars, other scripts, capitals, and of full length.
CREATE SCHEMA "My ""Schema"" it's"; CREATE SCHEMA "a.b";
CREATE TABLE "My ""Schema"" it's"."Order ""lines"" 'x'" ("Id" bigserial PRIMARY KEY, "a b" text, "q""uote" text, "it's" text, "back\slash" text, "100%" int, "$1" int, "naïve 表" text, "tab	tab" text);
INSERT INTO "My ""Schema"" it's"."Order ""lines"" 'x'" ("a b", "q""uote", "it's", "back\slash", "100%", "$1", "naïve 表", "tab	tab") SELECT 'a' || n, '"', '''', '\', n, n, '表', E'\t' FROM generate_series(1, 200) n;
CREATE TABLE "a.b"."c.d" (" lead" int PRIMARY KEY, "trail " text); INSERT INTO "a.b"."c.d" SELECT n, 'x' FROM generate_series(1, 20) n;
CREATE TABLE " lead" (id int PRIMARY KEY); CREATE TABLE "trail " (id int PRIMARY KEY); CREATE TABLE "SELECT" (id int PRIMARY KEY, "from" text);
CREATE TABLE "x; DROP TABLE orders; --" (id int PRIMARY KEY); INSERT INTO "x; DROP TABLE orders; --" VALUES (1);
CREATE TABLE "$(touch here)`id`" (id int PRIMARY KEY); INSERT INTO "$(touch here)`id`" VALUES (1);
CREATE TABLE abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk (id bigserial PRIMARY KEY); INSERT INTO abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk DEFAULT VALUES;
CREATE SEQUENCE "se'q ""1"" \"; SELECT nextval('"se''q ""1"" \"');
CREATE VIEW "vi ""ew""" AS SELECT * FROM "a.b"."c.d"; CREATE INDEX "in ""dex""" ON "a.b"."c.d" ("trail ");
CREATE TYPE "My Enum" AS ENUM ('a b', 'it''s', 'q"q'); CREATE TABLE with_enum (id int PRIMARY KEY, e "My Enum"[]); INSERT INTO with_enum VALUES (1, ARRAY['a b', 'it''s', 'q"q']::"My Enum"[]);
COMMENT ON TABLE " lead" IS E'line\nCREATE SCHEMA public;\n''quoted'' \\ $$';
