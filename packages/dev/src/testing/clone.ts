import { createHash, randomBytes } from 'node:crypto'
import type { ServiceName } from '@wealist/contract/topology'
import { migrate } from '@wealist/kit/migrate'
import { asAdministrator, createDatabase, createRoles, locked, urlOf } from '../databases.ts'

export interface TestDatabase {
  /** As the service's own role. */
  url: string
  /** As an administrator, for looking at what the service may not. */
  administrator: string
  drop(): Promise<void>
}

export const administratorUrl = () => {
  const url = process.env['TEST_DATABASE_URL']
  if (!url) throw new Error('run the tests with npm test: it starts PostgreSQL and Redis for them')
  return url
}

const templateLock = 7_331_002

/** A fresh database with these migrations, cloned from a template that was migrated once a run. A test file has its own. */
export const cloneDatabase = async (owner: ServiceName, migrations: URL | undefined): Promise<TestDatabase> => {
  const administrator = administratorUrl()
  const run = `${owner}_${process.env['TEST_RUN']}`
  const template = `template_${run}_${createHash('sha256').update(String(migrations)).digest('hex').slice(0, 8)}`
  const name = `test_${run}_${randomBytes(6).toString('hex')}`
  await asAdministrator(administrator, async (client) => {
    await createRoles(client)
    await locked(client, templateLock, async () => {
      const { rowCount } = await client.query('select from pg_database where datname = $1 and datistemplate', [
        template,
      ])
      if (rowCount) return
      await client.query(`drop database if exists ${template}`)
      await createDatabase(client, owner, template)
      await migrate({ url: urlOf(administrator, owner, template), dir: migrations })
      await client.query(`alter database ${template} is_template true`)
    })
    // Cloning takes a moment in which the template may have no other session: one at a time.
    await locked(client, templateLock, () => createDatabase(client, owner, name, template))
  })
  const own = new URL(administrator)
  own.pathname = `/${name}`
  return {
    url: urlOf(administrator, owner, name),
    administrator: own.href,
    drop: () =>
      asAdministrator(
        administrator,
        async (client) => void (await client.query(`drop database if exists ${name} with (force)`)),
      ),
  }
}
