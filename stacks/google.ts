import { googleCallback } from './environment.ts'
import { nodejs } from './functions.ts'

/** The one place that Google knows for all previews; dev owns it. */
export const makeGoogleCallback = (domain: string) => {
  const { host } = new URL(googleCallback(domain))
  const router = new sst.aws.Router('GoogleRouter', { domain: host })
  new sst.aws.Function('GoogleCallback', {
    handler: 'stacks/functions/callback.handler',
    description: 'hands sign-ins over to the preview that they began in',
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    memory: '256 MB',
    timeout: '5 seconds',
    nodejs,
    environment: { DOMAIN: domain },
    url: { cors: false, router: { instance: router, path: '/api/oauth2/callback/google' } },
  })
  return googleCallback(domain)
}
