import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { stageOf } from '../stage.ts'

/**
 * The one address to which Google sends people back from every preview, since Google takes no wildcards: it hands them on
 * to the preview whose name the state begins with. It reads nothing and keeps nothing; what proves the sign-in is the
 * preview's own state, cookie and PKCE verifier.
 */
export const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const state = event.queryStringParameters?.['state'] ?? ''
  const stage = previewOf(state.slice(0, Math.max(0, state.indexOf('.'))))
  if (!stage)
    return {
      statusCode: 400,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
      body: 'This sign-in belongs to no preview. Start signing in again.',
    }
  const location = `https://${stage}.${process.env['DOMAIN']}/api/oauth2/callback/google?${event.rawQueryString}`
  return { statusCode: 302, headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } }
}

const previewOf = (name: string) => {
  try {
    return stageOf(name).kind === 'preview' ? name : undefined
  } catch {
    return undefined
  }
}
