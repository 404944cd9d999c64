import { folders, uploads } from '@wealist/contract/storage'
import type { NewUpload } from '@wealist/contract/storage/uploads'
import type { Env } from '@wealist/kit/config'
import { newId } from '@wealist/kit/ids'
import { storage } from '@wealist/storage/service'
import type * as z from 'zod'
import { post } from './attach.ts'
import { asProcesses, startAsProcesses } from './lambda-sockets.ts'
import { type Asker, oneService } from './one-service.ts'
import { anyS3, s3Env } from './s3-world.ts'
import { ofRequests } from './statements.ts'
import { startWorkspaces } from './workspaces.ts'

type Given = Partial<z.input<typeof NewUpload>>

/** storage alone with an S3 of its own, a workspace of Alice (its owner), Bob and Vera, and Mallory who is outside. */
export const storageService = async (env: Env = {}) => {
  const [alice, bob, vera, mallory] = ['Alice', 'Bob', 'Vera', 'Mallory'].map((name) => ({ id: newId(), name }))
  const people = { alice: alice!, bob: bob!, vera: vera!, mallory: mallory! }
  const workspaceId = newId()
  const { statements, observe } = ofRequests()
  const [s3, workspaces] = await Promise.all([anyS3(), startWorkspaces()])
  await workspaces.set(workspaceId, people.alice.id, 'owner')
  for (const { id } of [people.bob, people.vera]) await workspaces.set(workspaceId, id, 'member')
  const alone = await oneService(storage, { USER_URL: workspaces.url, ...s3Env(s3), ...env }, { observe })
  const { redis, db } = alone.running.base
  // The same tests through the Lambda runtime; what looks at rows and statements looks at the service beside it.
  const functions = asProcesses ? await startAsProcesses('storage', alone.environment) : undefined
  const service = functions ? alone.at(functions.url) : alone
  const begin = (person: Asker, name: string, size: number, more: Given = {}) =>
    service.as(person)(uploads.create, { body: { workspaceId, name, size, mimeType: 'text/plain', ...more } })
  return {
    ...service,
    s3,
    people,
    workspaceId,
    statements,
    workspaces,
    setMember: (userId: string, role: 'owner' | 'admin' | 'member' | null, of = workspaceId) =>
      workspaces.set(of, userId, role, redis),
    followDirectory: () => service.running.deps.directory.pullOnce(),
    /** What the tables really hold. */
    rows: async <T extends object>(statement: string, values: unknown[] = []) =>
      (await db.pool.query(statement, values)).rows as T[],
    begin,
    /** A file that was uploaded by a form and completed. */
    file: async (
      person: Asker,
      name: string,
      content: string | Uint8Array<ArrayBuffer> = 'tea at six',
      more: Given = {},
    ) => {
      const upload = await begin(person, name, Buffer.byteLength(content), more)
      if (upload.mode !== 'form') throw new Error('larger than a form takes')
      const { status } = await post(upload, content)
      if (status !== 204) throw new Error(`S3 did not take the file: ${status}`)
      return service.as(person)(uploads.complete, { params: { id: upload.id }, body: {} })
    },
    folder: (person: Asker, name: string, parentId: string | null = null) =>
      service.as(person)(folders.create, { body: { workspaceId, name, parentId } }),
    stop: async () => {
      await functions?.stop()
      await service.stop()
      await workspaces.stop()
      await s3.stop()
    },
  }
}
export type StorageService = Awaited<ReturnType<typeof storageService>>
