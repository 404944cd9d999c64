import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import { environmentOf, type LocalWorld } from './environment.ts'
import { inImages } from './for-node.ts'
import { whenGone } from './lifeline.ts'
import { repository } from './repository.ts'

export interface Process {
  service: ServiceName
  pid: number
  /** Resolves when it has ended, for whatever reason. */
  ended: Promise<unknown>
  /** SIGTERM, then SIGKILL after ten seconds. */
  stop(): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/** Starts a service as a process of its own, by the entry and with the options that its container has; resolves once it is ready. */
export const startProcess = async (
  service: ServiceName,
  world: LocalWorld,
  onLine: (line: string) => void,
): Promise<Process> => {
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: join(repository, 'node_modules', '.cache', 'wealist'),
    NODE_OPTIONS: inImages,
    ...environmentOf(service, world),
  }
  const child = spawn(process.execPath, [join(repository, 'packages', service, 'src', 'node.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const callOff = whenGone('kill -9 "$1"', String(child.pid))
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  void exited.then(callOff)
  const errors: string[] = []
  createInterface({ input: child.stdout }).on('line', onLine)
  createInterface({ input: child.stderr }).on('line', (line) => void (errors.length < 40 && errors.push(line)))
  await ready(world.ports[service], () => child.exitCode !== null || child.signalCode !== null).catch(
    (error: unknown) => {
      child.kill('SIGKILL')
      throw new Error(`${service} did not start: ${errors.join('\n') || String(error)}`)
    },
  )
  return {
    service,
    pid: child.pid!,
    ended: exited,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await exited
      clearTimeout(late)
    },
  }
}

const ready = async (port: number, dead: () => boolean) => {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (dead()) throw new Error('it ended')
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('it does not become ready')
}

/** Every service as a process of its own. */
export const startProcesses = async (world: LocalWorld, onLine: (line: string) => void) => {
  const started = await Promise.allSettled(serviceNames.map((name) => startProcess(name, world, onLine)))
  const processes = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []))
  const stop = async () => void (await Promise.allSettled(processes.map((p) => p.stop())))
  const failed = started.find((s) => s.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return { processes, stop }
}
