import type { ServerType } from '@hono/node-server'
import type { Person } from '../actor.ts'
import type { Bus } from '../bus.ts'
import type { Base } from '../context.ts'
import { openDb } from '../db.ts'
import { Problem } from '../errors.ts'
import { Counter, Gauge, type Registry } from '../metrics.ts'
import type { Limiter } from '../rate-limit.ts'
import { clientAddress, networkOf } from '../request-info.ts'
import { concerns } from '../revocations.memory.ts'
import { openTurns } from '../turns.ts'
import type { LogEvent } from '../tx.ts'
import { closeCodes } from './close-codes.ts'
import type { ConnectionParts } from './connection.ts'
import { channelOf, encode, type Frame, frameOf, passing } from './frame.ts'
import { type Counts, type Hub, openHub } from './hub.ts'
import type { FrameHandling } from './lambda-frames.ts'
import { type LambdaLive, openLambdaLive } from './lambda-live.ts'
import { openPosts, type Posts } from './lambda-posts.ts'
import { openLogOf } from './log.ts'
import { openPresence, type Presence } from './presence.ts'
import type { Socket } from './socket.ts'
import type { listenForSockets } from './socket-node.ts'
import { type EventStream, type StreamOptions, streamOf } from './sse.ts'
import { realTiming } from './timing.ts'

/** Sockets and streams of a process, and the way of its commits to everybody's. */
export interface Live {
  /** After commit: to the other processes over the bus, to this one's listeners in the next turn. Never throws or delays. */
  publish(events: readonly LogEvent[]): void
  /** To those who listen to the topic now, best effort, without a seq: typing, presence. */
  say(topic: string, type: string, payload: object): void
  /** Rights that rest on this workspace are decided again, of one person or of all. */
  membershipChanged(workspaceId: string, userId?: string): void
  /** Workspaces that listeners here rest on. */
  workspaces(): string[]
  /**
   * The answer of a route with `stream`: server-sent events of the socket's topic, for the actor of `ctx`. 429 for one
   * more than a person may have open.
   */
  stream(ctx: Base & { actor: Person }, what: Omit<StreamOptions, 'person' | 'ended'>): EventStream
  hub: Hub
  /** Who is where, over the whole fleet. */
  presence: Presence
  /** On Lambda: resolves when what was published has been posted, or after `ms`. */
  settled(ms: number): Promise<void>
}

/** The part of it that starts and stops with the process. */
export interface LiveServer extends Live {
  /**
   * Takes sockets on this server; `context` is what their protocols get as `ctx` for a person, `by` what takes them on
   * Node, which a function of Lambda need not carry.
   */
  listen(server: ServerType, context: (person: Person) => object, by: typeof listenForSockets): void
  /** Tells every listener to move on, spread over the window (ms). */
  drain(window: number): Promise<void>
  close(): Promise<void>
  /** The sockets behind API Gateway, where there are any. */
  gateway: Gateway | undefined
  /** What their protocols get as `ctx` for a person, once the service has what it needs. */
  serveIn(context: (person: Person) => object): void
}

export interface Gateway {
  live: LambdaLive
  posts: Posts
  /** What the frames of a connection are handled with. */
  handling: FrameHandling
}

/** Rights are decided by fewer at a time than a pool has connections, so that requests keep some. */
const deciding = {
  atOnce: 8,
  waiting: 20_000,
  patience: 10_000,
  refusal: 'Too many rights are decided at this moment.',
}
/** Streams that one person may have open on a process: tabs share one, and nobody has so many devices. */
const mostStreams = 20

