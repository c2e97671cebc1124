-- expect: moved
-- quick: yes
-- after: SELECT nextval('invoice_no') => 4711
-- after: SELECT nextval('counting_down') => -14
-- after: SELECT nextval('round') => 1
-- after: SELECT nextval('elsewhere.ticket_no') => 8
-- after: SELECT nextval('never_used') => 50
-- after: SELECT nextval('restarted') => 900
-- after: SELECT nextval('small') => 12
-- after: INSERT INTO members (name) VALUES ('new') RETURNING id >= 501 => True
-- after: SELECT setval('round', 5), setval('counting_down', -9), setval('invoice_no', 4711, false), setval('elsewhere.ticket_no', 7), setval('never_used', 50, false), setval('restarted', 900, false), setval('small', 11) => 5|-9|4711|7|50|900|11
-- Sequences in every state: set without a call, restarted, going down, cycling at its end, without an owner, in another
-- schema, of a small type, never used.
CREATE TABLE members (id bigserial PRIMARY KEY, name text);
INSERT INTO members (id, name) SELECT n, 'm' || n FROM generate_series(1, 500) n;
SELECT setval('members_id_seq', 501, false);
CREATE SEQUENCE invoice_no; SELECT setval('invoice_no', 4711, false);
CREATE SEQUENCE counting_down INCREMENT -5 MINVALUE -1000 MAXVALUE 1 START 1; SELECT nextval('counting_down') FROM generate_series(1, 3);
CREATE SEQUENCE round MAXVALUE 5 CYCLE; SELECT nextval('round') FROM generate_series(1, 5);
CREATE SCHEMA elsewhere; CREATE SEQUENCE elsewhere.ticket_no; SELECT nextval('elsewhere.ticket_no') FROM generate_series(1, 7);
CREATE SEQUENCE never_used START 50;
CREATE SEQUENCE restarted; SELECT nextval('restarted'); ALTER SEQUENCE restarted RESTART WITH 900;
CREATE SEQUENCE small AS smallint CACHE 1; SELECT nextval('small') FROM generate_series(1, 11);
