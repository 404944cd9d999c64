import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sessions } from '@wealist/contract/auth'
import * as board from '@wealist/contract/board'
import { call } from '@wealist/contract/call'
import { jobs, people, settings } from '@wealist/contract/ops'
import { serviceNames } from '@wealist/contract/topology'
import { users } from '@wealist/contract/user'
import { docsPage, docsPolicy } from '@wealist/kit/docs'
import { dist } from '@wealist/ops-portal/build'
import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asAdministrator } from './databases.ts'
import { landingPage } from './landing.ts'
import { repository } from './repository.ts'
import { browserPath, password, type PortalWorld, portalWorld } from './testing/portal-world.ts'

if (!browserPath) console.warn('SKIPPED: the portal’s tests need a Chromium (Debian: chromium) or CHROMIUM=<path>')

const shots = join(repository, 'test-output', 'portal')
const phone = { width: 390, height: 844 }
const pages = ['', 'services', 'objectives', 'logs', 'deployments', 'people', 'audit', 'settings']

const signIn = async (page: Page, email: string, at = '/') => {
  await page.goto(at)
  await page.getByLabel(/E-mail|이메일/).fill(email)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[type=submit]').click()
}
const service = (page: Page, name: string) => page.locator(`[data-service=${name}]`)
const row = (page: Page, email: string) => page.locator(`[data-person="${email}"]`)
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'OK',
    (error: { code: string }) => error.code,
  )
const until = { timeout: 10_000, interval: 50 }

