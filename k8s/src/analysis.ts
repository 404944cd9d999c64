import { AnalysisTemplate } from '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate'
import { type Environment, monitoring } from './environment.ts'

const answered = (env: Environment, more = '') =>
  `sum(rate(http_request_duration_seconds_count{namespace="${env.namespace}",pod=~"{{args.app}}-{{args.version}}-.+"${more}}[2m]))`

/**
 * What a canary is held to: its own requests that are not 5xx, against 99 %, and none at all is no verdict. Counted by those
 * that are 5xx, because one that answers nothing else has no others.
 */
const healthy = (env: Environment) =>
  new AnalysisTemplate({
    metadata: { name: 'healthy', namespace: env.namespace },
    spec: {
      args: [{ name: 'app' }, { name: 'version' }],
      metrics: [
        {
          name: 'answers',
          interval: '30s',
          count: 6,
          failureLimit: 1,
          inconclusiveLimit: 2,
          successCondition: 'len(result) == 0 || isNaN(result[0]) || result[0] >= 0.99',
          failureCondition: 'len(result) > 0 && !isNaN(result[0]) && result[0] < 0.99',
          provider: {
            prometheus: {
              address: `http://prometheus-operated.${monitoring}:9090`,
              query: `1 - (${answered(env, ',status=~"5.."')} or vector(0)) / ${answered(env)}`,
            },
          },
        },
      ],
    },
  })

/** Before the Rollouts that name it: of one whose analysis is missing Argo Rollouts makes no pod, a first one included. */
export const analysisOf = (env: Environment) => (env.name === 'prod' ? [healthy(env)] : [])
