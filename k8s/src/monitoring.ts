import { type Image, images } from '@wealist/contract/topology'
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { alertsOf } from './alerts.ts'
import { dashboards } from './dashboards.ts'
import { type Environment, ingress, forPrometheus } from './environment.ts'

const watched: Image[] = images.filter((image) => image !== 'ops-portal')

/** What people outside were answered, whoever answered it: of all that Envoy counts, this alone. */
const entrance = (env: Environment) =>
  new PodMonitor({
    metadata: { name: 'gateway', namespace: env.namespace, labels: forPrometheus },
    spec: {
      selector: { matchLabels: { app: 'gateway' } },
      namespaceSelector: { matchNames: [ingress.namespace] },
      podMetricsEndpoints: [
        {
          // The injector's name for Envoy's own port of metrics.
          port: 'http-envoy-prom',
          path: '/stats/prometheus',
          interval: '15s',
          metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'istio_requests_total', action: 'keep' }],
        },
      ],
    },
  })

/** Prometheus, its alerts and Grafana's dashboards. Localhost has none of the three. */
export const monitoringOf = (env: Environment) =>
  env.aws
    ? [
        ...watched.map(
          (image) =>
            new ServiceMonitor({
              metadata: { name: image, namespace: env.namespace, labels: forPrometheus },
              spec: {
                selector: { matchLabels: { app: image } },
                namespaceSelector: { matchNames: [env.namespace] },
                endpoints: [
                  // Our metrics say themselves of which service they are.
                  { port: 'http-metrics', path: '/metrics', interval: '15s', scrapeTimeout: '10s', honorLabels: true },
                ],
              },
            }),
        ),
        entrance(env),
        alertsOf(env),
        ...Object.entries(dashboards(env)).map(
          ([name, dashboard]) =>
            new ConfigMap({
              metadata: { name: `dashboard-${name}`, namespace: env.namespace, labels: { grafana_dashboard: '1' } },
              data: { [`wealist-${env.name}-${name}.json`]: `${JSON.stringify(dashboard, null, 2)}\n` },
            }),
        ),
      ]
    : []
