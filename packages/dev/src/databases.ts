import { type ServiceName, topology, withDatabase } from '@wealist/contract/topology'
import { asAdministrator, makeDatabase, makeDatabases, makeRole } from '@wealist/kit/databases'
import type pg from 'pg'

export { asAdministrator, withDatabase }

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

// Roles live in the cluster, not in a database: two test files may make one at the same time.
const rolesLock = 7_331_001

/** Makes the login role of each service: bounded waits, UTC, no rights but on its own database. */
export const createRoles = (client: pg.Client) =>
  locked(client, rolesLock, async () => {
    for (const service of withDatabase) await makeRole(client, { role: roleOf(service), password: roleOf(service) })
  })

/** Makes a database that its service's role owns and no other role of ours may enter. */
export const createDatabase = async (client: pg.Client, service: ServiceName, name: string, template?: string) => {
  await makeDatabase(client, name, roleOf(service), template)
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
    const urls = withDatabase.map((service) => ({
      service,
      owner: service !== 'ops',
      url: urlOf(administrator, service, topology[service].database!),
    }))
    await locked(client, rolesLock, () => makeDatabases(client, urls))
    return Object.fromEntries(urls.map(({ service, url }) => [service, url]))
  })
