import { type Node, type ServiceName, topology } from '@wealist/contract/topology'
import type { Preview } from './preview.ts'
import { redisPrefixOf } from './stage.ts'

type Variables = Record<string, $util.Input<string>>

const onlyOf: Partial<Record<ServiceName, (preview: Preview) => Variables>> = {
  auth: ({ url, keys, stage, domain }) => ({
    KEYS_SECRET_ID: keys.arn,
    REDIRECT_URIS: $interpolate`${url}/callback`,
    // Google knows one address for all previews; without a domain there is none, and sign-in is by password.
    ...(domain && { GOOGLE_CALLBACK_URL: `${googleCallback(domain)}`, GOOGLE_STATE_PREFIX: `${stage.name}.` }),
  }),
  user: ({ url }) => ({ ASSETS_URL: url }),
}

/** What a function of a service is told besides its secret: nothing in here is one. */
export const environmentOf = (service: ServiceName, preview: Preview): Variables => {
  const { stage, url, secrets, bucket, region } = preview
  const { uses, calls }: Node = topology[service]
  return {
    ENVIRONMENT: 'preview',
    VERSION: process.env['GITHUB_SHA']?.slice(0, 7) ?? 'local',
    // As in the images.
    NODE_OPTIONS: '--import=data:text/javascript,process.setSourceMapsEnabled(true)',
    // RDS' certificates are signed by an authority of Amazon's own, which Lambda brings along.
    NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
    SECRETS_ID: secrets[service].arn,
    REDIS_PREFIX: redisPrefixOf(stage),
    AUTH_MODE: 'jwks',
    AUTH_ISSUER: url,
    AUTH_JWKS_URL: $interpolate`${url}/.well-known/jwks.json`,
    PUBLIC_URL: url,
    CORS_ORIGINS: $interpolate`${url},http://localhost:5173`,
    // CloudFront, then API Gateway.
    TRUSTED_HOPS: '2',
    ...(calls.some((peer) => peer !== 'auth') && { PEER_AUTH: 'iam' }),
    ...(uses.includes('s3') && { S3_BUCKET: bucket.name, S3_REGION: region }),
    ...onlyOf[service]?.(preview),
  }
}

/** The one place to which Google sends people back from every preview. */
export const googleCallback = (domain: string) => `https://google.${domain}/api/oauth2/callback/google`
