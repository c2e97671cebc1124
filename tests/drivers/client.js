// The same as client.py, for Node.js. The second argument is the folder that has `node_modules`.
const dns = require('dns'), fs = require('fs')
const need = require('module').createRequire(process.argv[3] + '/')
const url = process.env.DATABASE_URL, ca = () => fs.readFileSync(process.env.DATABASE_SSL_CA, 'utf8')
const PG = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
const MYSQL = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"

const lookUp = dns.lookup
dns.lookup = (host, ...rest) => lookUp(host === process.env.DATABASE_HOST ? '127.0.0.1' : host, ...rest)

async function pg(options) {
  const client = new (need('pg').Client)(options)
  await client.connect()
  const { rows } = await client.query(PG)
  await client.end()
  return rows[0].ssl
}

async function mysql2(options) {
  const client = await need('mysql2/promise').createConnection(options)
  const [rows] = await client.query(MYSQL)
  await client.end()
  return rows[0].Value
}

async function postgres() {
  const sql = need('postgres')(url)
  const rows = await sql.unsafe(PG)
  await sql.end()
  return rows[0].ssl
}

const parts = ssl => ({
  host: process.env.DATABASE_HOST, port: Number(process.env.DATABASE_PORT), user: process.env.DATABASE_USER,
  password: process.env.DATABASE_PASSWORD, database: process.env.DATABASE_NAME, ssl,
})
const WAYS = {
  'pg': () => pg({ connectionString: url }),
  'pg verify-full': () => pg(parts({ ca: ca() })),
  'postgres': postgres,
  'mysql2': () => mysql2(url),
  'mysql2 verify-full': () => mysql2(parts({ ca: ca(), verifyIdentity: true })),
  'mysql2 without TLS': () => mysql2(parts(undefined)),
}
WAYS[process.argv[2]]().then(
  encrypted => { console.log(encrypted ? 'encrypted' : 'not encrypted'); process.exit(0) },
  error => { console.error(error.stack); process.exit(1) })
