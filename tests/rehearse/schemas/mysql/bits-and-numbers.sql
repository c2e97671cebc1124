-- expect: moved
-- Bits, unsigned and zero-filled numbers at their ends, decimals of full length, booleans, years.
CREATE TABLE numbers (id int PRIMARY KEY, b1 bit(1), b13 bit(13), b64 bit(64), u bigint unsigned, z int(8) unsigned zerofill, t tinyint, de decimal(65, 30), d0 decimal(10, 0), y year, bo boolean);
INSERT INTO numbers VALUES (1, b'1', b'1010101010101', 0xffffffffffffffff, 18446744073709551615, 42, -128, 0.000000000000000000000000000001, 9999999999, 2155, true), (2, b'0', b'0', 0, 0, 0, 127, -99999999999999999999999999999999999.999999999999999999999999999999, -1, 1901, false), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0000', NULL); INSERT INTO numbers (id, b64, de) SELECT seq + 10, seq * 12345678901, seq / 7 FROM seq_1_to_60;
