// How pulse uses its write-back cache. `cache`, `queue` and `database` are the clients: iovalkey, SQS and pg.

const NEWER = `
local have = redis.call('get', KEYS[1])
if not have or tonumber(string.match(have, '^%d+')) < tonumber(ARGV[1]) then
  if ARGV[3] == '0' then redis.call('set', KEYS[1], ARGV[2])
  else redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
end`;

async function setNewer(cache, key, version, value, ttl) {
  // A cache that is down keeps nobody from the queue or the database.
  await cache.eval(NEWER, 1, key, version, `${version} ${value}`, ttl).catch(() => {});
}

export async function read(cache, database, key, ttl) {
  const found = await cache.get(key).catch(() => null);
  if (found !== null) return found.slice(found.indexOf(" ") + 1);
  const [version, value] = await database.read(key);
  await setNewer(cache, key, version, value, ttl);
  return value;
}

export async function write(cache, queue, key, version, value) {
  await queue.send({ group: key, name: `${key}-${version}`, body: [key, version, value] }); // durable from here on
  await setNewer(cache, key, version, value, 0); // no TTL, so that it is not evicted before the database has it
}

export async function writeBack(cache, queue, database, ttl) {
  const batch = await queue.receive();
  await database.apply(batch); // one transaction; skips what it has, because a queue may deliver twice
  await queue.delete(batch);
  for (const [key, version, value] of batch) {
    await setNewer(cache, key, version, value, ttl); // a new node may have what the database had before
    await cache.expire(key, ttl);
  }
}
