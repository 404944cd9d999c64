import { bench } from './bench.ts'
import { openLab } from './lab.ts'
import { run } from './load.ts'

export default bench({
  name: 'membership',
  title: 'Whether somebody is in a workspace',
  run: async (measure) => {
    const lab = await openLab()
    await measure({
      title: 'one check',
      figures: {
        cached: 'µs of CPU, remembered by this process',
        cold: 'µs of CPU, somebody not asked about before',
        invalidated: 'µs of CPU, with the change that makes it unknown',
      },
      contestants: [
        {
          name: 'weAlist',
          kind: 'ours',
          round: () => run('membership-load.ts', { redis: lab.redis, times: 200_000 }),
        },
        { name: 'the goal', kind: 'limit', round: async () => ({ cached: 5 }) },
      ],
      goals: [{ figure: 'cached', of: 'weAlist', over: 'the goal', most: 1 }],
    })
    await lab.stop()
  },
})
