/** The operators' portal as files behind the preview's own address, where its API is too. */
export const makePortal = (router: sst.aws.Router) =>
  new sst.aws.StaticSite('Portal', {
    path: 'packages/ops-portal',
    // Types that nobody here reads; among the sources they would be built along.
    vite: { types: '../../.sst/portal-env.d.ts' },
    build: { command: 'node build.ts', output: 'dist' },
    // Every address that is no file is its one page: without an error page that is what SST does.
    router: { instance: router, path: '/' },
    invalidation: { paths: 'all', wait: false },
  })
