import { testLog } from './testing/log.ts'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import type { ServiceName } from '@wealist/contract/topology'
import { openDb } from '@wealist/kit/db'
import { migrate } from '@wealist/kit/migrate'
import { describeSchema } from '@wealist/kit/schema'
import { expect, test } from 'vitest'
import { asAdministrator, createDatabase, createRoles, urlOf, withDatabase } from './databases.ts'
import { services } from './services.ts'
import { administratorUrl } from './testing/clone.ts'

const log = testLog()

const inside = async <T>(service: ServiceName, work: (url: string, schema: () => Promise<string[]>) => Promise<T>) => {
  const administrator = administratorUrl()
  const name = `test_migrations_${service}_${randomBytes(4).toString('hex')}`
  await asAdministrator(administrator, async (client) => {
    await createRoles(client)
    await createDatabase(client, service, name)
  })
  const url = urlOf(administrator, service, name)
  const db = openDb({ url, max: 1, log })
  try {
    return await work(url, () => describeSchema(db))
  } finally {
    await db.close()
    await asAdministrator(
      administrator,
      async (client) => void (await client.query(`drop database ${name} with (force)`)),
    )
  }
}

test.each(withDatabase.filter((name) => name !== 'ops'))(
  'rule 6: migrating %s from empty gives the same schema as step by step, and migrating twice changes nothing',
  async (service) => {
    const dir = services[service].migrations
    const steps = dir ? readdirSync(dir).filter((f) => f.endsWith('.sql')).length : 0
    const whole = await inside(service, async (url, schema) => {
      await migrate({ url, dir })
      const once = await schema()
      await migrate({ url, dir })
      expect(await schema()).toEqual(once)
      return once
    })
    const stepwise = await inside(service, async (url, schema) => {
      for (let step = 0; step <= steps; step++) await migrate({ url, dir, count: 1 })
      return schema()
    })
    expect(stepwise).toEqual(whole)
    expect(whole.length).toBeGreaterThan(20)
  },
)
