import { readKeysConfig } from './deps.ts'
import { newKeySet } from './key-set.ts'
import { openKeyStore } from './key-store.ts'
import { next, publish, retire, type Rotate, sign } from './rotation.ts'

const usage = `npm run rotate-keys -- [status | publish | sign | retire | next] [--now]

  publish  adds the next key to what is published
  sign     makes the next key sign; the one before stays published as the last
  retire   forgets the last key
  next     does whichever of these is due, for a schedule (the default)
  status   only shows the keys

Each step waits for its time (a published key 30 minutes, a last one 20); --now does not. Repeating a step does no harm.`

const steps: Record<string, Rotate> = { publish, sign, retire, next }

const main = async (args: string[]) => {
  const hurry = args.includes('--now')
  const [name = 'next', ...rest] = args.filter((a) => a !== '--now')
  if (rest.length > 0 || (name !== 'status' && !(name in steps))) {
    console.error(usage)
    return 2
  }
  const store = openKeyStore(readKeysConfig())
  const now = new Date()
  let set = await store.read()
  if (!set) {
    if (name === 'status') {
      console.log(`No keys in ${store.place}.`)
      return 0
    }
    set = await newKeySet(now)
    await store.write(set)
    console.log(`Made the first key in ${store.place}.`)
  } else if (name !== 'status') {
    const step = await steps[name]!(set, now, hurry)
    if (step.changed) await store.write(step.set)
    console.log(step.says)
    set = step.set
  }
  for (const key of set.keys) console.log(`${key.stage.padEnd(8)} ${key.kid}  since ${key.since}`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
