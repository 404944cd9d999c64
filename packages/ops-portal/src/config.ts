import * as z from 'zod'

const Config = z.object({ apiUrl: z.url() })

// Where the API is belongs to the place the portal is served from, not to its build.
const response = await fetch('/config.json', { cache: 'no-store' })
export const { apiUrl } = Config.parse(await response.json())
