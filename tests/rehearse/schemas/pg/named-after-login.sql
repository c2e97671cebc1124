-- expect: moved
-- way: up
-- after: SELECT count(*) > 0 FROM mine => True
-- after: INSERT INTO mine (note) VALUES ('x') RETURNING by => site
-- after: SELECT current_user, session_user => site|site
-- after: SELECT count(*) > 0 FROM guarded => True
-- A schema named after the login that the default search_path finds, defaults and policies by current_user.
CREATE SCHEMA AUTHORIZATION site; CREATE TABLE site.mine (id bigserial PRIMARY KEY, by text DEFAULT current_user, note text); INSERT INTO site.mine (note) SELECT 'n' || n FROM generate_series(1, 100) n;
CREATE TABLE public.guarded (id bigserial PRIMARY KEY, who text DEFAULT current_user); INSERT INTO public.guarded SELECT FROM generate_series(1, 20); ALTER TABLE public.guarded ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON public.guarded USING (who = current_user);
