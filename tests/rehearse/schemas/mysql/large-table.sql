-- expect: moved
-- during: UPDATE rows_ SET v = v + 1
-- Many rows, copied in several statements, all changed at once meanwhile.
CREATE TABLE rows_ (id bigint PRIMARY KEY, v int, w varchar(100), d double) ; INSERT INTO rows_ SELECT seq, seq, repeat(md5(seq), 3), seq / 7 FROM seq_1_to_40000; CREATE TABLE wide_key (a varchar(100), b varbinary(100), c datetime(6), d decimal(20, 5), v int, PRIMARY KEY (a, b, c, d)); INSERT INTO wide_key SELECT md5(seq), unhex(md5(seq)), '2026-01-01' + INTERVAL seq MICROSECOND, seq / 3, seq FROM seq_1_to_3000;
