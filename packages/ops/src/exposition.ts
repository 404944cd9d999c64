import { boundOf, bounds, type Measured, untimed } from './measures.ts'

/** What a process says of itself at `/metrics`, counted since it began (`started`, seconds since 1970). */
export type Counted = Measured & { started: number }

const line = /^([a-z0-9_]+)(?:\{(.*)\})? ([-+.\deE]+|NaN)$/

/** Reads the text format of Prometheus as our own processes write it. */
export const readExposition = (text: string): Counted => {
  const counted: Counted = {
    ...{ requests: 0, errors: 0, cpu: 0, started: 0, buckets: bounds.map(() => 0) },
    ...{ memory: null, lag: null, sockets: null, waiting: null, failedJobs: null },
  }
  for (const row of text.split('\n')) {
    const [, name, labels = '', number] = line.exec(row) ?? []
    const value = Number(number)
    if (!name || !Number.isFinite(value)) continue
    if (name === 'http_request_duration_seconds_count') {
      counted.requests += value
      if (/(?:^|,)status="5/.test(labels)) counted.errors += value
    } else if (name === 'http_request_duration_seconds_bucket') {
      const i = boundOf(/(?:^|,)le="([^"]+)"/.exec(labels)?.[1])
      if (i >= 0 && !labels.includes(`route="${untimed}"`)) counted.buckets[i]! += value
    } else if (name === 'process_cpu_seconds_total') counted.cpu = value
    else if (name === 'process_start_time_seconds') counted.started = value
    else if (name === 'process_resident_memory_bytes') counted.memory = value
    else if (name === 'nodejs_eventloop_lag_p99_seconds') counted.lag = value
    else if (name === 'live_listeners') counted.sockets = value
    else if (name === 'db_pool_connections' && labels.includes('state="waiting"')) counted.waiting = value
    else if (name === 'jobs_failed') {
      counted.failedJobs ??= {}
      const job = /(?:^|,)name="([^"]+)"/.exec(labels)?.[1]
      if (job !== undefined && value > 0) counted.failedJobs[job] = value
    }
  }
  return counted
}
