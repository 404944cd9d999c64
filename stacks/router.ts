import type { ServiceName } from '@wealist/contract/topology'
import { type SocketApis, socketPaths, withSockets } from './realtime.ts'

/** What the portal's own server says of its pages (packages/ops-portal/server.ts), said by CloudFront. */
const headers = {
  'content-security-policy': [
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
const own = ['/api/', '/oauth2/', '/.well-known/', '/avatars/']

/** A WebSocket API has no paths: where a socket was opened goes along in the query. */
const tellPath = (prefixes: string[]) => `
  const socket = ${JSON.stringify(prefixes)}.some(
    (path) => event.request.uri === path || event.request.uri.startsWith(path + '/'),
  );
  if (socket) event.request.querystring.path = { value: encodeURIComponent(event.request.uri) };`

const protectPages = `
  if (!${JSON.stringify(own)}.some((path) => event.request.uri.startsWith(path))) {
    const said = ${JSON.stringify(headers)};
    for (const name in said) event.response.headers[name] = { value: said[name] };
  }`

/** ONE address in front of everything of a preview. */
export const makeRouter = (domain: string | undefined) =>
  new sst.aws.Router('Router', {
    ...(domain && { domain }),
    edge: {
      viewerRequest: { injection: tellPath(withSockets.flatMap(socketPaths)) },
      viewerResponse: { injection: protectPages },
    },
  })

/** What lies where: the API, the sockets, the pictures of people; the stream and the portal add themselves. */
export const route = (
  router: sst.aws.Router,
  { api, sockets, bucket }: { api: sst.aws.ApiGatewayV2; sockets: SocketApis; bucket: sst.aws.Bucket },
) => {
  for (const path of ['/api', '/oauth2', '/.well-known']) router.route(path, api.url, { readTimeout: '35 seconds' })
  for (const [service, socketApi] of Object.entries(sockets))
    for (const path of socketPaths(service as ServiceName))
      router.route(path, $interpolate`${socketApi.nodes.api.apiEndpoint}`.apply(asHttps), {
        rewrite: { regex: '^.*$', to: '/$default' },
      })
  router.routeBucket('/avatars', bucket)
}

const asHttps = (endpoint: string) => endpoint.replace('wss:', 'https:')
