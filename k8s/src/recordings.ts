import { get as status } from '@wealist/contract/ops/status'

/** ops' status waits for whoever hangs, as it promises: how long it takes says nothing of ops, and its time is not counted. */
export const timed = `,route!="${status.path}"`

/** Every five minutes what each service did in them, without routes and pods: what ops reads of a day or a month. */
const recordings = {
  'service:http_requests:increase5m': ['service', 'http_request_duration_seconds_count{namespace="$NS"}'],
  'service:http_errors:increase5m': ['service', 'http_request_duration_seconds_count{namespace="$NS",status=~"5.."}'],
  'service_le:http_request_buckets:increase5m': [
    'service, le',
    `http_request_duration_seconds_bucket{namespace="$NS"${timed}}`,
  ],
  'service:cpu_seconds:increase5m': ['service', 'process_cpu_seconds_total{namespace="$NS"}'],
} as const

export const recordingsOf = (namespace: string) => ({
  name: 'wealist-recordings',
  interval: '5m',
  rules: Object.entries(recordings).map(([record, [by, metric]]) => ({
    record,
    expr: `sum by (namespace, ${by}) (increase(${metric.replace('$NS', namespace)}[5m]))`,
  })),
})
