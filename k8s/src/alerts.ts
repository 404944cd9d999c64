import { type Image, images } from '@wealist/contract/topology'
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import { type Environment, forPrometheus, ingress } from './environment.ts'
import { objectives } from './objectives.ts'
import { recordingsOf } from './recordings.ts'

/** What Prometheus asks of is a pod with an address: where there is none of a service, nothing says so but this. */
const absent = (image: Image) => `absent(up{namespace="$NS",service="${image}-metrics"})`
const asked = images.filter((image) => image !== 'ops-portal')
const noneReady = (namespace: string, app: string) =>
  `(sum(kube_pod_status_ready{namespace="${namespace}",pod=~"${app}-.+",condition="true"}) or vector(0)) == 0`
const atEntrance = (more = '') => `sum(rate(istio_requests_total{namespace="${ingress.namespace}"${more}}[5m]))`

export interface Alert {
  name: string
  expr: string
  wait?: string
  severity: 'page' | 'ticket'
  /** What it means, and what to do. */
  says: string
}
const alerts: Alert[] = [
  ...objectives,
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
    expr: `sum by (service) (up{namespace="$NS",service=~".+-metrics"}) == 0 or ${asked.map(absent).join(' or ')}`,
    wait: '1m',
    severity: 'page',
    says: 'No pod of {{ $labels.service }} answers Prometheus.',
  },
  {
    name: 'EntranceGone',
    expr: noneReady(ingress.namespace, 'gateway'),
    wait: '1m',
    severity: 'page',
    says: 'No pod of the gateway is ready: nobody reaches weAlist.',
  },
  {
    name: 'EntranceFails',
    // Also what no service counts: routes that lead nowhere, certificates of the mesh, a service that nobody reaches.
    expr: `${atEntrance(',response_code=~"5.."')} / ${atEntrance()} > 0.05`,
    wait: '5m',
    severity: 'page',
    says: 'More than one answer in twenty that leaves the gateway is 5xx.',
  },
  {
    name: 'PortalGone',
    expr: noneReady('$NS', 'ops-portal'),
    wait: '5m',
    severity: 'ticket',
    says: 'No pod of the operators’ portal is ready.',
  },
  {
    name: 'ReleaseStuck',
    // A canary takes a quarter of an hour.
    expr: 'max by (name) (argocd_app_info{name=~"$NS.*",sync_status!="Synced"} or argocd_app_info{name=~"$NS.*",health_status!="Healthy"}) > 0',
    wait: '45m',
    severity: 'ticket',
    says: '{{ $labels.name }} is not what git says, or not healthy: a release stopped, was taken back, or a secret cannot be read.',
  },
]

const runbook = 'https://github.com/wealist/wealist/blob/main/k8s/runbook.md'

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
            annotations: { summary: says, runbook_url: `${runbook}#${name.toLowerCase()}` },
          })),
        },
      ],
    },
  })
