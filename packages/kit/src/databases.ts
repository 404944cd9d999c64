import { Client, type DatabaseError } from 'pg'

export const asAdministrator = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Who signs in to PostgreSQL, and where: what a `DATABASE_URL` says. */
export interface Login {
  role: string
  password: string
  database: string
}

/** Names are small letters, digits and underscores, so that they need no quotes anywhere. */
export const loginOf = (url: string): Login => {
  const { username, password, pathname } = new URL(url)
  const login = { role: username, password: decodeURIComponent(password), database: pathname.slice(1) }
  for (const name of [login.role, login.database])
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`“${name}” is no name for a role or a database of ours.`)
  return login
}

// Bounded waits, UTC: whoever holds a lock and does nothing is cut off, not waited for.
const settings = {
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '5s',
  transaction_timeout: '10s',
  timezone: 'UTC',
}

/** Makes a login role or brings it up to date: its password, its settings, and most connections it may have (-1: any). */
export const makeRole = async (client: Client, { role, password }: Omit<Login, 'database'>, limit = -1) => {
  const { rows } = await client.query<{ super: boolean; made: boolean }>(
    `select (select rolsuper from pg_roles where rolname = current_user) as super,
       exists (select from pg_roles where rolname = $1) as made`,
    [role],
  )
  const { super: isSuper, made } = rows[0]!
  if (!made) await client.query(`create role ${role}`)
  await client.query(`alter role ${role} login password ${client.escapeLiteral(password)} connection limit ${limit}`)
  // Who is no superuser may give away only what it could be itself.
  if (!isSuper) await client.query(`grant ${role} to current_user`)
  for (const [setting, value] of Object.entries(settings))
    await client.query(`alter role ${role} set ${setting} = '${value}'`)
}

// pg_trgm knows letters by the database's LC_CTYPE, also where the builtin locale rules all else: under C it drops Korean.
const characterTypes = ['C.UTF-8', 'en_US.UTF-8', 'UTF-8']
const wrongLocale = '42809'

/** Makes a database that this role owns and no other may enter. */
export const makeDatabase = async (client: Client, name: string, owner: string, template = 'template0') => {
  const statement = `create database ${name} template ${template} owner ${owner}`
  // A copy takes its template's; which names there are is the machine's affair, and none of them is no reason to fail.
  for (const type of template === 'template0' ? [...characterTypes, undefined] : [undefined])
    try {
      await client.query(type ? `${statement} lc_ctype '${type}'` : statement)
      break
    } catch (error) {
      if (!type || (error as DatabaseError).code !== wrongLocale) throw error
    }
  await closeDatabase(client, name)
}

/** Nobody but the owner enters it. */
const closeDatabase = (client: Client, name: string) => client.query(`revoke all on database ${name} from public`)

/**
 * Databases and roles of these logins, made where they are missing; whoever shares another's database, and does not own
 * it, may enter. `owners` are in `urls` too.
 */
export const makeDatabases = async (client: Client, urls: { owner: boolean; url: string }[], limit = -1) => {
  const logins = urls.map(({ owner, url }) => ({ owner, ...loginOf(url) }))
  for (const login of logins) await makeRole(client, login, limit)
  for (const { database, role } of logins.filter(({ owner }) => owner)) {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
    // One that is there already may come from a run that was killed before it was closed to the others.
    await (rowCount ? closeDatabase(client, database) : makeDatabase(client, database, role))
  }
  for (const { database, role } of logins.filter(({ owner }) => !owner))
    await client.query(`grant connect on database ${database} to ${role}`)
}

/** Drops what `makeDatabases` made, whoever is still connected. */
export const dropDatabases = async (client: Client, urls: { owner: boolean; url: string }[]) => {
  const logins = urls.map(({ owner, url }) => ({ owner, ...loginOf(url) }))
  for (const { database } of logins.filter(({ owner }) => owner))
    await client.query(`drop database if exists ${database} with (force)`)
  for (const { role } of logins) await client.query(`drop role if exists ${role}`)
}

/**
 * What a container does for `databases`: as the administrator of `DATABASE_URL`, the databases and roles of every
 * `<SERVICE>_DATABASE_URL`, each role with at most `CONNECTION_LIMIT` connections (any, unless set). ops shares user's.
 */
export const makeAll = async (env: Record<string, string | undefined>) => {
  const urls = Object.entries(env).flatMap(([name, url]) => {
    const [, service] = /^([A-Z]+)_DATABASE_URL$/.exec(name) ?? []
    return service && url ? [{ owner: service !== 'OPS', url }] : []
  })
  if (!env['DATABASE_URL'] || urls.length === 0)
    throw new Error('DATABASE_URL, the administrator’s, and a <SERVICE>_DATABASE_URL of each service are needed')
  await asAdministrator(env['DATABASE_URL'], (client) =>
    makeDatabases(client, urls, Number(env['CONNECTION_LIMIT'] ?? -1)),
  )
}
