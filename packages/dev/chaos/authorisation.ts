import { sessions } from '@wealist/contract/auth'
import { call } from '@wealist/contract/call'
import { everyRoute, type Ids, requestOf } from '../src/testing/examples.ts'
import type { TestPerson, World } from '../src/testing/world.ts'
import { type Column, columns, tenantFor } from './tenant.ts'

type Named = (typeof everyRoute)[number]
export const titleOf = ({ service, name }: Named) => `${service} ${name}`

// What takes something away comes after everything that needs it.
const late = [
  'user members.add',
  'user invitations.create',
  'storage shares.shareFile',
  'chat messages.remove',
  'chat calls.end',
  'chat participants.remove',
  'chat rooms.remove',
  'board tasks.remove',
  'board tasks.restore',
  'board members.transfer',
  'board members.remove',
  'board projects.remove',
  'storage trash.empty',
  'user members.remove',
  'user workspaces.transfer',
  'user workspaces.remove',
  'auth sessions.remove',
  'auth sessions.removeOthers',
  'auth sessions.logout',
  'user users.setPassword',
  'user users.removeMe',
]
const inTurn = everyRoute.toSorted((a, b) => turn(a) - turn(b))
function turn(named: Named) {
  return late.indexOf(titleOf(named)) + 1 || (named.route.method === 'DELETE' ? 0.5 : 0)
}

// Each of these on a session of its own, or on none where nobody gets one any more.
const endsSession = [
  'auth sessions.removeOthers',
  'user users.setPassword',
  'auth sessions.logout',
  'user users.removeMe',
]
const another = async (world: World, { email, password, token }: TestPerson) => {
  for (const known of [password, newPassword]) {
    const signedIn = await call(
      sessions.login,
      { body: { email, password: known } },
      { base: world.url('auth') },
    ).catch(() => undefined)
    if (signedIn) return signedIn.accessToken
  }
  return token
}
// What the example of users.setPassword sets.
const newPassword = 'correct horse battery'

/** What each route answered to each person: one of its example's requests a cell. */
export const askEverything = async (world: World, operator: TestPerson) => {
  const answers = new Map<string, Record<Column, number>>(everyRoute.map((n) => [titleOf(n), {} as never]))
  for (const column of columns) {
    const { person, ids, spare } = await tenantFor(world, column, operator)
    for (const named of inTurn) {
      const title = titleOf(named)
      const token = person && (endsSession.includes(title) ? await another(world, person) : person.token)
      const own: Ids = title === 'user users.setPassword' && person ? { password: person.password } : {}
      const { path, init } = requestOf(named, { ...ids, ...own, ...spare[title] }, token ? { token } : {})
      const response = await fetch(world.url(named.service) + path, init)
      answers.get(title)![column] = response.status
      await response.body?.cancel()
    }
  }
  return answers
}
