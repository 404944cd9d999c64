import type { Alert } from './alerts.ts'
import { timed } from './recordings.ts'

const requests = (window: string, more = '') =>
  `sum by (service) (rate(http_request_duration_seconds_count{namespace="$NS"${more}}[${window}]))`
const failing = (window: string) => `(${requests(window, ',status=~"5.."')} / ${requests(window)})`
const slow = (window: string) =>
  `(1 - sum by (service) (rate(http_request_duration_seconds_bucket{namespace="$NS",le="0.5"${timed}}[${window}])) / ${requests(window, timed)})`

/** The SRE workbook's two windows, chapter 5: the long one says that it matters, the short one that it goes on. */
const burns = (share: (window: string) => string, budget: number, long: string, short: string, rate: number) =>
  `${share(long)} > ${rate * budget} and ${share(short)} > ${rate * budget}`

/** The objectives that ops shows, by how fast their budget of a month goes. */
export const objectives: Alert[] = (
  [
    ['Availability', failing, 0.001, 'answers 5xx'],
    ['Latency', slow, 0.01, 'answers late'],
  ] as const
).flatMap(([name, share, budget, what]): Alert[] => [
  {
    name: `${name}BurnsFast`,
    expr: burns(share, budget, '1h', '5m', 14.4),
    severity: 'page',
    says: `{{ $labels.service }} ${what}: at this rate the month’s budget is gone in two days. See SLOs in the portal.`,
  },
  {
    name: `${name}BurnsSlowly`,
    expr: burns(share, budget, '6h', '30m', 6),
    severity: 'ticket',
    says: `{{ $labels.service }} ${what} more often than it may: the month’s budget is gone in five days.`,
  },
])
