import { joinRequests, members, projects } from '@wealist/contract/board'
import { type BoardService, boardService, codeOf } from '@wealist/dev/testing/board-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

let service: BoardService
beforeAll(async () => void (service = await boardService()))
afterAll(() => service.stop())

type Who = { id: string }
const newcomer = async (): Promise<Who> => {
  const person = { id: newId() }
  await service.setMember(person.id, 'member')
  return person
}
const ask = (who: Who, id: string, message = '') =>
  service.as(who)(joinRequests.create, { params: { id }, body: { message } })
const list = async (who: Who, id: string, query: { status?: 'pending' | 'approved' | 'rejected' } = {}) =>
  (await service.as(who)(joinRequests.list, { params: { id }, query })).items
const decide = (
  who: Who,
  { projectId: id, id: requestId }: { projectId: string; id: string },
  body: { status: 'approved' | 'rejected'; role?: 'admin' | 'viewer' },
) => service.as(who)(joinRequests.decide, { params: { id, requestId }, body })
const roleOf = async (who: Who, id: string) => (await service.as(who)(projects.get, { params: { id } })).myRole
const counted = async (work: Promise<unknown>[]) => Object.groupBy(await Promise.all(work.map(codeOf)), (code) => code)

test('who asks waits, an admin approves with a role, and they are in', async () => {
  const { id } = await service.project()
  const { alice, vera } = service.people
  const request = await ask(vera, id, 'Tea?')
  expect(request).toMatchObject({ projectId: id, userId: vera.id, message: 'Tea?', status: 'pending', decidedBy: null })
  expect(await list(alice, id, { status: 'pending' })).toEqual([request])
  expect(await decide(alice, request, { status: 'approved', role: 'admin' })).toMatchObject({
    status: 'approved',
    decidedBy: alice.id,
  })
  expect(await roleOf(vera, id)).toBe('admin')
  expect(await codeOf(ask(vera, id))).toBe('CONFLICT')
  const log = await service.rows<{ type: string }>('select type from kit.events where topic = $1 order by seq', [
    `project:${id}`,
  ])
  expect(log.map((e) => e.type)).toEqual(['member.added', 'member.added'])
})

test('one waits once, is decided once, and may ask again after a no', async () => {
  const { id } = await service.project()
  const { alice, vera } = service.people
  const asked = await counted(Array.from({ length: 6 }, () => ask(vera, id)))
  expect([asked['OK']?.length, asked['ALREADY_EXISTS']?.length]).toEqual([1, 5])
  const [request] = await list(alice, id)
  const decided = await counted(
    Array.from({ length: 6 }, (_, i) => decide(alice, request!, { status: i % 2 ? 'approved' : 'rejected' })),
  )
  expect([decided['OK']?.length, decided['CONFLICT']?.length]).toEqual([1, 5])
  const [after] = await list(alice, id)
  expect(await roleOf(vera, id)).toBe(after!.status === 'approved' ? 'member' : 'viewer')
  const other = await newcomer()
  await decide(alice, await ask(other, id), { status: 'rejected' })
  expect(await ask(other, id)).toMatchObject({ status: 'pending' })
})

test('who runs the project sees all requests, others their own, and a private project is not there', async () => {
  const { id } = await service.project()
  const { alice, bob, vera, mallory } = service.people
  const other = await newcomer()
  const [mine, theirs] = [await ask(vera, id), await ask(other, id)]
  expect((await list(alice, id)).map((r) => r.id)).toEqual([theirs.id, mine.id])
  expect((await list(vera, id)).map((r) => r.id)).toEqual([mine.id])
  expect(await list(bob, id)).toEqual([])
  expect(await codeOf(decide(bob, mine, { status: 'approved' }))).toBe('FORBIDDEN')
  expect(await codeOf(decide(vera, mine, { status: 'approved' }))).toBe('FORBIDDEN')
  expect(await codeOf(list(mallory, id))).toBe('NOT_FOUND')
  expect(await codeOf(ask(mallory, id))).toBe('NOT_FOUND')
  const elsewhere = await service.project()
  expect(await codeOf(decide(alice, { ...mine, projectId: elsewhere.id }, { status: 'approved' }))).toBe('NOT_FOUND')
  const secret = await service.project({ visibility: 'private' })
  expect(await codeOf(ask(vera, secret.id))).toBe('NOT_FOUND')
})

test('who asked takes it back while nobody has decided; nobody else can', async () => {
  const { id } = await service.project()
  const { alice, vera } = service.people
  const request = await ask(vera, id)
  const withdraw = (who: Who) => service.as(who)(joinRequests.withdraw, { params: { id, requestId: request.id } })
  expect(await codeOf(withdraw(alice))).toBe('NOT_FOUND')
  await withdraw(vera)
  expect(await list(alice, id)).toEqual([])
  expect(await codeOf(decide(alice, request, { status: 'approved' }))).toBe('NOT_FOUND')
})

test('adding somebody settles what they asked for', async () => {
  const { id } = await service.project()
  const { alice } = service.people
  const other = await newcomer()
  const request = await ask(other, id)
  await service.as(alice)(members.add, { params: { id }, body: { userId: other.id } })
  expect(await list(alice, id)).toMatchObject([{ id: request.id, status: 'approved', decidedBy: alice.id }])
  expect(await codeOf(decide(alice, request, { status: 'rejected' }))).toBe('CONFLICT')
})

test('who has left the workspace meanwhile is not made a member, and what they asked for ends', async () => {
  const { id } = await service.project()
  const { alice } = service.people
  const [first, second] = [await newcomer(), await newcomer()]
  const [one] = [await ask(first, id), await ask(second, id)]
  await service.setMember(first.id, null)
  expect(await codeOf(decide(alice, one, { status: 'approved' }))).toBe('CONFLICT')
  expect((await list(alice, id)).map((r) => r.userId)).toEqual([second.id])
  await service.setMember(second.id, null)
  await service.followDirectory()
  expect(await list(alice, id)).toEqual([])
  const people = await service.as(alice)(members.list, { params: { id }, query: {} })
  expect(people.items.map((m) => m.userId)).not.toContain(first.id)
})
