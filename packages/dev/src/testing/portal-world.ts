import { existsSync } from 'node:fs'
import { sessions } from '@wealist/contract/auth'
import { call } from '@wealist/contract/call'
import { type ServiceName, serviceNames } from '@wealist/contract/topology'
import { users } from '@wealist/contract/user'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { startGateway } from '../gateway.ts'
import { startPortal } from '../portal.ts'
import { type Process, startProcess } from '../processes.ts'
import { heard } from './log.ts'
import { testData } from './world.ts'

/** Where a Chromium may be; CHROMIUM names another. */
export const browserPath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
].find((path) => path && existsSync(path))

export const password = 'correct horse battery'

/** Every service a process of its own, the gateway, the portal as it is built, and a real browser. */
export const portalWorld = async () => {
  const { local, remove } = await testData({ LOG_LEVEL: 'info', LOG_RECENT: '500' })
  const processes = new Map<ServiceName, Process>()
  const start = async (name: ServiceName) => void processes.set(name, await startProcess(name, local, heard))
  const targets = Object.fromEntries(serviceNames.map((name) => [name, { port: local.ports[name] }])) as never
  const openGateway = () => startGateway({ port: local.gateway, targets })
  const origin = `http://localhost:${local.gateway}`
  const [portal, browser] = await Promise.all([
    startPortal({ port: local.portal!, apiUrl: origin }),
    chromium.launch({
      executablePath: browserPath!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    }),
  ])
  let gateway = await openGateway()
  await Promise.all(serviceNames.map(start))
  const at = (service: ServiceName) => ({ base: `${origin}/api/svc/${service}` })
  return {
    origin,
    portal: portal.url,
    databases: local.databases,
    start,
    stop: async (name: ServiceName) => processes.get(name)!.stop(),
    /** Signs up; alice is the admin that configuration names. */
    person: async (name: string) => {
      const email = `${name}@example.com`
      await call(users.create, { body: { email, name, password } }, at('user'))
      return { email, name }
    },
    signIn: (email: string) => call(sessions.login, { body: { email, password } }, at('auth')),
    at,
    /** A window of a browser that knows nobody yet. */
    page: async (options: BrowserContextOptions = {}): Promise<Page> => {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        locale: 'en-US',
        baseURL: portal.url,
        ...options,
      })
      context.setDefaultTimeout(10_000)
      return context.newPage()
    },
    disconnect: () => gateway.stop(),
    reconnect: async () => void (gateway = await openGateway()),
    close: async () => {
      await browser.close()
      await Promise.all([...processes.values()].map((p) => p.stop()))
      await gateway.stop()
      await portal.stop()
      await remove()
    },
  }
}
export type PortalWorld = Awaited<ReturnType<typeof portalWorld>>
