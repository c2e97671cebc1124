-- expect: moved
-- Triggers enabled and disabled, with WHEN, OF, transition tables, INSTEAD OF, constraint triggers; truncation.
CREATE TABLE docs (id bigserial PRIMARY KEY, body text, changed int NOT NULL DEFAULT 0); CREATE TABLE docs_log (id bigserial PRIMARY KEY, doc bigint, what text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.changed := NEW.changed + 1; RETURN NEW; END $$;
CREATE FUNCTION log_docs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO docs_log (doc, what) SELECT id, 'many' FROM new_rows; RETURN NULL; END $$;
CREATE FUNCTION log_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO docs_log (doc, what) VALUES (COALESCE(NEW.id, OLD.id), tg_op); RETURN NULL; END $$;
CREATE TRIGGER touched BEFORE UPDATE OF body ON docs FOR EACH ROW WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION touch();
CREATE TRIGGER logged AFTER INSERT ON docs REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_docs();
CREATE CONSTRAINT TRIGGER late AFTER DELETE ON docs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION log_one();
CREATE TRIGGER off BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE docs DISABLE TRIGGER off;
CREATE VIEW short AS SELECT id, left(body, 5) AS body FROM docs; CREATE FUNCTION via() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO docs (body) VALUES (NEW.body); RETURN NEW; END $$;
CREATE TRIGGER instead INSTEAD OF INSERT ON short FOR EACH ROW EXECUTE FUNCTION via(); COMMENT ON TRIGGER touched ON docs IS 'counts';
INSERT INTO docs (body) SELECT 'b' || n FROM generate_series(1, 100) n;
