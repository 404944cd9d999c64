import { type ServiceName, serviceNames, topology } from '@wealist/contract/topology'
import pg from 'pg'

/** Services that have tables, ops among them: it shares user's database with a role of its own. */
export const withDatabase = serviceNames.filter((name) => topology[name].database !== null)

/** The login role of a service. Its password is its name: this is for development, on one machine. */
export const roleOf = (service: ServiceName) => `wealist_${service}`

/** The URL of a database as its service's role, from an administrator's URL. */
export const urlOf = (administrator: string, service: ServiceName, database: string) => {
  const url = new URL(administrator)
  url.username = roleOf(service)
  url.password = roleOf(service)
  url.pathname = `/${database}`
  return url.href
}

export const asAdministrator = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

// Roles live in the cluster, not in a database: two test files may make one at the same time.
const rolesLock = 7_331_001

/** Makes the login role of each service: bounded waits, UTC, no rights but on its own database. */
export const createRoles = (client: pg.Client) =>
  locked(client, rolesLock, async () => {
    const [administrator] = (
      await client.query<{ super: boolean }>('select rolsuper as super from pg_roles where rolname = current_user')
    ).rows
    for (const service of withDatabase) {
      const role = roleOf(service)
      const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
      if (!rowCount) await client.query(`create role ${role} login password '${role}'`)
      // Who is no superuser may give away only what it could be itself.
      if (!administrator?.super) await client.query(`grant ${role} to current_user`)
      for (const [setting, value] of Object.entries({
        lock_timeout: '2s',
        idle_in_transaction_session_timeout: '5s',
        transaction_timeout: '10s',
        timezone: 'UTC',
      }))
        await client.query(`alter role ${role} set ${setting} = '${value}'`)
    }
  })

// pg_trgm knows letters by the database's LC_CTYPE, also where the builtin locale rules all else: under C it drops Korean.
const characterTypes = ['C.UTF-8', 'en_US.UTF-8', 'UTF-8']

/** Makes a database that its service's role owns and no other role of ours may enter. */
export const createDatabase = async (client: pg.Client, service: ServiceName, name: string, template = 'template0') => {
  const statement = `create database ${name} template ${template} owner ${roleOf(service)}`
  // A copy takes its template's; which names there are is the machine's affair, and none of them is no reason to fail.
  for (const type of template === 'template0' ? [...characterTypes, undefined] : [undefined])
    try {
      await client.query(type ? `${statement} lc_ctype '${type}'` : statement)
      break
    } catch (error) {
      if (!type || (error as pg.DatabaseError).code !== wrongLocale) throw error
    }
  await close(client, service, name)
}
const wrongLocale = '42809'

const close = async (client: pg.Client, service: ServiceName, name: string) => {
  await client.query(`revoke all on database ${name} from public`)
  if (service === 'user') await client.query(`grant connect on database ${name} to ${roleOf('ops')}`)
}

export const locked = async <T>(client: pg.Client, lock: number, work: () => Promise<T>): Promise<T> => {
  await client.query('select pg_advisory_lock($1)', [lock])
  try {
    return await work()
  } finally {
    await client.query('select pg_advisory_unlock($1)', [lock])
  }
}

/**
 * The five databases with their roles, made where they are missing; gives each service the URL of its own.
 * `administrator` is a superuser's URL, or one that may create roles and databases.
 */
export const createDatabases = (administrator: string): Promise<Partial<Record<ServiceName, string>>> =>
  asAdministrator(administrator, async (client) => {
    await createRoles(client)
    for (const service of withDatabase) {
      const name = topology[service].database!
      if (service === 'ops') continue
      const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
      // One that is there already may come from a start that was killed before it was closed to the others.
      await (rowCount ? close : createDatabase)(client, service, name)
    }
    return Object.fromEntries(
      withDatabase.map((service) => [service, urlOf(administrator, service, topology[service].database!)]),
    )
  })