export const openLive = ({
  base,
  bus,
  sockets,
  streams,
  limiter,
  url,
}: {
  base: Omit<Base, 'live'>
  bus: Bus
  limiter: Limiter
  sockets: readonly Socket[]
  /** The service has routes that answer with a stream. */
  streams: boolean
  url: string | undefined
}): LiveServer => {
  const { log, config, metrics, revocations, auth } = base
  // Replays have connections of their own, so that a thousand clients coming back do not keep requests waiting.
  // Where nothing stays there is no hub to fill, and a frame reads the log by the service's own connections.
  const fills =
    url === undefined || !base.resident || (sockets.length === 0 && !streams)
      ? undefined
      : openDb({ url, max: 2, idle: config.DATABASE_IDLE_MS, log })
  const warn = (message: string, about: object) => log.warn(about, message)
  const hub = openHub({
    service: base.service,
    bus,
    log: openLogOf(fills ?? base.db),
    timing: realTiming,
    counts: countsIn(metrics, () => hub.size),
    warn,
  })
  const presence = openPresence({ redis: base.redis, bus, timing: realTiming, offer: (frame) => hub.offer(frame) })
  const turns = openTurns(deciding)
  const parts: Omit<ConnectionParts, 'context'> = {
    hub,
    presence,
    auth,
    revocations,
    timing: realTiming,
    inTurn: (work) => turns.of('rights', work),
    warn,
  }
  const forget = revocations.onRevoked((entry) =>
    hub.closeWhere((l) => concerns(entry, l.person), closeCodes.unauthorized),
  )
  const openStreams = new Map<string, number>()
  const contextOn = (shared: object) => (actor: Person) => Object.assign(Object.create(shared) as object, { actor })
  let contextOf: (person: Person) => object = (person) => contextOn(base)(person)
  const gateway = base.resident || !config.WEBSOCKET_API_URL ? undefined : openGateway(config.WEBSOCKET_API_URL)
  const posting = new Set<Promise<void>>()
  function openGateway(endpoint: string): Gateway {
    const posts = openPosts({ endpoint, warn })
    const lambdaParts = {
      ...parts,
      ...{ redis: base.redis, service: base.service, posts, sockets, clock: base.clock },
      context: (person: Person) => contextOf(person),
    }
    const lambdaLive = openLambdaLive(lambdaParts)
    const handling = { ...lambdaParts, live: lambdaLive, log: openLogOf(fills ?? base.db), auth }
    return { live: lambdaLive, posts, handling }
  }
  const post = (frame: Frame) => {
    // Nobody listens in this process, and what comes after its answer is frozen.
    if (!gateway) return
    const posted = gateway.live
      .publish(frame)
      .catch((error: unknown) => warn('an event was not posted', { err: error }))
    posting.add(posted)
    void posted.finally(() => posting.delete(posted))
  }
  const publish = (frames: readonly Frame[]) => {
    if (!base.resident) return frames.forEach(post)
    for (const frame of frames) bus.publish(channelOf(base.service, frame.topic), encode(frame))
  }

  return {
    hub,
    presence,
    gateway,
    serveIn: (context) => void (contextOf = context),
    settled: async (ms) => {
      if (posting.size === 0) return
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
      const done = (async () => {
        while (posting.size > 0) await Promise.all(posting)
      })()
      await Promise.race([done, late]).finally(() => clearTimeout(timer))
    },
    publish: (events) => {
      const frames = events.map(frameOf)
      publish(frames)
      // A thousand sockets take milliseconds: after the answer to the one who wrote. What comes back over the bus is known
      // by its seq; what has none, and is only said, comes that way alone.
      if (base.resident) setImmediate(() => frames.forEach(hub.offer))
    },
    say: (topic, type, payload) => publish([passing(topic, type, payload)]),
    membershipChanged: (workspaceId, userId) => {
      // One whose right was never decided may rest on it too.
      for (const l of [...hub.listeners()])
        if ((l.workspaces?.includes(workspaceId) ?? true) && (!userId || l.person.id === userId)) l.recheck()
    },
    workspaces: () => {
      const all = new Set<string>()
      for (const l of hub.listeners()) for (const id of l.workspaces ?? []) all.add(id)
      return [...all]
    },
    stream: (ctx, what) => {
      const { id } = ctx.actor
      const open = openStreams.get(id) ?? 0
      if (open >= mostStreams) throw new Problem('RATE_LIMITED', 'You have too many streams open. Close one first.')
      openStreams.set(id, open + 1)
      const ended = () => {
        const left = openStreams.get(id)! - 1
        if (left > 0) openStreams.set(id, left)
        else openStreams.delete(id)
      }
      return streamOf({ ...parts, context: contextOn(ctx) }, { ...what, person: ctx.actor, ended })
    },
    listen: (server, context, by) => {
      if (sockets.length === 0) return
      by(server, {
        ...parts,
        auth,
        sockets,
        context,
        origins: config.CORS_ORIGINS,
        limit: async ({ headers, socket }) => {
          const forwarded = headers['x-forwarded-for']?.toString()
          const address = clientAddress(config.TRUSTED_HOPS, forwarded, () => socket.remoteAddress)
          const { exceeded, headers: told } = await limiter.consume('default', `socket ${networkOf(address)}`)
          return exceeded ? Number(told['retry-after']) : undefined
        },
      })
    },
    drain: (window) => hub.drain(window),
    close: async () => {
      forget()
      hub.closeWhere(() => true, closeCodes.restarting)
      hub.close()
      gateway?.posts.close()
      await presence.close()
      await fills?.close()
    },
  }
}

const countsIn = (metrics: Registry, open: () => number): Counts => {
  const counter = (name: string, help: string) => new Counter({ name, help, registers: [metrics] })
  const delivered = counter('live_frames_delivered_total', 'Events handed to listeners')
  const gaps = counter('live_gaps_total', 'Events that did not come in their turn and were still missing after 100 ms')
  const filled = counter('live_fills_total', 'Reads of the log because the bus lost something')
  const broken = counter('live_broken_logs_total', 'Logs that did not continue where they should')
  const reset = counter('live_resets_total', 'Listeners told to read the state anew')
  const slow = counter('live_slow_closed_total', 'Listeners closed because they did not read')
  new Gauge({
    name: 'live_listeners',
    help: 'Open sockets and streams',
    registers: [metrics],
    collect() {
      this.set(open())
    },
  })
  return {
    delivered: (n) => delivered.inc(n),
    gap: () => gaps.inc(),
    filled: () => filled.inc(),
    broken: () => broken.inc(),
    reset: () => reset.inc(),
    slow: () => slow.inc(),
  }
}
