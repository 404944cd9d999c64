import { type ServiceName, topology } from '@wealist/contract/topology'

/** A deployment of its own in the account, and what may be called how in it. */
export interface Stage {
  name: string
  /**
   * `shared`: dev and prod, the network and the data under the cluster. `preview`: functions on dev's network and servers,
   * for a pull request (`pr-7`) or one developer (`minho`).
   */
  kind: 'shared' | 'preview'
  /** Its data outlives mistakes: nothing of it may be removed. */
  kept: boolean
}

const preview = /^pr-[1-9][0-9]{0,4}$/
const developer = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/** Refuses, before anything is made, what would not fit the names of databases, buckets and functions. */
export const stageOf = (name: string): Stage => {
  if (name === 'prod' || name === 'dev') return { name, kind: 'shared', kept: name === 'prod' }
  if (preview.test(name)) return { name, kind: 'preview', kept: false }
  const wrong =
    name.length > 16
      ? `it has ${name.length} characters, and 16 are the most`
      : /^(pr|prod|dev)-/.test(name)
        ? 'it looks like one of the pipeline’s own'
        : !developer.test(name)
          ? 'it may have small letters, digits and single hyphens, and begins with a letter'
          : undefined
  if (wrong)
    throw new Error(
      `The stage “${name}” cannot be: ${wrong}. Use dev, prod, pr-<number> or a short name of your own: --stage minho.`,
    )
  return { name, kind: 'preview', kept: false }
}

const prefix = ({ name, kind }: Stage) => (kind === 'shared' ? '' : `${name.replaceAll('-', '_')}_`)

/** The service's database on the server; dev and prod have one to themselves, previews share dev's. */
export const databaseOf = (stage: Stage, service: ServiceName) => prefix(stage) + topology[service].database!

/** The login role of a service. */
export const roleOf = (stage: Stage, service: ServiceName) => `${prefix(stage) || 'wealist_'}${service}`

/** Before every key and channel. */
export const redisPrefixOf = ({ name, kind }: Stage) => (kind === 'shared' ? 'wealist:' : `wealist:${name}:`)

/** The name of a secret of Secrets Manager. */
export const secretOf = ({ name }: Pick<Stage, 'name'>, what: string) => `wealist/${name}/${what}`

/** For what holds data: in prod it is neither removed nor replaced by a deployment, whatever the program says. */
export const guard = ({ kept }: Stage) => ({ protect: kept, retainOnDelete: kept })

/** Days back to which prod's databases can be brought; what is deleted from its bucket is kept longer than that. */
export const backupDays = 14

/** What a preview finds of the stage dev, by name. */
export const dev: Stage = { name: 'dev', kind: 'shared', kept: false }
export const networkParameter = '/wealist/dev/network'
