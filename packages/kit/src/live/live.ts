import type { ServerType } from '@hono/node-server'
import type { Person } from '../actor.ts'
import type { Bus } from '../bus.ts'
import type { Base } from '../context.ts'
import { openDb } from '../db.ts'
import { Counter, Gauge } from '../metrics.ts'
import type { LogEvent } from '../tx.ts'
import { closeCodes } from './close-codes.ts'
import { channelOf, encode, frameOf } from './frame.ts'
import { type Hub, openHub } from './hub.ts'
import { openLogOf } from './log.ts'
import type { Socket } from './socket.ts'
import { listenForSockets } from './socket-node.ts'
import { realTiming } from './timing.ts'
import { concerns } from '../revocations.ts'

/** Sockets and streams of a process, and the way of its commits to everybody's. */
export interface Live {
  /** After commit: to this process's listeners at once, to the others over the bus. Never throws, never delays. */
  publish(events: readonly LogEvent[]): void
  /** Rights that rest on this workspace are decided again. */
  membershipChanged(workspaceId: string, userId?: string): void
  /** Workspaces that listeners here rest on. */
  workspaces(): string[]
  hub: Hub
}

/** The part of it that starts and stops with the process. */
export interface LiveServer extends Live {
  listen(server: ServerType, shared: object): void
  /** Tells every listener to move on, spread over the window. */
  drain(window: number): Promise<void>
  close(): Promise<void>
}

export const openLive = ({
  base,
  bus,
  sockets,
  url,
}: {
  base: Omit<Base, 'live'>
  bus: Bus
  sockets: readonly Socket[]
  url: string | undefined
}): LiveServer => {
  const { log, config, metrics } = base
  // Replays have connections of their own, so that a thousand clients coming back do not keep requests waiting.
  const fills = url === undefined || sockets.length === 0 ? undefined : openDb({ url, max: 2, log })
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [metrics] })
  const delivered = counter('live_frames_delivered_total', 'Frames handed to listeners')
  const filled = counter('live_fills_total', 'Reads of the log because the bus lost something')
  const reset = counter('live_resets_total', 'Listeners told to read the state anew')
  const slow = counter('live_slow_closed_total', 'Listeners closed because they did not read')
  const hub = openHub({
    bus,
    log: openLogOf(fills ?? base.db),
    timing: realTiming,
    counts: {
      delivered: (n) => delivered.inc(n),
      filled: () => filled.inc(),
      reset: () => reset.inc(),
      slow: () => slow.inc(),
    },
    warn: (message, about) => log.warn(about, message),
  })
  new Gauge({
    name: 'live_listeners',
    help: 'Open sockets and streams',
    registers: [metrics],
    collect() {
      this.set([...hub.listeners()].length)
    },
  })
  const forget = base.revocations.onRevoked((entry) =>
    hub.closeWhere((l) => concerns(entry, l.person), closeCodes.unauthorized),
  )

  return {
    hub,
    publish: (events) => {
      for (const event of events) {
        const frame = frameOf(event)
        hub.offer(frame)
        bus.publish(channelOf(event.topic), encode(frame))
      }
    },
    membershipChanged: (workspaceId, userId) => {
      for (const l of [...hub.listeners()])
        if (l.workspaces.includes(workspaceId) && (!userId || l.person.id === userId)) l.recheck()
    },
    workspaces: () => [...new Set([...hub.listeners()].flatMap((l) => l.workspaces))],
    listen: (server, shared) => {
      if (sockets.length === 0) return
      const context = (actor: Person) => Object.assign(Object.create(shared) as object, { actor })
      listenForSockets(server, {
        hub,
        sockets,
        auth: base.auth,
        revocations: base.revocations,
        timing: realTiming,
        context,
        origins: config.CORS_ORIGINS,
      })
    },
    drain: async (window) => {
      const all = [...hub.listeners()]
      await Promise.all(
        all.map(
          (l) =>
            new Promise<void>((resolve) =>
              setTimeout(() => resolve(l.close(closeCodes.restarting)), Math.random() * window),
            ),
        ),
      )
    },
    close: async () => {
      forget()
      hub.closeWhere(() => true, closeCodes.restarting)
      hub.close()
      await fills?.close()
    },
  }
}
