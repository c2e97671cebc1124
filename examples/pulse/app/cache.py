"""How pulse uses its write-back cache. `cache`, `queue` and `database` are the clients: valkey, SQS and psycopg."""

NEWER = """
local have = redis.call('get', KEYS[1])
if not have or tonumber(string.match(have, '^%d+')) < tonumber(ARGV[1]) then
  if ARGV[3] == '0' then redis.call('set', KEYS[1], ARGV[2])
  else redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
end"""


def set_newer(cache, key, version, value, ttl):
    try:
        cache.eval(NEWER, 1, key, version, f"{version} {value}", ttl)
    except ConnectionError:
        pass  # A cache that is down keeps nobody from the queue or the database.


def read(cache, database, key, ttl):
    try:
        found = cache.get(key)
    except ConnectionError:
        found = None
    if found is None:
        version, value = database.read(key)
        set_newer(cache, key, version, value, ttl)
        return value
    return found.split(" ", 1)[1]


def write(cache, queue, key, version, value):
    queue.send(group=key, name=f"{key}-{version}", body=[key, version, value])  # durable: from here on it is not lost
    set_newer(cache, key, version, value, 0)  # no TTL, so that it is not evicted before the database has it


def write_back(cache, queue, database, ttl):
    batch = queue.receive()
    database.apply(batch)  # one transaction; skips what it has by key and version, because a queue may deliver twice
    queue.delete(batch)
    for key, version, value in batch:
        set_newer(cache, key, version, value, ttl)  # a new node may have been filled with what the database had before
        cache.expire(key, ttl)
