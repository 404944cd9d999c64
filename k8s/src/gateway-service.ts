import { Service } from 'kubernetes-models/v1/Service'
import { type Environment, ingress, labelsOf } from './environment.ts'

/** Where Envoy listens: all that is reached from outside. */
export const listens = 8080

/**
 * The Service's one port. A Gateway has to name it: Istio looks it up there and lets Envoy bind what it targets, but a
 * number that no Service of the gateway has as it is (pilot/pkg/model/gateway.go, `resolvePorts`).
 */
export const entranceOf = ({ aws }: Environment) => (aws ? 443 : 80)

const loadBalancer = ({ certificate }: Environment) => {
  const of = (name: string) => `service.beta.kubernetes.io/aws-load-balancer-${name}`
  return {
    [of('type')]: 'external',
    [of('nlb-target-type')]: 'ip',
    [of('scheme')]: 'internet-facing',
    [of('ssl-cert')]: certificate,
    [of('ssl-ports')]: '443',
    [of('alpn-policy')]: 'HTTP2Preferred',
    [of('backend-protocol')]: 'tcp',
    // Who asks is known behind it by this alone.
    [of('proxy-protocol')]: '*',
    // Checks begin with the proxy protocol's header, too, which Envoy's own port for them answers 400 (istio/istio#39868).
    [of('healthcheck-protocol')]: 'tcp',
    [of('healthcheck-port')]: 'traffic-port',
    [of('attributes')]: 'load_balancing.cross_zone.enabled=true,deletion_protection.enabled=true',
    [of('target-group-attributes')]: 'deregistration_delay.timeout_seconds=60',
  }
}

/** TLS ends at the load balancer; on Kind a port of the node stands for it. */
export const gatewayServiceOf = (env: Environment) =>
  new Service({
    metadata: {
      name: ingress.account,
      namespace: ingress.namespace,
      labels: labelsOf('gateway'),
      annotations: env.aws ? loadBalancer(env) : {},
    },
    spec: {
      type: env.aws ? 'LoadBalancer' : 'NodePort',
      selector: { app: 'gateway' },
      ports: [
        env.aws
          ? { name: 'https', port: entranceOf(env), targetPort: listens }
          : { name: 'http', port: entranceOf(env), targetPort: listens, nodePort: 30080 },
      ],
    },
  })
