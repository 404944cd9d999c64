// oxlint-disable-next-line typescript/triple-slash-reference -- the types that SST unpacks
/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  async app({ stage: name }) {
    const { stageOf } = await import('./stacks/stage.ts')
    const { kept } = stageOf(name)
    return {
      name: 'wealist',
      home: 'aws',
      providers: { aws: { version: '7.20.0' }, random: { version: '4.16.6' } },
      removal: kept ? 'retain' : 'remove',
      protect: kept,
    }
  },
  async run() {
    const { deploy } = await import('./stacks/deploy.ts')
    return deploy($app.stage)
  },
})
