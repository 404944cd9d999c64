import { expect, test } from 'vitest'
import { type Entry, type Evidence, judge } from './storm.oracle.ts'

const log: Entry[] = ['a', 'b', 'c', 'd'].map((key, i) => ({ seq: i + 1, type: key, key }))
const good: Evidence = {
  acknowledged: [
    { writer: 'w1', topic: 't', keys: ['a', 'c'] },
    { writer: 'w2', topic: 't', keys: ['d'] },
  ],
  logs: new Map([['t', log]]),
  heard: [{ client: 'tab', topic: 't', entries: [...log], resets: 0 }],
  equal: [{ what: 'notices', expected: ['x', 'y'], found: ['y', 'x'] }],
  back: [{ what: 'sockets of chat', before: 12, after: 14, most: 20 }],
}

test('a storm that did no harm is found so, with what nobody was told is done', () => {
  expect(judge(good)).toEqual([])
})

const without = (key: string) => log.filter((e) => e.key !== key).map((e, i) => ({ ...e, seq: i + 1 }))
const only = good.heard[0]!
const heard = (entries: Entry[], resets = 0) => ({ heard: [{ ...only, entries, resets }] })
const logged = (of: Entry[]) => ({ logs: new Map([['t', of]]), heard: [] })

test.each<[string, Partial<Evidence>, RegExp]>([
  ['an acknowledged write that is lost', logged(without('c')), /has c 0 times/],
  ['one that is there twice', logged([...log, { ...log[2]!, seq: 5 }]), /has c 2 times/],
  [
    'one that came before an earlier one',
    { acknowledged: [{ writer: 'w', topic: 't', keys: ['c', 'a'] }] },
    /has a before/,
  ],
  ['a whole log that is lost', { logs: new Map(), heard: [] }, /has a 0 times/],
  ['a seq that is missing', logged([log[0]!, log[2]!, log[3]!]), /has 3 where 2 belongs/],
  ['a seq that is there twice', logged([log[0]!, { ...log[0]!, key: 'z' }, log[2]!, log[3]!]), /has 1 where 2 belongs/],
  ['a client that missed the last event', heard(log.slice(0, 3)), /tab has undefined of t/],
  ['a client that missed one in between', heard(without('b')), /where .*"b".* belongs/],
  ['a client that heard one twice', heard([log[0]!, ...log]), /tab has .*"a".* where .*"b"/],
  ['a client that heard what never was', heard([...log, { seq: 5, type: 'e', key: 'e' }]), /more of t than there is/],
  ['a client that had to begin anew', heard(log, 2), /anew, 2 times/],
  ['a notification too few', { equal: [{ ...good.equal[0]!, found: ['x'] }] }, /notices: y is missing/],
  ['a notification told twice', { equal: [{ ...good.equal[0]!, found: ['x', 'y', 'y'] }] }, /y is there, 1 too many/],
  ['a job that is left', { equal: [{ what: 'jobs', expected: [], found: ['noti.tell'] }] }, /jobs: noti.tell is there/],
  ['sockets that stay', { back: [{ ...good.back[0]!, after: 21 }] }, /sockets of chat was 12 and is 21/],
])('the oracle finds %s', (_, broken, said) => {
  const found = judge({ ...good, ...broken })
  expect(found).not.toEqual([])
  expect(found.join('\n')).toMatch(said)
})