describe.skipIf(!browserPath)('the portal in a real browser', () => {
  let world: PortalWorld
  let admin: Page
  const noise: string[] = []
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true })
    world = await portalWorld()
    for (const name of ['alice', 'bob', 'victor']) await world.person(name)
    admin = await world.page()
    admin.on('pageerror', (error) => noise.push(error.message))
    await signIn(admin, 'alice@example.com')
  }, 120_000)
  afterAll(() => world.close())

  test('an admin sees seven services up, one that stops as down within 10 s, and up again', async () => {
    for (const name of serviceNames) await service(admin, name).and(admin.locator('[data-status=up]')).waitFor()
    await admin.getByText('Everything is well').waitFor()
    await world.stop('board')
    const begun = performance.now()
    await service(admin, 'board').and(admin.locator('[data-status=down]')).waitFor()
    await admin.getByText('What is wrong now').waitFor()
    expect(performance.now() - begun).toBeLessThan(10_000)
    await admin.screenshot({ path: join(shots, 'en-light-overview-down.png') })
    // From what is wrong one comes to since when and what to do, and to who else says something of it.
    await admin.getByText(/last heard of at about \d\d:\d\d \S+|not heard of/).waitFor()
    await admin.getByRole('link', { name: 'board is down' }).click()
    await admin.getByTestId('now').getByText('Look whether board runs').waitFor()
    await admin.getByTestId('now').getByRole('link', { name: 'Logs', exact: true }).click()
    await admin.getByRole('link', { name: 'What the others say of board' }).waitFor()
    expect(await admin.getByText(/No lines/).count()).toBe(0)
    await admin.goto('/')
    await world.start('board')
    await service(admin, 'board').and(admin.locator('[data-status=up]')).waitFor()
    await admin.getByText('Everything is well').waitFor()
  }, 60_000)

  test('a wrong password is told in words', async () => {
    const page = await world.page()
    await page.goto('/')
    await page.getByLabel('E-mail').fill('bob@example.com')
    await page.locator('input[name=password]').fill('wrong')
    await page.locator('button[type=submit]').click()
    expect(await page.getByRole('alert').innerText()).toContain('the password is wrong')
    await page.context().close()
  })

  test('who has no role is told so, and the role that an admin gives is felt without signing in again', async () => {
    const page = await world.page()
    await signIn(page, 'victor@example.com', '/people')
    await page.getByText('may not see the operations').waitFor()
    const before = await world.signIn('victor@example.com')

    await admin.goto('/people')
    await admin.getByLabel('Name or e-mail address').fill('VICTOR')
    await expect.poll(() => admin.locator('[data-person]').count(), until).toBe(1)
    await row(admin, 'victor@example.com').getByRole('button', { name: 'Actions for victor' }).click()
    await admin.getByRole('menuitem', { name: 'Change role' }).click()
    await admin.getByRole('dialog').getByRole('combobox', { name: 'New role' }).click()
    await admin.getByRole('option', { name: 'viewer' }).click()
    await admin.getByLabel('Reason').fill('Watches the night')
    const begun = performance.now()
    await admin.getByRole('button', { name: 'Change role' }).click()
    await row(admin, 'victor@example.com').getByText('viewer').waitFor()
    const me = { base: world.at('auth').base, token: before.accessToken }
    await expect.poll(() => codeOf(call(sessions.me, {}, me)), until).toBe('UNAUTHORIZED')
    expect(performance.now() - begun).toBeLessThan(4000)
    const { accessToken } = await call(
      sessions.refresh,
      { body: { refreshToken: before.refreshToken } },
      world.at('auth'),
    )
    expect(await call(sessions.me, {}, { ...me, token: accessToken })).toMatchObject({ role: 'viewer' })
    await row(page, 'bob@example.com').waitFor()
    await page.context().close()
  })

  test('a viewer reads every page, is offered no change, and is refused by the server all the same', async () => {
    const page = await world.page()
    await signIn(page, 'victor@example.com', '/people')
    await row(page, 'bob@example.com').waitFor()
    expect(await page.getByRole('button', { name: /^Actions/ }).count()).toBe(0)
    await page.goto('/settings')
    await page.getByText('Only an admin changes these').waitFor()
    expect(await page.getByRole('button', { name: 'Save' }).count()).toBe(0)
    // What may only be read can be read: what is disabled is pale.
    await expect.poll(() => page.locator('[data-setting] :is(input, textarea)').count(), until).toBeGreaterThan(3)
    expect(
      await page
        .locator('[data-setting] :is(input:not([type=hidden]), textarea):is(:disabled, :not([readonly]))')
        .count(),
    ).toBe(0)
    for (const path of pages) {
      await page.goto(`/${path}`)
      await page.locator('main h1').waitFor()
      // What could not be read at once is read again.
      const alerts = () => page.getByRole('alert').allInnerTexts()
      await expect.poll(alerts, { timeout: 15_000, message: path }).toEqual([])
    }
    const { accessToken } = await world.signIn('victor@example.com')
    const as = { base: world.at('ops').base, token: accessToken }
    const { items } = await call(people.list, { query: { q: 'bob' } }, as)
    const params = { id: items[0]!.id }
    const refused = [
      call(people.setStatus, { params, body: { status: 'suspended', reason: 'No' } }, as),
      call(people.setRole, { params, body: { role: 'admin', reason: 'No' } }, as),
      call(people.update, { params, body: { name: 'No' } }, as),
      call(settings.set, { params: { key: 'announcement' }, body: { value: 'No' } }, as),
    ]
    expect(await Promise.all(refused.map(codeOf))).toEqual(refused.map(() => 'FORBIDDEN'))
    await page.context().close()
  }, 60_000)

  test('an operator looks why a job failed, has it tried again, discards another, and both are in the log', async () => {
    const board = (statement: string, values: string[] = []) =>
      asAdministrator(world.databases.board!, async (client) => void (await client.query(statement, values)))
    const keep = async (error: string) => {
      await board(`select graphile_worker.add_job('long.gone', job_key => $1, max_attempts => 1)`, [error])
      await board('update graphile_worker._private_jobs set attempts = 1, last_error = key where key = $1', [error])
    }
    await keep('The peer was away')
    await keep('Never mind')
    await admin.goto('/services?name=board')
    const job = (why: string) => admin.locator('[data-job]', { hasText: why })
    await job('The peer was away').waitFor()
    await admin.screenshot({ path: join(shots, 'en-light-failed-jobs.png'), fullPage: true })
    expect(await violations(admin, 'failed jobs')).toEqual([])
    await job('The peer was away')
      .getByRole('button', { name: /^Try again/ })
      .click()
    await admin.getByText(/long\.gone \d+ runs again/).waitFor()
    await expect.poll(() => job('The peer was away').count(), until).toBe(0)
    await job('Never mind')
      .getByRole('button', { name: /^Discard/ })
      .click()
    await admin.getByRole('dialog').getByText('never done').waitFor()
    // Somebody else was faster.
    await board('update graphile_worker._private_jobs set attempts = 0')
    await admin.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
    await admin.getByRole('alert').getByText('no failed job any more').waitFor()
    await expect.poll(() => admin.locator('[data-job]').count(), until).toBe(0)
    await keep('Never mind')
    await admin.reload()
    await job('Never mind')
      .getByRole('button', { name: /^Discard/ })
      .click()
    await admin.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
    await admin.getByText(/long\.gone \d+ is discarded/).waitFor()
    await admin.goto('/audit')
    await admin.locator('[data-action="job.retry"]').getByText('The peer was away').waitFor()
    await admin
      .locator('[data-action="job.discard"]')
      .getByText(/job board\/long\.gone\/\d+ discarded/)
      .waitFor()
    await keep('Look, do not touch')
    const viewer = await world.page()
    await signIn(viewer, 'victor@example.com', '/services?name=board')
    await viewer.locator('[data-job]', { hasText: 'Look, do not touch' }).waitFor()
    expect(await viewer.getByTestId('failed-jobs').getByRole('button').count()).toBe(0)
    await viewer.context().close()
    const { accessToken: token } = await world.signIn('victor@example.com')
    const as = { base: world.at('ops').base, token }
    expect(await codeOf(call(jobs.retry, { params: { name: 'board', id: '1' } }, as))).toBe('FORBIDDEN')
    await board('delete from graphile_worker._private_jobs')
  }, 60_000)

  test('a person is found and suspended: their open sessions are refused within a second, and both are in the log', async () => {
    const viewer = await world.page()
    await signIn(viewer, 'victor@example.com')
    await viewer.locator('nav').waitFor()
    const open = await world.signIn('victor@example.com')
    const me = { base: world.at('user').base, token: open.accessToken }
    expect(await codeOf(call(users.me, {}, me))).toBe('OK')

    await admin.goto('/people?q=victor')
    await row(admin, 'victor@example.com')
      .getByRole('button', { name: /^Actions/ })
      .click()
    await admin.getByRole('menuitem', { name: 'Suspend' }).click()
    await admin.getByRole('dialog').getByText('All their sessions end').waitFor()
    await admin.screenshot({ path: join(shots, 'en-light-suspend.png') })
    await admin.getByLabel('Reason').fill('Left the company')
    await admin.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click()
    await row(admin, 'victor@example.com').getByText('suspended').waitFor()
    const begun = performance.now()
    await expect.poll(() => codeOf(call(users.me, {}, me)), { interval: 20 }).toBe('UNAUTHORIZED')
    expect(performance.now() - begun).toBeLessThan(4000)
    expect(await codeOf(world.signIn('victor@example.com'))).toBe('ACCOUNT_SUSPENDED')
    // Their own window says so.
    await viewer.getByText('Your session has ended').waitFor()
    await signIn(viewer, 'victor@example.com')
    await viewer.getByRole('alert').getByText('suspended').waitFor()
    await viewer.context().close()

    await row(admin, 'victor@example.com').getByRole('link', { name: 'What was done' }).click()
    await admin.locator('[data-action="user.status"]').waitFor()
    const log = admin.locator('tbody tr')
    expect(await log.count()).toBe(2)
    expect(await log.nth(0).innerText()).toMatch(
      /alice[\s\S]*status of victor[\s\S]*active → suspended[\s\S]*Left the company/,
    )
    expect(await log.nth(1).innerText()).toMatch(/role of victor[\s\S]*user → viewer[\s\S]*Watches the night/)
  }, 60_000)

  test('a setting is changed, holds for everybody, and one that somebody else changed meanwhile is not overwritten', async () => {
    await admin.goto('/settings')
    const form = admin.locator('[data-setting=announcement]')
    await form.getByRole('textbox').fill('Maintenance tonight')
    const { accessToken } = await world.signIn('alice@example.com')
    const as = { base: world.at('ops').base, token: accessToken }
    await call(settings.set, { params: { key: 'announcement' }, body: { value: 'No maintenance' } }, as)
    await form.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => form.getByRole('textbox').inputValue(), until).toBe('No maintenance')
    await form.getByRole('textbox').fill('Maintenance tonight')
    await form.getByRole('button', { name: 'Save' }).click()
    await admin.getByRole('status').getByText('Maintenance tonight').waitFor()
    await admin.getByRole('status').getByText('Announcement: saved').waitFor()
    await form.getByRole('textbox').fill('')
    await form.getByRole('button', { name: 'Save' }).click()
    await expect.poll(() => admin.getByRole('status').getByText('Maintenance tonight').count(), until).toBe(0)
  }, 30_000)

  test('where not everything could be asked nothing says that all is well', async () => {
    const body = { error: { code: 'UNAVAILABLE', message: 'Prometheus is away.', requestId: 'test' } }
    await admin.route('**/api/slo', (route) => route.fulfill({ status: 503, json: body }))
    await admin.goto('/')
    await service(admin, 'auth').waitFor()
    await admin.getByRole('alert').first().waitFor()
    expect(await admin.getByText('Everything is well').count()).toBe(0)
    await admin.screenshot({ path: join(shots, 'en-light-overview-unknown.png') })
    await admin.unroute('**/api/slo')
    await admin.getByRole('button', { name: 'Try again' }).click()
    await admin.getByText('Everything is well').waitFor()
    // What was known of the services a while ago does not say so either.
    await admin.route('**/api/status', (route) => route.fulfill({ status: 503, json: body }))
    await admin.getByRole('alert').first().waitFor()
    expect(await service(admin, 'auth').count()).toBe(1)
    expect(await admin.getByText('Everything is well').count()).toBe(0)
    await admin.unroute('**/api/status')
    await admin.getByText('Everything is well').waitFor()
  }, 30_000)

  test('a lost connection is shown, what was there stays, and it heals by itself', async () => {
    await admin.goto('/')
    await service(admin, 'auth').waitFor()
    await world.disconnect()
    await admin.getByText('The connection to weAlist is lost').waitFor()
    expect(await service(admin, 'auth').count()).toBe(1)
    expect(await admin.getByText('Everything is well').count()).toBe(0)
    await admin.screenshot({ path: join(shots, 'en-light-overview-lost.png') })
    await world.reconnect()
    await expect.poll(() => admin.getByText('The connection to weAlist is lost').count(), until).toBe(0)
    await admin.getByText('Everything is well').waitFor()
  }, 30_000)

  test('logs are filtered, tailed live, and a line opens with all it says', async () => {
    await admin.goto('/logs?service=ops&q=%2Fapi%2Fslo')
    await admin.getByText('No lines like that').or(admin.locator('.line').first()).first().waitFor()
    const { accessToken } = await world.signIn('alice@example.com')
    const before = await admin.locator('.line').count()
    await fetch(`${world.at('ops').base}/api/slo`, { headers: { authorization: `Bearer ${accessToken}` } })
    await expect.poll(() => admin.locator('.line').count(), until).toBeGreaterThan(before)
    await admin.locator('.line summary').first().click()
    await admin.locator('.line pre').first().getByText('requestId').waitFor()
    await admin.getByLabel('Contains').fill('nothing says this')
    await admin.getByText('No lines like that').waitFor()
  }, 30_000)

  test('Google’s sign-in comes back to the page where it began', async () => {
    const page = await world.page()
    await page.goto('/audit')
    await page.getByRole('button', { name: 'Sign in with Google' }).click()
    await page.getByRole('button', { name: 'Carol' }).click()
    await page.getByText('carol@example.com, may not see').waitFor()
    expect(new URL(page.url()).pathname).toBe('/audit')
    await page.getByRole('button', { name: 'Sign out' }).click()
    expect(await page.getByRole('heading').innerText()).toBe('Sign in to operations')
    await page.context().close()
  }, 30_000)

  test('an access token that has run out is renewed on the way, once for all tabs', async () => {
    const page = await world.page()
    await signIn(page, 'alice@example.com', '/people')
    await row(page, 'bob@example.com').waitFor()
    const other = await page.context().newPage()
    await other.goto('/people')
    await row(other, 'bob@example.com').waitFor()
    let refreshed = 0
    page.context().on('request', (request) => void (request.url().endsWith('/api/auth/refresh') && refreshed++))
    await page.evaluate(spoil)
    await Promise.all([page.goto('/audit'), other.goto('/settings')])
    await Promise.all([page.locator('tbody tr').first().waitFor(), other.locator('[data-setting]').first().waitFor()])
    // The preflight of a request across origins is none of ours.
    expect(refreshed).toBe(1)
    await page.context().close()
  }, 30_000)

  test('who signs out is out, also with an access token that has run out and while it is being renewed: the session ends, and none comes back', async () => {
    const page = await world.page()
    await signIn(page, 'alice@example.com', '/people')
    await row(page, 'bob@example.com').waitFor()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await page.route('**/api/auth/refresh', (route) => released.then(() => route.continue()))
    await page.evaluate(spoil)
    const renewing = page.waitForRequest('**/api/auth/refresh')
    await page.goto('/audit')
    await renewing
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to operations' }).waitFor()
    const ended = page.waitForResponse((r) => r.url().endsWith('/api/auth/logout') && r.status() === 204)
    release()
    await ended
    expect(await page.evaluate(() => localStorage.getItem('wealist.session'))).toBe(null)
    await page.context().close()
  }, 30_000)

  test('a filter is what its address says: whoever goes to the whole list finds the field empty', async () => {
    await admin.goto('/people?q=victor')
    await expect.poll(() => admin.locator('[data-person]').count(), until).toBe(1)
    const field = admin.getByLabel('Name or e-mail address')
    expect(await field.inputValue()).toBe('victor')
    await admin.getByRole('navigation').getByRole('link', { name: 'People' }).click()
    await row(admin, 'bob@example.com').waitFor()
    expect(await field.inputValue()).toBe('')
  })

  test('by keyboard alone: skip to the content, sign in, reach a page, open and leave a dialog', async () => {
    const page = await world.page()
    await page.goto('/people')
    const focused = (what: string) => page.evaluate<string>(`document.activeElement?.${what} ?? ''`)
    const tabTo = async (name: RegExp) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab')
        const said = ["getAttribute('aria-label')", "getAttribute('name')", 'textContent'].map(focused)
        const label = (await Promise.all(said)).join(' ')
        if (name.test(label)) return
      }
      throw new Error(`${String(name)} is not reached by the keyboard; the focus is on ${await focused('outerHTML')}`)
    }
    await tabTo(/email/)
    await page.keyboard.type('alice@example.com')
    await tabTo(/password/)
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await row(page, 'bob@example.com').waitFor()
    await page.reload()
    await row(page, 'bob@example.com').waitFor()
    await tabTo(/Actions for bob/)
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Suspend' }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('menuitem', { name: 'Suspend' }).press('Enter')
    await page.getByRole('dialog').waitFor()
    expect(await focused('tagName')).toBe('TEXTAREA')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count(), until).toBe(0)
    await page.context().close()
  }, 30_000)

  test.each([
    ['en', 'en-US'],
    ['ko', 'ko-KR'],
  ])(
    'on a phone every page fits, in %s',
    async (language, locale) => {
      const page = await world.page({ viewport: phone, locale })
      await signIn(page, 'alice@example.com')
      await page.locator('nav').waitFor({ state: 'attached' })
      for (const path of pages) {
        await page.goto(`/${path}`)
        await page.locator('main h1').waitFor()
        await page.waitForLoadState('networkidle')
        expect(await tooWide(page), path).toEqual([])
        await page.screenshot({ path: join(shots, `${language}-phone-${path || 'overview'}.png`), fullPage: true })
      }
      await page.context().close()
    },
    60_000,
  )

  test('on a phone tables tell what they tell elsewhere, and one can sign out', async () => {
    const page = await world.page({ viewport: phone })
    await signIn(page, 'alice@example.com', '/people')
    const menu = page.getByRole('button', { name: 'Open or close the menu' })
    const bob = row(page, 'bob@example.com')
    for (const part of ['active', /\w+ \d+, 20\d\d/]) expect(await inside(bob.getByText(part))).toBe(true)
    await page.goto('/logs?service=ops')
    expect(await inside(page.locator('.line .of').first())).toBe(true)
    expect(await menu.getAttribute('aria-expanded')).toBe('false')
    await menu.click()
    await page.getByRole('navigation').getByText('alice (admin)').waitFor()
    await page.getByRole('navigation').getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to operations' }).waitFor()
    await page.context().close()
  }, 30_000)

  test.each(['light', 'dark'] as const)(
    'the reference of a service and the landing page, %s: nothing serious, on a phone too, and a link opens its route',
    async (colorScheme) => {
      const page = await world.page({ viewport: phone, colorScheme })
      const headers = { 'content-security-policy': docsPolicy, 'content-type': 'text/html; charset=utf-8' }
      await page.route('**/docs', (route) => route.fulfill({ headers, body: docsPage('board', board) }))
      await page.goto('/docs#tasks.move')
      await page.locator('[id="tasks.move"]').waitFor()
      await page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
      expect(await tooWide(page)).toEqual([])
      expect(await violations(page, 'docs')).toEqual([])
      await page.screenshot({ path: join(shots, `en-phone-docs-${colorScheme}.png`) })
      for (const language of ['en', 'ko'] as const) {
        await page.setContent(landingPage(language))
        expect(await tooWide(page)).toEqual([])
        expect(await violations(page, `landing ${language}`)).toEqual([])
      }
      await page.context().close()
    },
    60_000,
  )

  test('the first page loads at most 250 KB of compressed JavaScript', async () => {
    const page = await world.page()
    await signIn(page, 'alice@example.com')
    await page.locator('nav').waitFor()
    const loaded = new Set<string>()
    page.on(
      'response',
      (response) => void (response.url().endsWith('.js') && loaded.add(new URL(response.url()).pathname)),
    )
    await page.reload({ waitUntil: 'networkidle' })
    await service(page, 'auth').waitFor()
    const bytes = [...loaded].reduce((sum, path) => sum + readFileSync(join(dist, `${path}.gz`)).length, 0)
    console.log(`first load: ${loaded.size} files, ${Math.round(bytes / 1024)} KB of JavaScript, gzipped`)
    expect(loaded.size).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(250 * 1024)
    await page.context().close()
  }, 30_000)

  test.each(
    (['en', 'ko'] as const).flatMap((language) =>
      (['light', 'dark'] as const).map((scheme) => [language, scheme] as const),
    ),
  )(
    'every page in %s, %s: axe finds nothing serious, and a picture of it is kept',
    async (language, colorScheme) => {
      const page = await world.page({ locale: language === 'ko' ? 'ko-KR' : 'en-US', colorScheme })
      page.on('pageerror', (error) => noise.push(error.message))
      page.on('console', (message) => void (message.type() === 'error' && noise.push(message.text())))
      await page.goto('/')
      await page.locator('button[type=submit]').waitFor()
      const found = [...(await violations(page, 'sign-in'))]
      await page.screenshot({ path: join(shots, `${language}-${colorScheme}-sign-in.png`) })
      await signIn(page, 'alice@example.com')
      await page.locator('nav').waitFor()
      for (const path of pages) {
        await page.goto(`/${path}`)
        await page.locator('main h1').waitFor()
        await page.waitForLoadState('networkidle')
        expect(await page.locator('html').getAttribute('lang')).toBe(language)
        found.push(...(await violations(page, path || 'overview')))
        await page.screenshot({
          path: join(shots, `${language}-${colorScheme}-${path || 'overview'}.png`),
          fullPage: true,
        })
      }
      expect(found).toEqual([])
      await page.context().close()
    },
    90_000,
  )

  test('no page has thrown, and none has said an error on its console', () => {
    expect(noise).toEqual([])
    expect(readdirSync(shots).length).toBeGreaterThanOrEqual(4 * (pages.length + 1))
  })
})

// In a page: the access token as if its time were over; no service accepts it any more.
const spoil = () => {
  const stored = JSON.parse(localStorage.getItem('wealist.session')!) as { accessToken: string }
  localStorage.setItem('wealist.session', JSON.stringify({ ...stored, accessToken: `${stored.accessToken}x` }))
}

// What sticks out of the window, but for what lies in a box that scrolls.
const tooWide = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('body *')]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility({ visibilityProperty: true }))
    .filter((e) => !e.closest('.wide, .skip, [data-collapsed]'))
    .map((e) => e.outerHTML.slice(0, 120))`)
const inside = async (locator: Locator) => {
  const box = (await locator.boundingBox())!
  return box.x >= 0 && box.x + box.width <= phone.width
}

const violations = async (page: Page, where: string) => {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
  )
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${where}: ${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`)
}
