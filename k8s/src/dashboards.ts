import type { Environment } from './environment.ts'

interface Panel {
  title: string
  unit: string
  /** A query a line, by what its lines are called. */
  queries: Record<string, string>
}

const quantile = (q: number, metric: string, by: string) =>
  `histogram_quantile(${q}, sum by (${by}, le) (rate(${metric}_bucket{namespace="$NS"}[5m])))`

const services: Panel[] = [
  {
    title: 'Requests',
    unit: 'reqps',
    queries: { '{{service}}': 'sum by (service) (rate(http_request_duration_seconds_count{namespace="$NS"}[5m]))' },
  },
  {
    title: 'Share answered 5xx',
    unit: 'percentunit',
    queries: {
      '{{service}}':
        'sum by (service) (rate(http_request_duration_seconds_count{namespace="$NS",status=~"5.."}[5m])) / sum by (service) (rate(http_request_duration_seconds_count{namespace="$NS"}[5m]))',
    },
  },
  {
    title: 'Latency, 99 %',
    unit: 's',
    queries: { '{{service}}': quantile(0.99, 'http_request_duration_seconds', 'service') },
  },
  {
    title: 'Statements of PostgreSQL, 99 %',
    unit: 's',
    queries: { '{{service}}': quantile(0.99, 'db_statement_duration_seconds', 'service') },
  },
  {
    title: 'Connections of the pools',
    unit: 'short',
    queries: { '{{service}} {{state}}': 'sum by (service, state) (db_pool_connections{namespace="$NS"})' },
  },
  {
    title: 'Memory a pod',
    unit: 'bytes',
    queries: { '{{pod}}': 'process_resident_memory_bytes{namespace="$NS"}' },
  },
]
const live: Panel[] = [
  {
    title: 'Open sockets and streams',
    unit: 'short',
    queries: { '{{service}}': 'sum by (service) (live_listeners{namespace="$NS"})' },
  },
  {
    title: 'Events handed over',
    unit: 'cps',
    queries: { '{{service}}': 'sum by (service) (rate(live_frames_delivered_total{namespace="$NS"}[5m]))' },
  },
  {
    title: 'Read from the log because the bus lost something',
    unit: 'cps',
    queries: { '{{service}}': 'sum by (service) (rate(live_fills_total{namespace="$NS"}[5m]))' },
  },
  {
    title: 'Closed because they did not read',
    unit: 'cps',
    queries: { '{{service}}': 'sum by (service) (rate(live_slow_closed_total{namespace="$NS"}[5m]))' },
  },
]
const jobs: Panel[] = [
  {
    title: 'Jobs done',
    unit: 'cps',
    queries: { '{{service}} {{name}}': 'sum by (service, name) (rate(jobs_done{namespace="$NS"}[5m]))' },
  },
  {
    title: 'How late jobs are',
    unit: 's',
    queries: { '{{service}}': 'max by (service) (jobs_late_seconds{namespace="$NS"})' },
  },
  {
    title: 'Age of the outbox',
    unit: 's',
    queries: { '{{service}}': 'max by (service) (outbox_age_seconds{namespace="$NS"})' },
  },
  {
    title: 'Jobs that cannot succeed',
    unit: 'short',
    queries: { '{{service}} {{name}}': 'max by (service, name) (jobs_failed{namespace="$NS"})' },
  },
]

const dashboard = (title: string, panels: Panel[], env: Environment) => ({
  uid: `wealist-${env.name}-${title.toLowerCase()}`,
  title: `weAlist ${env.name}: ${title}`,
  schemaVersion: 39,
  editable: false,
  refresh: '30s',
  time: { from: 'now-6h', to: 'now' },
  panels: panels.map(({ title: of, unit, queries }, i) => ({
    id: i + 1,
    type: 'timeseries',
    title: of,
    gridPos: { h: 8, w: 12, x: (i % 2) * 12, y: Math.floor(i / 2) * 8 },
    datasource: { type: 'prometheus', uid: 'prometheus' },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: Object.entries(queries).map(([legendFormat, expr], n) => ({
      refId: String.fromCharCode(65 + n),
      expr: expr.replaceAll('$NS', env.namespace),
      legendFormat,
    })),
  })),
})

/** Grafana's, by name. */
export const dashboards = (env: Environment) => ({
  services: dashboard('Services', services, env),
  live: dashboard('Live', live, env),
  jobs: dashboard('Jobs', jobs, env),
})
