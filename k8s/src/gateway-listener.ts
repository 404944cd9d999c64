import { Gateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway'
import type { Environment } from './environment.ts'
import { entranceOf } from './gateway-service.ts'

/**
 * What makes Envoy listen, and what it lets routes be about. It comes with the pods: one that does not listen is never
 * healthy to the load balancer, so never ready where that decides, and what waits for it would not come either.
 */
export const listenerOf = (env: Environment) =>
  new Gateway({
    metadata: { name: 'wealist', namespace: env.namespace },
    spec: {
      selector: { app: 'gateway' },
      // TLS ends at the load balancer in front.
      servers: [
        {
          port: { number: entranceOf(env), name: 'http', protocol: 'HTTP' },
          hosts: [env.domain, env.portalHost, ...(env.aws ? [] : [`s3.${env.domain}`, `livekit.${env.domain}`])],
        },
      ],
    },
  })
