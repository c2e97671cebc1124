-- expect: moved
-- needs: icu
-- options: TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'
-- refused: collat
-- The target sorts names by another collation than the source.
CREATE TABLE auth (id bigserial PRIMARY KEY, v text);
CREATE TABLE auth_2 (id bigserial PRIMARY KEY, v text);
CREATE TABLE "Auth" (id bigserial PRIMARY KEY, v text);
