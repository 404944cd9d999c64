import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Action } from '@wealist/contract/ops/audit'
import { Level } from '@wealist/contract/ops/logs'
import { Period } from '@wealist/contract/ops/metrics'
import { PersonStatus, PlatformRole } from '@wealist/contract/ops/people'
import { serviceName } from '@wealist/contract/ops/status'
import * as z from 'zod'
import { Overview } from './overview.tsx'
import { Callback } from './sign-in.tsx'
import { NotFound, Root } from './shell.tsx'

// What a page shows stands in its address, so that it can be sent to somebody. What is no filter counts as none.
const filters = <S extends z.ZodRawShape>(shape: S) => {
  const schema = z.object(shape)
  return (search: Record<string, unknown>): Partial<z.output<typeof schema>> =>
    Object.fromEntries(
      Object.entries(shape).flatMap(([key, field]) => {
        const parsed = z.safeParse(field, search[key] ?? '')
        return parsed.success && parsed.data !== '' ? [[key, parsed.data]] : []
      }),
    ) as Partial<z.output<typeof schema>>
}

const root = createRootRoute({ component: Root, notFoundComponent: NotFound })
const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview })
const callback = createRoute({
  getParentRoute: () => root,
  path: '/callback',
  component: Callback,
  validateSearch: filters({ code: z.string(), error: z.string() }),
})
export const servicesRoute = createRoute({
  getParentRoute: () => root,
  path: '/services',
  component: lazyRouteComponent(() => import('./services.tsx'), 'Services'),
  validateSearch: filters({ name: serviceName, period: Period }),
})
const slo = createRoute({
  getParentRoute: () => root,
  path: '/objectives',
  component: lazyRouteComponent(() => import('./slo.tsx'), 'Objectives'),
})
export const logsRoute = createRoute({
  getParentRoute: () => root,
  path: '/logs',
  component: lazyRouteComponent(() => import('./logs.tsx'), 'Logs'),
  validateSearch: filters({ service: serviceName, level: Level, q: z.coerce.string().max(200) }),
})
const deployments = createRoute({
  getParentRoute: () => root,
  path: '/deployments',
  component: lazyRouteComponent(() => import('./deployments.tsx'), 'Deployments'),
})
export const peopleRoute = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('./people.tsx'), 'People'),
  validateSearch: filters({ q: z.coerce.string().max(100), role: PlatformRole, status: PersonStatus }),
})
export const auditRoute = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  component: lazyRouteComponent(() => import('./audit.tsx'), 'Audit'),
  validateSearch: filters({ action: Action, target: z.coerce.string().max(100) }),
})
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings.tsx'), 'Settings'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    callback,
    servicesRoute,
    slo,
    logsRoute,
    deployments,
    peopleRoute,
    auditRoute,
    settings,
  ]),
  defaultPreload: 'intent',
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
