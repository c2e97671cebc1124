// How pulse reads from replicas. `primary` and `reader` are clients of pg; `session` is the user's, kept in a cookie or a
// session store, because another server may answer the next request.

import { promises as dns } from "node:dns";

// The name, of a replica or the primary, to which the reader name leads now: certificates have that name.
export async function readerHost(env = process.env, resolve = dns.resolveCname) {
  const known = [...env.DATABASE_READER_HOSTS.split(","), env.DATABASE_HOST];
  const names = await resolve(env.DATABASE_READER_HOST).catch(() => []);
  return names.find((one) => known.includes(one)) ?? env.DATABASE_READER_HOST;
}

export async function write(session, primary, statement, values) {
  await primary.query(statement, values); // committed: where the log is now, it has the write
  const found = await primary.query("SELECT pg_current_wal_insert_lsn()::text AS position");
  session.position = found.rows[0].position;
}

export async function read(session, primary, reader, statement, values) {
  try {
    if (await has(reader, session.position)) return (await reader.query(statement, values)).rows;
  } catch {
    // a replica that is down keeps nobody from the primary
  }
  return (await primary.query(statement, values)).rows;
}

async function has(reader, position) {
  if (position === undefined) return true;
  // A statement of its own: the snapshot of the read is taken after it. A reader that replays nothing is the primary.
  const caughtUp = "SELECT NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= $1::pg_lsn AS has";
  return (await reader.query(caughtUp, [position])).rows[0].has;
}
