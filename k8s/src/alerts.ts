import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import { type Environment, forPrometheus } from './environment.ts'
import { recordingsOf } from './recordings.ts'

const requests = (window: string, more = '') =>
  `sum by (service) (rate(http_request_duration_seconds_count{namespace="$NS"${more}}[${window}]))`
const failing = (window: string) => `(${requests(window, ',status=~"5.."')} / ${requests(window)})`
const slow = (window: string) =>
  `(1 - sum by (service) (rate(http_request_duration_seconds_bucket{namespace="$NS",le="0.5"}[${window}])) / ${requests(window)})`

/** The SRE workbook's two windows, chapter 5: the long one says that it matters, the short one that it goes on. */
const burns = (share: (window: string) => string, budget: number, long: string, short: string, rate: number) =>
  `${share(long)} > ${rate * budget} and ${share(short)} > ${rate * budget}`

interface Alert {
  name: string
  expr: string
  wait?: string
  severity: 'page' | 'ticket'
  /** What it means, and what to do. */
  says: string
}
const alerts: Alert[] = [
  ...(
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
  ]),
  {
    name: 'JobsFailed',
    // Every pod counts the same rows.
    expr: 'max by (service, name) (jobs_failed{namespace="$NS"}) > 0',
    wait: '5m',
    severity: 'ticket',
    says: '{{ $value }} jobs {{ $labels.name }} of {{ $labels.service }} cannot succeed and are kept.',
  },
  {
    name: 'JobsLate',
    expr: 'max by (service) (jobs_late_seconds{namespace="$NS"}) > 300',
    wait: '5m',
    severity: 'page',
    says: 'Jobs of {{ $labels.service }} have been due for five minutes and more: too few workers, or none.',
  },
  {
    name: 'OutboxAges',
    expr: 'max by (service) (outbox_age_seconds{namespace="$NS"}) > 60',
    wait: '2m',
    severity: 'page',
    says: 'Jobs of {{ $labels.service }} wait for a minute and more: no worker takes them.',
  },
  {
    name: 'SocketsDropped',
    expr: 'sum by (service) (rate(live_slow_closed_total{namespace="$NS"}[10m])) > 1',
    wait: '10m',
    severity: 'ticket',
    says: '{{ $labels.service }} closes more than one listener a second that does not read.',
  },
  {
    name: 'LogsBroken',
    expr: 'sum by (service) (increase(live_broken_logs_total{namespace="$NS"}[15m])) > 0',
    severity: 'page',
    says: 'A live log of {{ $labels.service }} did not continue where it should: events may be missing.',
  },
  {
    name: 'ServiceGone',
    expr: 'sum by (service) (up{namespace="$NS",service!=""}) == 0',
    wait: '1m',
    severity: 'page',
    says: 'No pod of {{ $labels.service }} answers Prometheus.',
  },
]

export const alertsOf = ({ namespace }: Environment) =>
  new PrometheusRule({
    metadata: { name: 'wealist', namespace, labels: forPrometheus },
    spec: {
      groups: [
        recordingsOf(namespace),
        {
          name: 'wealist',
          rules: alerts.map(({ name, expr, wait, severity, says }) => ({
            alert: name,
            expr: expr.replaceAll('$NS', namespace),
            ...(wait && { for: wait }),
            labels: { severity },
            annotations: { summary: says },
          })),
        },
      ],
    },
  })
