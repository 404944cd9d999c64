import type { ServiceName } from '@wealist/contract/topology'
import type { LocalWorld } from '../src/environment.ts'
import { freePort } from '../src/ports.ts'
import { type Process, startProcess } from '../src/processes.ts'
import { startLine } from '../src/testing/line.ts'

export type StormPod = Awaited<ReturnType<typeof openPod>>

interface Around {
  world: LocalWorld
  /** Where it finds those that it calls. */
  peers: Record<string, string>
  onLine(line: string): void
}

/** One process of a service and the line by which others reach it. */
const openPod = async (service: ServiceName, { world, peers, onLine }: Around) => {
  const port = await freePort()
  const mine = { ...world, ports: { ...world.ports, [service]: port }, more: { ...world.more, ...peers } }
  const line = await startLine(`http://127.0.0.1:${port}`)
  const state = { process: undefined as Process | undefined, expected: false, died: 0 }
  const start = async () => {
    const started = (state.process = await startProcess(service, mine, onLine))
    state.expected = false
    void started.ended.then(() => void (state.expected || state.died++))
  }
  const end = async () => {
    state.expected = true
    state.process!.kill('SIGKILL')
    await state.process!.ended
  }
  await start()
  return {
    service,
    line,
    get pid() {
      return state.process!.pid
    },
    /** How often it ended although nobody killed it. */
    get died() {
      return state.died
    },
    /** kill -9, and after `ms` another one in its place. */
    kill: async (ms: number) => {
      await end()
      await new Promise((resolve) => setTimeout(resolve, ms))
      await start()
    },
    stop: async () => {
      await end()
      await line.down()
    },
  }
}

/** Each that tells noti something has its own of the two; all ask the one user. `onLine` gets what they log. */
export const openPods = async (world: LocalWorld, onLine: Around['onLine']) => {
  const open = (service: ServiceName, peers: Around['peers']) => openPod(service, { world, peers, onLine })
  const urlOf = (pod: StormPod) => pod.line.url.slice(0, -1)
  const noti = await Promise.all([open('noti', {}), open('noti', {})])
  const toNoti = (i: number) => ({ NOTI_URL: urlOf(noti[i]!) })
  const user = await open('user', toNoti(1))
  const peers = (i: number) => ({ ...toNoti(i), USER_URL: urlOf(user) })
  const others = await Promise.all([
    ...[0, 1].flatMap((i) => [open('auth', peers(i)), open('board', peers(i)), open('chat', peers(i))]),
    open('storage', peers(0)),
    open('ops', {}),
  ])
  const all = [user, ...noti, ...others]
  return { all, stop: async () => void (await Promise.allSettled(all.map((pod) => pod.stop()))) }
}
