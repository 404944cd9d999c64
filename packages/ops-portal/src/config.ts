import * as z from 'zod'

const Config = z.object({ apiUrl: z.string() })

// Where the API is belongs to the place the portal is served from, not to its build.
const response = await fetch('/config.json', { cache: 'no-store' })
const told = Config.parse(await response.json())
/** Empty in the file that is built along: there the API is at the portal's own address. */
export const apiUrl = new URL(told.apiUrl, location.origin).href.replace(/\/$/, '')
