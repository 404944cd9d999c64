import { notifications } from '@wealist/contract/noti'
import { assigned, type NotiService, notiService } from '@wealist/dev/testing/noti-service'
import { newId } from '@wealist/kit/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'

const clients = 200
const people = Array.from({ length: 40 }, () => ({ id: newId() }))

let service: NotiService
beforeAll(async () => void (service = await notiService()))
afterAll(() => service.stop())

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const between = (least: number, most: number) => least + Math.random() * (most - least)

/** A tab that loses its connection at any moment and comes back to any process with the last id it had. */
const tab = (person: { id: string }, pods: string[]) => {
  const seen: number[] = []
  const state = { running: true, streams: 0, resets: 0, last: 0 }
  const live = async () => {
    while (state.running) {
      const stream = await service
        .listen(person, {
          at: pods[Math.floor(Math.random() * pods.length)]!,
          // From the beginning: a tab that has state begins at its seq.
          headers: { 'last-event-id': String(state.last) },
          heard: ({ event, id, data }) => {
            if (event === 'reset') state.resets++
            if (data.seq !== undefined) seen.push(data.seq)
            state.last = id ?? state.last
          },
        })
        .catch(() => undefined)
      if (!stream) {
        await pause(50)
        continue
      }
      state.streams++
      await Promise.race([stream.ended, pause(between(20, 2500)), finished.promise])
      if (state.running) await stream.close()
      else {
        await caughtUp.promise
        await stream.close()
      }
    }
  }
  const finished = Promise.withResolvers<void>()
  const caughtUp = Promise.withResolvers<void>()
  const lived = live()
  return {
    person,
    seen,
    state,
    stay: () => {
      state.running = false
      finished.resolve()
    },
    end: () => {
      caughtUp.resolve()
      return lived
    },
  }
}

test('200 streams on two processes, torn again and again: each ends with its person’s whole log, no gap, no double', async () => {
  const pods = [service.url, (await service.another()).url]
  const tabs = Array.from({ length: clients }, (_, i) => tab(people[i % people.length]!, pods))
  const opened = () => tabs.reduce((n, t) => n + t.state.streams, 0)
  let told = 0
  const writer = async () => {
    while (told < 100 || opened() < clients * 4) {
      const some = people.filter(() => Math.random() < 0.3).map((p) => p.id)
      if (some.length > 0) await service.tell(assigned(some))
      const one = people[Math.floor(Math.random() * people.length)]!
      if (told++ % 5 === 0) await service.as(one)(notifications.readAll, { body: {} })
      await pause(10)
    }
  }
  await Promise.all([writer(), writer()])
  for (const t of tabs) t.stay()
  const heads = new Map<string, number>()
  for (const person of people) heads.set(person.id, (await service.as(person)(notifications.unreadCount, {})).seq)
  const deadline = Date.now() + 30_000
  const behind = () => tabs.filter((t) => t.state.last < heads.get(t.person.id)!)
  while (behind().length > 0 && Date.now() < deadline) await pause(50)
  await Promise.all(tabs.map((t) => t.end()))
  for (const { person, seen, state } of tabs) {
    expect(seen).toEqual(Array.from({ length: heads.get(person.id)! }, (_, i) => i + 1))
    expect(state.resets).toBe(0)
  }
  expect(tabs.reduce((n, t) => n + t.seen.length, 0)).toBeGreaterThan(3000)
}, 180_000)
