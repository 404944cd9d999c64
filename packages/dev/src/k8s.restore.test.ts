import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { tasks } from '@wealist/contract/board'
import { migrate } from '@wealist/kit/migrate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { environmentOf } from '../../../k8s/src/environment.ts'
import { variablesOf } from '../../../k8s/src/workload-environment.ts'
import { repository } from './repository.ts'
import { type BoardService, boardService } from './testing/board-service.ts'
import { freshState } from './testing/project-client.ts'

// What the runbook has a person do once the databases stand as they stood before. That AWS brings them back is AWS' to prove.
const runbook = readFileSync(join(repository, 'k8s', 'runbook.md'), 'utf8')
let service: BoardService
beforeAll(async () => {
  service = await boardService()
})
afterAll(() => service.stop())

test('who was away while a log went back and on again reads anew, and takes nothing for what it has', async () => {
  const [, statement] = /`(update kit\.heads [^`]+)`/.exec(runbook)!
  const alice = service.as(service.people.alice)
  const project = await service.project()
  const add = (title: string) => alice(tasks.create, { params: { id: project.boards[0]!.id }, body: { title } })
  const client = service.listen(service.people.bob, project.id)
  await client.open()
  await client.read()
  await add('kept')
  await expect.poll(() => client.heard.length).toBe(1)
  const back = client.seq!
  await add('lost')
  await add('lost, too')
  await expect.poll(() => client.seq).toBe(back + 2)
  client.close()
  await expect.poll(() => client.code).toBeDefined()

  await service.rows(`delete from tasks where title like 'lost%'`)
  await service.rows('delete from kit.events where seq > $1 and topic like $2', [back, `%${project.id}`])
  await service.rows('update kit.heads set head = $1 where topic like $2', [back, `%${project.id}`])
  await service.rows(statement!)
  for (const title of ['since', 'since then', 'and more']) await add(title)

  await client.open()
  await expect.poll(() => client.resets).toBe(1)
  await client.read()
  expect(client.state).toEqual(await freshState(service.as(service.people.bob), project.id))
})

// The commands are of bash.
test.skipIf(process.platform === 'win32')(
  'the second server is renamed once the first one’s new name is known, however late, and not at all where it never is',
  () => {
    const [, commands] = /```sh\n(rename\(\) \{[^]*?)```/.exec(runbook)!
    const asked = (unknown: number) => {
      const dir = mkdtempSync(join(tmpdir(), 'rename-'))
      try {
        const waited = '[ "$2" != wait ] || [ "$(grep -c wait asked)" -gt "$UNKNOWN" ]'
        writeFileSync(join(dir, 'aws'), `#!/bin/sh\necho "$2 $4 $6" >> asked\n${waited}\n`, { mode: 0o755 })
        writeFileSync(join(dir, 'sleep'), '#!/bin/sh\n', { mode: 0o755 })
        const { status } = spawnSync('bash', ['-c', commands!], {
          cwd: dir,
          env: { PATH: `${dir}:${process.env['PATH']}`, DB: 'db', UNKNOWN: String(unknown) },
        })
        const lines = readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n')
        return { status, renamed: lines.filter((line) => line.startsWith('modify')) }
      } finally {
        rmSync(dir, { recursive: true, force: true })
      }
    }
    const both = ['modify-db-instance db db-before', 'modify-db-instance db-at db']
    expect(asked(0)).toMatchObject({ status: 0, renamed: both })
    expect(asked(30)).toMatchObject({ status: 0, renamed: both })
    expect(asked(1000)).toMatchObject({ status: 1, renamed: both.slice(0, 1) })
  },
)

test('versions of memberships are known by the name that the runbook forgets them by', async () => {
  const [, pattern] = /--pattern '([^']+)'/.exec(runbook)!
  const { REDIS_PREFIX } = variablesOf('board', environmentOf('prod'))
  expect(pattern!.startsWith(REDIS_PREFIX!)).toBe(true)
  await service.project()
  const { redis, config } = service.running.base
  const own = pattern!.replace(REDIS_PREFIX!, config.REDIS_PREFIX)
  expect(await redis.keys(own)).toContain(`${config.REDIS_PREFIX}membership:{${service.workspaceId}}`)
})

test('a release is taken back: what brings its tables up to date runs on those of the version after it, and changes nothing', async () => {
  const older = mkdtempSync(join(tmpdir(), 'older-'))
  try {
    cpSync(join(repository, 'packages/board/migrations/0001-init.sql'), join(older, '0001-init.sql'))
    const applied = () => service.rows<{ name: string }>('select name from kit.migrations order by id')
    const before = await applied()
    expect(before.length).toBeGreaterThan(1)
    await migrate({ url: service.running.base.config.DATABASE_URL!, dir: pathToFileURL(`${older}/`) })
    expect(await applied()).toEqual(before)
  } finally {
    rmSync(older, { recursive: true, force: true })
  }
})
