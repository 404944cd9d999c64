// What a front-end engineer would write: fetch and WebSocket against a running weAlist, nothing of its source.
//   ORIGIN=http://localhost:8088 node packages/dev/acceptance/client.ts
// BOUND_MS says how soon who was removed must be told: 2 s, and on Lambda the schedule's period and a little more.
import assert from 'node:assert/strict'

const origin = process.env['ORIGIN'] ?? 'http://localhost:8088'
const bound = Number(process.env['BOUND_MS'] ?? 2000)
const run = Math.random().toString(36).slice(2, 10)
const started = performance.now()
const done = (what: string) => console.log(`  ✓ ${what} (${Math.round(performance.now() - started)} ms)`)

interface Answer {
  status: number
  body: any
  headers: Headers
}
const ask = async (
  method: string,
  path: string,
  { token, body, headers }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> => {
  const response = await fetch(origin + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text, headers: response.headers }
}
const api = (service: string, path: string) => `/api/svc/${service}${path}`
const expected = (answer: Answer, status: number) => {
  assert.equal(answer.status, status, JSON.stringify(answer.body))
  return answer.body
}

const signUp = async (name: string) => {
  const email = `${name}-${run}@example.com`
  const password = `${name} has a long password`
  expected(await ask('POST', api('user', '/api/users'), { body: { email, name, password } }), 201)
  const tokens = expected(await ask('POST', api('auth', '/api/auth/login'), { body: { email, password } }), 200)
  const me = expected(await ask('GET', api('auth', '/api/auth/me'), { token: tokens.accessToken }), 200)
  assert.equal(me.email, email)
  return {
    email,
    password,
    id: me.id as string,
    token: tokens.accessToken as string,
    refreshToken: tokens.refreshToken as string,
  }
}

// A browser's part of "sign in with Google": follow redirects, keep cookies, come back with a code.
const signInWithGoogle = async (email: string) => {
  const jar = new Map<string, string>()
  const redirectUri = process.env['REDIRECT_URI'] ?? `${origin}/`
  let url = `${origin}/oauth2/authorization/google?redirectUri=${encodeURIComponent(redirectUri)}`
  for (let hop = 0; hop < 12; hop++) {
    const { host } = new URL(url)
    const cookies = [...jar].filter(([key]) => key.startsWith(`${host} `)).map(([, cookie]) => cookie)
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.join('; ') } })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';') as [string]
      jar.set(`${host} ${pair.split('=')[0]}`, pair)
    }
    const location = response.headers.get('location')
    assert.ok(location, `no way on from ${url}: ${response.status} ${await response.text()}`)
    const next = new URL(location, url)
    if (hop === 0) next.searchParams.set('login_hint', email)
    if (
      next.origin + next.pathname === redirectUri &&
      (next.searchParams.has('code') || next.searchParams.has('error'))
    ) {
      assert.equal(next.searchParams.get('error'), null)
      for (const token of ['accessToken', 'refreshToken', 'access_token', 'id_token'])
        assert.equal(next.searchParams.has(token), false)
      const code = next.searchParams.get('code')
      const tokens = expected(await ask('POST', api('auth', '/api/auth/exchange'), { body: { code } }), 200)
      expected(await ask('POST', api('auth', '/api/auth/exchange'), { body: { code } }), 401)
      return tokens.accessToken as string
    }
    url = next.href
  }
  throw new Error('too many redirects')
}

// A client of the project's socket: keeps the events, knows the last seq, can be cut off.
const openProject = async (token: string, projectId: string, after?: number) => {
  const { ticket } = expected(await ask('POST', api('auth', '/api/auth/ticket'), { token }), 200)
  const socket = new WebSocket(
    `${origin.replace('http', 'ws')}${api('board', `/ws/project/${projectId}`)}?ticket=${ticket}`,
  )
  const events: { seq: number; type: string; payload: any }[] = []
  let ready: number | undefined
  let code: number | undefined
  let bye: number | undefined
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data))
    if (typeof frame.seq === 'number') events.push(frame)
    if (frame.type === 'ready') ready = frame.payload.seq
    if (frame.type === 'bye') bye = frame.payload.code
  })
  // Behind API Gateway a close has no code of ours: `bye`, which comes before it, is what a client obeys.
  socket.addEventListener('close', (event) => (code = bye ?? event.code))
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error('the socket did not open')), { once: true })
  })
  socket.send(JSON.stringify({ type: 'resume', payload: after === undefined ? {} : { after } }))
  await until('ready', () => ready !== undefined)
  return {
    events,
    socket,
    get ready() {
      return ready!
    },
    get code() {
      return code
    },
  }
}
const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 5000) => {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`not within ${ms} ms: ${what}`)
}

const carol = await signUp('carol')
const dave = await signUp('dave')
done('two people sign up and sign in with a password')

const googleToken = await signInWithGoogle(`erin-${run}@example.com`)
expected(await ask('GET', api('user', '/api/users/me'), { token: googleToken }), 200)
done('a third signs in with Google; no token stands in a URL, the code works once')

