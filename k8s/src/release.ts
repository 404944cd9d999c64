import { images } from '@wealist/contract/topology'
import { readFileSync, writeFileSync } from 'node:fs'
import { environmentNames } from './environment.ts'

// Writes the tag of a release into an environment: `node k8s/src/release.ts dev 41-abc1234`. An older one never follows a newer.
const [, , environment, tag = ''] = process.argv
const known = environmentNames.find((name) => name === environment)
if (!known) throw new Error(`There is no environment “${environment ?? ''}”: ${environmentNames.join(', ')}.`)
if (!/^\d+-[0-9a-f]{7}$/.test(tag)) throw new Error(`“${tag}” is no tag of ours: <run>-<seven of the commit>.`)
const file = new URL(`../environments/${known}.json`, import.meta.url)
const settings = JSON.parse(readFileSync(file, 'utf8')) as { tags: Record<string, string> }
const newest = Math.max(...Object.values(settings.tags).map((t) => Number.parseInt(t, 10) || 0))
if (Number.parseInt(tag, 10) < newest) throw new Error(`${known} runs ${newest} already, which is newer than ${tag}.`)
settings.tags = Object.fromEntries(images.map((image) => [image, tag]))
writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`)