const workspace = expected(
  await ask('POST', api('user', '/api/workspaces'), { token: carol.token, body: { name: `Lab ${run}` } }),
  201,
)
const invitation = expected(
  await ask('POST', api('user', `/api/workspaces/${workspace.id}/invitations`), {
    token: carol.token,
    body: { email: dave.email },
  }),
  201,
)
expected(await ask('GET', api('user', `/api/workspaces/${workspace.id}`), { token: dave.token }), 404)
expected(await ask('POST', api('user', `/api/invitations/${invitation.token}/accept`), { token: dave.token }), 200)
expected(await ask('GET', api('user', `/api/workspaces/${workspace.id}`), { token: dave.token }), 200)
done('a workspace; the second person is invited and accepts')

const key = { 'idempotency-key': `project-${run}` }
const newProject = { token: carol.token, body: { workspaceId: workspace.id, name: 'Launch' }, headers: key }
const project = expected(await ask('POST', api('board', '/api/projects'), newProject), 201)
assert.equal(expected(await ask('POST', api('board', '/api/projects'), newProject), 201).id, project.id)
const [todo, doing] = project.boards
const tasks: any[] = []
for (const title of ['one', 'two', 'three'])
  tasks.push(
    expected(
      await ask('POST', api('board', `/api/boards/${todo.id}/tasks`), { token: carol.token, body: { title } }),
      201,
    ),
  )
done('a project with three tasks; the same Idempotency-Key makes one project')

const first = await openProject(dave.token, project.id)
const state = expected(await ask('GET', api('board', `/api/boards/${todo.id}/tasks`), { token: dave.token }), 200)
assert.deepEqual(
  state.items.map((t: any) => t.title),
  ['one', 'two', 'three'],
)
const move = (id: string, position: number, targetBoardId: string = doing.id) =>
  ask('PUT', api('board', `/api/tasks/${id}/move`), { token: carol.token, body: { targetBoardId, position } })
const moved = await move(tasks[1].id, 0)
expected(moved, 200)
await until('the second person sees the move', () =>
  first.events.some((e) => e.type === 'task.moved' && e.payload.id === tasks[1].id),
)
assert.equal(first.events.at(-1)!.seq, Number(moved.headers.get('topic-seq')))
done('a task moves, the second person’s socket sees it')

const last = first.events.at(-1)!.seq
first.socket.close()
await until('closed', () => first.code !== undefined)
for (const [i, task] of tasks.entries()) expected(await move(task.id, i), 200)
expected(
  await ask('PATCH', api('board', `/api/tasks/${tasks[0].id}`), {
    token: carol.token,
    body: { title: 'one, changed' },
  }),
  200,
)
const second = await openProject(dave.token, project.id, last)
assert.deepEqual(
  second.events.map((e) => e.seq),
  [last + 1, last + 2, last + 3, last + 4],
)
assert.deepEqual(
  second.events.map((e) => e.type),
  ['task.moved', 'task.moved', 'task.moved', 'task.updated'],
)
assert.equal(second.events.at(-1)!.payload.title, 'one, changed')
done('it loses its connection, comes back and gets exactly what it missed')

const stale = await ask('PATCH', api('board', `/api/tasks/${tasks[0].id}`), {
  token: carol.token,
  body: { title: 'lost' },
  headers: { 'if-match': '"1"' },
})
assert.equal(expected(stale, 412).error.code, 'VERSION_MISMATCH')
expected(
  await ask('PATCH', api('board', `/api/tasks/${tasks[0].id}`), { token: dave.token, body: { title: 'not yours' } }),
  403,
)
expected(await ask('GET', api('board', `/api/projects/${project.id}`), { token: googleToken }), 404)
done('a stale change is refused, a viewer may not write, a stranger sees nothing')

expected(
  await ask('DELETE', api('user', `/api/workspaces/${workspace.id}/members/${dave.id}`), { token: carol.token }),
  204,
)
const removedAt = performance.now()
await until('the removed person’s socket closes', () => second.code !== undefined, bound)
assert.ok([4403, 4404].includes(second.code!), `closed with ${second.code}`)
expected(await ask('GET', api('board', `/api/projects/${project.id}`), { token: dave.token }), 404)
done(`removed from the workspace: socket closed after ${Math.round(performance.now() - removedAt)} ms, reads are 404`)

const rotated = expected(
  await ask('POST', api('auth', '/api/auth/refresh'), { body: { refreshToken: dave.refreshToken } }),
  200,
)
expected(await ask('POST', api('auth', '/api/auth/logout'), { token: rotated.accessToken }), 204)
await until(
  'the token is refused everywhere',
  async () => {
    const answers = await Promise.all([
      ask('GET', api('user', '/api/users/me'), { token: rotated.accessToken }),
      ask('GET', api('board', `/api/projects?workspaceId=${workspace.id}`), { token: rotated.accessToken }),
    ])
    return answers.every((a) => a.status === 401)
  },
  1500,
)
expected(await ask('POST', api('auth', '/api/auth/refresh'), { body: { refreshToken: rotated.refreshToken } }), 401)
done('signed out: both tokens are dead everywhere')

for (const path of [
  '/internal/users/lookup',
  api('user', '/internal/users/lookup'),
  api('user', '/metrics'),
  api('board', '/health/live'),
])
  expected(await ask('GET', path), 404)
done('nothing internal is reachable from outside')
console.log('  all of it holds')
process.exit(0)
